// Topics that messages came on, for who asks: gathered some at a time, so that no answer holds the loop.
#include <memory>
#include <string>
#include <utility>

#include "core/topic.h"
#include "hub/hub.h"
#include "hub/metrics.h"
#include "hub/observe/feeds/sys_delivery.h"
#include "hub/observe/feeds/sys_topics.h"
#include "hub/shell/uplink/link_topics.h"

namespace headgate::hub {
namespace {

constexpr size_t kTopicsAtATime = 512;

bool may_see(const broker::Rights* rights, std::string_view topic) {
  return rights == nullptr || rights->may_receive(topic);
}

}  // namespace

struct Hub::TopicSearch {
  TopicQuery query;
  RenderTopics render;
  OnTopics done;
  TopicList list;
  size_t bucket = 0;
};

void Hub::find_topics(TopicQuery query, RenderTopics render, OnTopics done) {
  TopicList list(query.depth, query.with_values);
  auto search = std::make_shared<TopicSearch>(
      TopicSearch{std::move(query), std::move(render), std::move(done), std::move(list)});
  if (is_sys_filter(search->query.filter)) return find_sys_topics(search);
  find_more_topics(search);
}

void Hub::find_more_topics(const std::shared_ptr<TopicSearch>& search) {
  const core::Now now = clock_.now();
  const std::shared_ptr<const broker::Rights> rights = rights_of(search->query.user);
  const TopicTable& table = engine_.tails().topics();
  search->bucket = table.walk(search->bucket, kTopicsAtATime, [&](const TopicEntry& entry) {
    if (core::topic_matches(search->query.filter, entry.topic) && may_see(rights.get(), entry.topic))
      search->list.add(entry, now.hub_ms);
  });
  if (search->bucket != 0) return later([this, search] { find_more_topics(search); });
  KnownTopics found = search->list.take();
  found.forgotten = table.forgotten();
  render_topics(*search, std::move(found));
}

// Values that the hub says of itself are read when they are asked for.
void Hub::find_sys_topics(const std::shared_ptr<TopicSearch>& search) {
  const core::Now now = clock_.now();
  const std::shared_ptr<const broker::Rights> rights = rights_of(search->query.user);
  core::Now started = now;
  started.mono_ms = started_mono_ms_;
  SysTopics sys(started);
  std::vector<SysTopic> all = sys.update(read_metrics(sources(), is_in_sys), now);
  if (const auto report = upstream()) {
    std::vector<SysTopic> of_links = link_topics(*report);
    all.insert(all.end(), std::make_move_iterator(of_links.begin()), std::make_move_iterator(of_links.end()));
  }
  for (SysTopic& topic : all) {
    if (!core::topic_matches(search->query.filter, topic.name) || !may_see(rights.get(), topic.name))
      continue;
    KnownTopic known;
    known.payload_bytes = topic.value.size();
    known.last_ms = now.wall_ms;
    known.topic = std::move(topic.name);
    known.value = std::move(topic.value);
    search->list.add(std::move(known));
  }
  render_topics(*search, search->list.take());
}

void Hub::render_topics(const TopicSearch& search, KnownTopics found) {
  elsewhere([render = search.render,
             known = std::make_shared<const KnownTopics>(std::move(found))] { return render(*known); },
            search.done);
}

}  // namespace headgate::hub
