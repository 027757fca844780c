// Takes what comes down from an upstream broker, or over HTTP: whether it may be published here, whether it was here before, and who is
// told once it is durable.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "hub/engine/computation/results/publish_rights.h"
#include "hub/engine/downstream/seen_ids.h"
#include "hub/engine/publish/ingest.h"
#include "store/queue_store.h"
#include "upstream/downstream/command.h"

namespace headgate::hub {

// A command is published here like a message of a client, by the rights of its user, and is promised something only if
// it has an id: then its id is stored with it, in one Change.
class Commands : public upstream::CommandTaker {
 public:
  // Everything is borrowed and must outlive this.
  struct Parts {
    store::QueueStore& store;
    Ingest& ingest;
    PublishRights& rights;
  };
  explicit Commands(const Parts& parts) : parts_(parts) {}

  // Error: io.
  core::Status restore() { return seen_.restore(parts_.store); }

  void take(upstream::Command command, core::Now now, Decided decided) override;

  void on_durable(store::Seq up_to, core::Now now);
  // Forgets what was not durable: it has not happened, and its senders repeat it.
  void on_failed(core::Now now);

  [[nodiscard]] const SeenIds& seen() const { return seen_; }

 private:
  struct Wait {
    store::Seq seq = 0;
    upstream::Fate fate = upstream::Fate::stored;
    Decided decided;
  };

  [[nodiscard]] bool is_decided_by_id(const SeenIds::Mark& mark, core::Now now, const Decided& decided);
  void publish(const upstream::Command& command, const SeenIds::Mark& mark, core::Now now, Decided decided);
  void decide_when_durable(Wait wait, core::Now now);

  Parts parts_;
  SeenIds seen_;
  std::vector<Wait> waits_;
  store::Seq durable_ = 0;
};

}  // namespace headgate::hub
