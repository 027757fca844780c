// Batches for the tests of `headgate unbatch`, made without Headgate's own encoder.
#pragma once

#include <zstd.h>

#include <string>
#include <string_view>

namespace headgate::tools {

inline std::string zstd_frame(std::string_view text) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 3));
  return frame;
}

// A batch of hub "h", epoch "e", with these rows and gaps (JSON, without brackets).
inline std::string batch_json(std::string_view rows, std::string_view gaps = "") {
  std::string json = R"({"v":1,"hub":"h","ep":"e","st":"upstream","lane":5,"sent":1,)";
  if (!gaps.empty()) json.append("\"gaps\":[").append(gaps).append("],");
  return json.append("\"m\":[").append(rows).append("]}");
}

// {"i":seq, … "b":seq}
inline std::string row(int seq) {
  const std::string number = std::to_string(seq);
  return R"({"i":)" + number + R"(,"t":1786999800000,"k":"t","b":)" + number + "}";
}

}  // namespace headgate::tools
