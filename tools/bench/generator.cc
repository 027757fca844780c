#include "tools/bench/generator.h"

#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "tools/bench/pacer.h"

namespace headgate::tools::bench {
namespace {

using core::Errc;
using core::fail;

constexpr size_t kReadBytes = 256 * 1024;
constexpr size_t kWriteBytes = 64 * 1024;
constexpr int kWritesMax = 4;           // of a publisher in a row
constexpr size_t kOpeningUnixMax = 64;  // one over a Unix socket fails: below the accept queue of any broker
constexpr int64_t kPaceNs = 100'000;    // the shortest sleep between two messages
constexpr int64_t kProgressNs = 200'000'000;
constexpr int64_t kTurnNs = 100'000'000;  // the longest sleep: signals, progress
constexpr uint32_t kSessionExpiryS = 86'400;
constexpr uint8_t kFailureFrom = 0x80;

int64_t monotonic_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * kNsPerSecond + ts.tv_nsec;
}

double cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool subscribes(Role role) { return role == Role::subscriber || role == Role::leaver; }

}  // namespace

Generator::Generator(const Options& options, uint32_t run, Hooks hooks)
    : options_(options),
      hooks_(std::move(hooks)),
      traffic_(options, run, report_),
      read_buffer_(std::make_unique<char[]>(kReadBytes)) {
  constexpr Role kSubscriberRoles[] = {Role::subscriber, Role::holder, Role::leaver};  // by Mode
  plan(kSubscriberRoles[static_cast<size_t>(options_.mode)], options_.subscribers);
  plan(Role::publisher, options_.publishers);
  report_.clients = clients_.size();
}

Generator::~Generator() {
  clients_.clear();
  if (timer_ >= 0) ::close(timer_);
  if (epoll_ >= 0) ::close(epoll_);
}

void Generator::plan(Role role, uint32_t how_many) {
  for (uint32_t i = 0; i < how_many; ++i) {
    Client& client = *clients_.emplace_back(std::make_unique<Client>(role, i));
    if (role == Role::publisher) traffic_.add_publisher(client);
  }
}

core::Result<Report> Generator::run() {
  auto peer = Peer::resolve(options_);
  if (!peer) return fail(peer.error());
  peer_ = std::move(*peer);
  if (core::Status ok = prepare(); !ok) return fail(ok.error());
  connect_all();
  if (options_.mode == Mode::leave) {
    report_.complete = report_.connected == clients_.size();
  } else if (report_.connected > 0 && !interrupted()) {
    options_.mode == Mode::flow ? run_traffic() : hold();
  }
  disconnect_all();
  report_.complete = report_.complete && report_.errors.empty();
  return std::move(report_);
}

core::Status Generator::prepare() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (epoll_ < 0 || timer_ < 0) return fail(Errc::io, std::string("epoll: ") + std::strerror(errno));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  return {};
}

bool Generator::interrupted() {
  report_.interrupted = report_.interrupted || (hooks_.interrupted && hooks_.interrupted());
  return report_.interrupted;
}

// ---- phases ----

void Generator::connect_all() {
  connecting_ns_ = phase_ns_ = last_settled_ns_ = now_ns_ = monotonic_ns();
  while (settled_ < clients_.size() && !interrupted()) {
    open_more();
    turn(now_ns_ + kTurnNs);
    if (now_ns_ - last_settled_ns_ > to_ns(options_.connect_timeout_s)) give_up_connecting();
  }
  report_.connect_s = to_s(last_settled_ns_ - connecting_ns_);
}

void Generator::open_more() {
  size_t until = clients_.size();
  if (options_.connect_rate > 0) {
    const Pacer pacer(options_.connect_rate, connecting_ns_);
    until = std::min<size_t>(until, pacer.due(now_ns_));
    if (until < clients_.size()) wake_at(pacer.due_at_ns(until));
    if (opened_ == settled_) last_settled_ns_ = std::max(last_settled_ns_, now_ns_);  // nobody is late
  }
  // A TCP connect that finds the accept queue full tries again.
  const size_t opening_max =
      options_.unix_path.empty() ? options_.at_once : std::min<size_t>(options_.at_once, kOpeningUnixMax);
  while (opened_ < until && opened_ - settled_ < opening_max) open(*clients_[opened_++]);
}

void Generator::open(Client& client) {
  client.state = State::connecting;
  client.opened_ns = monotonic_ns();
  if (const core::Status opened = client.stream.open(peer_); !opened) {
    return lose(client, "connect: " + opened.error().what);
  }
  client.watched = EPOLLOUT;
  epoll_event event{.events = EPOLLOUT, .data = {.ptr = &client}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.stream.fd(), &event);
}

void Generator::give_up_connecting() {
  for (const auto& client : clients_) {
    if (client->state == State::connecting) lose(*client, "connect: no answer in time");
    if (client->state == State::greeting) lose(*client, "no CONNACK in time");
    if (client->state == State::subscribing) lose(*client, "no SUBACK in time");
  }
}

