#include "hub/admin/past/why.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"
#include "hub/admin/past/basis.h"
#include "hub/admin/queue/rows.h"
#include "store/dead_letter.h"
#include "store/report/inspect.h"
#include "store/report/whereabouts.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

// Looked at in one turn of the loop: some may be read from the disk.
constexpr size_t kLanesATurn = 8;
constexpr size_t kLettersATurn = 50;
constexpr size_t kLettersMax = 5'000;

// Message that was asked for.
struct Asked {
  store::Seq seq = 0;   // 0: it is no seq
  uint64_t number = 0;  // the recorder's; 0: it is none
  std::string problem;  // it cannot be known here
};

std::optional<uint64_t> number_in(std::string_view text) {
  return core::parse_whole<uint64_t>(std::string(text));
}

// "17", "r17", "hub/epoch/17"; anything else is an id that a sender gave.
Asked parse_asked(const std::string& id, const store::Identity& own) {
  Asked asked;
  if (const auto number = id.starts_with('r') ? number_in(std::string_view(id).substr(1)) : std::nullopt) {
    asked.number = *number;
    return asked;
  }
  const auto seq = store::seq_named(id, own);
  if (seq)
    asked.seq = *seq;
  else
    asked.problem = seq.error().what;
  return asked;
}

std::string_view name_of(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::handed:
      return "sent_to_client";
    case Step::Kind::batch_sent:
      return "batch_sent";
    case Step::Kind::batch_acked:
      return "batch_acknowledged";
    case Step::Kind::batch_refused:
      return "batch_refused";
    case Step::Kind::delivered:
      return "delivered";
    case Step::Kind::expired:
      return "expired";
    case Step::Kind::dropped:
      return "dropped";
    case Step::Kind::dead:
      break;
  }
  return "dead";
}

Json gap_json(const std::optional<store::Gap>& gap) {
  if (!gap) return nullptr;
  return {{"from", gap->from},           {"to", gap->to},
          {"count", gap->count},         {"why", store::fate_of(*gap)},
          {"into_from", gap->into_from}, {"into_to", gap->into_to}};
}

Json to_json(const RouteVerdict& verdict, bool shows_values) {
  Json parts = Json::array();
  for (const RouteVerdict::Part& part : verdict.parts)
    if (shows_values) parts.push_back({{"depth", part.depth}, {"text", part.text}});
  return {{"route", verdict.route},         {"text", verdict.text}, {"what", name_of(verdict.what)},
          {"endpoints", verdict.endpoints}, {"why", verdict.why},   {"parts", std::move(parts)}};
}

// The search, some lanes in each turn of the loop.
class WhySearch : public std::enable_shared_from_this<WhySearch> {
 public:
  using Done = std::function<void(AdminResponse response)>;

  WhySearch(HubView& hub, Sight sight, std::string id, bool with_payload, Done done)
      : hub_(hub),
        sight_(std::move(sight)),
        id_(std::move(id)),
        with_payload_(with_payload),
        done_(std::move(done)) {}

  void begin() {
    const Asked asked = parse_asked(id_, hub_.store().identity());
    problem_ = asked.problem;
    seq_ = asked.seq;
    const Recorder& recorder = hub_.recorder();
    if (asked.number != 0) recorded_ = recorder.with_number(asked.number);
    if (seq_ != 0) recorded_ = recorder.with_seq(seq_);
    if (!recorded_) recorded_ = recorder.with_message_id(id_);
    if (recorded_) {
      seq_ = recorded_->seq;
      message_ = recorded_->message;
      for (const RecordedTarget& target : recorded_->targets)
        to_look_at_.push_back({target.queue, target.lane});
    } else if (seq_ != 0) {
      look_everywhere();
    }
    go_on();
  }

 private:
  // A lane that may have it.
  struct Place {
    store::QueueId queue = 0;
    uint8_t lane = 0;
    bool is_there = false;  // the queue
    std::string name = {};
    bool waits = false;
    int64_t expires_ms = 0;  // hub time
    store::Seq letter = 0;
  };

  void look_everywhere() {
    store::QueueReader& store = hub_.store();
    for (const store::QueueId queue : store.queues()) {
      const store::QueueStats& stats = store.stats(queue);
      for (uint8_t lane = 0; lane < store::kLaneCount; ++lane)
        if (stats.lanes[lane].waiting > 0) to_look_at_.push_back({queue, lane});
    }
  }

