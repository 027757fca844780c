#include "tools/headgate/trial_text.h"

#include "core/text.h"
#include "routing/language/duration.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

constexpr int64_t kPlausibleMs =
    int64_t{365} * 86'400'000;  // times below count from the beginning of a sample
constexpr size_t kShownBytes = 200;

}  // namespace

std::string trial_time_text(int64_t at_ms) {
  if (at_ms == 0) return "0s";
  return at_ms < kPlausibleMs ? routing::print_duration(at_ms) : iso_time(at_ms);
}

std::string trial_body_text(const std::string& body) { return printable(core::shortened(body, kShownBytes)); }

std::string trial_row_text(const routing::TrialRow& row, std::string_view route) {
  std::string text = printable(route) + " -> " + printable(row.to) + "  " + printable(row.topic);
  if (row.start_ms != 0 || row.end_ms != 0)
    text += "  [" + trial_time_text(row.start_ms) + ", " + trial_time_text(row.end_ms) + ")";
  if (row.rev > 0) text += " rev " + std::to_string(row.rev);
  if (!row.complete) text += " not complete";
  if (row.withdrawn) text += " withdrawn";
  if (row.too_late) text += " too late";
  return text + "  " + trial_body_text(row.body);
}

}  // namespace headgate::tools
