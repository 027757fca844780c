// Direct methods that are under way: a call to a client, and its one answer. Times are passed in; nothing is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "hub/edge/clients.h"
#include "hub/edge/id.h"
#include "hub/edge/verbs.h"

namespace headgate::hub {

inline constexpr uint32_t kMethodResponseMinS = 5;
inline constexpr uint32_t kMethodTimeoutMaxS = 300;
inline constexpr size_t kMethodNameCharactersMax = 100;
inline constexpr size_t kMethodPayloadBytesMax = size_t{128} * 1024;

// Whether a call keeps to the limits above, and its name to what SDKs can read. Error: invalid.
[[nodiscard]] core::Status check_method(const MethodCall& call);

struct MethodCounts {
  uint64_t answered = 0;
  uint64_t invalid = 0;      // 400
  uint64_t unreachable = 0;  // 404
  uint64_t throttled = 0;    // 429
  uint64_t unreadable = 0;   // 500: the target's answer is no JSON, or too large
  uint64_t timed_out = 0;    // 504
  uint64_t stray = 0;        // answers that nobody waits for
};

class MethodCalls {
 public:
  // Calls under way, for one target and in all.
  static constexpr size_t kOfTargetMax = 64;
  static constexpr size_t kInAllMax = 1'024;

  // `clients` is borrowed and must outlive this.
  explicit MethodCalls(EdgeClients& clients) : clients_(clients) {}

  // Calls the target once it is connected and subscribed to methods; `done` is called once, now or later.
  void call(MethodCall call, core::Now now, EdgeVerbs::OnMethod done);
  // Takes an answer of a client. Counted only, unless it was called under that rid and has not answered before.
  void on_answer(const EdgeId& from, std::string_view rid, int64_t status, const std::string& body,
                 core::Now now);
  // The client has connected, or subscribed to more: calls that wait for it are sent.
  void on_connected(const EdgeId& client, core::Now now);
  // Ends what is due. Call about once a second.
  void tick(core::Now now);

  [[nodiscard]] const MethodCounts& counts() const { return counts_; }
  [[nodiscard]] size_t under_way() const { return calls_.size(); }

 private:
  struct Call {
    MethodCall what;
    int64_t deadline_mono_ms = 0;  // of being sent, then of being answered
    bool sent = false;
    EdgeVerbs::OnMethod done;
  };
  using Calls = std::map<std::string, Call, std::less<>>;  // by rid

  [[nodiscard]] size_t of_target(const EdgeId& target) const;
  [[nodiscard]] std::string next_rid(core::Now now);
  bool send(const std::string& rid, Call& call, core::Now now);
  void finish(Calls::iterator call, const MethodOutcome& outcome);
  void count(const MethodOutcome& outcome);

  EdgeClients& clients_;
  Calls calls_;
  std::string rid_front_;  // tells calls of this run of the hub from those before
  uint64_t last_ = 0;
  MethodCounts counts_;
};

}  // namespace headgate::hub
