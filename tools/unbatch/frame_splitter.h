// Finds batches in a stream of bytes: zstd frames, plain JSON objects and plain columns, one after the other, in any mix
// and with white space between them. Columns are given as rows. A frame with the batch's place in the chain belongs to
// the batch before it. What is neither is skipped up to the next zstd frame, and reported.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "tools/unbatch/dictionaries.h"

namespace headgate::tools {

class FrameSplitter {
 public:
  // `dictionaries`: that frames may need; borrowed; null: none.
  explicit FrameSplitter(const Dictionaries* dictionaries = nullptr) : dictionaries_(dictionaries) {}

  static constexpr size_t kFrameBytesMax = size_t{64} << 20;  // of one batch, compressed
  static constexpr size_t kJsonBytesMax = size_t{256} << 20;  // of one batch, expanded

  struct Batch {
    uint64_t offset = 0;  // of its first byte in the stream
    size_t wire_bytes = 0;
    core::Result<std::string> json;  // or what is wrong with these bytes
    std::string mark;                // text of its place in the chain; empty: it says none
    std::string content_sha256;      // with a mark: of what the chain's hash is made of
    bool lacks_dictionary = false;   // which is what is wrong
  };

  void feed(core::Bytes bytes) { buffer_.append(bytes); }

  // The next batch, or nullopt when more bytes are needed. `at_end`: there will be none; call until nullopt.
  [[nodiscard]] std::optional<Batch> next(bool at_end);

 private:
  [[nodiscard]] std::optional<Batch> next_zstd(bool at_end);
  [[nodiscard]] std::optional<Batch> next_plain(bool at_end);
  [[nodiscard]] std::optional<Batch> next_columns(bool at_end);
  [[nodiscard]] std::optional<Batch> skip_unknown(std::string what, bool at_end);
  [[nodiscard]] std::optional<core::Bytes> mark_behind(size_t frame_bytes, bool at_end) const;
  [[nodiscard]] core::Result<std::string> decompress(core::Bytes frame) const;
  Batch skip_unread(size_t bytes, const core::Error& why);
  Batch take(size_t bytes, core::Result<std::string> json);
  Batch take_marked(size_t bytes, std::string mark, std::string content);
  void drop_front(size_t bytes);

  const Dictionaries* dictionaries_;
  std::string buffer_;
  uint64_t offset_ = 0;  // of buffer_'s first byte
};

// The batch in one payload: a zstd frame or plain, of rows or columns. Errors: invalid, with what is wrong.
[[nodiscard]] FrameSplitter::Batch decode_payload(core::Bytes payload,
                                                  const Dictionaries* dictionaries = nullptr);

}  // namespace headgate::tools
