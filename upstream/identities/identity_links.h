// A link to a cloud that knows devices by their topics. To its user it is the connection of the link's own device; a message
// that passes through goes out on the topic of its identity, and with SendsAs::identity over a connection of that one's.
// Sans-I/O: the owner calls step() after every input, when next_deadline() has come, and about once a second. Loop thread.
//
// What holds:
// - Up is the connection of the link's own device. When it ends, those of identities end with it.
// - Messages of an identity go in the order in which they are published. What its connection could not have answered is
//   put back, and nothing of that identity goes before it.
// - An identity that is refused, silent or waits for a place is passed over (Link::takes), so that others go on.
// - At most `identities_max` are connected. Whoever waits gets the place of the one that has been used least lately, at the
//   earliest after kTurnMs.
// - What nobody of the registered has sent goes under the link's own device, and so does what is sent by an identity that has no key here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "upstream/identities/identity_link.h"
#include "upstream/identities/sender.h"
#include "upstream/identities/status.h"
#include "upstream/link/link.h"
#include "upstream/options.h"

namespace headgate::upstream {

class IdentityLinks : public Link, private LinkEvents {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // For so long an identity keeps a place that another one waits for.
  static constexpr int64_t kTurnMs = 5000;

  struct Parts {
    Link& own;  // of the link's own device; borrowed, as the log
    core::Log& log;
    std::function<std::unique_ptr<Link>(LinkOptions options)> make_link;
    // The key of a registered identity, base64; empty: it has none here.
    std::function<std::string(const CloudIdentity& identity)> key_of;
  };
  IdentityLinks(NamedLink named, Parts parts, const UpstreamOptions& options, uint64_t seed);
  IdentityLinks(const IdentityLinks&) = delete;
  IdentityLinks& operator=(const IdentityLinks&) = delete;

  // Called after an event that its user is not told of.
  void on_work(std::function<void()> on_work) { on_work_ = std::move(on_work); }
  void step(core::Now now);
  [[nodiscard]] int64_t next_deadline() const;
  // Keys, or what was wrong, may be others now.
  void retry(core::Now now);
  [[nodiscard]] const std::string& name() const { return named_.name; }
  [[nodiscard]] bool sends_as_identities() const { return named_.as == SendsAs::identity; }
  [[nodiscard]] IdentitiesStatus status() const;

  // ---- Link ----
  void set_events(LinkEvents* events) override { events_ = events; }
  void connect() override { own_link_.connect(); }
  [[nodiscard]] bool takes(const core::Message& message) override;
  void publish(Token token, const Publication& publication) override;
  void announce(const Note& note) override { own_link_.announce(note); }
  void subscribe(const std::string& filter, uint8_t qos) override { own_link_.subscribe(filter, qos); }
  void unsubscribe(const std::string& filter) override { own_link_.unsubscribe(filter); }
  void disconnect() override;
  [[nodiscard]] uint64_t wire_bytes() override;

 private:
  void on_link_up(const LinkUp& up, core::Now now) override;
  void on_link_down(const LinkDown& down, core::Now now) override;
  void on_acked(Token token, uint8_t reason_code, core::Now now) override;
  void on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) override;
  void on_unsubscribed(const std::string& filter, core::Now now) override;
  void on_message(Incoming message, core::Now now) override;

  // Null: the link's own device.
  [[nodiscard]] IdentityLink* identity_for(const core::Message& message);
  void note_without_key(const CloudIdentity& identity);
  void give_places(core::Now now);
  void make_room(core::Now now);
  [[nodiscard]] size_t places_taken() const;
  [[nodiscard]] bool is_too_large(size_t bytes) const;
  void after_event(core::Now now);
  void tell(core::Now now);

  const NamedLink named_;
  const CloudIdentity own_;
  Link& own_link_;
  const std::function<std::string(const CloudIdentity& identity)> key_of_;
  LinkEvents* events_ = nullptr;
  std::function<void()> on_work_ = [] {};
  std::mt19937_64 random_;
  IdentityWorld world_;
  std::map<CloudIdentity, std::unique_ptr<IdentityLink>>
      identities_;                       // that have sent anything and have a key
  std::set<CloudIdentity> without_key_;  // and announced
  core::Now now_;                        // of the last input
  bool own_up_ = false;
  size_t own_unanswered_ = 0;
  bool telling_ = false;
};

}  // namespace headgate::upstream
