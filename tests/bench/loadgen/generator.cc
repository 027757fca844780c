#include "tests/bench/loadgen/generator.h"

#include <arpa/inet.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace headgate::bench {
namespace {

using core::Errc;
using core::fail;

constexpr size_t kReadBytes = 256 * 1024;
constexpr size_t kWriteBytes = 64 * 1024;
constexpr size_t kOpeningMax = 256;  // below the accept queue of any broker
constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kPaceNs = 200'000;
constexpr size_t kLatenciesMax = 4'000'000;

int64_t monotonic_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * kNsPerSecond + ts.tv_nsec;
}

int64_t to_ns(double seconds) { return static_cast<int64_t>(seconds * static_cast<double>(kNsPerSecond)); }

std::string_view name_of(Role role) {
  constexpr std::array<std::string_view, 4> kNames{"pub", "sub", "idle", "offline"};
  return kNames[static_cast<size_t>(role)];
}

bool subscribes(Role role) { return role == Role::subscriber || role == Role::leaver; }

}  // namespace

Generator::Generator(const Options& options)
    : options_(options), read_buffer_(std::make_unique<char[]>(kReadBytes)) {
  plan(Role::subscriber, options_.subscribers);
  plan(Role::publisher, options_.publishers);
  if (options_.mode == Mode::idle) plan(Role::idle, options_.connections);
  if (options_.mode == Mode::offline) plan(Role::leaver, options_.connections);
  next_number_.resize(size_t{options_.subscribers} * options_.publishers);
}

Generator::~Generator() {
  connections_.clear();
  if (timer_ >= 0) ::close(timer_);
  if (epoll_ >= 0) ::close(epoll_);
}

void Generator::plan(Role role, uint32_t how_many) {
  for (uint32_t i = 0; i < how_many; ++i) {
    Connection& connection = *connections_.emplace_back(std::make_unique<Connection>(role, i));
    if (role != Role::publisher) continue;
    connection.share = options_.count / how_many + (i < options_.count % how_many ? 1 : 0);
    publishers_.push_back(&connection);
    readings_.emplace_back(i);
    templates_.emplace_back(options_.topic + "/" + std::to_string(i), options_.qos, options_.payload_bytes);
  }
}

core::Result<Report> Generator::run() {
  if (core::Status ok = prepare(); !ok) return fail(ok.error());
  const int64_t deadline_ns = monotonic_ns() + to_ns(options_.seconds_max);
  while (!all_ready() && monotonic_ns() < deadline_ns) {
    if (core::Status ok = open_more(); !ok) return fail(ok.error());
    if (core::Status ok = turn(deadline_ns); !ok) return fail(ok.error());
  }
  report_.connected = ready_;
  report_.complete = all_ready();
  if (options_.mode != Mode::flow || !all_ready()) return report_;

  start_clock();
  while (!finished() && now_ns_ < deadline_ns) {
    if (core::Status ok = pump_all(); !ok) return fail(ok.error());
    if (core::Status ok = turn(deadline_ns); !ok) return fail(ok.error());
  }
  report_.complete = published_all() && report_.received >= expected_deliveries();
  report_.seconds = static_cast<double>(last_progress_ns_ - started_ns_) / static_cast<double>(kNsPerSecond);
  return report_;
}

core::Status Generator::prepare() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (epoll_ < 0 || timer_ < 0) return fail(Errc::io, std::string("epoll: ") + std::strerror(errno));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  return {};
}

core::Status Generator::open_more() {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(options_.port);
  if (::inet_pton(AF_INET, options_.host.c_str(), &peer.sin_addr) != 1) {
    return fail(Errc::invalid, "not an IPv4 address: " + options_.host);
  }
  for (; opened_ < connections_.size() && opened_ - ready_ < kOpeningMax; ++opened_) {
    Connection& connection = *connections_[opened_];
    if (core::Status ok = connection.open(peer); !ok) return ok;
    epoll_event event{.events = EPOLLOUT, .data = {.ptr = &connection}};
    connection.watched = EPOLLOUT;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
  }
  return {};
}

