// Tells hubs, by retained messages, which of their batches a reader has for good and how many more may be on their way
// (docs/batch-format.md, "End to end"). Sans-I/O: times are arguments.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "tools/unbatch/acks/progress.h"
#include "tools/unbatch/chain/link.h"

namespace headgate::tools {

// Message for the broker that batches come from: retained, at QoS 1.
struct RetainedNote {
  std::string topic;
  std::string payload;

  friend bool operator==(const RetainedNote&, const RetainedNote&) = default;
};

class Acknowledger {
 public:
  // Longest wait of an acknowledgement for company.
  static constexpr int64_t kWaitMs = 1000;

  // `credit`: batches that a hub may have on their way; 0: acknowledges nothing. `dictionaries`: ids of those that can be
  // read with.
  explicit Acknowledger(uint32_t credit, std::vector<uint32_t> dictionaries = {})
      : credit_(credit), dictionaries_(std::move(dictionaries)) {}
  [[nodiscard]] bool enabled() const { return credit_ != 0; }

  // The batch is where it goes, and remembered. `topic`: that it came on; empty: not known.
  void take(const ChainLink& link, std::string_view topic, int64_t mono_ms);
  // A hub's notice about the end of a chain, which tells that there is one. `topic`: of the notice.
  void meet(const ChainHeadNotice& head, std::string_view topic);

  // A batch came that needs a dictionary which is not here. Hubs know that from the next note, and are asked to send once
  // more what was not acknowledged; again and again only so often, as others may be on their way. `wall_ms`: Unix time.
  void on_unreadable(int64_t wall_ms);
  static constexpr int64_t kAskAgainMs = 10'000;

  // The broker has let this reader in. Without the session of before, what it has not brought yet is lost: hubs are asked
  // for it. `wall_ms`: Unix time.
  void on_connected(bool session_present, int64_t wall_ms);
  // Notes to be published now, each once; at the `end` all that there is to say.
  [[nodiscard]] std::vector<RetainedNote> take_due(int64_t mono_ms, bool end = false);

  // State as JSON, so that another process goes on. Errors of load(): corrupt; nothing has changed then.
  [[nodiscard]] std::string save() const;
  [[nodiscard]] core::Status load(std::string_view saved);

 private:
  struct Stream {
    std::string topic;  // of its batches; empty: not known yet
    Progress progress;
    uint64_t unsaid = 0;    // batches since the last note
    int64_t since_ms = 0;   // mono, of the first of them
    bool must_say = false;  // at once
  };

  void ask_again(int64_t wall_ms);
  [[nodiscard]] bool is_due(const Stream& stream, int64_t mono_ms, bool end) const;
  [[nodiscard]] std::string text_of(const StreamName& name, const Stream& stream) const;

  uint32_t credit_;
  std::vector<uint32_t> dictionaries_;
  int64_t asked_ms_ = 0;  // Unix time of the last time that something was unreadable
  uint64_t again_ = 0;    // last wish to be sent again what was lost; 0: none
  std::map<StreamName, Stream> streams_;
};

}  // namespace headgate::tools
