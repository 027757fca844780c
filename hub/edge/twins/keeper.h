// Twins in the store, and who waits for them: answers leave once what they tell is durable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/edge/clients.h"
#include "hub/edge/id.h"
#include "hub/edge/twins/document.h"
#include "hub/edge/verbs.h"
#include "store/queue_store.h"

namespace headgate::hub {

class DurableWaits;

struct TwinCounts {
  uint64_t reads = 0;      // by clients, answered
  uint64_t reports = 0;    // patches of clients that are durable
  uint64_t refused = 0;    // patches of clients that broke a limit
  uint64_t throttled = 0;  // requests beyond what may wait for one twin
  uint64_t failed = 0;     // requests that the store could not serve
  uint64_t desired = 0;    // changes by an operator that are durable
  uint64_t pushed = 0;     // of them: sent to a client
};

// A twin is a small value of the store, read when it is asked for. It is in memory only while a change of it is on its way to the
// disk: one write at a time, and what comes meanwhile goes with the next, so that a crowd of patches costs its sender alone.
// When the store fails, what was not durable has not happened.
class TwinKeeper {
 public:
  // Requests that may wait for one twin; those beyond are refused as too many.
  static constexpr size_t kWaitingMax = 32;

  // Everything is borrowed and must outlive the keeper.
  struct Parts {
    store::QueueStore& store;
    DurableWaits& waits;
    EdgeClients& clients;
    const core::Clock& clock;
  };
  explicit TwinKeeper(const Parts& parts) : parts_(parts) {}

  // Stores a message with values in one Change, and gives it to whoever wants it. The seq to wait for; errors: full, io.
  using Publish = std::function<core::Result<store::Seq>(core::MessagePtr message,
                                                         std::span<const store::KeyValue> values)>;
  // From now on each report becomes a message too: see twin_change(). It is stored with the twin.
  void publish_reports(Publish publish) { publish_ = std::move(publish); }

  // ---- of clients; rids are given back as they came ----
  void get(const EdgeId& from, std::string_view rid, core::Now now);
  // Without a rid nothing is answered.
  void report(const EdgeId& from, std::string_view rid, std::string_view patch, core::Now now);

  // ---- of an operator ----
  // Error: unavailable, corrupt.
  [[nodiscard]] core::Result<std::string> twin(const EdgeId& id) const;
  void patch_desired(const EdgeId& id, std::string_view patch, EdgeVerbs::OnTwin done);
  void set_desired(const EdgeId& id, std::string_view properties, EdgeVerbs::OnTwin done);

  // Drops the twin, which is empty from then on; `done` gets whether there was one, once that is durable, now or later. Errors:
  // unavailable (a change of it is being written, or the store fails).
  void remove(const EdgeId& id, const std::function<void(const core::Result<bool>& removed)>& done);

  // ---- of the hub itself ----
  // Replaces what a twin reports; no route is told. `done` gets the twin once it is durable, at once if nothing is another.
  void set_reported(const EdgeId& id, std::string_view properties, EdgeVerbs::OnTwin done);

  [[nodiscard]] const TwinCounts& counts() const { return counts_; }
  // Twins that are in memory.
  [[nodiscard]] size_t open() const { return open_.size(); }

 private:
  // Somebody who is told once a change is durable, or lost.
  struct Waiting {
    enum class Kind : uint8_t { get, report, desired, own };
    Kind kind = Kind::get;
    std::string rid = {};
    int64_t version = 0;                          // of a report
    core::MessagePtr change = nullptr;            // the same, for routes
    std::optional<TwinDocument::Push> push = {};  // of what is desired
    EdgeVerbs::OnTwin done = nullptr;             // of an operator, or of the hub itself
  };
  // A twin of which a change is being written.
  struct Open {
    TwinDocument document;
    std::string written;  // what is on its way to the disk
    std::vector<Waiting> in_flight;
    std::vector<Waiting> next;  // what `written` does not have yet

    [[nodiscard]] size_t waiting() const { return in_flight.size() + next.size(); }
  };
  using Twins = std::map<EdgeId, Open>;

  [[nodiscard]] core::Result<TwinDocument> load(const EdgeId& id) const;
  [[nodiscard]] core::Result<Twins::iterator> opened(const EdgeId& id);
  void close_unless_written(Twins::iterator twin);
  void change_desired(
      const EdgeId& id, EdgeVerbs::OnTwin done,
      const std::function<core::Result<std::optional<TwinDocument::Push>>(TwinDocument&)>& change);
  void keep(Twins::iterator twin, Waiting waiting);
  void write(const EdgeId& id);
  [[nodiscard]] core::Result<store::Seq> store_changes(const Open& twin, const store::KeyValue& value);
  void on_written(const EdgeId& id);
  void on_lost(const EdgeId& id, const core::Error& error);
  void tell(const EdgeId& id, Waiting& waiting, const std::string& text, core::Now now);
  void fail(const EdgeId& id, Waiting& waiting, const core::Error& error, core::Now now);
  void refuse(const EdgeId& from, std::string_view rid, unsigned status, std::string_view why, core::Now now);

  Parts parts_;
  Publish publish_ = nullptr;
  Twins open_;
  TwinCounts counts_;
};

// Says to routes what a client has reported: the patch, on routing::kTwinChangePrefix and its id.
[[nodiscard]] core::MessagePtr twin_change(const EdgeId& from, std::string_view patch, core::Now now);

// Body of an answer that refuses: without its code an SDK takes it for success.
[[nodiscard]] std::string twin_refusal(unsigned status, std::string_view why, uint64_t tracking,
                                       int64_t wall_ms);

}  // namespace headgate::hub