core::Status Generator::turn(int64_t until_ns) {
  std::array<epoll_event, 256> events;
  const int64_t left_ms = std::clamp<int64_t>((until_ns - monotonic_ns()) / 1'000'000, 0, 100);
  const int n = ::epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(left_ms));
  now_ns_ = monotonic_ns();
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr == nullptr) {
      uint64_t ticks = 0;
      [[maybe_unused]] const ssize_t drained = ::read(timer_, &ticks, sizeof(ticks));
      continue;
    }
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if (connection.state == State::closed) continue;
    if (core::Status ok = on_event(connection, event.events); !ok) return ok;
  }
  return {};
}

core::Status Generator::on_event(Connection& connection, uint32_t events) {
  if (connection.state == State::connecting) return on_opened(connection);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    if (core::Status ok = on_readable(connection); !ok) return ok;
  }
  return connection.state == State::closed ? core::Status{} : flush(connection);
}

core::Status Generator::on_opened(Connection& connection) {
  if (core::Status ok = connection.finish_open(); !ok) return ok;
  connection.state = State::greeting;
  const bool clean = connection.role != Role::leaver && !options_.persistent;
  const std::string id = options_.client_prefix + "-" + std::string(name_of(connection.role)) + "-" +
                         std::to_string(connection.index);
  // A resuming subscriber has the offline session of the same index.
  const std::string resumed = options_.client_prefix + "-offline-" + std::to_string(connection.index);
  const bool resumes = options_.persistent && connection.role == Role::subscriber;
  connection.out = connect_packet(resumes ? resumed : id, clean || connection.role == Role::publisher);
  return flush(connection);
}

core::Status Generator::on_readable(Connection& connection) {
  const ssize_t n = ::read(connection.fd, read_buffer_.get(), kReadBytes);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (n <= 0) {
    return fail(Errc::io, "the broker closed " + std::string(name_of(connection.role)) + " connection " +
                              std::to_string(connection.index));
  }
  core::Status status;
  connection.split({read_buffer_.get(), static_cast<size_t>(n)}, [&](std::string_view data) {
    size_t used = 0;
    while (status) {
      const std::optional<PacketView> packet = next_packet(data.substr(used));
      if (!packet) break;
      status = on_packet(connection, *packet);
      used += packet->bytes;
    }
    return used;
  });
  return status;
}

core::Status Generator::on_packet(Connection& connection, const PacketView& packet) {
  switch (static_cast<PacketType>(packet.type)) {
    case PacketType::publish:
      on_publish(connection, packet);
      return {};
    case PacketType::puback:
      ++connection.acked;
      ++report_.acked;
      last_progress_ns_ = now_ns_;
      return {};
    case PacketType::connack:
      return on_connack(connection, packet);
    case PacketType::suback:
      return on_suback(connection, packet);
  }
  return fail(Errc::io, "unexpected packet type " + std::to_string(packet.type));
}

core::Status Generator::on_connack(Connection& connection, const PacketView& packet) {
  if (packet.body.size() < 2 || packet.body[1] != 0) return fail(Errc::io, "the broker refused a CONNECT");
  if (!subscribes(connection.role)) return become_ready(connection), core::Status{};
  connection.state = State::subscribing;
  connection.out.append(subscribe_packet(options_.topic + "/#", options_.qos));
  return {};
}

core::Status Generator::on_suback(Connection& connection, const PacketView& packet) {
  if (packet.body.size() < 3 || packet.body[2] < 0) return fail(Errc::io, "the broker refused a SUBSCRIBE");
  become_ready(connection);
  if (connection.role == Role::leaver) connection.out.append(disconnect_packet());
  return {};
}

void Generator::become_ready(Connection& connection) {
  connection.state = State::ready;
  ++ready_;
}

void Generator::on_publish(Connection& connection, const PacketView& packet) {
  const std::optional<PublishView> publish = read_publish(packet);
  if (!publish) return;
  if (publish->qos > 0) append_puback(connection.out, publish->packet_id);
  if (++report_.received == 1 && publishers_.empty()) started_ns_ = now_ns_;
  last_progress_ns_ = now_ns_;
  if (connection.index == 0) ++first_subscriber_received_;
  if (publishers_.empty() || options_.readings || publish->payload.size() < sizeof(Stamp)) return;
  Stamp stamp;
  std::memcpy(&stamp, publish->payload.data(), sizeof(stamp));
  check_order(connection, stamp);
  if (connection.index != 0 || options_.rate == 0 || report_.latencies_us.size() >= kLatenciesMax) return;
  report_.latencies_us.push_back(static_cast<uint32_t>((monotonic_ns() - stamp.sent_ns) / 1000));
}

