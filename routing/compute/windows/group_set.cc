#include "routing/compute/windows/group_set.h"

#include <utility>

#include "routing/compute/group_key.h"
#include "routing/compute/windows/group_codec.h"

namespace headgate::routing {
namespace {

std::string group_entry(uint64_t group) {
  std::string key = "g";
  pack_varint(key, group);
  return key;
}

std::string pane_entry(uint64_t group, int64_t at) {
  std::string key = "p";
  pack_varint(key, group);
  pack_signed(key, at);
  return key;
}

}  // namespace

Group& GroupSet::add(std::unique_ptr<Group> group) {
  Group& added = *table_.add(std::move(group));
  change(added);
  return added;
}

void GroupSet::reckon(Group& group) {
  if (group.leaves_from) return;
  const size_t bytes = kGroupBytes + group.key.size() + group.panes.bytes() +
                       group.revisions.size() * kRevisionBytes + group.clocks.size() * sizeof(uint64_t);
  bytes_ += bytes - group.bytes;
  group.bytes = bytes;
}

void GroupSet::change(Group& group) {
  table_.change(group);
  reckon(group);
}

void GroupSet::remove(Group& group) {
  group.panes.drop_stored([&](int64_t at) { gone_panes_.push_back(pane_entry(group.id, at)); });
  bytes_ -= group.bytes;
  table_.remove(group);
}

void GroupSet::let_go(Group& group) {
  bytes_ -= std::exchange(group.bytes, 0);
  group.leaves_from = INT64_MIN;
  table_.touch(group);
}

void GroupSet::save(const Put& put) {
  for (const std::string& pane : std::exchange(gone_panes_, {})) put(pane, std::nullopt);
  const auto saved = [&](Group& group) {
    group.panes.save(
        [&](const Pane& pane) {
          std::string bytes;
          save_pane(pane, bytes);
          put(pane_entry(group.id, pane.at), std::move(bytes));
        },
        [&](int64_t at) { put(pane_entry(group.id, at), std::nullopt); });
    std::string bytes;
    save_group(group, bytes);
    put(group_entry(group.id), std::move(bytes));
  };
  table_.save(saved, [&](uint64_t gone) { put(group_entry(gone), std::nullopt); });
}

bool GroupSet::load_group(std::string_view key, std::string_view bytes, size_t keys) {
  PackedReader name(key.substr(1));
  PackedReader in(bytes);
  auto group = std::make_unique<Group>();
  group->id = name.varint();
  const bool loaded = routing::load_group(*group, none_, in) && is_key(group->key, keys);
  const bool near = group->panes.empty() || is_near(group->panes.back());
  if (!loaded || !near || !name.ok() || !name.rest().empty() || group->id == 0 || group->id >= kIdMax)
    return false;
  return table_.add(std::move(group)) != nullptr;
}

bool GroupSet::load_pane(std::string_view key, std::string_view bytes) {
  PackedReader name(key.substr(1));
  PackedReader in(bytes);
  const uint64_t group = name.varint();
  const int64_t at = name.signed_varint();
  Pane pane;
  const bool loaded = routing::load_pane(pane, none_, in) && name.ok() && name.rest().empty() &&
                      pane.at == at && is_near(pane);
  if (!loaded) return false;
  pane.stored = true;
  if (Group* known = table_.with_id(group))
    adopt(known, group, std::move(pane));
  else
    homeless_[group].push_back(std::move(pane));
  return true;
}

// A pane that belongs nowhere is removed from the store.
void GroupSet::adopt(Group* group, uint64_t id, Pane pane) {
  const int64_t at = pane.at;
  if (!group || !group->panes.load(std::move(pane))) return gone_panes_.push_back(pane_entry(id, at));
  if (packs_) group->panes.pack();
}

void GroupSet::settle() {
  for (auto& [id, panes] : std::exchange(homeless_, {})) {
    Group* group = table_.with_id(id);
    for (Pane& pane : panes) adopt(group, id, std::move(pane));
  }
  table_.order_by_touch();
  table_.for_each([&](Group& group) { reckon(group); });
}

}  // namespace headgate::routing