void Generator::run_traffic() {
  for (const auto& client : clients_) {
    if (client->role == Role::subscriber && client->state == State::ready) traffic_.add_subscriber(*client);
  }
  phase_ = "running";
  phase_ns_ = now_ns_ = monotonic_ns();
  const double cpu_before_s = cpu_s();
  traffic_.start(now_ns_);
  bool publishing = options_.publishers > 0;
  while (!traffic_.finished(now_ns_) && report_.connected > 0 && !interrupted()) {
    if (publishing && traffic_.time_is_up(now_ns_)) {
      traffic_.stop_publishing();
      phase_ = "waiting";
      publishing = false;
    }
    traffic_.grant(now_ns_);
    more_to_send_ = false;
    for (Client* publisher : traffic_.granted()) pump(*publisher);
    if (const auto due_ns = traffic_.next_due_ns()) wake_at(std::max(*due_ns, now_ns_ + kPaceNs));
    turn(more_to_send_ ? now_ns_ : now_ns_ + kTurnNs);
  }
  traffic_.finish(now_ns_);
  report_.cpu_s = cpu_s() - cpu_before_s;
}

void Generator::hold() {
  phase_ = "holding";
  phase_ns_ = now_ns_ = monotonic_ns();
  const int64_t end_ns = now_ns_ + to_ns(options_.duration_s);
  while (now_ns_ < end_ns && report_.connected > 0 && !interrupted()) {
    turn(std::min(end_ns, now_ns_ + kTurnNs));
  }
  report_.seconds = to_s(now_ns_ - phase_ns_);
  report_.complete = report_.connected == clients_.size();
}

// Politely, if the kernel takes it at once.
void Generator::disconnect_all() {
  for (const auto& client : clients_) {
    if (!client->is_connected()) continue;
    client->out.append(disconnect_packet());
    [[maybe_unused]] const Io sent = client->flush(now_ns_);
    client->stream.close();
  }
}

// ---- the loop ----

void Generator::wake_at(int64_t when_ns) {
  const itimerspec at{{}, {when_ns / kNsPerSecond, when_ns % kNsPerSecond}};
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
}

void Generator::turn(int64_t until_ns) {
  std::array<epoll_event, 256> events;
  const int64_t left_ms = std::clamp<int64_t>((until_ns - now_ns_) / 1'000'000, 0, 100);
  const int n = ::epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(left_ms));
  now_ns_ = monotonic_ns();
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr == nullptr) {
      uint64_t ticks = 0;
      [[maybe_unused]] const ssize_t drained = ::read(timer_, &ticks, sizeof(ticks));
      continue;
    }
    on_event(*static_cast<Client*>(event.data.ptr), event.events);
  }
  if (now_ns_ >= next_keep_alive_ns_) keep_alive();
  if (now_ns_ >= next_progress_ns_) show_progress();
}

void Generator::on_event(Client& client, uint32_t events) {
  if (client.state == State::connecting) return on_established(client);
  if (!client.is_connected()) return;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(client);
  if (!client.is_connected()) return;
  if (client.role == Role::publisher && client.state == State::ready) pump(client);
  flush(client);
}

void Generator::on_established(Client& client) {
  const Io outcome = client.stream.establish();
  if (outcome == Io::blocked) return watch(client, client.stream.wants_write() ? EPOLLOUT : EPOLLIN);
  if (outcome == Io::closed) return lose(client, "connect: the broker closed the connection");
  if (outcome == Io::failed) return lose(client, "connect: " + client.stream.why());
  client.state = State::greeting;
  const bool lasting = options_.persistent && client.role != Role::publisher;
  client.out = connect_packet({.client_id = client.id(options_),
                               .version = options_.version,
                               .clean = !lasting,
                               .session_expiry_s = lasting ? kSessionExpiryS : 0,
                               .keep_alive_s = options_.keep_alive_s,
                               .username = options_.username,
                               .password = options_.password});
  flush(client);
}

void Generator::on_readable(Client& client) {
  for (bool again = true; again && client.is_connected();) {
    size_t bytes = 0;
    const Io outcome = client.stream.read(read_buffer_.get(), kReadBytes, bytes);
    now_ns_ = monotonic_ns();
    client.split({read_buffer_.get(), bytes}, [&](std::string_view data) {
      size_t used = 0;
      while (client.is_connected()) {
        const std::optional<PacketView> packet = next_packet(data.substr(used));
        if (!packet) break;
        on_packet(client, *packet);
        used += packet->bytes;
      }
      return used;
    });
    if (!client.is_connected()) return;
    if (outcome == Io::closed) return lose(client, "the broker closed the connection");
    if (outcome == Io::failed) return lose(client, "the connection broke: " + client.stream.why());
    again = outcome == Io::done && client.stream.has_more();
  }
}

void Generator::on_packet(Client& client, const PacketView& packet) {
  if (packet.type == PacketType::publish) return on_publish(client, packet);
  if (packet.type == PacketType::pingresp) return;
  const std::optional<AnswerView> answer = read_answer(packet, options_.version);
  if (!answer) return lose(client, "the broker sent a packet that cannot be read");
  switch (packet.type) {
    case PacketType::connack:
      return on_connack(client, *answer);
    case PacketType::suback:
      return on_suback(client, *answer);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      return on_published(client, packet.type, *answer);
    case PacketType::pubrel:
      return append_ack(client.out, PacketType::pubcomp, answer->packet_id);
    case PacketType::disconnect:
      return lose(client, "the broker disconnected: " + reason_text(*answer, options_.version));
    default:
      return lose(client, "the broker sent a packet that servers do not send");
  }
}

