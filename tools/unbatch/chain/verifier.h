// Tells whether a reader has every batch of a stream, unchanged, by the chain that they form (docs/batch-format.md).
// Keeps numbers, hashes and a digest of each message. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/unbatch/chain/link.h"
#include "tools/unbatch/chain/mark.h"
#include "tools/unbatch/chain/missing_ids.h"

namespace headgate::tools {

enum class Flaw : uint8_t {
  missing,      // a batch is not there, and none stands for it
  changed,      // a batch has not the hash that the next one, or the head, names
  two_of_one,   // two batches of one number differ
  unexplained,  // a batch is beside the chain, or was given up and others do not hold its messages
  disorder,     // a batch came after one that follows it and was not given up
  mismatch,     // two batches have one message with different content
};
[[nodiscard]] std::string_view name_of(Flaw flaw);

struct Finding {
  StreamName stream;
  Flaw flaw = Flaw::missing;
  Span numbers;           // of batches
  std::vector<Span> ids;  // of messages; of a batch that is missing see MissingIds
  std::string what;       // for a person
};

// Batches that a reader can vouch for, if there is no finding.
struct Vouched {
  StreamName stream;
  Span numbers;
  bool from_beginning = false;  // of the epoch
  bool to_head = false;         // the hub has said that there are no more
};

// Findings of a stream that stay whatever comes; a bounded number of them, each once.
class Told {
 public:
  static constexpr size_t kMax = 1000;

  void add(Finding finding);
  void count_more(uint64_t more, uint64_t up_to_batch);
  // Whether one like it is among them, or among those that are only counted.
  [[nodiscard]] bool has(const Finding& finding) const;
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  [[nodiscard]] uint64_t more() const { return more_; }                 // that had no room
  [[nodiscard]] uint64_t counted_up_to() const { return counted_to_; }  // the last batch of those
  [[nodiscard]] uint64_t last_batch() const;                            // of all that it holds; 0: of none

 private:
  std::vector<Finding> all_;
  uint64_t more_ = 0;
  uint64_t counted_to_ = 0;
};

class ChainVerifier {
 public:
  // With a `key` hashes are HMACs.
  explicit ChainVerifier(std::string key) : key_(std::move(key)) {}

  // Reads a batch: its JSON, the text of its mark (empty: it has none, and is outside of the chain), and the SHA-256 of its
  // content. Error: invalid, with what is wrong.
  [[nodiscard]] core::Result<ChainLink> read(std::string_view json, std::string_view mark,
                                             core::Bytes content_sha256) const;
  // Batches in the order of arrival. One without a mark (number 0) is passed over.
  void add(ChainLink link);
  void add(const ChainHeadNotice& head);

  // All so far, by stream.
  [[nodiscard]] std::vector<Finding> findings() const;
  [[nodiscard]] std::vector<Vouched> vouched() const;

  // Forgets batches that nothing can be said about any more: they are complete, and no later batch can stand for them.
  // Without a head that is so for all but the last kKept. Where something is found, batches from there on are kept, for what
  // is missing may still come; once kSettled batches have come behind it the finding alone is kept. Copies of forgotten
  // batches that come later are not looked at.
  static constexpr uint64_t kKept = 64;
  static constexpr uint64_t kSettled = 256;
  void forget_verified();
  // Somebody has read all findings. Those of forgotten batches are not told again: the stream is vouched for from behind
  // them. Returns whether there were any.
  bool on_told();

  // Everything, so that another process goes on; JSON. Errors of load(): corrupt, nothing has changed then.
  [[nodiscard]] std::string save() const;
  [[nodiscard]] core::Status load(std::string_view saved);

 private:
  struct Stream {
    Links links;
    LaneEnds lanes;  // of batches that are forgotten
    Told told;       // findings that no batch that is kept shows
    uint64_t arrivals = 0;
    std::optional<ChainHeadNotice> head;
    uint64_t begun = 0;           // number of the first batch that was there; 0: none yet
    bool from_beginning = false;  // and it had none before it
    uint64_t verified = 0;        // batches before this one are forgotten

    void forget_before(uint64_t number);
    [[nodiscard]] uint64_t last() const;  // number of a batch; 0: there is none
  };

  [[nodiscard]] static std::vector<Finding> judged(const StreamName& name, const Stream& stream);

  const std::string key_;
  std::map<StreamName, Stream> streams_;
};

}  // namespace headgate::tools
