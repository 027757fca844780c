// A dictionary of zstd that the tests' hubs and consumers may share.
#pragma once

#include <gtest/gtest.h>
#include <zdict.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::testing {

// Trained on such texts: many, and alike.
inline std::string train_dictionary(const std::vector<std::string>& texts, size_t bytes_max = 4096) {
  std::string joined;
  std::vector<size_t> sizes;
  for (const std::string& text : texts) {
    joined += text;
    sizes.push_back(text.size());
  }
  std::string dictionary(bytes_max, '\0');
  const size_t bytes = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), joined.data(),
                                             sizes.data(), static_cast<unsigned>(sizes.size()));
  EXPECT_FALSE(ZDICT_isError(bytes)) << ZDICT_getErrorName(bytes);
  dictionary.resize(ZDICT_isError(bytes) ? 0 : bytes);
  return dictionary;
}

// Batches of the tests' hubs look about so.
inline const std::string& small_batch_dictionary() {
  static const std::string kDictionary = [] {
    std::vector<std::string> texts;
    for (int i = 0; i < 400; ++i) {
      const std::string id = std::to_string(1000 + i * 7);
      texts.push_back(R"({"v":1,"hub":"hub-1","ep":"01J8ZQ4","st":"upstream","lane":5,"seq":[)" + id + "," +
                      id + R"(],"sent":17000000)" + id + R"(,"m":[{"i":)" + id + R"(,"t":17000000)" + id +
                      R"(,"k":"plant/1","b":{"v":)" + id + "}}]}");
    }
    return train_dictionary(texts);
  }();
  return kDictionary;
}

inline uint32_t id_of_dictionary(std::string_view dictionary) {
  return ZSTD_getDictID_fromDict(dictionary.data(), dictionary.size());
}

// Id of the dictionary that a payload needs; 0: none.
inline uint32_t dictionary_needed(std::string_view payload) {
  return ZSTD_getDictID_fromFrame(payload.data(), payload.size());
}

// Bytes that it expands to, or an error of zstd.
inline size_t expand_with_dictionary(std::string& to, std::string_view frame, const std::string& dictionary) {
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  const size_t bytes = ZSTD_decompress_usingDict(context, to.data(), to.size(), frame.data(), frame.size(),
                                                 dictionary.data(), dictionary.size());
  ZSTD_freeDCtx(context);
  return bytes;
}

}  // namespace headgate::testing
