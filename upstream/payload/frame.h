// Compresses a batch into one zstd frame. Pure; owns reusable buffers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "upstream/payload/dictionary.h"

namespace headgate::upstream {

class FrameWriter {
 public:
  FrameWriter();
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  // The frame tells the content's size and ends with its checksum; it is valid until the next call. `cuts`: ascending
  // places in the content, none at its ends, where bytes of another kind begin. `dictionary`: that whoever reads holds;
  // null: none. Equal input gives equal frames, whatever was compressed before. Errors: unavailable (out of memory).
  [[nodiscard]] core::Result<std::string_view> compress(std::string_view content,
                                                        std::span<const size_t> cuts, int zstd_level,
                                                        const Dictionary* dictionary = nullptr);

 private:
  struct Context;  // hides zstd
  std::unique_ptr<Context> context_;
  std::string frame_;
};

}  // namespace headgate::upstream
