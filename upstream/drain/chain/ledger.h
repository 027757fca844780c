// Keeps the chain of a stream's batches: gives numbers, has each batch's plan written before the batch may go, and knows
// which plans are to be followed again. Sans-I/O but for the store's small values; loop thread only.
//
// What holds:
// - Numbers ascend and none is used twice, whatever a power cut takes: the first of a process is a seq of the store
//   (used once within an epoch), and each further batch costs a seq at least. Numbers between the last one that is
//   known and that first one are declared abandoned.
// - Every number that was given is answered (settled), kept as a plan, or abandoned; what is abandoned is declared in a
//   batch until a batch that says so is settled.
// - Batches are sent for the first time in the order of their numbers. So plans that wait go before anything new, and
//   where that cannot be, all of them are abandoned.
// - A batch names the number before its own, whatever became of that one. Where that one is abandoned, the batch that
//   declares it names the one before it in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/queue_store.h"
#include "upstream/drain/chain/plan.h"
#include "upstream/options.h"

namespace headgate::upstream {

// The last number up to which all have been answered.
struct ChainHead {
  uint64_t number = 0;
  Digest hash{};
};

// Entries that were in batches of a stream before this process, also where it has no chain now. Nothing of them is
// known if what is stored cannot be read.
[[nodiscard]] BegunLanes begun_before(const store::QueueStore& store, std::string_view stream);

class Ledger {
 public:
  static constexpr size_t kDeclaredAtOnceMax = 4;  // ranges of abandoned numbers in a batch
  static constexpr size_t kMarkBytesMax = 640;     // with its frame

  // `store` must outlive it. Gives no numbers if the options say so, nor to messages that pass through.
  Ledger(store::QueueStore& store, const UpstreamOptions& options);

  // Reads what the store keeps of it. With a `key`, hashes are HMACs. Errors: corrupt, io, unavailable.
  [[nodiscard]] core::Status open(std::string key);
  [[nodiscard]] bool enabled() const { return enabled_; }

  // Gives `plan` the next number, and has it written. `ahead`: older messages of its lane may go after it. Returns the number.
  // Errors: those of put(); nothing has happened then.
  [[nodiscard]] core::Result<uint64_t> enter(Plan plan, bool ahead);
  void on_durable(store::Seq up_to) { durable_ = up_to; }
  [[nodiscard]] store::Seq awaited() const { return newest_ > durable_ ? newest_ : 0; }
  // The plan is written: its batch may go.
  [[nodiscard]] bool written(uint64_t number) const { return plans_.at(number).written <= durable_; }
  [[nodiscard]] std::string sealed(uint64_t number, std::string payload) const;
  // REQUIRES: the number has a plan.
  [[nodiscard]] const Plan& plan(uint64_t number) const { return plans_.at(number).plan; }
  // See BegunLanes; batches without a number are not in it.
  [[nodiscard]] store::Seq begun_up_to(uint8_t lane) const { return end_.begun[lane]; }

  // The plan of the least number; null if there is none.
  [[nodiscard]] const Plan* oldest() const { return plans_.empty() ? nullptr : &plans_.begin()->second.plan; }
  // The last number that an earlier process gave; 0: none.
  [[nodiscard]] uint64_t restored_up_to() const { return restored_up_to_; }
  // Hash of a batch that has a plan, in base64; empty: it has none.
  [[nodiscard]] std::string hash_of(uint64_t number) const;

  // The plan that is to be followed next; null if none waits.
  [[nodiscard]] const Plan* to_follow() const;
  // A batch is made by this plan now.
  void follow(uint64_t number);
  // All plans wait to be followed again but those whose batch is on its way.
  void give_back(const std::function<bool(uint64_t number)>& on_its_way);
  void abandon_waiting();

  // Numbers were given up, and no batch says so yet.
  [[nodiscard]] bool has_undeclared() const;
  // A batch has gone as well that is behind them: whoever reads may take them for missing.
  [[nodiscard]] bool owes_declaration() const;

  // Ends of a number; 0, of a batch without one, does nothing.
  void settle(uint64_t number);   // the broker has taken the batch; together with the ends of its entries
  void abandon(uint64_t number);  // the batch goes no more as planned

  // The head, while it is known and no number below it is open; nullopt otherwise.
  [[nodiscard]] std::optional<ChainHead> head() const;

  [[nodiscard]] uint64_t repeated() const { return repeated_; }
  [[nodiscard]] uint64_t abandoned() const { return abandoned_; }

 private:
  struct Kept {
    Plan plan;
    store::Seq written = 0;  // in the group of this seq
    bool following = false;  // its batch is on its way
  };

  [[nodiscard]] core::Status begin();
  [[nodiscard]] core::Status read_plans();
  void forget(std::map<uint64_t, Kept>::iterator plan);
  void note_abandoned(const GivenUp& given_up);
  [[nodiscard]] std::vector<GivenUp> declare_in(uint64_t number);
  void write(std::vector<store::KeyValue> values);

  store::QueueStore& store_;
  const std::string stream_;
  const bool enabled_;
  std::string key_;
  ChainEnd end_;
  std::map<uint64_t, Kept> plans_;
  uint64_t restored_up_to_ = 0;
  size_t waiting_ = 0;     // plans whose batch is not on its way
  uint64_t next_ = 0;      // number; 0: this process has given none
  store::Seq newest_ = 0;  // of the groups that plans are in
  store::Seq durable_ = 0;
  uint64_t repeated_ = 0;
  uint64_t abandoned_ = 0;
};

}  // namespace headgate::upstream