void Generator::on_connack(Client& client, const AnswerView& answer) {
  if (answer.code != 0) return lose(client, "refused: " + reason_text(answer, options_.version));
  if (answer.session_present) ++report_.resumed;
  report_.connect_ns.add(static_cast<uint64_t>(now_ns_ - client.opened_ns));
  client.window = std::min<uint32_t>(options_.window, answer.receive_maximum);
  if (!subscribes(client.role)) return settle(client, State::ready);
  client.state = State::subscribing;
  client.out.append(subscribe_packet(traffic_.filter_of(client), options_.qos, options_.version));
}

void Generator::on_suback(Client& client, const AnswerView& answer) {
  if (answer.code >= kFailureFrom)
    return lose(client, "subscription refused: " + reason_text(answer, options_.version));
  if (client.state != State::subscribing) return;
  if (client.role == Role::subscriber) return settle(client, State::ready);
  client.out.append(disconnect_packet());
  flush(client);
  client.stream.close();
  settle(client, State::done);
}

void Generator::on_publish(Client& client, const PacketView& packet) {
  const std::optional<PublishView> publish = read_publish(packet, options_.version);
  if (!publish) return lose(client, "the broker sent a PUBLISH that cannot be read");
  if (publish->qos > 0) {
    append_ack(client.out, publish->qos == 1 ? PacketType::puback : PacketType::pubrec, publish->packet_id);
  }
  if (client.role == Role::subscriber) traffic_.on_delivery(client, *publish, now_ns_);
}

void Generator::on_published(Client& client, PacketType type, const AnswerView& answer) {
  const bool success = answer.code < kFailureFrom;
  if (!success) ++report_.errors["publish refused: " + reason_text(answer, options_.version)];
  if (success && type == PacketType::pubrec) {
    return append_ack(client.out, PacketType::pubrel, answer.packet_id);
  }
  traffic_.on_answer(client, success, now_ns_);
}

// ---- clients ----

void Generator::settle(Client& client, State state) {
  client.state = state;
  ++settled_;
  ++report_.connected;
  last_settled_ns_ = now_ns_;
}

void Generator::lose(Client& client, const std::string& why) {
  ++report_.errors[why];
  if (client.state == State::ready) {
    --report_.connected;
  } else {
    ++settled_;
    last_settled_ns_ = now_ns_;
  }
  client.state = State::lost;
  client.stream.close();
  traffic_.on_lost(client);
}

// Until the kernel takes no more, but not for ever: the others have their turn, too.
void Generator::pump(Client& publisher) {
  for (int writes = 0; !publisher.has_unsent() && traffic_.may_send(publisher); ++writes) {
    if (writes == kWritesMax) {
      more_to_send_ = true;
      return;
    }
    while (publisher.out.size() < kWriteBytes && traffic_.may_send(publisher)) {
      traffic_.append_message(publisher, options_.rate > 0 ? monotonic_ns() : now_ns_);
    }
    flush(publisher);
  }
}

void Generator::flush(Client& client) {
  if (!client.stream.is_open()) return;
  const size_t before = client.out.size();
  const Io outcome = client.flush(now_ns_);
  if (client.role == Role::publisher && client.out.size() < before) traffic_.on_written(now_ns_);
  if (outcome == Io::closed || outcome == Io::failed)
    return lose(client, "the broker closed the connection while we wrote");
  watch(client, client.has_unsent() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Generator::watch(Client& client, uint32_t events) {
  if (client.watched == events) return;
  epoll_event event{.events = events, .data = {.ptr = &client}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.stream.fd(), &event);
  client.watched = events;
}

// Once a second; a client pings at half its keep-alive.
void Generator::keep_alive() {
  next_keep_alive_ns_ = now_ns_ + kNsPerSecond;
  if (options_.keep_alive_s == 0) return;
  const int64_t silent_ns = int64_t{options_.keep_alive_s} * kNsPerSecond / 2;
  for (const auto& client : clients_) {
    if (client->state != State::ready || client->has_unsent()) continue;
    if (now_ns_ - client->written_ns < silent_ns) continue;
    client->out = pingreq_packet();
    flush(*client);
  }
}

void Generator::show_progress() {
  next_progress_ns_ = now_ns_ + kProgressNs;
  if (!hooks_.progress) return;
  Progress progress{phase_, 0, report_.connected, report_.sent, report_.received, to_s(now_ns_ - phase_ns_)};
  progress.done = static_cast<double>(settled_) / static_cast<double>(clients_.size());
  if (phase_ != std::string_view("connecting"))
    progress.done =
        options_.mode == Mode::flow ? traffic_.done(now_ns_) : progress.seconds / options_.duration_s;
  hooks_.progress(progress);
}

}  // namespace headgate::tools::bench
