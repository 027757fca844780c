#include "broker/net/admission.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace headgate::broker {
namespace {

constexpr double kBurstSeconds = 10;
constexpr int64_t kTellEveryMs = 60'000;
constexpr size_t kToldMax = 4096;  // beyond it refusals are counted only

// ::ffff:0:0/96, where IPv4 addresses lie in IPv6.
constexpr std::array<uint8_t, 12> kMappedV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<ClientNet> net_of_v4(const std::array<uint8_t, 4>& address) {
  if (address[0] == 127) return std::nullopt;
  // No IPv6 network of clients begins with these bytes (RFC 4291).
  ClientNet net{{0, 0, 0xFF, 0xFF}};
  std::copy(address.begin(), address.end(), net.bytes.begin() + 4);
  return net;
}

std::optional<ClientNet> net_of_v6(const std::array<uint8_t, 16>& address) {
  if (std::equal(kMappedV4.begin(), kMappedV4.end(), address.begin()))
    return net_of_v4({address[12], address[13], address[14], address[15]});
  constexpr std::array<uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (address == kLoopback) return std::nullopt;
  ClientNet net;
  std::copy_n(address.begin(), net.bytes.size(), net.bytes.begin());
  return net;
}

std::string_view limit_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::connections:
      return "limits.connections_max";
    case Refusal::listener:
      return "listeners[].connections_max";
    case Refusal::address:
      return "limits.connections_per_address_max";
    case Refusal::rate:
      return "limits.connect_rate_max";
    case Refusal::handshake:
    case Refusal::none:
      break;
  }
  return "";
}

size_t Admission::HashNet::operator()(const ClientNet& net) const {
  uint64_t bits = 0;
  std::memcpy(&bits, net.bytes.data(), sizeof(bits));
  return std::hash<uint64_t>()(bits * 0x9E3779B97F4A7C15ULL);
}

uint32_t Admission::add_listener(size_t connections_max) {
  listeners_.push_back({0, connections_max});
  return static_cast<uint32_t>(listeners_.size() - 1);
}

double Admission::burst() const { return kBurstSeconds * limits_.connect_rate_max; }

Admission::Verdict Admission::admit(const Ticket& ticket, core::Now now) {
  Address* const address = ticket.from ? &address_of(*ticket.from, now) : nullptr;
  const Refusal why = check(ticket, address);
  if (why != Refusal::none) return refuse(ticket, why, now);
  ++open_;
  ++listeners_[ticket.listener].open;
  if (address != nullptr) {
    ++address->open;
    address->tokens -= 1;
  }
  return {};
}

Refusal Admission::check(const Ticket& ticket, const Address* address) const {
  const Listener& listener = listeners_[ticket.listener];
  if (open_ >= limits_.connections_max) return Refusal::connections;
  if (listener.connections_max != 0 && listener.open >= listener.connections_max) return Refusal::listener;
  if (address == nullptr) return Refusal::none;
  const bool crowded =
      limits_.connections_per_address_max > 0 && address->open >= limits_.connections_per_address_max;
  if (crowded) return Refusal::address;
  if (limits_.connect_rate_max > 0 && address->tokens < 1) return Refusal::rate;
  return Refusal::none;
}

Admission::Address& Admission::address_of(const ClientNet& net, core::Now now) {
  const auto [it, is_new] = addresses_.try_emplace(net);
  it->second.tokens = is_new ? burst() : tokens_of(it->second, now);
  it->second.refilled_ms = now.mono_ms;
  return it->second;
}

double Admission::tokens_of(const Address& address, core::Now now) const {
  const double seconds = static_cast<double>(now.mono_ms - address.refilled_ms) / 1000;
  return std::min(burst(), address.tokens + seconds * limits_.connect_rate_max);
}

Admission::Verdict Admission::refuse(const Ticket& ticket, Refusal why, core::Now now) {
  ++refused_[static_cast<size_t>(why)];
  const TellKey key{ticket.from, why};
  const auto it = told_.find(key);
  if (it == told_.end()) {
    if (told_.size() >= kToldMax) return {why, false, 0};
    told_[key] = {now.mono_ms, 0};
    return {why, true, 0};
  }
  Told& told = it->second;
  if (now.mono_ms - told.at_ms < kTellEveryMs) {
    ++told.untold;
    return {why, false, 0};
  }
  told.at_ms = now.mono_ms;
  return {why, true, std::exchange(told.untold, 0)};
}

void Admission::leave(const Ticket& ticket) {
  --open_;
  --listeners_[ticket.listener].open;
  if (ticket.from) --addresses_.at(*ticket.from).open;
}

void Admission::tick(core::Now now) {
  std::erase_if(addresses_, [&](const auto& known) {
    return known.second.open == 0 && tokens_of(known.second, now) >= burst();
  });
  // A count that was never told is let go with its entry: the totals have it.
  std::erase_if(told_,
                [&](const auto& known) { return now.mono_ms - known.second.at_ms > 2 * kTellEveryMs; });
}

void Admission::add_refusals(ReasonCounts& counts) const {
  for (size_t i = 0; i < refused_.size(); ++i) {
    if (refused_[i] > 0) counts[name_of(static_cast<Refusal>(i))] += refused_[i];
  }
}

}  // namespace headgate::broker
