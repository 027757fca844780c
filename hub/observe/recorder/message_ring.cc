#include "hub/observe/recorder/message_ring.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace headgate::hub {
namespace {

constexpr size_t kTopicBytesMax = 4096;
constexpr size_t kNameBytesMax = 512;   // of a client id and the like
constexpr size_t kUserBytesMax = 4096;  // user properties together
constexpr std::string_view kMessageId = "$.mid";

enum Flag : uint16_t {
  kHeard = 1,
  kReturned = 2,
  kRemembered = 4,
  kMade = 8,
  kCut = 16,
  kRetain = 32,
  kUtf8 = 64,
  kForeign = 128
};

// Texts of a record in their order; the lengths stand in its head.
enum Text : uint8_t {
  kTopic,
  kClient,
  kDevice,
  kModule,
  kContentType,
  kContentEncoding,
  kResponseTopic,
  kCorrelation,
  kRefused,
  kTexts
};

struct Head {
  int64_t arrived_ms = 0;
  int64_t arrived_hub_ms = 0;
  int64_t expires_ms = 0;
  uint64_t made_of = 0;
  uint64_t routes = 0;
  uint64_t body_bytes = 0;
  uint32_t body_kept = 0;
  std::array<uint16_t, kTexts> texts{};
  uint16_t users = 0;
  uint16_t targets = 0;
  uint16_t flags = 0;
  uint8_t qos = 0;
  uint8_t hops = 0;
};

struct UserHead {
  uint16_t name = 0;
  uint16_t value = 0;
};

using Texts = std::array<std::string_view, kTexts>;

Texts texts_of(const Arrival& arrival) {
  static const core::Source kNobody;
  const core::Message& message = arrival.message;
  const core::Source& source = message.source ? *message.source : kNobody;
  const core::Properties& props = message.props();
  return {message.topic,        source.client_id,       source.device,
          source.module,        props.content_type,     props.content_encoding,
          props.response_topic, props.correlation_data, arrival.refused};
}

// Cuts texts that are too long; whether it did.
bool cut(Texts& texts) {
  bool any = false;
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t most = i == kTopic ? kTopicBytesMax : kNameBytesMax;
    any = any || texts[i].size() > most;
    texts[i] = texts[i].substr(0, most);
  }
  return any;
}

size_t bytes_of(const core::UserProperty& user) {
  return sizeof(UserHead) + user.name.size() + user.value.size();
}

// Counts the user properties that are kept, and adds their bytes.
uint16_t users_kept(const core::Properties& props, size_t& bytes) {
  size_t count = 0;
  size_t kept = 0;
  for (; count < props.user.size(); ++count) {
    kept += bytes_of(props.user[count]);
    if (kept > kUserBytesMax) break;
    bytes += bytes_of(props.user[count]);
  }
  return static_cast<uint16_t>(count);
}

uint16_t flags_of(const Arrival& arrival, bool was_cut) {
  const core::Message& message = arrival.message;
  return static_cast<uint16_t>((arrival.heard ? kHeard : 0) | (arrival.returned ? kReturned : 0) |
                               (arrival.remembered ? kRemembered : 0) | (arrival.made ? kMade : 0) |
                               (was_cut ? kCut : 0) | (message.retain ? kRetain : 0) |
                               (message.props().payload_is_utf8 ? kUtf8 : 0) |
                               (message.source && message.source->foreign ? kForeign : 0));
}

Head head_of(const Arrival& arrival, const Texts& texts, uint16_t users, bool was_cut, uint64_t routes) {
  const core::Message& message = arrival.message;
  Head head;
  head.arrived_ms = message.arrived_ms;
  head.arrived_hub_ms = message.arrived_hub_ms;
  head.expires_ms = message.expires_ms;
  head.made_of = arrival.made_of;
  head.routes = routes;
  head.body_bytes = message.body.size();
  head.body_kept = static_cast<uint32_t>(std::min(message.body.size(), MessageRing::kBodyBytesMax));
  for (size_t i = 0; i < texts.size(); ++i) head.texts[i] = static_cast<uint16_t>(texts[i].size());
  head.users = users;
  head.targets = static_cast<uint16_t>(std::min<size_t>(arrival.targets.size(), UINT16_MAX));
  head.flags = flags_of(arrival, was_cut);
  head.qos = message.qos;
  head.hops = message.hops;
  return head;
}

void write_users(Cells::Cursor& to, const core::Properties& props, uint16_t users) {
  for (size_t i = 0; i < users; ++i) {
    const core::UserProperty& user = props.user[i];
    const UserHead head{static_cast<uint16_t>(user.name.size()), static_cast<uint16_t>(user.value.size())};
    to.write(&head, sizeof(head));
    to.write(user.name.data(), user.name.size());
    to.write(user.value.data(), user.value.size());
  }
}