void Generator::check_order(const Connection& subscriber, const Stamp& stamp) {
  if (stamp.publisher >= publishers_.size()) return;
  uint32_t& next = next_number_[size_t{subscriber.index} * publishers_.size() + stamp.publisher];
  if (stamp.number < next) ++report_.out_of_order;
  next = stamp.number + 1;
}

core::Status Generator::flush(Connection& connection) {
  const size_t before = connection.unsent_bytes();
  if (!connection.flush()) return fail(Errc::io, "the broker closed a connection while we wrote to it");
  if (connection.unsent_bytes() != before) last_progress_ns_ = now_ns_;
  if (connection.role == Role::leaver && connection.state == State::ready && !connection.has_unsent()) {
    connection.close();
    return {};
  }
  watch(connection, connection.has_unsent() ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return {};
}

void Generator::watch(Connection& connection, uint32_t events) {
  if (connection.watched == events) return;
  epoll_event event{.events = events, .data = {.ptr = &connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  connection.watched = events;
}

void Generator::start_clock() {
  if (publishers_.empty()) return;  // the first message starts it, which may have come before the SUBACK
  started_ns_ = last_progress_ns_ = now_ns_ = monotonic_ns();
  if (options_.rate == 0) return;
  const auto gap_ns = std::max<int64_t>(kNsPerSecond / static_cast<int64_t>(options_.rate), kPaceNs);
  const timespec pace{gap_ns / kNsPerSecond, gap_ns % kNsPerSecond};
  const itimerspec spec{pace, pace};
  ::timerfd_settime(timer_, 0, &spec, nullptr);
}

core::Status Generator::pump_all() {
  for (Connection* publisher : publishers_) {
    if (core::Status ok = pump(*publisher); !ok) return ok;
  }
  return {};
}

core::Status Generator::pump(Connection& publisher) {
  while (!publisher.has_unsent() && may_send(publisher)) {
    while (publisher.out.size() < kWriteBytes && may_send(publisher)) append_message(publisher);
    if (core::Status ok = flush(publisher); !ok) return ok;
  }
  return {};
}

bool Generator::may_send(const Connection& publisher) const {
  if (publisher.sent >= publisher.share) return false;
  if (options_.rate > 0 && publisher.sent >= due_per_publisher()) return false;
  if (options_.qos > 0 && publisher.sent - publisher.acked >= options_.window) return false;
  if (options_.subscribers == 0) return true;
  return report_.sent - std::min(report_.sent, first_subscriber_received_) < options_.outstanding_max;
}

uint64_t Generator::due_per_publisher() const {
  const double elapsed_s = static_cast<double>(now_ns_ - started_ns_) / static_cast<double>(kNsPerSecond);
  const double due = elapsed_s * static_cast<double>(options_.rate) / static_cast<double>(publishers_.size());
  return static_cast<uint64_t>(due) + 1;
}

void Generator::append_message(Connection& publisher) {
  if (++publisher.last_packet_id == 0) publisher.last_packet_id = 1;
  const int64_t sent_ns = options_.rate > 0 ? monotonic_ns() : now_ns_;
  const Stamp stamp{sent_ns, publisher.index, static_cast<uint32_t>(publisher.sent)};
  const std::string_view stamped(reinterpret_cast<const char*>(&stamp), sizeof(stamp));
  const std::string_view head = options_.readings ? readings_[publisher.index].next() : stamped;
  templates_[publisher.index].append_to(publisher.out, publisher.last_packet_id, head);
  ++publisher.sent;
  ++report_.sent;
}

bool Generator::published_all() const {
  return std::all_of(publishers_.begin(), publishers_.end(), [this](const Connection* publisher) {
    const bool acked = options_.qos == 0 || publisher->acked == publisher->share;
    return publisher->sent == publisher->share && acked && !publisher->has_unsent();
  });
}

uint64_t Generator::expected_deliveries() const {
  return publishers_.empty() ? options_.count : options_.count * options_.subscribers;
}

bool Generator::finished() const {
  if (!published_all()) return false;
  if (options_.subscribers == 0 || report_.received >= expected_deliveries()) return true;
  const bool has_begun = !publishers_.empty() || report_.received > 0;
  return has_begun && now_ns_ - last_progress_ns_ > to_ns(options_.quiet_s);
}

}  // namespace headgate::bench
