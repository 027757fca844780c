#include "tools/unbatch/frame_splitter.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>

#include "tools/unbatch/columns/batch.h"

namespace headgate::tools {
namespace {

using std::string_view_literals::operator""sv;

constexpr auto kZstdMagic = "\x28\xB5\x2F\xFD"sv;
constexpr auto kGzipMagic = "\x1F\x8B"sv;
constexpr auto kWhiteSpace = " \t\r\n"sv;

// A skippable frame: 0x184D2A50 to 0x184D2A5F, little-endian (RFC 8878 section 3.1.2).
bool is_skippable(core::Bytes bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xF0) == 0x50 && bytes.substr(1, 3) == "\x2A\x4D\x18"sv;
}

core::Unexpected bad(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

core::Result<std::string> decompress(core::Bytes frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) return bad("damaged zstd frame header");
  if (size == ZSTD_CONTENTSIZE_UNKNOWN) return bad("zstd frame without a content size");
  if (size > FrameSplitter::kJsonBytesMax)
    return bad("zstd frame of " + std::to_string(size) + " bytes expanded");
  std::string json(size, '\0');
  const size_t bytes = ZSTD_decompress(json.data(), json.size(), frame.data(), frame.size());
  if (ZSTD_isError(bytes)) return bad(std::string("damaged zstd frame: ") + ZSTD_getErrorName(bytes));
  json.resize(bytes);
  if (json.starts_with(columns::kMagic)) return columns::as_rows(json, FrameSplitter::kJsonBytesMax);
  return json;
}

// Bytes of the JSON object at the front of `text`, or npos if its end is not there.
size_t object_bytes(core::Bytes text) {
  int depth = 0;
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return core::Bytes::npos;
}

}  // namespace

std::optional<FrameSplitter::Batch> FrameSplitter::next(bool at_end) {
  for (;;) {
    drop_front(std::min(buffer_.find_first_not_of(kWhiteSpace), buffer_.size()));
    if (buffer_.empty()) return std::nullopt;
    if (buffer_[0] == '{') return next_plain(at_end);
    if (buffer_.size() < kZstdMagic.size() && !at_end) return std::nullopt;
    if (buffer_.starts_with(kZstdMagic)) return next_zstd(at_end);
    if (buffer_.starts_with(columns::kMagic)) return next_columns(at_end);
    if (buffer_.starts_with(kGzipMagic)) return skip_unknown("gzip; decompress it first (gzip -dc)", at_end);
    if (!is_skippable(buffer_)) return skip_unknown("neither a zstd frame nor JSON", at_end);
    const size_t bytes = ZSTD_findFrameCompressedSize(buffer_.data(), buffer_.size());
    if (ZSTD_isError(bytes) && !at_end) return std::nullopt;
    drop_front(ZSTD_isError(bytes) ? buffer_.size() : bytes);
  }
}

std::optional<FrameSplitter::Batch> FrameSplitter::next_zstd(bool at_end) {
  const size_t bytes = ZSTD_findFrameCompressedSize(buffer_.data(), buffer_.size());
  if (!ZSTD_isError(bytes)) {
    auto json = decompress(core::Bytes(buffer_).substr(0, bytes));
    // A damaged frame may lie about its length as well: the next one may begin inside it.
    const size_t taken = json ? bytes : std::min(bytes, buffer_.find(kZstdMagic, 1));
    return take(taken, std::move(json));
  }
  const bool cut_short = ZSTD_getErrorCode(bytes) == ZSTD_error_srcSize_wrong;
  if (cut_short && !at_end && buffer_.size() < kFrameBytesMax) return std::nullopt;
  if (cut_short) return skip_unknown("a zstd frame that is cut short", at_end);
  return skip_unknown(std::string("damaged zstd frame: ") + ZSTD_getErrorName(bytes), at_end);
}

std::optional<FrameSplitter::Batch> FrameSplitter::next_plain(bool at_end) {
  const size_t bytes = object_bytes(buffer_);
  if (bytes != core::Bytes::npos) return take(bytes, buffer_.substr(0, bytes));
  if (!at_end && buffer_.size() < kJsonBytesMax) return std::nullopt;
  return skip_unknown("JSON that is cut short", at_end);
}

std::optional<FrameSplitter::Batch> FrameSplitter::next_columns(bool at_end) {
  const auto bytes = columns::content_bytes(buffer_);
  if (bytes && *bytes > kJsonBytesMax)
    return skip_unknown("columns that claim to be larger than any batch", at_end);
  if (bytes && *bytes <= buffer_.size())
    return take(*bytes, columns::as_rows(core::Bytes(buffer_).substr(0, *bytes), kJsonBytesMax));
  if (!at_end) return std::nullopt;
  return skip_unknown("columns that are cut short", at_end);
}

// Skips to where the next zstd frame may begin. Bytes that may be the front of one are kept.
std::optional<FrameSplitter::Batch> FrameSplitter::skip_unknown(std::string what, bool at_end) {
  size_t bytes = buffer_.find(kZstdMagic, 1);
  if (bytes == std::string::npos) {
    const size_t kept = at_end ? 0 : std::min(kZstdMagic.size() - 1, buffer_.size() - 1);
    bytes = buffer_.size() - kept;
  }
  return take(bytes, bad(std::move(what)));
}

FrameSplitter::Batch FrameSplitter::take(size_t bytes, core::Result<std::string> json) {
  Batch batch{offset_, bytes, std::move(json)};
  drop_front(bytes);
  return batch;
}

void FrameSplitter::drop_front(size_t bytes) {
  buffer_.erase(0, bytes);
  offset_ += bytes;
}

core::Result<std::string> decode_payload(core::Bytes payload) {
  FrameSplitter splitter;
  splitter.feed(payload);
  auto batch = splitter.next(true);
  if (!batch) return bad("an empty payload");
  if (batch->json && splitter.next(true)) return bad("bytes after the batch");
  return std::move(batch->json);
}

}  // namespace headgate::tools