  void go_on() {
    const std::vector<store::QueueId> known = hub_.store().queues();
    for (size_t i = 0; i < kLanesATurn && !to_look_at_.empty(); ++i) {
      look(to_look_at_.front(), known);
      to_look_at_.pop_front();
    }
    if (!to_look_at_.empty()) return later();
    if (may_be_dead() && !look_at_letters()) return later();
    done_(answer_of_all());
  }

  void later() {
    hub_.later([self = shared_from_this()] { self->go_on(); });
  }

  void look(Place place, const std::vector<store::QueueId>& known) {
    store::QueueReader& store = hub_.store();
    place.is_there = std::ranges::find(known, place.queue) != known.end();
    if (place.is_there) {
      place.name = store.stats(place.queue).name;
      const auto entries = store.read(place.queue, place.lane, seq_ - 1, {1, 1}, hub_.now());
      if (entries && !entries->empty() && entries->front().seq == seq_) {
        place.waits = true;
        place.expires_ms = entries->front().expires_ms;
        if (!message_) message_ = entries->front().message;
      }
    }
    if (place.waits || recorded_) places_.push_back(std::move(place));
  }

  // Without a record it may have been anywhere.
  [[nodiscard]] bool may_be_dead() const {
    if (seq_ == 0 || letters_seen_ >= kLettersMax) return false;
    if (!recorded_) return places_.empty();
    return std::ranges::any_of(places_, [this](const Place& place) {
      const std::string_view state = state_of(place);
      return place.letter == 0 && (state == "dead" || state == "ended");
    });
  }

  // False if there are more to be looked at.
  bool look_at_letters() {
    store::QueueReader& store = hub_.store();
    const auto dead = store::find_dead_queue(store);
    if (!dead) return true;
    const auto letters =
        store.read(*dead, store::kDefaultLane, letters_after_, {kLettersATurn, size_t{1} << 20U}, hub_.now());
    if (!letters || letters->empty()) return true;
    for (const store::Entry& entry : *letters) {
      const auto letter = store::decode_dead_letter(entry.tag);
      if (letter && letter->seq == seq_) note(*letter, entry);
    }
    letters_after_ = letters->back().seq;
    letters_seen_ += letters->size();
    return !may_be_dead();
  }

  void note(const store::DeadLetter& letter, const store::Entry& entry) {
    if (!message_) message_ = entry.message;
    const auto place = std::ranges::find_if(
        places_, [&](const Place& one) { return one.name == letter.queue && one.lane == letter.lane; });
    if (place != places_.end()) {
      place->letter = entry.seq;
    } else if (const auto queue = hub_.store().find_queue(letter.queue)) {
      places_.push_back({*queue, letter.lane, true, letter.queue, false, letter.expires_ms, entry.seq});
    }
  }

  [[nodiscard]] std::string_view state_of(const Place& place) const {
    if (place.waits) return "waiting";
    if (place.letter != 0) return "dead";
    const std::vector<Step> steps = hub_.recorder().steps_of(place.queue, place.lane, seq_);
    const auto end =
        std::find_if(steps.rbegin(), steps.rend(), [](const Step& step) { return step.is_end(); });
    if (end != steps.rend()) {
      const auto gap = end->kind == Step::Kind::dropped ? gap_of(place) : std::nullopt;
      return gap && gap->goes_on() ? "folded" : name_of(end->kind);
    }
    const int64_t known_since_ms = hub_.recorder().coverage().steps_since_ms;
    const bool all_known = recorded_ && recorded_->message->arrived_ms > known_since_ms;
    return all_known && place.is_there ? "being_written" : "ended";
  }

  // A loss that it may be among: other seqs of that range are of other queues.
  [[nodiscard]] std::optional<store::Gap> gap_of(const Place& place) const {
    if (place.waits || !place.is_there) return std::nullopt;
    for (const store::Gap& gap : hub_.store().gaps(place.queue))
      if (gap.from <= seq_ && seq_ <= gap.to) return gap;
    return std::nullopt;
  }

  // Says that it waits, and its queue has not been removed while the search went on.
  [[nodiscard]] bool still_there(const Place& place) const {
    return place.waits && hub_.store().find_queue(place.name) == place.queue;
  }

