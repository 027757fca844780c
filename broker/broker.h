// All sessions of the hub: who is connected, who takes over from whom, whose will is due, what has expired.
// No socket, no clock, no store. One loop owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "broker/access.h"
#include "broker/counters.h"
#include "broker/options.h"
#include "broker/session/channel.h"
#include "broker/session/retained.h"
#include "broker/session/session.h"
#include "broker/session/subscriptions.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"

namespace headgate::broker {

struct PendingConnect;

// A session as the store remembers it.
struct StoredSession {
  std::string client_id;
  uint32_t expiry_s = 0;
  int64_t ended_hub_ms = 0;   // when its last connection ended; 0 = the hub stopped while it was connected
  std::string username = {};  // whose it is; empty: nobody's who has proved anything
  bool edge = false;          // Identity::edge
  bool registered = false;    // Identity::registered

  friend bool operator==(const StoredSession&, const StoredSession&) = default;
};

struct BrokerStats {
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;  // CONNECT refused
  uint64_t connects_denied = 0;      // of those, for who the client is, or could not prove to be
  uint64_t protocol_errors = 0;      // connections closed for what the client sent
  uint64_t clients_max = 0;          // most clients that were connected at a time
  uint64_t sessions_expired = 0;
  ReasonCounts closed;   // connections of clients that the hub has ended
  ReasonCounts left;     // those that their clients have ended, or that broke
  ReasonCounts refused;  // connections that it has ended before they were a client's
};

class Broker {
 public:
  // `access` and `log` are borrowed and must outlive the broker.
  Broker(const BrokerOptions& options, AccessControl& access, core::Log& log);
  ~Broker();
  // Must be called once, before anything else. `events` is borrowed for as long as the broker is used.
  void set_events(BrokerEvents* events) { context_.events = events; }

  // ---- for the shells: a channel is lent from opened() to closed() ----
  void opened(Channel& channel, core::Now now);
  void on_bytes(Channel& channel, core::Bytes input, core::Now now);
  // The end of a loop turn in which the channel was woken: takes what was left unread while its session was
  // paused. Call before the channel is flushed.
  void go_on(Channel& channel, core::Now now);
  // The network connection is gone, whoever ended it.
  void closed(Channel& channel, core::Now now);
  // False while the client's socket should not be read.
  [[nodiscard]] bool wants_bytes(const Channel& channel) const;
  // The socket has taken everything, after there was too much (wants_bytes() was false), it took nothing, or
  // somebody has asked for it (Channel::tell_drained).
  void on_drained(Channel& channel, core::Now now);

  // The largest packet that this client may send.
  [[nodiscard]] size_t packet_bytes_max(const Channel& channel) const;

  // Call about once a second: keep-alive, CONNECT timeout, wills, session expiry.
  void tick(core::Now now);
  // Says good-bye to every client (5.0: DISCONNECT 0x8B); wills are published by closed().
  void shut_down();

  // ---- for the hub ----
  Session& restore(const StoredSession& stored, core::Now now);
  // The access control has changed its mind: sessions get their new rights, and who is nobody any more is
  // disconnected (5.0: DISCONNECT 0x87).
  void renew_grants();
  // After the sessions: a client that was connected has lost its connection now. One without a stored session
  // ends at the next tick.
  void restore_will(const std::string& client_id, const StoredWill& stored, core::Now now);
  // Ends the client's connection (5.0: DISCONNECT 0x98); its session and its will are treated as after a lost
  // connection. False: no client of this id is connected.
  bool kick(std::string_view client_id, core::Now now);
  // Ends the session, connected or not: a will is published, what waits is gone. False: there is none.
  bool remove_session(std::string_view client_id, core::Now now);
  [[nodiscard]] std::shared_ptr<Session> find(std::string_view client_id) const;
  void for_each(const std::function<void(Session&)>& visit) const;
  [[nodiscard]] const Subscriptions& subscriptions() const { return subscriptions_; }
  [[nodiscard]] const BrokerStats& stats() const { return stats_; }
  [[nodiscard]] const Denials& denied() const { return context_.denied; }
  [[nodiscard]] const Traffic& traffic() const { return context_.traffic; }
  [[nodiscard]] const DropCounts& drops() const { return context_.drops; }
  [[nodiscard]] size_t connections() const { return channels_.size(); }
  [[nodiscard]] size_t clients_connected() const { return clients_connected_; }
  [[nodiscard]] size_t sessions() const { return clients_.size(); }
  // Wills and session ends that are waited for.
  [[nodiscard]] size_t timers() const { return due_.size(); }

