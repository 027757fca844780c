#include "hub/change/differences.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "hub/config/keys.h"
#include "hub/config/parts/parts.h"
#include "hub/config/show/value_text.h"
#include "hub/engine/route_set.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;
using routing::OnRemove;
using SinkKind = routing::Sink::Kind;

constexpr size_t kFingerprintBytes = 16;

std::set<std::string> queues_led_to(const routing::RouteTable& table) {
  std::set<std::string> queues;
  for (const routing::Endpoint& endpoint : table.endpoints())
    if (endpoint.kind == SinkKind::upstream || endpoint.kind == SinkKind::module_input)
      queues.insert(endpoint.name);
  queues.erase(std::string(kUpstreamQueue));
  return queues;
}

// Gives what the routes in force want to become of a queue that none of them leads to any more.
OnRemove wish_of(const CompiledRoutes& routes, const std::string& queue) {
  for (const routing::RouteInfo& route : routes.table->routes()) {
    const auto leads_there = [&](uint32_t at) { return routes.table->endpoints()[at].name == queue; };
    const auto entry = routes.good.find(route.name);
    if (entry == routes.good.end() || std::ranges::none_of(route.endpoints, leads_there)) continue;
    if (entry->second->queue.on_remove) return *entry->second->queue.on_remove;
  }
  return OnRemove::drain;
}

std::string name_of(OnRemove wish) {
  switch (wish) {
    case OnRemove::drain:
      return "drained";
    case OnRemove::keep:
      return "kept";
    case OnRemove::purge:
      break;
  }
  return "purged";
}

// A topic that a filter matches, and others hardly do.
std::string topic_like(std::string filter) {
  for (char& c : filter)
    if (c == '+' || c == '#') c = '~';
  return filter;
}

void add_if_lost(bool before, bool after, std::string_view action, const std::string& filter,
                 std::set<std::string>& lost) {
  if (before && !after) lost.insert(std::string(action) + " " + filter);
}

// Adds a text with its length, so that no two lists have one hash.
void add_text(EVP_MD_CTX* hash, std::string_view text) {
  const std::string head = std::to_string(text.size()) + ":";
  EVP_DigestUpdate(hash, head.data(), head.size());
  EVP_DigestUpdate(hash, text.data(), text.size());
}

void add_files_of(const std::string& dir, EVP_MD_CTX* hash) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".json" && it->is_regular_file(error)) paths.push_back(it->path().string());
  std::ranges::sort(paths);
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    add_text(hash, path);
    add_text(hash, std::string(std::istreambuf_iterator<char>(file), {}));
  }
}

}  // namespace

std::vector<KeyChange> key_changes(Config before, Config after) {
  std::vector<KeyChange> changes;
  for (const Key<Config>& key : config_keys()) {
    std::string was = std::visit(ValueText<Config>{before}, key.slot);
    std::string is = std::visit(ValueText<Config>{after}, key.slot);
    if (was != is)
      changes.push_back({std::string(key.path), std::move(was), std::move(is), key.takes == Takes::at_once});
  }
  return changes;
}

std::vector<QueueChange> queue_changes(const CompiledRoutes& before, const CompiledRoutes& after,
                                       const LookAtQueue& look) {
  const std::set<std::string> were = queues_led_to(*before.table);
  const std::set<std::string> are = queues_led_to(*after.table);
  std::vector<QueueChange> changes;
  const auto add = [&](const std::string& queue, std::string what) {
    const auto waiting = look(queue);
    if (!waiting && !are.contains(queue)) return;
    const Waiting holds = waiting.value_or(Waiting());
    changes.push_back(
        {queue, !waiting || what != "made" ? std::move(what) : "used again", holds.messages, holds.bytes});
  };
  for (const std::string& queue : are)
    if (!were.contains(queue)) add(queue, "made");
  for (const std::string& queue : were) {
    if (are.contains(queue)) continue;
    const bool on_purpose = !after.wanted.puzzling || after.queues_let_go.contains(queue);
    add(queue, on_purpose ? name_of(wish_of(before, queue)) : "stays");
  }
  return changes;
}

RightsComparison::RightsComparison(const std::vector<AccessRule>& before,
                                   const std::vector<AccessRule>& after) {
  std::set<std::pair<std::string, Odd>> topics;
  for (const std::vector<AccessRule>* rules : {&before, &after})
    for (const AccessRule& rule : *rules)
      for (const std::string& topic : rule.topics) topics.emplace(topic, rule.allow ? Odd::never : Odd::any);
  topics_.assign(topics.begin(), topics.end());
}

std::vector<std::string> RightsComparison::lost(const Client& client, const broker::Rights& before,
                                                const broker::Rights& after) const {
  std::set<std::string> lost;
  for (const auto& [topic, odd] : topics_) {
    const auto filter = expand(topic, client.identity, client.client_id, odd);
    if (!filter || filter->empty()) continue;
    const std::string like = topic_like(*filter);
    add_if_lost(before.may_publish(like), after.may_publish(like), "publish", *filter, lost);
    add_if_lost(before.may_subscribe(*filter), after.may_subscribe(*filter), "subscribe", *filter, lost);
    add_if_lost(before.may_receive(like), after.may_receive(like), "receive", *filter, lost);
  }
  for (const std::string& filter : client.subscriptions)
    add_if_lost(before.may_subscribe(filter), after.may_subscribe(filter), "subscribe", filter, lost);
  return {lost.begin(), lost.end()};
}

std::string fingerprint_of(Config running, const std::string& routes_in_force,
                           const std::string& config_path) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
  for (const Key<Config>& key : config_keys())
    add_text(hash.get(), std::visit(ValueText<Config>{running}, key.slot));
  add_text(hash.get(), routes_in_force);
  if (const auto parts = read_parts(config_path)) {
    for (const ConfigPart& part : *parts) {
      add_text(hash.get(), part.file);
      add_text(hash.get(), part.text);
    }
  }
  if (!running.routes_dir.empty()) add_files_of(running.routes_dir, hash.get());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_DigestFinal_ex(hash.get(), digest.data(), nullptr);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < kFingerprintBytes; ++i) text += {kDigits[digest[i] >> 4u], kDigits[digest[i] & 15u]};
  return text;
}

}  // namespace headgate::hub
