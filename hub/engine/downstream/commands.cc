#include "hub/engine/downstream/commands.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/access/hub_user.h"
#include "routing/table/came_down.h"

namespace headgate::hub {
namespace {

using upstream::Fate;

std::shared_ptr<const core::Source> source_of(const upstream::Command& command) {
  static const auto kCameDown =
      std::make_shared<const core::Source>(core::Source{std::string(routing::kDownstreamClient), {}, {}});
  return command.client.empty() ? kCameDown
                                : std::make_shared<const core::Source>(core::Source{command.client, {}, {}});
}

bool has_no_room(const core::Error& error) { return error.code == core::Errc::full; }

core::MessagePtr message_of(const upstream::Command& command, core::Now now) {
  auto message = std::make_shared<core::Message>();
  message->topic = command.topic;
  message->body = command.message.payload;
  if (command.message.properties != core::Properties())
    message->properties = std::make_shared<const core::Properties>(command.message.properties);
  message->source = source_of(command);
  message->arrived_ms = now.wall_ms;
  message->arrived_hub_ms = now.hub_ms;
  if (command.message.expiry_s != 0)
    message->expires_ms = now.hub_ms + int64_t{command.message.expiry_s} * 1000;
  message->qos = command.message.qos;
  message->retain = command.message.retain;
  return message;
}

}  // namespace

void Commands::take(upstream::Command command, core::Now now, Decided decided) {
  const std::string user = command.publish_as.empty() ? std::string(kDownstreamUser) : command.publish_as;
  if (!parts_.rights.may_publish(user, command.topic)) {
    return decided({Fate::refused, "'" + user + "' may not publish on '" + command.topic + "' here"}, now);
  }
  SeenIds::Mark mark;
  if (command.id) {
    mark = SeenIds::mark_of(command.message.topic, static_cast<uint8_t>(command.id.kind), command.id.value,
                            command.message.payload);
    if (is_decided_by_id(mark, now, decided)) return;
  }
  publish(command, mark, now, std::move(decided));
}

bool Commands::is_decided_by_id(const SeenIds::Mark& mark, core::Now now, const Decided& decided) {
  const SeenIds::Found found = seen_.find(mark);
  if (found.known == SeenIds::Known::no) return false;
  if (found.known == SeenIds::Known::other_content) {
    decided({Fate::refused, "its id was another command's, with another body"}, now);
  } else {
    decide_when_durable({found.seq, Fate::repeated, decided}, now);
  }
  return true;
}

void Commands::publish(const upstream::Command& command, const SeenIds::Mark& mark, core::Now now,
                       Decided decided) {
  std::vector<store::KeyValue> values;
  if (command.id) values = seen_.next(mark, now.hub_ms);
  const auto taken = parts_.ingest.take_command(message_of(command, now), values);
  if (!taken) return decided({Fate::refused, taken.error().what, has_no_room(taken.error())}, now);
  if (command.id) seen_.add(mark, *taken, now.hub_ms);
  decide_when_durable({*taken, Fate::stored, std::move(decided)}, now);
}

void Commands::decide_when_durable(Wait wait, core::Now now) {
  if (wait.seq <= durable_) return wait.decided({wait.fate, {}, false, wait.seq}, now);
  waits_.push_back(std::move(wait));
}

void Commands::on_durable(store::Seq up_to, core::Now now) {
  durable_ = up_to;
  seen_.on_durable(up_to);
  const auto left = std::stable_partition(waits_.begin(), waits_.end(),
                                          [&](const Wait& wait) { return wait.seq <= up_to; });
  const std::vector<Wait> due(std::make_move_iterator(waits_.begin()), std::make_move_iterator(left));
  waits_.erase(waits_.begin(), left);
  for (const Wait& wait : due) wait.decided({wait.fate, {}, false, wait.seq}, now);
}

void Commands::on_failed(core::Now now) {
  seen_.on_failed();
  for (const Wait& wait : std::exchange(waits_, {})) wait.decided({Fate::lost, {}}, now);
}

}  // namespace headgate::hub