std::string read_text(Cells::Cursor& from, size_t bytes) {
  std::string text(bytes, '\0');
  from.read(text.data(), bytes);
  return text;
}

core::Properties read_properties(Cells::Cursor& from, const Head& head,
                                 std::array<std::string, kTexts>& texts) {
  core::Properties props;
  props.content_type = std::move(texts[kContentType]);
  props.content_encoding = std::move(texts[kContentEncoding]);
  props.response_topic = std::move(texts[kResponseTopic]);
  props.correlation_data = std::move(texts[kCorrelation]);
  props.payload_is_utf8 = (head.flags & kUtf8) != 0;
  for (uint16_t i = 0; i < head.users; ++i) {
    UserHead user;
    from.read(&user, sizeof(user));
    std::string name = read_text(from, user.name);
    props.user.push_back({std::move(name), read_text(from, user.value)});
  }
  return props;
}

uint32_t hash_of(std::string_view id) {
  return std::max(uint32_t{1}, static_cast<uint32_t>(std::hash<std::string_view>{}(id)));
}

std::string_view message_id_of(const core::Message& message) {
  for (const core::UserProperty& user : message.props().user)
    if (user.name == kMessageId) return user.value;
  return {};
}

}  // namespace

MessageRing::MessageRing(size_t bytes) : cells_(std::make_unique<Cells>(bytes / kBytesACell)) {
  slots_.reserve(cells_->count());
}

uint64_t MessageRing::add(const Arrival& arrival, uint64_t routes) {
  const core::Message& message = arrival.message;
  ++last_;
  Texts texts = texts_of(arrival);
  bool was_cut = cut(texts);
  size_t bytes = sizeof(Head);
  for (const std::string_view text : texts) bytes += text.size();
  const uint16_t users = users_kept(message.props(), bytes);
  was_cut = was_cut || users < message.props().user.size();
  const Head head = head_of(arrival, texts, users, was_cut, routes);
  bytes += head.targets * sizeof(RecordedTarget) + head.body_kept;
  const size_t cells = Cells::cells_for(bytes);
  if (cells > cells_->count()) return last_;
  make_room(cells);

  const Cells::Index first = cells_->take(cells);
  Cells::Cursor to(*cells_, first);
  to.write(&head, sizeof(head));
  for (const std::string_view text : texts) to.write(text.data(), text.size());
  write_users(to, message.props(), users);
  for (size_t i = 0; i < head.targets; ++i) {
    const RecordedTarget target{arrival.targets[i].queue, arrival.targets[i].lane};
    to.write(&target, sizeof(target));
  }
  to.write(message.body.data(), head.body_kept);

  const std::string_view id = message_id_of(message);
  note(first, {last_, arrival.seq, id.empty() ? 0 : hash_of(id), Cells::kNone});
  const std::hash<std::string_view> hash;
  const size_t client = hash(texts[kClient]) % kClasses;
  Class& of = classes_[client][hash(texts[kTopic]) % kClasses];
  (of.first == Cells::kNone ? of.first : slots_[of.last].next) = first;
  of.last = first;
  of.cells += static_cast<uint32_t>(cells);
  cells_of_clients_[client] += static_cast<uint32_t>(cells);
  ++size_;
  return last_;
}

void MessageRing::note(Cells::Index first, const Slot& slot) {
  if (slots_.size() < cells_->touched()) slots_.resize(cells_->touched());
  slots_[first] = slot;
}

void MessageRing::make_room(size_t cells) {
  while (cells_->free() < cells) {
    const auto client = std::ranges::max_element(cells_of_clients_);
    auto& topics = classes_[static_cast<size_t>(client - cells_of_clients_.begin())];
    const auto fewer = [](const Class& a, const Class& b) { return a.cells < b.cells; };
    let_go_oldest(*std::max_element(topics.begin(), topics.end(), fewer), *client);
  }
}

void MessageRing::let_go_oldest(Class& of, uint32_t& of_client) {
  const Cells::Index gone = of.first;
  const size_t before = cells_->free();
  of.first = slots_[gone].next;
  slots_[gone] = {};
  cells_->give_back(gone);
  const auto cells = static_cast<uint32_t>(cells_->free() - before);
  of.cells -= cells;
  of_client -= cells;
  --size_;
}