  [[nodiscard]] Json place_json(const Place& place, QueueRows& rows) const {
    const std::vector<Step> steps = hub_.recorder().steps_of(place.queue, place.lane, seq_);
    Json told = Json::array();
    uint64_t attempts = 0;
    for (const Step& step : steps) {
      attempts += step.kind == Step::Kind::handed || step.kind == Step::Kind::batch_sent ? 1 : 0;
      told.push_back(
          {{"what", name_of(step.kind)}, {"at_ms", step.at_ms}, {"batch", step.number}, {"code", step.code}});
    }
    return {{"queue", place.is_there ? Json(place.name) : Json(nullptr)},
            {"lane", place.lane},
            {"priority", place.lane == store::kDefaultLane ? Json(nullptr) : Json(place.lane)},
            {"state", state_of(place)},
            {"expires_ms", core::wall_time_of(place.expires_ms, hub_.now())},
            {"attempts", attempts},
            {"letter", place.letter},
            {"gap", gap_json(gap_of(place))},
            {"blocked", still_there(place) ? rows.drain(place.queue).blocked : ""},
            {"steps", std::move(told)}};
  }

  [[nodiscard]] Json message_of() const {
    if (recorded_) return recorded_json(*recorded_, with_payload_);
    Json json = {{"number", 0}, {"seq", seq_}, {"made", false}, {"whole", true}};
    json.update(Json::parse(store::message_json(*message_, with_payload_)));
    return json;
  }

  [[nodiscard]] std::string why_not() const {
    if (!problem_.empty()) return problem_;
    const Coverage coverage = hub_.recorder().coverage();
    const bool is_off = coverage.bytes_max == 0;
    return is_off ? "not known any more: it does not wait in a queue, and nothing is recorded "
                    "(observe.history_bytes is 0)"
                  : "not known any more: it does not wait in a queue, and is not among what is recorded";
  }

  [[nodiscard]] AdminResponse answer_of_all() {
    Json json = {{"asked", id_},
                 {"known", recorded_  ? "recorded"
                           : message_ ? "stored"
                                      : "no"},
                 {"why_not", message_ ? "" : why_not()},
                 {"basis", basis_json(hub_.recorder().coverage())}};
    if (!message_) return answer_json(json);
    const store::Identity& own = hub_.store().identity();
    const bool shows_values = sight_.topic(message_->topic);
    json["id"] = seq_ == 0 ? "" : own.hub + "/" + own.epoch + "/" + std::to_string(seq_);
    json["message"] = message_of();
    json["made_of"] = recorded_ ? recorded_->made_of : 0;
    json["heard"] = recorded_ && recorded_->heard;
    json["remembered"] = recorded_ && recorded_->remembered;
    json["returned"] = recorded_ && recorded_->returned;
    json["refused"] = recorded_ ? recorded_->refused : "";
    json["routes_changed"] = !recorded_ || recorded_->routes != hub_.recorder().routes();
    json["routes"] = Json::array();
    for (const RouteVerdict& verdict : hub_.judge(*message_, !recorded_ || recorded_->has_whole_body()))
      json["routes"].push_back(to_json(verdict, shows_values));
    json["queues"] = Json::array();
    QueueRows rows(hub_);
    for (const Place& place : places_) json["queues"].push_back(place_json(place, rows));
    return answer(without_hidden(answer_json(json).body, sight_));
  }

  HubView& hub_;
  const Sight sight_;
  const std::string id_;
  const bool with_payload_;
  const Done done_;
  std::string problem_;
  store::Seq seq_ = 0;
  std::optional<Recorded> recorded_;
  core::MessagePtr message_;  // null: it is not known
  std::deque<Place> to_look_at_;
  std::vector<Place> places_;
  store::Seq letters_after_ = 0;
  size_t letters_seen_ = 0;
};

}  // namespace

AdminReply get_why(const AdminCall& call) {
  const auto payload = call.number("payload", 0, 1);
  if (!payload) return call.wrong("payload", "0 or 1");
  return AdminLater{
      [&hub = call.hub, sight = call.sight(), id = call.name, shown = *payload == 1](auto done) {
        std::make_shared<WhySearch>(hub, sight, id, shown, std::move(done))->begin();
      }};
}

}  // namespace headgate::hub
