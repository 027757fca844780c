#include "upstream/payload/origin.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "upstream/payload/batch_form.h"
#include "upstream/payload/columns/sheet.h"

namespace headgate::upstream {
namespace {

constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";
constexpr std::string_view kHeadStart = "{\"v\":1,\"hub\":";
constexpr size_t kHeadBytes = 4096;  // holds the hub's id and kViaMax others
constexpr int kWindowLogMax =
    24;  // what a head may make zstd set aside: 16 MiB, touched as far as it is used

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* freed) const { ZSTD_freeDCtx(freed); }
};

// The first bytes of what is compressed, or not; empty if it is a damaged frame.
std::string head_of(core::Bytes body) {
  if (!body.starts_with(kZstdMagic)) return std::string(body.substr(0, kHeadBytes));
  const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  std::string head(kHeadBytes, '\0');
  if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLogMax)))
    return "";
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  ZSTD_outBuffer out{head.data(), head.size(), 0};
  while (out.pos < out.size && in.pos < in.size) {
    const size_t left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left)) return "";
    if (left == 0) break;
  }
  head.resize(out.pos);
  return head;
}

// Takes a JSON string off the front of `text`; none if there is not a whole one.
std::optional<std::string> take_string(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return std::nullopt;
  const auto parsed = nlohmann::json::parse(text.substr(0, end + 1), nullptr, false);
  text.remove_prefix(end + 1);
  if (!parsed.is_string()) return std::nullopt;
  return parsed.get<std::string>();
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

}  // namespace

bool may_be_batch(const core::Message& message) {
  const std::string& type = message.props().content_type;  // bridges of MQTT 3.1.1 take it away
  const bool may_be_by_type = type.empty() || type == content_type_of(BatchLayout::rows) ||
                              type == content_type_of(BatchLayout::columns);
  const core::Bytes body = message.body;
  return may_be_by_type &&
         (body.starts_with(kZstdMagic) || body.starts_with(columns::kMagic) || body.starts_with(kHeadStart));
}

Origin origin_of(core::Bytes body) {
  const std::string head = head_of(body);
  std::string_view rest = head;
  Origin origin;
  if (take(rest, columns::kMagic))
    rest.remove_prefix(std::min(rest.size(), columns::kPreambleBytes - columns::kMagic.size()));
  if (!take(rest, kHeadStart)) return origin;
  const auto sender = take_string(rest);
  if (!sender) return origin;
  origin.push_back(*sender);
  if (!take(rest, ",\"via\":[")) return origin;
  while (auto via = take_string(rest)) {
    origin.push_back(*std::move(via));
    if (!take(rest, ",")) break;
  }
  return origin;
}

bool came_from(const core::Message& message, std::string_view hub) {
  if (!may_be_batch(message)) return false;
  const Origin origin = origin_of(message.body);
  return std::ranges::find(origin, hub) != origin.end();
}

// Looks at the body alone: a bridge may have given it another topic.
bool is_chain_head(const core::Message& message) {
  constexpr size_t kBytesMax = 4096;
  const std::string_view body = message.body;
  const auto says = [body](std::string_view member) { return body.find(member) != std::string_view::npos; };
  return body.size() <= kBytesMax && body.starts_with("{\"v\":1,\"hub\":\"") && says("\",\"ep\":\"") &&
         says("\",\"st\":\"") && says("\",\"n\":") && says(",\"hash\":\"") && !says("\"m\":[");
}

}  // namespace headgate::upstream
