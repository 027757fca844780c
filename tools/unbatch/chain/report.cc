#include "tools/unbatch/chain/report.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "core/text.h"

namespace headgate::tools {
namespace {

constexpr size_t kSpansMax = 20;  // in a line

std::string span_text(const Span& span) {
  const std::string first = std::to_string(span.first);
  if (span.last == kOpen) return first + " and above";
  return span.first == span.last ? first : first + "-" + std::to_string(span.last);
}

// Says of more than a line has room for where the others are.
std::string ids_text(const std::vector<Span>& ids) {
  std::string text;
  for (size_t i = 0; i < ids.size() && i < kSpansMax; ++i) text += (i > 0 ? ", " : "") + span_text(ids[i]);
  if (ids.size() <= kSpansMax) return text;
  return text + ", and others of " + span_text({ids[kSpansMax].first, ids.back().last});
}

std::string line_of(const std::string& text) { return "headgate unbatch: " + core::printable(text) + "\n"; }

}  // namespace

std::string to_text(const Finding& finding) {
  std::string text =
      to_text(finding.stream) + ": " + std::string(name_of(finding.flaw)) + ": " + finding.what;
  if (finding.flaw != Flaw::missing)
    return finding.ids.empty() ? text : text + "; ids " + ids_text(finding.ids);
  if (finding.ids.empty())
    return text +
           "; the messages are of others that have come or are missing, or of a lane without another batch";
  return text + "; the messages are among those of the ids " + ids_text(finding.ids) +
         " that have not come, or of a lane without another batch";
}

std::string to_text(const Vouched& vouched) {
  std::string text = to_text(vouched.stream) + ": verified: batches " +
                     std::to_string(vouched.numbers.first) + " to " + std::to_string(vouched.numbers.last);
  text += vouched.from_beginning ? ", from the beginning of the epoch"
                                 : "; what was before them is not here, so nothing is said of it";
  text += vouched.to_head ? ", up to the head" : "; no head says whether there are more";
  return text;
}

bool report(const ChainVerifier& verifier, std::ostream& err) {
  const std::vector<Finding> findings = verifier.findings();
  for (const Finding& finding : findings) err << line_of(to_text(finding));
  for (const Vouched& vouched : verifier.vouched()) {
    const auto about = [&vouched](const Finding& finding) { return finding.stream == vouched.stream; };
    if (std::ranges::none_of(findings, about)) err << line_of(to_text(vouched));
  }
  return findings.empty();
}

}  // namespace headgate::tools
