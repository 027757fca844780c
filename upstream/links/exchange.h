// All links upstream and the queues that go over them: which links are connected, which queue is on which. Sans-I/O; the
// owner calls step() after every input of a forwarder or a link, when next_deadline() has come, and about once a second.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "upstream/link/link.h"
#include "upstream/links/carrier.h"
#include "upstream/links/port.h"
#include "upstream/options.h"

namespace headgate::upstream {

class Exchange {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // A link that nobody needs any more is let go after this long without use. One that is connected when needed has kept
  // its connection alive for what a new one costs when it has been idle for kIdleKeepAlives: about 5,500 bytes for a
  // handshake with certificates, about 204 for a ping and its answer.
  static constexpr int64_t kUnneededMs = 30000;
  static constexpr int64_t kIdleKeepAlives = 27;

  // `log` is borrowed.
  Exchange(const UpstreamOptions& options, core::Log& log) : options_(options), log_(log) {}

  // Adds a link, after those that are preferred to it; `link` is borrowed. `seed` is for its jitter.
  void add(NamedLink named, Link& link, uint64_t seed, GateWorld world = {});
  // A way for a queue of these links, in the order of preference; none, or none that is known: any. The exchange owns it.
  Port& add_port(const std::vector<std::string>& links, std::function<WantedLanes()> waiting);
  void remove(const Port& port);

  void step(core::Now now);
  // Wants links that may carry anything also if nothing waits, for as long as somebody asks for them.
  void ask(bool asked) { asked_ = asked; }
  // See Carrier::retry().
  void retry(core::Now now);
  [[nodiscard]] int64_t next_deadline() const;
  void close();

  [[nodiscard]] const std::vector<std::unique_ptr<Carrier>>& carriers() const { return carriers_; }

 private:
  void want_what_is_needed(core::Now now);
  [[nodiscard]] bool is_wanted(const Carrier& carrier, core::Now now) const;
  [[nodiscard]] static int64_t idle_ms_max(const Carrier& carrier);

  const UpstreamOptions options_;
  core::Log& log_;
  std::vector<std::unique_ptr<Carrier>> carriers_;
  std::vector<std::unique_ptr<Port>> ports_;
  bool asked_ = false;
};

}  // namespace headgate::upstream
