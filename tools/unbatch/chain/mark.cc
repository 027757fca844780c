#include "tools/unbatch/chain/mark.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base64.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::json;

constexpr size_t kHashBytes = 32;
constexpr size_t kHeadBytesMax = 65536;

bool is_number(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number_unsigned();
}
bool is_text(const Json& json, const char* key) { return json.contains(key) && json[key].is_string(); }

bool read_given_up(const Json& each, GivenUpBatches& given_up) {
  const bool is_span = each.is_array() && each.size() >= 2 && each[0].is_number_unsigned() &&
                       each[1].is_number_unsigned() && each[0] <= each[1];
  if (!is_span) return false;
  given_up.numbers = {each[0].get<uint64_t>(), each[1].get<uint64_t>()};
  if (each.size() == 2) return true;
  if (each.size() != 4 || !each[2].is_number_unsigned() || !each[3].is_string()) return false;
  given_up.after = each[2].get<uint64_t>();
  given_up.prev = each[3].get<std::string>();
  return given_up.after < given_up.numbers.first;
}

bool read_all_given_up(const Json& list, std::vector<GivenUpBatches>& all) {
  return list.is_array() && std::ranges::all_of(list, [&all](const Json& each) {
           return read_given_up(each, all.emplace_back());
         });
}

bool read_order(const Json& json, ChainMark& mark) {
  if (json.contains("ahead") && !json["ahead"].is_boolean()) return false;
  if (json.contains("over") && !is_number(json, "over")) return false;
  mark.ahead = json.value("ahead", false);
  mark.over = json.value("over", uint64_t{0});
  return true;
}

}  // namespace

core::Result<ChainMark> read_mark(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto wrong = [] {
    return core::fail(core::Errc::invalid,
                      "its place in the chain cannot be read (\"n\", \"after\", \"prev\", \"instead_of\", "
                      "\"ahead\", \"over\")");
  };
  if (!json.is_object() || !is_number(json, "n")) return wrong();
  ChainMark mark;
  mark.number = json["n"].get<uint64_t>();
  if (json.contains("prev")) {
    if (!is_text(json, "prev") || (json.contains("after") && !is_number(json, "after"))) return wrong();
    mark.prev = json["prev"].get<std::string>();
    mark.after = json.value("after", mark.number - 1);
    if (mark.after == 0 || mark.after >= mark.number) return wrong();
  }
  if (json.contains("instead_of") && !read_all_given_up(json["instead_of"], mark.instead_of)) return wrong();
  if (!read_order(json, mark)) return wrong();
  return mark;
}

std::optional<ChainHeadNotice> read_head_notice(std::string_view text) {
  if (text.size() > kHeadBytesMax || text.find("\"hash\"") == std::string_view::npos) return std::nullopt;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.contains("m") || !is_number(json, "n")) return std::nullopt;
  for (const char* key : {"hub", "ep", "st", "hash"}) {
    if (!is_text(json, key)) return std::nullopt;
  }
  return ChainHeadNotice{json["hub"].get<std::string>(), json["ep"].get<std::string>(),
                         json["st"].get<std::string>(), json["n"].get<uint64_t>(),
                         json["hash"].get<std::string>()};
}

std::optional<std::vector<ChainHeadNotice>> read_presence(std::string_view text) {
  if (text.size() > kHeadBytesMax || text.find("\"state\"") == std::string_view::npos) return std::nullopt;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.contains("m")) return std::nullopt;
  for (const char* key : {"hub", "link", "state"}) {
    if (!is_text(json, key)) return std::nullopt;
  }
  std::vector<ChainHeadNotice> heads;
  if (!is_text(json, "ep") || !json.contains("heads")) return heads;
  for (const Json& head : json["heads"]) {
    if (!head.is_object() || !is_text(head, "st") || !is_number(head, "n") || !is_text(head, "hash"))
      continue;
    heads.push_back({json["hub"].get<std::string>(), json["ep"].get<std::string>(),
                     head["st"].get<std::string>(), head["n"].get<uint64_t>(),
                     head["hash"].get<std::string>()});
  }
  return heads;
}

std::string sha256(core::Bytes bytes) {
  std::string hash(kHashBytes, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr, EVP_sha256(),
             nullptr);
  return hash;
}

std::string batch_hash(core::Bytes key, std::string_view mark, core::Bytes content_sha256) {
  const std::string hashed = std::string(mark).append(content_sha256);
  std::string hash(kHashBytes, '\0');
  if (key.empty()) {
    hash = sha256(hashed);
  } else {
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(hashed.data()), hashed.size(),
         reinterpret_cast<unsigned char*>(hash.data()), nullptr);
  }
  std::string text;
  core::append_base64(text, hash);
  return text;
}

}  // namespace headgate::tools
