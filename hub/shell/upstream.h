// Runs everything upstream on the loop: the links, a forwarder for each queue that goes over them, who brings down what
// each link has for the hub, and the one timer that they ask for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/engine/consumers.h"
#include "hub/shell/uplink/drain.h"
#include "store/queue_store.h"
#include "upstream/downstream/consumer_notices.h"
#include "upstream/downstream/receiver.h"
#include "upstream/identities/identity_links.h"
#include "upstream/link/mosquitto_link.h"
#include "upstream/links/exchange.h"
#include "upstream/links/report.h"
#include "upstream/options.h"
#include "upstream/presence/announcer.h"

namespace headgate::hub {

// Tells of each queue and lane the newest entry that is known to have been in a batch before this process: for a hub
// that has no link now. `store` is borrowed.
[[nodiscard]] std::function<store::Seq(store::QueueId queue, uint8_t lane)> begun_before_start(
    const store::QueueStore& store);

class UpstreamShell {
 public:
  // Everything is borrowed and must outlive the shell. `links`: at least one, the preferred first.
  UpstreamShell(boost::asio::io_context& io, core::Executor& executor, const core::Clock& clock,
                core::Log& log, store::QueueStore& store, Consumers& consumers, Recorder& recorder,
                upstream::CommandTaker& taker, upstream::UpstreamOptions options,
                const std::vector<upstream::NamedLink>& links);
  ~UpstreamShell();
  UpstreamShell(const UpstreamShell&) = delete;
  UpstreamShell& operator=(const UpstreamShell&) = delete;

  // When stamps may have been wrong, for batches to say so; null: never. Borrowed. Call before start().
  void doubt(const core::DoubtfulStretches* doubtful) { doubtful_ = doubtful; }
  // Gives the key (base64) of a registered identity, for links that send as such; empty: it has none. Call before start().
  using KeyOf = std::function<std::string(const upstream::CloudIdentity& identity)>;
  void sign_with(KeyOf key_of) { key_of_ = std::move(key_of); }
  // Gives what is to be said over a link of that name, if anything is (UpstreamOptions::presence_s). Call before start().
  using Presence = std::function<std::string(const std::string& link, core::Now now)>;
  void announce(const Presence& read);
  // Reports documents of configuration (UpstreamOptions::remote): once on each connection and after documents_changed().
  // `taken`: a broker has taken what was read last for that link.
  void report_documents(const Presence& read, const std::function<void(const std::string& link)>& taken);
  // There is something else to report. `asks`: links are to be tried also if nothing waits.
  void documents_changed(bool asks);
  // Limits of links, by name, are these from now on.
  void use_terms(const std::vector<upstream::NamedLink>& links);
  // Becomes the consumer of the queues that lead upstream, and connects. Reads the chain's key: call before the loop
  // runs. Errors: unavailable, if a queue has another consumer; invalid, of the key's file; corrupt, of what the store
  // keeps of the chain.
  [[nodiscard]] core::Status start();
  // Call about once a second: routes may have made queues since.
  void tick();
  // Files of links may be others now: those that wait for their next attempt make it at once.
  void retry();
  void close(int64_t patience_ms);
  [[nodiscard]] bool closed() const;
  [[nodiscard]] upstream::UpstreamReport report() const;
  // The newest entry of a lane that may be on its way, or known to the far side; 0: nobody drains the queue.
  [[nodiscard]] store::Seq begun_up_to(store::QueueId queue, uint8_t lane) const;

 private:
  [[nodiscard]] upstream::Link& add_link(const upstream::NamedLink& named);
  [[nodiscard]] upstream::GateWorld world_of(const std::string& link);
  [[nodiscard]] std::function<void(const std::string& record)> saver_of(std::string key);
  [[nodiscard]] std::function<std::string()> saved_of(std::string key);
  void bring_down(const std::vector<upstream::NamedLink>& links);
  void hear_consumers();
  void on_notice(std::string_view stream, core::Bytes notice);
  core::Status drain_new_queues();
  // Lets the exchange follow an input, then the timer.
  void go_on();
  void arm();
  void on_timer();

  boost::asio::io_context& io_;
  core::Executor& executor_;
  const core::Clock& clock_;
  core::Log& log_;
  store::QueueStore& store_;
  Consumers& consumers_;
  Recorder& recorder_;
  upstream::CommandTaker& taker_;
  const upstream::UpstreamOptions options_;
  const core::DoubtfulStretches* doubtful_ = nullptr;
  KeyOf key_of_ = [](const upstream::CloudIdentity&) { return std::string(); };
  std::vector<std::unique_ptr<upstream::MosquittoLink>> links_;
  std::vector<std::unique_ptr<upstream::IdentityLinks>>
      identity_links_;  // over those of them that lead to such a cloud
  upstream::Exchange exchange_;
  std::vector<std::unique_ptr<upstream::ConsumerNotices>> consumer_notices_;
  std::vector<std::unique_ptr<upstream::Receiver>> receivers_;
  std::vector<std::unique_ptr<upstream::Announcer>> announcers_;
  std::vector<std::unique_ptr<upstream::Announcer>> reporters_;  // of documents
  std::vector<std::unique_ptr<UpstreamDrain>> drains_;
  std::string chain_key_;
  upstream::DictionaryPtr dictionary_;
  bool closing_ = false;
  boost::asio::steady_timer timer_;
  int64_t armed_for_ms_ = upstream::Exchange::kNever;
};

}  // namespace headgate::hub
