#include "routing/schema/patterns.h"

#include <re2/re2.h>

#include <string>
#include <utility>

namespace headgate::routing {
namespace {

constexpr int64_t kMemoryMax = 512 * 1024;  // of a pattern and of what it learns about texts

// Parts of a pattern that all are tried at each byte of a text take about a nanosecond each; a step has about twenty.
constexpr int64_t kTriesPerStep = 16;

}  // namespace

Pattern::Pattern(std::unique_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

core::Result<Pattern> Pattern::compile(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryMax);
  auto compiled = std::make_unique<const RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!compiled->ok()) return core::fail(core::Errc::invalid, compiled->error());
  if (compiled->ProgramSize() > kPatternParts) return core::fail(core::Errc::invalid, "pattern too large");
  return Pattern(std::move(compiled));
}

bool Pattern::found_in(std::string_view text, int64_t& steps) const {
  steps -= 1 + static_cast<int64_t>(text.size()) * compiled_->ProgramSize() / kTriesPerStep;
  if (steps < 0) return false;
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace headgate::routing
