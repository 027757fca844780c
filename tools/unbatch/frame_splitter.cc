#include "tools/unbatch/frame_splitter.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>

#include "tools/unbatch/chain/mark.h"
#include "tools/unbatch/columns/batch.h"

namespace headgate::tools {
namespace {

using std::string_view_literals::operator""sv;

constexpr auto kZstdMagic = "\x28\xB5\x2F\xFD"sv;
constexpr auto kGzipMagic = "\x1F\x8B"sv;
constexpr auto kMarkMagic = "\x5C\x2A\x4D\x18"sv;  // of a skippable frame
constexpr auto kMarkMember = ",\"chain\":{"sv;
constexpr size_t kFrameHeadBytes = 8;  // magic number and size
constexpr size_t kMarkBytesMax = 65536;
constexpr auto kWhiteSpace = " \t\r\n"sv;

// A skippable frame: 0x184D2A50 to 0x184D2A5F, little-endian (RFC 8878 section 3.1.2).
bool is_skippable(core::Bytes bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xF0) == 0x50 && bytes.substr(1, 3) == "\x2A\x4D\x18"sv;
}

// Size of the frame that holds the mark.
size_t mark_bytes(core::Bytes mark) { return mark.empty() ? 0 : kFrameHeadBytes + mark.size(); }

core::Unexpected bad(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

const std::string* dictionary_of(const Dictionaries* dictionaries, uint32_t id) {
  if (dictionaries == nullptr) return nullptr;
  const auto found = dictionaries->find(id);
  return found == dictionaries->end() ? nullptr : &found->second;
}

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* freed) const { ZSTD_freeDCtx(freed); }
};

// Bytes that it expands to, or an error of zstd.
size_t expand(std::string& to, core::Bytes frame, const std::string* dictionary) {
  if (dictionary == nullptr) return ZSTD_decompress(to.data(), to.size(), frame.data(), frame.size());
  const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  return ZSTD_decompress_usingDict(context.get(), to.data(), to.size(), frame.data(), frame.size(),
                                   dictionary->data(), dictionary->size());
}

size_t u32_le(core::Bytes bytes) {
  size_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// Takes the mark of a plain batch apart from its content.
void find_mark(FrameSplitter::Batch& batch) {
  if (!batch.json || !batch.json->ends_with("}}")) return;
  const size_t at = batch.json->rfind(kMarkMember);
  if (at == std::string::npos || batch.json->size() - at > kMarkBytesMax) return;
  const size_t begin = at + kMarkMember.size() - 1;
  batch.mark = batch.json->substr(begin, batch.json->size() - 1 - begin);
  batch.content_sha256 = sha256(batch.json->substr(0, at) + "}");
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
    if (ZSTD_isError(bytes) && buffer_.starts_with(kMarkMagic))
      return skip_unknown("a place in the chain that is cut short: the batch before it lacks it", at_end);
    drop_front(ZSTD_isError(bytes) ? buffer_.size() : bytes);
  }
}

core::Result<std::string> FrameSplitter::decompress(core::Bytes frame) const {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) return bad("damaged zstd frame header");
  if (size == ZSTD_CONTENTSIZE_UNKNOWN) return bad("zstd frame without a content size");
  if (size > kJsonBytesMax) return bad("zstd frame of " + std::to_string(size) + " bytes expanded");
  const std::string* dictionary = nullptr;
  if (const unsigned id = ZSTD_getDictID_fromFrame(frame.data(), frame.size()); id != 0) {
    dictionary = dictionary_of(dictionaries_, id);
    if (dictionary == nullptr)
      return core::fail(
          core::Errc::not_found,
          "zstd frame that needs dictionary " + std::to_string(id) +
              ", which is not here; give the hub's upstream.batch.dictionary_file with --dictionary");
  }
  std::string json(size, '\0');
  const size_t bytes = expand(json, frame, dictionary);
  if (ZSTD_isError(bytes)) return bad(std::string("damaged zstd frame: ") + ZSTD_getErrorName(bytes));
  json.resize(bytes);
  return json;
}