 private:
  // A client id's session and what hangs on it.
  struct Client {
    std::shared_ptr<Session> session;
    core::MessagePtr will;  // without an expiry, as in StoredWill
    uint32_t will_expiry_s = 0;
    uint32_t will_delay_s = 0;
    int64_t will_due_ms = 0;  // hub time; 0 = not running
    int64_t ends_ms = 0;      // hub time; 0 = connected, or never
    int64_t timer_ms = 0;     // its entry in due_: the earlier of the two; 0 = none
  };
  using Clients = std::unordered_map<std::string, Client>;

  ReasonCode on_frame(Channel& channel, const Frame& frame, core::Now now);
  ReasonCode on_connect(Channel& channel, const Frame& frame, core::Now now);
  [[nodiscard]] ReasonCode check_dialect(const Channel& channel, Connect& connect);
  [[nodiscard]] ReasonCode check(const Channel& channel, const Connect& connect);
  [[nodiscard]] Credentials credentials(Channel& channel, const Connect& connect, core::Now now);
  void on_decided(Channel& channel, const AccessControl::Verdict& verdict, core::Now now);
  [[nodiscard]] ReasonCode translate_will(const Channel& channel, const Identity& identity,
                                          PendingConnect& pending);
  [[nodiscard]] bool may_have(const Identity& identity, const std::string& client_id) const;
  void accept(Channel& channel, PendingConnect& pending, const Grant& grant, core::Now now);
  void refuse(Channel& channel, const Connect& connect, ReasonCode reason, core::Now now,
              std::string_view why = {});
  [[nodiscard]] std::string unused_client_id(core::Now now);
  void take_over(Client& old, core::Now now);
  void cut_off(Client& client, ReasonCode reason, std::string_view why, core::Now now);
  void set_up(Channel& channel, Session& session, const Connect& connect, core::Now now);
  void send_connack(Channel& channel, const Connect& connect, const Session& session, bool present);
  void fail(Channel& channel, ReasonCode reason, std::string_view packet, core::Now now);
  [[nodiscard]] WillChange remember_will(Client& client, const PendingConnect& pending, core::Now now);
  void end_connection(Client& client, bool graceful, core::Now now);
  void detach(Session& session, core::Now now);
  void after_disconnect(Client& client, core::Now now);
  void restore_grant(Session& session, const Identity& owner);
  [[nodiscard]] static WillChange drop_will(Client& client);
  [[nodiscard]] static StoredWill delay_will(Client& client, core::Now now);
  [[nodiscard]] static StoredWill stored_will(const Client& client, int64_t due_hub_ms);
  [[nodiscard]] static WillChange will_after(Client& client, bool graceful, core::Now now);
  void publish_will(Client& client, core::Now now);
  void end_session(const std::string& client_id, core::Now now);
  void schedule(Client& client);
  // `why` is told to the client; `cause` is for log and counters, see Channel::close().
  void say_good_bye(Channel& channel, ReasonCode reason, std::string_view why = {},
                    std::string_view cause = {});
  void complain(std::string_view event, const Channel& channel, std::string_view client_id,
                std::string_view reason, std::string_view why, core::Now now);
  void trace(const Channel& channel, const Connect& connect);
  void log_end(const Channel& channel, const Session& session, core::Now now);
  void log_drops(core::Now now);
  void check_alive(Channel& channel, core::Now now);
  void check_proof(Channel& channel, core::Now now);
  [[nodiscard]] bool is_stuck(Channel& channel, core::Now now) const;
  void run_due(core::Now now);
  [[nodiscard]] uint16_t granted_keep_alive_s(const Connect& connect) const;
  [[nodiscard]] uint32_t granted_expiry_s(const Connect& connect) const;

  BrokerOptions options_;
  AccessControl& access_;
  core::Log& log_;
  Subscriptions subscriptions_;
  SessionContext context_;
  Clients clients_;
  std::unordered_set<Channel*> channels_;
  size_t clients_connected_ = 0;
  std::set<std::pair<int64_t, std::string>> due_;  // hub time, client id; one entry a client at most
  uint64_t assigned_ids_ = 0;
  BrokerStats stats_;
  core::LogLimiter complaints_;  // by client id, or by address where there is none
};

}  // namespace headgate::broker
