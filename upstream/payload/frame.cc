#include "upstream/payload/frame.h"

#include <zstd.h>

namespace headgate::upstream {
namespace {

constexpr int kThoroughFrom = 13;

// Rows repeat what the row before them said but for a few digits. The best match is therefore a recent and
// long one: a small hash table that forgets, few probes, no short matches. On readings of 219 bytes that is
// 12 % smaller than zstd's own level 9 at half its CPU, and the thorough variant equals level 19 at a sixth
// of its (the table is in docs/batch-format.md).
void tune_for_rows(ZSTD_CCtx* context, bool thorough) {
  ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, thorough ? ZSTD_btopt : ZSTD_lazy2);
  ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 6);
  ZSTD_CCtx_setParameter(context, ZSTD_c_searchLog, thorough ? 1 : 3);
  ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, thorough ? 16 : 12);
  ZSTD_CCtx_setParameter(context, ZSTD_c_chainLog, thorough ? 16 : 14);
  ZSTD_CCtx_setParameter(context, ZSTD_c_targetLength, 256);
}

// Tells columns whose data are mostly numbers: a longer search finds nothing in such noise, and its entropy is coded at
// any level.
bool is_noise(std::string_view content, std::span<const size_t> cuts) {
  return !cuts.empty() && cuts.front() < content.size() / 2;
}

void tune(ZSTD_CCtx* context, bool noise, int zstd_level) {
  constexpr int kQuickLevel = 1;
  const bool thorough = zstd_level >= kThoroughFrom;
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, noise && !thorough ? kQuickLevel : zstd_level);
  if (!noise) tune_for_rows(context, thorough);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
}

// With a dictionary most of a small batch is a match in it, also a short one.
void tune_for(ZSTD_CCtx* context, const Dictionary& dictionary, int zstd_level) {
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, zstd_level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_loadDictionary(context, dictionary.bytes.data(), dictionary.bytes.size());
}

struct FreeContext {
  void operator()(ZSTD_CCtx* freed) const { ZSTD_freeCCtx(freed); }
};

}  // namespace

struct FrameWriter::Context {
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd{ZSTD_createCCtx()};

  // A block ends at each cut, so that each kind of bytes is coded by its own statistics.
  size_t compress(std::string_view content, std::span<const size_t> cuts, std::string& frame) const {
    ZSTD_CCtx_setPledgedSrcSize(zstd.get(), content.size());
    ZSTD_inBuffer in{content.data(), 0, 0};
    ZSTD_outBuffer out{frame.data(), frame.size(), 0};
    for (const size_t cut : cuts) {
      in.size = cut;
      const size_t left = ZSTD_compressStream2(zstd.get(), &out, &in, ZSTD_e_flush);
      if (ZSTD_isError(left)) return left;
    }
    in.size = content.size();
    const size_t left = ZSTD_compressStream2(zstd.get(), &out, &in, ZSTD_e_end);
    return ZSTD_isError(left) ? left : out.pos;
  }
};

FrameWriter::FrameWriter() : context_(std::make_unique<Context>()) {}

FrameWriter::~FrameWriter() = default;

core::Result<std::string_view> FrameWriter::compress(std::string_view content, std::span<const size_t> cuts,
                                                     int zstd_level, const Dictionary* dictionary) {
  constexpr size_t kBlockHeaderBytes = 16;  // of a block that a cut ends early, with room to spare
  if (dictionary != nullptr) {
    tune_for(context_->zstd.get(), *dictionary, zstd_level);
    cuts = {};  // a block behind the first has no use of the dictionary's statistics
  } else {
    tune(context_->zstd.get(), is_noise(content, cuts), zstd_level);
  }
  frame_.resize(ZSTD_compressBound(content.size()) + cuts.size() * kBlockHeaderBytes);
  const size_t bytes = context_->compress(content, cuts, frame_);
  if (ZSTD_isError(bytes)) {
    return core::fail(core::Errc::unavailable,
                      std::string("cannot compress a batch: ") + ZSTD_getErrorName(bytes));
  }
  return std::string_view(frame_).substr(0, bytes);
}

}  // namespace headgate::upstream