std::optional<FrameSplitter::Batch> FrameSplitter::next_zstd(bool at_end) {
  const size_t bytes = ZSTD_findFrameCompressedSize(buffer_.data(), buffer_.size());
  if (!ZSTD_isError(bytes)) {
    const auto mark = mark_behind(bytes, at_end);
    if (!mark) return std::nullopt;
    auto content = decompress(core::Bytes(buffer_).substr(0, bytes));
    if (!content && content.error().code == core::Errc::not_found)
      return skip_unread(bytes + mark_bytes(*mark), content.error());
    // A damaged frame may lie about its length as well: the next one may begin inside it.
    if (!content) return take(std::min(bytes, buffer_.find(kZstdMagic, 1)), std::move(content));
    return take_marked(bytes, std::string(*mark), *std::move(content));
  }
  const bool cut_short = ZSTD_getErrorCode(bytes) == ZSTD_error_srcSize_wrong;
  if (cut_short && !at_end && buffer_.size() < kFrameBytesMax) return std::nullopt;
  if (cut_short) return skip_unknown("a zstd frame that is cut short", at_end);
  return skip_unknown(std::string("damaged zstd frame: ") + ZSTD_getErrorName(bytes), at_end);
}

// The text of the mark behind a frame of so many bytes, empty if there is none; nullopt: more bytes are needed to know.
std::optional<core::Bytes> FrameSplitter::mark_behind(size_t frame_bytes, bool at_end) const {
  const core::Bytes rest = core::Bytes(buffer_).substr(frame_bytes);
  if (rest.size() < kMarkMagic.size() ? !kMarkMagic.starts_with(rest) : !rest.starts_with(kMarkMagic))
    return core::Bytes();
  const bool sized = rest.size() >= kFrameHeadBytes;
  if (sized && u32_le(rest.substr(kMarkMagic.size())) > kMarkBytesMax) return core::Bytes();
  const size_t bytes = sized ? u32_le(rest.substr(kMarkMagic.size())) : 0;
  if (sized && rest.size() >= kFrameHeadBytes + bytes) return rest.substr(kFrameHeadBytes, bytes);
  if (at_end) return core::Bytes();
  return std::nullopt;
}

std::optional<FrameSplitter::Batch> FrameSplitter::next_plain(bool at_end) {
  const size_t bytes = object_bytes(buffer_);
  if (bytes != core::Bytes::npos) {
    Batch batch = take(bytes, buffer_.substr(0, bytes));
    find_mark(batch);
    return batch;
  }
  if (!at_end && buffer_.size() < kJsonBytesMax) return std::nullopt;
  return skip_unknown("JSON that is cut short", at_end);
}

std::optional<FrameSplitter::Batch> FrameSplitter::next_columns(bool at_end) {
  const auto bytes = columns::content_bytes(buffer_);
  if (bytes && *bytes > kJsonBytesMax)
    return skip_unknown("columns that claim to be larger than any batch", at_end);
  const bool whole = bytes && *bytes <= buffer_.size();
  const auto mark = whole ? mark_behind(*bytes, at_end) : std::nullopt;
  if (mark) return take_marked(*bytes, std::string(*mark), buffer_.substr(0, *bytes));
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

FrameSplitter::Batch FrameSplitter::take_marked(size_t bytes, std::string mark, std::string content) {
  std::string hash = mark.empty() ? std::string() : sha256(content);
  core::Result<std::string> json =
      content.starts_with(columns::kMagic) ? columns::as_rows(content, kJsonBytesMax) : std::move(content);
  Batch batch = take(bytes + mark_bytes(mark), std::move(json));
  batch.mark = std::move(mark);
  batch.content_sha256 = std::move(hash);
  return batch;
}

// A whole frame that lacks nothing but its dictionary.
FrameSplitter::Batch FrameSplitter::skip_unread(size_t bytes, const core::Error& why) {
  Batch batch = take(bytes, core::fail(why));
  batch.lacks_dictionary = true;
  return batch;
}

FrameSplitter::Batch FrameSplitter::take(size_t bytes, core::Result<std::string> json) {
  Batch batch{offset_, bytes, std::move(json), {}, {}, false};
  drop_front(bytes);
  return batch;
}

void FrameSplitter::drop_front(size_t bytes) {
  buffer_.erase(0, bytes);
  offset_ += bytes;
}

FrameSplitter::Batch decode_payload(core::Bytes payload, const Dictionaries* dictionaries) {
  const auto refused = [&payload](std::string what) {
    return FrameSplitter::Batch{0, payload.size(), bad(std::move(what)), {}, {}, false};
  };
  FrameSplitter splitter(dictionaries);
  splitter.feed(payload);
  auto batch = splitter.next(true);
  if (!batch) return refused("an empty payload");
  if (batch->json && splitter.next(true)) return refused("bytes after the batch");
  return *std::move(batch);
}

}  // namespace headgate::tools
