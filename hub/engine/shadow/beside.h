// Routes beside those in force that count and deliver nothing: those that files call shadows, and those that the operator
// tries until the hub ends. They get each message once it was taken, in turns of their own, so that nobody waits for them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/admin/hub_view.h"
#include "hub/engine/retained/keeper.h"
#include "hub/observe/tails.h"
#include "routing/files/route_file.h"
#include "routing/shadow/runner.h"

namespace headgate::hub {

// Nothing of them is written: no input, no state, no result. So a shadow can neither fill a queue nor hold anybody up; it
// begins anew with each start, and a message is missed, and counted, if more wait than may.
class ShadowRoutes {
 public:
  static constexpr size_t kMessagesMax = 4096;
  static constexpr size_t kBytesMax = 4 * 1024 * 1024;
  static constexpr size_t kTriedMax = 100;

  // Everything is borrowed and must outlive this.
  struct Parts {
    Tails& tails;
    core::Executor& executor;
    const core::Clock& clock;
    core::Log& log;
    const RetainedKeeper& retained;
    std::string hub_id;  // whose own batches are not routed
  };
  explicit ShadowRoutes(Parts parts) : parts_(std::move(parts)) {}
  ~ShadowRoutes() { parts_.tails.remove(tail_); }
  ShadowRoutes(const ShadowRoutes&) = delete;
  ShadowRoutes& operator=(const ShadowRoutes&) = delete;

  // Shadows of the files, which may look up in `tables`. Where they are those that there were, they go on, with the rows
  // that files of tables hold now; else all of them begin anew. What does not compile is left out and reported.
  void use(std::vector<routing::RouteFileEntry> entries, const std::vector<routing::TableSource>& tables);

  // Tries these in the place of those that were tried before; none: ends that. They may look up in their own tables, and
  // in others of `tables`. Error: invalid, for the operator to read; nothing changes then.
  core::Status try_routes(const routing::RouteFile& routes, const std::vector<routing::TableSource>& tables);

  // Call about once a second.
  void tick();

  // Adds all of them, those that were left out as well.
  void describe(std::vector<RouteInfo>& routes) const;
  // Counts those that compile.
  [[nodiscard]] size_t count() const { return of_files_.size() + tried_.size(); }
  // Messages that they have not seen since the start.
  [[nodiscard]] uint64_t missed() const { return missed_; }

 private:
  struct Set {
    std::vector<routing::RouteFileEntry> entries;
    std::vector<routing::TableSource> tables;    // that they may look up in, without rows
    std::vector<routing::RouteStatus> statuses;  // one for each
    std::unique_ptr<routing::ShadowRun> run;     // null: there are none

    [[nodiscard]] size_t size() const { return run ? run->table().routes().size() : 0; }
  };

  void put(Set& set, std::vector<routing::RouteFileEntry> entries, routing::RouteTable::Built built) const;
  static void describe(const Set& set, std::vector<RouteInfo>& routes);
  static void add_counts(const routing::ShadowRun& run, routing::RouteIndex route, RouteInfo& info);
  void listen();
  void take(const core::MessagePtr& message);
  void run_later();
  void run();
  [[nodiscard]] bool advance(int64_t until_hub_ms);

  Parts parts_;
  uint64_t tail_ = 0;  // 0: there are no shadows
  Set of_files_;
  Set tried_;
  std::deque<core::MessagePtr> waiting_;
  size_t waiting_bytes_ = 0;
  uint64_t missed_ = 0;
  uint64_t number_ = 0;            // of the message, for sample()
  int64_t idle_until_hub_ms_ = 0;  // nothing that has not come yet arrived before
  bool posted_ = false;
  std::shared_ptr<int> alive_ =
      std::make_shared<int>(0);  // so that what was posted notices that this is gone
};

}  // namespace headgate::hub