Recorded MessageRing::decode(Cells::Index first) const {
  Cells::Cursor from(*cells_, first);
  Head head;
  from.read(&head, sizeof(head));
  std::array<std::string, kTexts> texts;
  for (size_t i = 0; i < kTexts; ++i) texts[i] = read_text(from, head.texts[i]);
  auto message = std::make_shared<core::Message>();
  message->topic = std::move(texts[kTopic]);
  if (core::Source source{std::move(texts[kClient]), std::move(texts[kDevice]), std::move(texts[kModule]),
                          (head.flags & kForeign) != 0};
      source != core::Source())
    message->source = std::make_shared<const core::Source>(std::move(source));
  if (core::Properties props = read_properties(from, head, texts); props != core::Properties())
    message->properties = std::make_shared<const core::Properties>(std::move(props));
  message->arrived_ms = head.arrived_ms;
  message->arrived_hub_ms = head.arrived_hub_ms;
  message->expires_ms = head.expires_ms;
  message->qos = head.qos;
  message->hops = head.hops;
  message->retain = (head.flags & kRetain) != 0;

  Recorded recorded;
  recorded.number = slots_[first].number;
  recorded.seq = slots_[first].seq;
  recorded.targets.resize(head.targets);
  for (RecordedTarget& target : recorded.targets) from.read(&target, sizeof(target));
  message->body = read_text(from, head.body_kept);
  recorded.message = std::move(message);
  recorded.body_bytes = head.body_bytes;
  recorded.cut = (head.flags & kCut) != 0;
  recorded.heard = (head.flags & kHeard) != 0;
  recorded.returned = (head.flags & kReturned) != 0;
  recorded.remembered = (head.flags & kRemembered) != 0;
  recorded.made = (head.flags & kMade) != 0;
  recorded.made_of = head.made_of;
  recorded.refused = std::move(texts[kRefused]);
  recorded.routes = head.routes;
  return recorded;
}

template <typename Is>
std::optional<Recorded> MessageRing::newest_that(const Is& is) const {
  std::optional<Cells::Index> found;
  for (Cells::Index i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.number != 0 && is(slot) && (!found || slots_[*found].number < slot.number)) found = i;
  }
  if (!found) return std::nullopt;
  return decode(*found);
}

std::optional<Recorded> MessageRing::with_seq(store::Seq seq) const {
  if (seq == 0) return std::nullopt;
  return newest_that([seq](const Slot& slot) { return slot.seq == seq; });
}

std::optional<Recorded> MessageRing::with_number(uint64_t number) const {
  return newest_that([number](const Slot& slot) { return slot.number == number; });
}

std::optional<Recorded> MessageRing::with_message_id(std::string_view id) const {
  auto found = newest_that([hash = hash_of(id)](const Slot& slot) { return slot.message_id == hash; });
  if (found && message_id_of(*found->message) != id) return std::nullopt;  // the hashes are the same
  return found;
}

std::vector<Recorded> MessageRing::behind(uint64_t after, size_t count, bool newest) const {
  std::vector<std::pair<uint64_t, Cells::Index>> found;
  for (Cells::Index i = 0; i < slots_.size(); ++i)
    if (slots_[i].number > after) found.emplace_back(slots_[i].number, i);
  const size_t taken = std::min(count, found.size());
  if (newest) {
    std::nth_element(found.begin(), found.end() - static_cast<ptrdiff_t>(taken), found.end());
    found.erase(found.begin(), found.end() - static_cast<ptrdiff_t>(taken));
  } else {
    std::nth_element(found.begin(), found.begin() + static_cast<ptrdiff_t>(taken), found.end());
    found.resize(taken);
  }
  std::sort(found.begin(), found.end());
  std::vector<Recorded> messages;
  messages.reserve(taken);
  for (const auto& [number, first] : found) messages.push_back(decode(first));
  return messages;
}

uint64_t MessageRing::before_newest(size_t count) const {
  std::vector<uint64_t> numbers;
  for (const auto& slot : slots_)
    if (slot.number != 0) numbers.push_back(slot.number);
  if (numbers.size() <= count || count == 0) return count == 0 ? last_ : 0;
  std::ranges::nth_element(numbers, numbers.end() - static_cast<ptrdiff_t>(count));
  return *(numbers.end() - static_cast<ptrdiff_t>(count)) - 1;
}

uint64_t MessageRing::oldest() const {
  uint64_t oldest = 0;
  for (const auto& topics : classes_) {
    for (const Class& of : topics) {
      if (of.first == Cells::kNone) continue;
      const uint64_t number = slots_[of.first].number;
      if (oldest == 0 || number < oldest) oldest = number;
    }
  }
  return oldest;
}

size_t MessageRing::bytes_used() const { return (cells_->count() - cells_->free()) * kBytesACell; }

}  // namespace headgate::hub
