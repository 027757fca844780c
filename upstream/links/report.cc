#include "upstream/links/report.h"

#include <algorithm>

namespace headgate::upstream {
namespace {

void add(EndToEndStatus& sum, const EndToEndStatus& one) {
  sum.held_batches += one.held_batches;
  sum.notices += one.notices;
  sum.ignored_notices += one.ignored_notices;
  sum.refused_batches += one.refused_batches;
  sum.refused_messages += one.refused_messages;
  sum.sent_again_batches += one.sent_again_batches;
}

void add(ForwarderStatus& sum, const ForwarderStatus& one) {
  sum.in_flight_batches += one.in_flight_batches;
  sum.window_batches += one.window_batches;
  sum.connects += one.connects;
  sum.batches += one.batches;
  sum.messages += one.messages;
  sum.payload_bytes += one.payload_bytes;
  sum.json_bytes += one.json_bytes;
  sum.unheard_batches += one.unheard_batches;
  sum.refused_batches += one.refused_batches;
  sum.dead_messages += one.dead_messages;
  sum.repeated_batches += one.repeated_batches;
  sum.abandoned_batches += one.abandoned_batches;
  add(sum.end_to_end, one.end_to_end);
  if (one.unheard_since_ms != 0 && (sum.unheard_since_ms == 0 || one.unheard_since_ms < sum.unheard_since_ms))
    sum.unheard_since_ms = one.unheard_since_ms;
  if (one.last_error_ms < sum.last_error_ms || one.last_error.empty()) return;
  sum.last_error = one.last_error;
  sum.last_error_ms = one.last_error_ms;
}

}  // namespace

const LinkReport& main_link(const UpstreamReport& report) {
  for (const CarrierState state : {CarrierState::up, CarrierState::connecting, CarrierState::backing_off}) {
    const auto found = std::ranges::find_if(
        report.links, [&](const LinkReport& link) { return link.status.state == state; });
    if (found != report.links.end()) return *found;
  }
  return report.links.front();
}

DownstreamCounts downstream_of(const UpstreamReport& report) {
  DownstreamCounts sum;
  for (const LinkReport& link : report.links) {
    const DownstreamCounts& counts = link.downstream.counts;
    sum.received += counts.received;
    sum.stored += counts.stored;
    sum.repeated += counts.repeated;
    sum.refused += counts.refused;
    sum.own += counts.own;
    sum.receipts += counts.receipts;
    sum.receipts_dropped += counts.receipts_dropped;
  }
  return sum;
}

ForwarderStatus sum_of(const UpstreamReport& report) {
  ForwarderStatus sum;
  for (const QueueReport& queue : report.queues) add(sum, queue.status);
  return sum;
}

}  // namespace headgate::upstream
