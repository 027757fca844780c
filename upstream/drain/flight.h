// The batches of one link that are on their way: being encoded, encoded and waiting for those before them, or
// published and not answered. Bounded by a flow-control window (window.h). Pure: it knows no store, no link and no
// encoder.
//
// What holds:
// - Batches are published in the order in which they were added, whatever order the encoder answers in.
// - A batch takes its place in the window from the moment it is added, and few are encoded at a time: so what is
//   held in memory is bounded. One that is given up while it is being encoded keeps its place until the encoder has
//   answered. Of a published batch nothing is kept but its seqs.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/queue_store.h"
#include "upstream/drain/window.h"
#include "upstream/link/link.h"
#include "upstream/payload/encoder.h"

namespace headgate::upstream {

enum class BatchStage : uint8_t { encoding, encoded, published };

struct Batch {
  Token token = 0;  // also the number of its job; given by Flight
  uint8_t lane = 0;
  BatchStage stage = BatchStage::encoding;
  bool is_probe = false;         // asks whether anybody subscribes, and carries nothing
  std::vector<store::Seq> seqs;  // none: it carries gaps only, or only says which numbers were given up
  std::vector<store::Gap> gaps;
  int64_t sent_ms = 0;  // as it says itself, Unix time
  bool clock_right = true;
  BatchForm form;
  bool ahead = false;           // older messages of its lane may go after it
  uint64_t number = 0;          // in the chain; 0: none yet, and never for a probe
  EncodedJob encoded;           // its payload is emptied when it is published
  int64_t published_at_ms = 0;  // mono

  [[nodiscard]] BatchSizes sizes() const {
    return encoded.tries.empty() ? BatchSizes{} : encoded.tries.back();
  }
};

// Batches that are not to be published any more.
struct GivenBack {
  size_t messages = 0;
  std::vector<store::Seq> firsts;  // of each of them that has messages
};

class Flight {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // Batches that are encoded at a time: their messages are in memory. Two would keep one thread busy.
  static constexpr size_t kEncodingMax = 4;

  // Whether another batch may be added.
  [[nodiscard]] bool open() const;
  // Nothing is on its way and the encoder owes no answer.
  [[nodiscard]] bool idle() const { return size() == 0 && given_up_.empty(); }
  [[nodiscard]] size_t size() const { return published_.size() + unpublished_.size(); }
  [[nodiscard]] size_t window() const { return window_.size(); }
  [[nodiscard]] bool has_any_of(uint8_t lane) const;
  [[nodiscard]] bool has_published_of(uint8_t lane) const { return published_of_[lane] > 0; }
  [[nodiscard]] bool declares_gaps() const;
  [[nodiscard]] bool has_probe() const;

  // Enters a batch that is going to be encoded, and names it. REQUIRES: open().
  Batch& add(Batch batch);

  // The encoder has answered: the batch, encoded or not; null if it was given up meanwhile.
  [[nodiscard]] Batch* on_encoded(Token token);

  // The oldest batch that is not published, if it is encoded; null otherwise. on_published() says that it is now;
  // it stays where it is in memory.
  [[nodiscard]] Batch* next_to_publish();
  void on_published(core::Now now);
  [[nodiscard]] bool has_encoded() const {
    return !unpublished_.empty() && unpublished_.front().stage == BatchStage::encoded;
  }

  // The broker has answered; takes the batch out. None if it is not one that was published.
  [[nodiscard]] std::optional<Batch> on_answered(Token token, core::Now now);

  // Batches without a number that are encoded, as are all before them; oldest first. Valid until the next call.
  [[nodiscard]] std::vector<Batch*> next_to_plan();
  [[nodiscard]] bool holds(uint64_t number) const;
  [[nodiscard]] bool has_published(uint64_t number) const;
  // A batch with a higher number is published: it may be upstream already.
  [[nodiscard]] bool has_published_above(uint64_t number) const;

  // Takes a batch out that cannot be published. REQUIRES: it is encoded and not published.
  [[nodiscard]] Batch take_encoded(Token token);

  // Oldest first.
  [[nodiscard]] const std::list<Batch>& published() const { return published_; }

  // Gives up the batches of the lane that are not published and were added after `after` (0: all of them).
  // Returns what they held.
  GivenBack give_up_unpublished(uint8_t lane, Token after = 0);
  // The connection is gone, and with it what was on its way.
  void give_up_all();

  void narrow_window() { window_.narrow(); }
  // Before give_up_all(): the connection has ended, for `too_many` of them or for another reason.
  void on_cut(bool too_many) { window_.on_cut(published_.size(), too_many); }
  // The batch, which on_answered() has given, was accepted. The others: see Window.
  void widen_window(const Batch& accepted, size_t window_max, bool by_itself, core::Now now);

  // Mono time since when the oldest published batch has waited as the oldest; kNever while there is none. Answers to
  // younger ones do not count: one that was passed over is not answered any more [MQTT-4.6.0-2].
  [[nodiscard]] int64_t waiting_since() const;

 private:
  [[nodiscard]] size_t being_encoded() const;
  void release(const Batch& batch);

  std::list<Batch> unpublished_;  // oldest first, as the next
  std::list<Batch> published_;
  std::array<size_t, store::kLaneCount> published_of_{};  // batches of each lane
  std::unordered_set<Token> given_up_;                    // while they were being encoded
  Token next_token_ = 1;
  size_t published_bytes_ = 0;  // of their payloads
  Window window_;
  int64_t oldest_since_ms_ = 0;  // since when the front of `published_` has been the front
};

}  // namespace headgate::upstream
