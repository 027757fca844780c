#include "hub/shell/upstream.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <span>
#include <utility>

#include "hub/engine/session_records.h"
#include "hub/shell/uplink/chain_key.h"
#include "hub/shell/uplink/dictionary_file.h"
#include "hub/shell/uplink/time_zone.h"
#include "upstream/drain/chain/ledger.h"

namespace headgate::hub {
namespace {

// Documents come first: no entry for commands takes them. Nothing is published here, whatever the name says.
std::vector<upstream::DownstreamTopic> topics_of(const upstream::UpstreamOptions& options,
                                                 const upstream::NamedLink& link, const std::string& hub) {
  std::vector<upstream::DownstreamTopic> topics;
  if (upstream::brings_documents(options, link)) {
    for (const std::string& topic : upstream::document_topics(options.remote, hub)) {
      upstream::DownstreamTopic& entry = topics.emplace_back();
      entry.remote_prefix = entry.local_prefix = topic;
    }
  }
  topics.insert(topics.end(), link.downstream.begin(), link.downstream.end());
  return topics;
}

}  // namespace

std::function<store::Seq(store::QueueId queue, uint8_t lane)> begun_before_start(
    const store::QueueStore& store) {
  return [&store, known = std::map<store::QueueId, upstream::BegunLanes>()](store::QueueId queue,
                                                                            uint8_t lane) mutable {
    auto found = known.find(queue);
    if (found == known.end())
      found = known.emplace(queue, upstream::begun_before(store, stream_of(store.stats(queue).name))).first;
    return found->second[lane];
  };
}

UpstreamShell::UpstreamShell(boost::asio::io_context& io, core::Executor& executor, const core::Clock& clock,
                             core::Log& log, store::QueueStore& store, Consumers& consumers,
                             Recorder& recorder, upstream::CommandTaker& taker,
                             upstream::UpstreamOptions options, const std::vector<upstream::NamedLink>& links)
    : io_(io),
      executor_(executor),
      clock_(clock),
      log_(log),
      store_(store),
      consumers_(consumers),
      recorder_(recorder),
      taker_(taker),
      options_(std::move(options)),
      exchange_(options_, log),
      timer_(io) {
  for (const upstream::NamedLink& named : links)
    exchange_.add(named, add_link(named), std::random_device{}(), world_of(named.name));
  for (const auto& carrier : exchange_.carriers()) carrier->after_event([this] { go_on(); });
  if (options_.acknowledgement == upstream::Acknowledgement::end_to_end) hear_consumers();
  bring_down(links);
}

// Where a cloud knows devices by their topics, they come between.
upstream::Link& UpstreamShell::add_link(const upstream::NamedLink& named) {
  const auto connection = [this](upstream::LinkOptions options) {
    return std::make_unique<upstream::MosquittoLink>(io_, executor_, clock_, std::move(options));
  };
  links_.push_back(connection(named.connection));
  if (named.preset != upstream::Preset::azure_iot_hub) return *links_.back();
  identity_links_.push_back(std::make_unique<upstream::IdentityLinks>(
      named,
      upstream::IdentityLinks::Parts{*links_.back(), log_, connection,
                                     [this](const auto& identity) { return key_of_(identity); }},
      options_, std::random_device{}()));
  identity_links_.back()->on_work([this] { go_on(); });
  return *identity_links_.back();
}

std::function<void(const std::string& record)> UpstreamShell::saver_of(std::string key) {
  return [this, key = std::move(key)](const std::string& record) {
    const store::KeyValue value{key, record};
    (void)store_.put(std::span(&value, 1));  // if the store has failed, its owner has been told
  };
}

std::function<std::string()> UpstreamShell::saved_of(std::string key) {
  return [this, key = std::move(key)] {
    const auto record = store_.get(key);
    return record ? *record : std::string();
  };
}

// The record is written before what it allows is sent, so it is asked for again until it is there.
upstream::GateWorld UpstreamShell::world_of(const std::string& link) {
  const std::string key = std::string(kLinkPrefix) + link;
  return {.offset = utc_offset_of_process, .save = saver_of(key), .saved = saved_of(key)};
}

void UpstreamShell::hear_consumers() {
  for (const auto& carrier : exchange_.carriers()) {
    const std::string& own = carrier->named().terms.topic;
    std::string topic = own.empty() ? upstream::expand_hub(options_.topic, store_.identity().hub) : own;
    const auto hear = [this](std::string_view stream, core::Bytes notice) { on_notice(stream, notice); };
    consumer_notices_.push_back(
        std::make_unique<upstream::ConsumerNotices>(*carrier, std::move(topic), hear, log_));
  }
}

void UpstreamShell::on_notice(std::string_view stream, core::Bytes notice) {
  for (const auto& drain : drains_)
    if (drain->stream() == stream) drain->on_notice(notice);
}

void UpstreamShell::bring_down(const std::vector<upstream::NamedLink>& links) {
  const std::string& hub = store_.identity().hub;
  std::vector<std::string> own_filters = upstream::own_topics(options_, links, hub);
  for (std::string& topic : own_filters) topic += "/#";  // which takes the topic, too
  for (const auto& carrier : exchange_.carriers()) {
    const upstream::NamedLink& named = carrier->named();
    auto topics = topics_of(options_, named, hub);
    if (topics.empty()) continue;
    const std::string key = std::string(kDownstreamPrefix) + named.name;
    upstream::Receiver::Settings settings{std::move(topics), hub,
                                          upstream::expand_hub(options_.receipts_topic, hub), own_filters};
    receivers_.push_back(
        std::make_unique<upstream::Receiver>(*carrier, std::move(settings), taker_,
                                             upstream::Receiver::Record{saved_of(key), saver_of(key)}, log_));
    receivers_.back()->on_work([this] { go_on(); });
  }
}

void UpstreamShell::announce(const Presence& read) {
  for (const auto& carrier : exchange_.carriers()) {
    const upstream::NamedLink& named = carrier->named();
    const std::string topic = upstream::presence_topic_of(options_, named, store_.identity().hub);
    if (topic.empty()) continue;
    announcers_.push_back(std::make_unique<upstream::Announcer>(
        *carrier, topic, int64_t{options_.presence_s} * 1000,
        [read, name = named.name](core::Now now) { return read(name, now); }));
  }
}

void UpstreamShell::report_documents(const Presence& read,
                                     const std::function<void(const std::string& link)>& taken) {
  const std::string topic = upstream::expand_hub(options_.remote.reported_topic, store_.identity().hub);
  for (const auto& carrier : exchange_.carriers()) {
    if (!upstream::brings_documents(options_, carrier->named())) continue;
    reporters_.push_back(std::make_unique<upstream::Announcer>(
        *carrier, topic, upstream::Announcer::kNever,
        [read, name = carrier->named().name](core::Now now) { return read(name, now); }));
    reporters_.back()->on_taken([taken, name = carrier->named().name] { taken(name); });
  }
}

void UpstreamShell::documents_changed(bool asks) {
  exchange_.ask(asks);
  for (const auto& reporter : reporters_) reporter->renew();
  go_on();
}

void UpstreamShell::use_terms(const std::vector<upstream::NamedLink>& links) {
  for (const auto& carrier : exchange_.carriers()) {
    const auto named = std::ranges::find(links, carrier->named().name, &upstream::NamedLink::name);
    if (named != links.end()) carrier->use(named->terms, clock_.now());
  }
  go_on();
}

UpstreamShell::~UpstreamShell() { exchange_.close(); }

core::Status UpstreamShell::start() {
  auto key = read_chain_key(options_.chain.key_file);
  if (!key) return core::fail(key.error());
  chain_key_ = *std::move(key);
  auto dictionary = read_dictionary_file(options_.batch.dictionary_file);
  if (!dictionary) return core::fail(dictionary.error());
  dictionary_ = *std::move(dictionary);
  if (auto drained = drain_new_queues(); !drained) return drained;
  go_on();
  return {};
}

core::Status UpstreamShell::drain_new_queues() {
  const auto is_drained = [this](store::QueueId queue) {
    return std::ranges::any_of(drains_, [&](const auto& drain) { return drain->queue() == queue; });
  };
  for (const store::QueueId queue : store_.queues()) {
    if (store_.stats(queue).attributes.kind != store::QueueKind::link || is_drained(queue)) continue;
    drains_.push_back(std::make_unique<UpstreamDrain>(
        DrainParts{executor_, clock_, log_, store_, consumers_, exchange_, recorder_}, queue, options_,
        [this] { go_on(); }));
    for (const auto& notices : consumer_notices_) notices->hear_of(drains_.back()->stream());
    drains_.back()->offer(dictionary_);
    if (auto started = drains_.back()->start(doubtful_, chain_key_); !started) return started;
  }
  return {};
}

void UpstreamShell::tick() {
  if (closing_) return;
  (void)drain_new_queues();  // whoever else reads such a queue has said so at the start
  go_on();
}

void UpstreamShell::retry() {
  for (const auto& link : identity_links_) link->retry(clock_.now());
  exchange_.retry(clock_.now());
  go_on();
}

void UpstreamShell::close(int64_t patience_ms) {
  closing_ = true;
  for (const auto& drain : drains_) drain->close(patience_ms);
  go_on();
}

bool UpstreamShell::closed() const {
  return std::ranges::all_of(drains_, [](const auto& drain) { return drain->closed(); });
}

void UpstreamShell::go_on() {
  if (closing_ && closed()) {
    exchange_.close();
  } else {
    for (const auto& link : identity_links_) link->step(clock_.now());
    exchange_.step(clock_.now());
    for (const auto& receiver : receivers_) receiver->step(clock_.now());
    for (const auto& announcer : announcers_) announcer->step(clock_.now());
    for (const auto& reporter : reporters_) reporter->step(clock_.now());
  }
  arm();
}

store::Seq UpstreamShell::begun_up_to(store::QueueId queue, uint8_t lane) const {
  for (const auto& drain : drains_) {
    if (drain->queue() == queue) return drain->begun_up_to(lane);
  }
  return 0;
}

upstream::UpstreamReport UpstreamShell::report() const {
  upstream::UpstreamReport report;
  for (const auto& carrier : exchange_.carriers())
    report.links.push_back(
        {carrier->named(), carrier->status(clock_.now()), carrier->permit(), carrier->counts()});
  for (const auto& receiver : receivers_) {
    for (upstream::LinkReport& link : report.links)
      if (link.named.name == receiver->carrier().named().name) link.downstream = receiver->status();
  }
  for (const auto& link : identity_links_) {
    for (upstream::LinkReport& known : report.links)
      if (link->sends_as_identities() && known.named.name == link->name()) known.identities = link->status();
  }
  for (const auto& drain : drains_) report.queues.push_back(drain->report());
  report.offset = utc_offset_of_process;
  return report;
}

void UpstreamShell::arm() {
  int64_t due_ms = closing_ && closed() ? upstream::Exchange::kNever : exchange_.next_deadline();
  for (const auto& link : identity_links_) due_ms = std::min(due_ms, link->next_deadline());
  for (const auto& receiver : receivers_) due_ms = std::min(due_ms, receiver->next_deadline());
  for (const auto& drain : drains_) {
    drain->await_plans();
    due_ms = std::min(due_ms, drain->next_deadline());
  }
  if (due_ms == armed_for_ms_) return;
  armed_for_ms_ = due_ms;
  timer_.cancel();
  if (due_ms == upstream::Exchange::kNever) return;
  timer_.expires_after(std::chrono::milliseconds(std::max<int64_t>(0, due_ms - clock_.now().mono_ms)));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) on_timer();
  });
}

void UpstreamShell::on_timer() {
  armed_for_ms_ = upstream::Exchange::kNever;
  for (const auto& drain : drains_) drain->tick();
  go_on();
}

}  // namespace headgate::hub
