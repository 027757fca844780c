// Tells readers where the chain ends, retained, so that they miss the last batches too. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "store/queue_store.h"
#include "upstream/drain/chain/ledger.h"
#include "upstream/options.h"

namespace headgate::upstream {

class HeadNotice {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // A notice costs what three marks do, so batches that come each second or so are not each followed by one.
  static constexpr int64_t kEveryMs = 60000;

  HeadNotice(const store::Identity& identity, const UpstreamOptions& options);

  // Whatever was told may have been lost with the last connection.
  void on_link_up(core::Now now);
  // There is a head that was not told.
  [[nodiscard]] bool has_news(const std::optional<ChainHead>& head) const;
  // Mono time from which it is to be told, kNever without one; `idle`: nothing is on its way.
  [[nodiscard]] int64_t due_at(const std::optional<ChainHead>& head, bool idle) const;
  // The notice, which counts as told.
  [[nodiscard]] std::string take(const ChainHead& head, core::Now now);
  // Levels below the topic of the batches: several streams may share that.
  [[nodiscard]] const std::string& level() const { return level_; }

 private:
  const store::Identity identity_;
  const std::string stream_;
  const std::string level_;
  const bool enabled_;
  uint64_t told_ = 0;       // number over this connection; 0: none
  int64_t told_at_ms_ = 0;  // mono; of the connection if none
};

}  // namespace headgate::upstream
