// A queue that is drained into a cloud that knows devices by their connections. The test is the cloud.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/downstream/commanding_link.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/recording_store_events.h"
#include "upstream/clouds/presets.h"
#include "upstream/drain/forwarder.h"
#include "upstream/identities/identity_links.h"
#include "upstream/links/exchange.h"
#include "upstream/payload/passthrough.h"

namespace headgate::testing {

inline upstream::UpstreamOptions cloud_options() {
  upstream::UpstreamOptions options;
  options.mode = upstream::Mode::passthrough;
  options.link.in_flight_max = 100;
  options.link_waits = true;
  return upstream::fit_to_mode(options);
}

inline upstream::NamedLink cloud_link(upstream::SendsAs as, uint16_t identities_max) {
  upstream::NamedLink named{.name = "cloud",
                            .preset = upstream::Preset::azure_iot_hub,
                            .device = "gateway-7",
                            .as = as,
                            .identities_max = identities_max,
                            .connection = {},
                            .terms = {}};
  named.connection.host = "acme.azure-devices.net";
  named.connection.tls = {.ca_file = "/ca.pem", .cert_file = "/gateway.pem", .key_file = "/gateway.key"};
  return upstream::with_preset(std::move(named), "hub-1");
}

class CloudSite {
 public:
  static constexpr const char* kOwn = "gateway-7";

  explicit CloudSite(upstream::SendsAs as = upstream::SendsAs::identity, uint16_t identities_max = 10,
                     uint64_t seed = 42)
      : links(cloud_link(as, identities_max), {own, log, maker(), key_reader()}, cloud_options(), seed) {
    store.set_events(&events);
    queue = *store.open_queue("$upstream", store::link_attributes());
    exchange.add(cloud_link(as, identities_max), links, seed);
    carrier().after_event([this] { exchange.step(clock.now()); });
    port = &exchange.add_port({}, [] { return upstream::WantedLanes{UINT16_MAX}; });
    forwarder =
        std::make_unique<upstream::Forwarder>(store, queue, *port, encoder, log, cloud_options(), seed);
    port->on_room([this](core::Now now) { forwarder->on_available(now); });
    forwarder->start(clock.now());
    settle();
  }

  // ---- the hub's side ----
  void send(const std::string& device, const std::string& body, const std::string& module = {}) {
    core::Message message;
    message.topic =
        module.empty() ? "devices/" + device + "/messages/events" : "modules/" + module + "/outputs/o";
    message.source = std::make_shared<const core::Source>(
        core::Source{.client_id = device, .device = device, .module = module});
    message.body = body;
    send(std::move(message));
  }
  void send(core::Message message) {
    message.qos = 1;
    message.arrived_hub_ms = clock.now().hub_ms;
    const store::Target target{queue, 5, message.expires_ms, {}};
    ASSERT_TRUE(store.append(std::make_shared<core::Message>(std::move(message)), {&target, 1}));
  }
  void settle() {
    do {
      forwarder->on_available(clock.now());
      links.step(clock.now());
      exchange.step(clock.now());
    } while (executor.run_ready() > 0 || links.next_deadline() <= clock.now().mono_ms);
  }
  void pass_ms(int64_t ms) {
    clock.advance_ms(ms);
    forwarder->on_tick(clock.now());
    settle();
  }

  // ---- the cloud's side ----
  // Lets the gateway in, at its next attempt.
  void own_up() {
    while (carrier().status(clock.now()).state != upstream::CarrierState::connecting) pass_ms(1000);
    own.come_up();
    settle();
  }
  CommandingLink& at(const std::string& id) { return id == kOwn ? own : *cloud.at(id); }
  bool connects(const std::string& id) const { return asking.contains(id); }
  void admit(const std::string& id) {
    asking.erase(id);
    at(id).come_up();
    settle();
  }
  void refuse(const std::string& id) {
    asking.erase(id);
    at(id).end({"the broker refused the connection: not authorised", true, 5});
    settle();
  }
  void drop(const std::string& id) {
    at(id).published.clear();
    at(id).drop();
    settle();
  }
  // Takes up to so many of what has been published there.
  void take(const std::string& id, size_t most = SIZE_MAX) {
    CommandingLink& link = at(id);
    for (size_t n = 0; n < most && !link.published.empty(); ++n) {
      const auto one = link.published.front();
      link.published.erase(link.published.begin());
      taken[id].push_back(one.payload);
      topics.push_back(one.topic);
      link.answer(one.token, 0);
    }
    settle();
  }
  // Admits whoever asks but for `refused`, and takes what comes, until nothing does.
  void serve(const std::set<std::string>& refused = {}) {
    settle();
    for (bool busy = true; busy;) {
      busy = false;
      for (const std::string& id : std::set<std::string>(asking)) {
        busy = true;
        refused.contains(id) ? refuse(id) : admit(id);
      }
      std::vector<std::string> ids = {kOwn};
      for (const auto& [id, link] : cloud) ids.push_back(id);
      for (const std::string& id : ids) {
        if (at(id).published.empty()) continue;
        busy = true;
        take(id);
      }
    }
  }
  [[nodiscard]] uint64_t waiting() const { return store.stats(queue).waiting(); }

  ManualClock clock;
  ManualExecutor executor;
  RecordingLog log;
  RecordingStoreEvents events;
  MemQueueStore store{executor};
  store::QueueId queue = 0;

  std::map<std::string, std::string> keys = {{"leaf-1", "a2V5MQ=="},
                                             {"leaf-2", "a2V5Mg=="},
                                             {"leaf-3", "a2V5Mw=="},
                                             {"gateway-7/sensor", "a2V5NA=="}};
  std::map<std::string, std::vector<std::string>> taken;  // bodies, by whose connection they came over
  std::vector<std::string> topics;
  std::map<std::string, upstream::LinkOptions> options;  // of the last connection
  std::map<std::string, CommandingLink*> cloud;          // the same
  std::set<std::string> asking;                          // connections that are not answered
  CommandingLink own{clock};
  upstream::IdentityLinks links;
  upstream::Exchange exchange{cloud_options(), log};
  upstream::Port* port = nullptr;
  std::unique_ptr<upstream::Forwarder> forwarder;
  upstream::PassthroughEncoder encoder{executor,
                                       [this](uint64_t job, core::Result<upstream::EncodedJob> made) {
                                         forwarder->on_encoded(job, std::move(made), clock.now());
                                       }};

 private:
  upstream::Carrier& carrier() { return *exchange.carriers().front(); }
  std::function<std::unique_ptr<upstream::Link>(upstream::LinkOptions)> maker() {
    return [this](const upstream::LinkOptions& wanted) {
      auto link = std::make_unique<CommandingLink>(clock);
      const std::string& id = wanted.client_id;
      options[id] = wanted;
      cloud[id] = link.get();
      asking.insert(id);
      return link;
    };
  }
  std::function<std::string(const upstream::CloudIdentity&)> key_reader() {
    return [this](const upstream::CloudIdentity& identity) {
      const auto found = keys.find(identity.id());
      return found == keys.end() ? std::string() : found->second;
    };
  }
};

}  // namespace headgate::testing
