// View that operators have of the links upstream and of the queues that go over them. Values of one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "upstream/downstream/status.h"
#include "upstream/drain/forwarder.h"
#include "upstream/identities/status.h"
#include "upstream/links/carrier.h"

namespace headgate::upstream {

struct LinkReport {
  NamedLink named;
  CarrierStatus status;
  Permit permit;
  GateCounts counts;
  DownstreamStatus downstream = {};                           // without topics: nothing is brought down
  std::optional<IdentitiesStatus> identities = std::nullopt;  // none: all goes under one device
};

struct QueueReport {
  std::string queue;
  std::string link;                // that it goes over now; empty: none
  std::vector<std::string> links;  // that it may go over, the preferred first
  ForwarderStatus status;
};

struct UpstreamReport {
  std::vector<LinkReport> links;                          // in the order of preference
  std::vector<QueueReport> queues;                        // in the order in which they were found
  UtcOffset offset = [](int64_t) { return int64_t{0}; };  // of the zone in which links have their days
};

// The link that stands for all: the first that is up, else the first that tries to be, else the first. REQUIRES: there
// is one.
[[nodiscard]] const LinkReport& main_link(const UpstreamReport& report);
// Messages that came down over all links.
[[nodiscard]] DownstreamCounts downstream_of(const UpstreamReport& report);
// Counters of all queues together; an error and a lack of subscribers of any of them.
[[nodiscard]] ForwarderStatus sum_of(const UpstreamReport& report);

}  // namespace headgate::upstream
