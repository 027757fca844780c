#include "tools/bench/traffic.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/topic.h"
#include "tools/bench/pacer.h"
#include "tools/bench/topic_pattern.h"

namespace headgate::tools::bench {
namespace {

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kOrderedPairsMax = 4'000'000;  // publisher × subscriber: what order costs in memory
constexpr int64_t kStalledNs = 500'000'000;

// A pattern that options have checked.
std::string expanded(const std::string& pattern, const Client& client, const Options& options) {
  const auto parsed = TopicPattern::parse(pattern);
  return parsed ? parsed->expand(client.index, client.id(options)) : std::string();
}

// The filter behind "$share/NAME/"; the whole for one that is not shared.
std::string_view unshared(std::string_view filter) {
  if (!filter.starts_with("$share/")) return filter;
  const size_t slash = filter.find('/', 7);
  return slash == std::string_view::npos ? filter : filter.substr(slash + 1);
}

}  // namespace

Traffic::Traffic(const Options& options, uint32_t run, Report& report)
    : options_(options), report_(report), run_(run) {
  const uint64_t pairs = uint64_t{options.publishers} * options.subscribers;
  if (pairs <= kOrderedPairsMax) next_number_.resize(pairs);
}

void Traffic::add_publisher(Client& publisher) {
  publishers_.push_back(&publisher);
  readings_.emplace_back(publisher.index);
  templates_.emplace_back(expanded(options_.topic, publisher, options_), options_.qos, options_.retain,
                          options_.payload_bytes, options_.version);
}

void Traffic::add_subscriber(const Client& subscriber) {
  const std::string filter = filter_of(subscriber);
  const auto known = std::ranges::find(subscriptions_, filter, &Subscription::filter);
  if (known == subscriptions_.end()) {
    subscriptions_.push_back({filter, 1});
  } else if (unshared(filter) == filter) {
    ++known->subscribers;
  }
}

std::string Traffic::filter_of(const Client& subscriber) const {
  return expanded(options_.filter, subscriber, options_);
}

void Traffic::start(int64_t now_ns) {
  began_ns_ = started_ns_ = last_progress_ns_ = now_ns;
  started_ = !publishers_.empty() || report_.received > 0;
  for (Client* publisher : publishers_) {
    const std::string topic = expanded(options_.topic, *publisher, options_);
    for (const Subscription& subscription : subscriptions_) {
      if (core::topic_matches(unshared(subscription.filter), topic))
        publisher->deliveries += subscription.subscribers;
    }
    deliveries_max_ = std::max(deliveries_max_, publisher->deliveries);
  }
  std::erase_if(publishers_, [](const Client* publisher) { return publisher->state != State::ready; });
  if (publishers_.empty()) return;
  if (options_.rate > 0) pacer_.emplace(options_.rate, now_ns);
  if (options_.rate > 0) return;
  const size_t size = publishers_.size();
  for (size_t i = 0; i < size; ++i) {
    publishers_[i]->allowed = options_.count == 0 ? kUnlimited : (options_.count + size - 1 - i) / size;
  }
  granted_ = publishers_;
}

uint64_t Traffic::due(int64_t now_ns) const {
  const uint64_t due = pacer_->due(now_ns);
  return options_.count == 0 ? due : std::min(due, options_.count);
}

// In turn, so that messages are spread over the publishers as evenly as over time.
void Traffic::grant(int64_t now_ns) {
  // A broker may drop QoS 0 messages: what has not come by now does not hold up the rest.
  if (now_ns - last_progress_ns_ > kStalledNs && is_behind()) {
    written_off_ = expected_ - std::min(expected_, report_.received);
  }
  if (!pacer_) return;
  std::erase_if(granted_, [](const Client* publisher) { return publisher->sent >= publisher->allowed; });
  const uint64_t until = due(now_ns);
  for (; granted_count_ < until; ++granted_count_) {
    Client* const publisher = publishers_[granted_count_ % publishers_.size()];
    if (publisher->sent == publisher->allowed++) granted_.push_back(publisher);
  }
}

std::optional<int64_t> Traffic::next_due_ns() const {
  if (!pacer_ || (options_.count > 0 && granted_count_ == options_.count)) return std::nullopt;
  return pacer_->due_at_ns(granted_count_);
}

bool Traffic::may_send(const Client& publisher) const {
  if (publisher.state != State::ready || publisher.sent >= publisher.allowed) return false;
  if (options_.qos > 0 && publisher.sent - publisher.acked >= publisher.window) return false;
  return !is_behind();
}

// More is under way than the subscribers have had time for.
bool Traffic::is_behind() const {
  if (deliveries_max_ == 0 || options_.outstanding == 0) return false;
  const uint64_t open = expected_ - std::min(expected_, report_.received + written_off_);
  return open >= options_.outstanding * deliveries_max_;
}

void Traffic::append_message(Client& publisher, int64_t now_ns) {
  if (++publisher.last_packet_id == 0) publisher.last_packet_id = 1;
  const Stamp stamp{boot_, run_, publisher.index, static_cast<uint32_t>(publisher.sent), now_ns};
  std::string_view head(reinterpret_cast<const char*>(&stamp), sizeof(stamp));
  if (options_.payload_bytes < sizeof(stamp)) head = {};
  if (options_.readings) head = readings_[publisher.index].next();
  std::string row;
  if (options_.stamped) head = row = stamped_reading(stamp);
  templates_[publisher.index].append_to(publisher.out, publisher.last_packet_id, head);
  ++publisher.sent;
  ++report_.sent;
  expected_ += publisher.deliveries;
}

void Traffic::on_written(int64_t now_ns) { last_progress_ns_ = now_ns; }

void Traffic::on_answer(Client& publisher, bool success, int64_t now_ns) {
  ++publisher.acked;
  if (success) ++report_.acked;
  last_progress_ns_ = now_ns;
}

void Traffic::on_delivery(const Client& subscriber, const PublishView& publish, int64_t now_ns) {
  const std::optional<Stamp> stamp = stamp_of(publish);
  const bool ours = stamp && stamp->run == run_;
  if (stamp && !ours && options_.publishers > 0) return;  // of another run on the same topics
  ++report_.received;
  report_.received_bytes += publish.payload.size();
  if (!started_) started_ns_ = now_ns;
  started_ = true;
  last_progress_ns_ = now_ns;
  if (!stamp || publish.retain) return;
  report_.latency_ns.add(static_cast<uint64_t>(std::max<int64_t>(now_ns - stamp->sent_ns, 0)));
  if (ours) check_order(subscriber, *stamp);
}

std::optional<Stamp> Traffic::stamp_of(const PublishView& publish) const {
  if (options_.stamped) {
    const auto in_row = stamp_of_row(publish.payload);
    return in_row && in_row->boot == boot_ ? in_row : std::nullopt;
  }
  Stamp stamp;
  if (options_.readings || publish.payload.size() < sizeof(stamp)) return std::nullopt;
  std::memcpy(&stamp, publish.payload.data(), sizeof(stamp));
  return stamp.boot == boot_ ? std::optional(stamp) : std::nullopt;
}

void Traffic::check_order(const Client& subscriber, const Stamp& stamp) {
  if (next_number_.empty() || stamp.publisher >= options_.publishers) return;
  uint32_t& next = next_number_[size_t{subscriber.index} * options_.publishers + stamp.publisher];
  if (stamp.number < next) ++report_.out_of_order;
  next = stamp.number + 1;
}

void Traffic::on_lost(Client& client) {
  client.allowed = client.sent;
  std::erase(granted_, &client);
}

void Traffic::stop_publishing() {
  pacer_.reset();
  granted_.clear();
  for (Client* publisher : publishers_) publisher->allowed = publisher->sent;
}

bool Traffic::published_all() const {
  if (next_due_ns()) return false;
  return std::ranges::all_of(publishers_, [this](const Client* publisher) {
    if (publisher->state != State::ready) return true;
    const bool answered = options_.qos == 0 || publisher->acked == publisher->sent;
    return publisher->sent == publisher->allowed && answered && !publisher->has_unsent();
  });
}

bool Traffic::finished(int64_t now_ns) const {
  const bool quiet = options_.quiet_s > 0 && started_ && now_ns - last_progress_ns_ > to_ns(options_.quiet_s);
  const bool ended = time_is_up(now_ns);
  if (publishers_.empty())
    return ended || quiet || (options_.count > 0 && report_.received >= options_.count);
  if (!published_all()) return ended && quiet;
  return report_.received >= expected_ || quiet;
}

bool Traffic::time_is_up(int64_t now_ns) const { return now_ns - began_ns_ >= to_ns(options_.duration_s); }

double Traffic::done(int64_t now_ns) const {
  const double by_time = to_s(now_ns - began_ns_) / options_.duration_s;
  if (options_.count == 0) return by_time;
  const uint64_t so_far = options_.publishers > 0 ? report_.sent : report_.received;
  return std::max(by_time, static_cast<double>(so_far) / static_cast<double>(options_.count));
}

void Traffic::finish(int64_t now_ns) {
  const int64_t end_ns = started_ ? last_progress_ns_ : now_ns;
  report_.seconds = to_s(end_ns - started_ns_);
  if (options_.publishers == 0) {
    report_.complete = report_.received >= options_.count;
    return;
  }
  report_.missing = expected_ - std::min(expected_, report_.received);
  const uint64_t wanted = options_.count == 0 ? report_.sent : options_.count;
  const bool answered = options_.qos == 0 || report_.acked == report_.sent;
  report_.complete = report_.sent == wanted && answered && report_.missing == 0;
}

}  // namespace headgate::tools::bench
