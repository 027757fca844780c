#include "hub/thinning/fold.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "core/text/json_string.h"
#include "store/format/record_codec.h"

namespace headgate::hub {
namespace {

constexpr int64_t kMinuteS = kMinuteMs / 1000;
constexpr int64_t kQuarterS = kQuarterMs / 1000;

int64_t seconds_of(Resolution into) { return into == Resolution::minute ? kMinuteS : kQuarterS; }

std::optional<int64_t> integer_of(const Leaf& leaf) {
  int64_t number = 0;
  const char* const end = leaf.text.data() + leaf.text.size();
  const auto read = std::from_chars(leaf.text.data(), end, number);
  if (leaf.kind != Leaf::Kind::number || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

const Leaf* find(std::span<const Leaf> leaves, std::string_view path) {
  const auto found = std::ranges::find(leaves, path, &Leaf::path);
  return found == leaves.end() ? nullptr : &*found;
}

// A name of a JSON Pointer as it was before it became one.
std::string unescaped_name(std::string_view name) {
  std::string plain;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool escaped = name[i] == '~' && i + 1 < name.size();
    plain += !escaped ? name[i] : name[++i] == '1' ? '/' : '~';
  }
  return plain;
}

// 0 is "never", later than any time.
int64_t later(int64_t a_ms, int64_t b_ms) { return a_ms == 0 || b_ms == 0 ? 0 : std::max(a_ms, b_ms); }

}  // namespace

// A row as it was read.
struct Fold::Row {
  struct Field {
    std::string path;
    SummaryValues values;
    size_t members = 0;
  };

  uint64_t readings = 0;
  store::Seq from = 0;
  store::Seq to = 0;
  int64_t last_ms = 0;
  std::vector<Field> fields;
  std::vector<std::pair<std::string, std::string_view>> constants;

  [[nodiscard]] static std::optional<Row> read(std::span<const Leaf> leaves);
  bool read_head(std::span<const Leaf> leaves);
  bool take(const Leaf& leaf);
};

Resolution resolution_of(const core::Message& message, std::span<const Leaf> leaves) {
  if (message.source || message.props().content_type != kFoldType) return Resolution::reading;
  const Leaf* const fold = find(leaves, "/fold");
  return fold != nullptr && integer_of(*fold) == kMinuteS ? Resolution::minute : Resolution::quarter;
}

std::string key_of(const store::Entry& entry) {
  std::string key = entry.tag;
  const core::Properties& properties = entry.message->props();
  for (const std::string* part : {&properties.content_type, &properties.content_encoding,
                                  &properties.response_topic, &properties.correlation_data})
    key.append(1, '\0').append(*part);
  for (const core::UserProperty& user : properties.user)
    key.append(1, '\0').append(user.name).append(1, '\0').append(user.value);
  return key;
}

Fold::Fold(const store::Entry& first, Resolution into) : into_(into), tag_(first.tag) {
  const core::Message& message = *first.message;
  core::Properties properties;
  properties.content_type = kFoldType;
  properties.user = message.props().user;
  draft_.topic = message.topic;
  draft_.properties = std::make_shared<const core::Properties>(std::move(properties));
  draft_.qos = 1;
}

bool Fold::add(const store::Entry& entry, Resolution is, std::span<const Leaf> leaves) {
  if (is == Resolution::reading) {
    add_reading(entry, leaves);
  } else {
    const std::optional<Row> row = Row::read(leaves);
    if (!row) return false;
    add_row(entry, *row);
    has_row_ = true;
  }
  const core::Message& message = *entry.message;
  const bool first = seqs_.empty();
  expires_ms_ = first ? entry.expires_ms : later(expires_ms_, entry.expires_ms);
  wish_ms_ = first ? message.expires_ms : later(wish_ms_, message.expires_ms);
  draft_.hops = std::max(draft_.hops, message.hops);
  bytes_ += store::stored_bytes(message);
  seqs_.push_back(entry.seq);
  return true;
}

void Fold::add_reading(const store::Entry& entry, std::span<const Leaf> leaves) {
  const End now{{entry.message->arrived_ms, entry.seq}, entry.message->arrived_hub_ms};
  for (const Leaf& leaf : leaves) {
    if (leaf.kind == Leaf::Kind::other) {
      add_constant(leaf.path, leaf.text, 1);
      continue;
    }
    auto known = numbers_.find(leaf.path);
    if (known == numbers_.end()) known = numbers_.try_emplace(std::string(leaf.path)).first;
    known->second.add({leaf.text, leaf.number}, now.stamp);
  }
  add_times(now, now);
  ++readings_;
}

void Fold::add_row(const store::Entry& entry, const Row& row) {
  const End first{{entry.message->arrived_ms, row.from}, entry.message->arrived_hub_ms};
  const End last{{row.last_ms, row.to}, 0};
  for (const Row::Field& field : row.fields)
    numbers_[field.path].merge(field.values, first.stamp, last.stamp);
  for (const auto& [path, text] : row.constants) add_constant(path, text, row.readings);
  add_times(first, last);
  readings_ += row.readings;
}

void Fold::add_times(const End& first, const End& last) {
  if (readings_ == 0 || first.stamp < first_.stamp) first_ = first;
  if (readings_ == 0 || last.stamp > last_.stamp) last_ = last;
}

// A text that has changed is counted no more, so that it is not in all readings.
void Fold::add_constant(std::string_view path, std::string_view text, uint64_t count) {
  auto known = constants_.find(path);
  if (known == constants_.end())
    known = constants_.try_emplace(std::string(path), Constant{std::string(text)}).first;
  if (known->second.text == text) known->second.count += count;
}

core::MessagePtr Fold::row() const {
  auto text = body();
  if (!text) return nullptr;
  core::Message message = draft_;
  message.body = *std::move(text);
  message.arrived_ms = first_.stamp.time_ms;
  message.arrived_hub_ms = first_.hub_ms;
  message.expires_ms = wish_ms_;
  if (store::stored_bytes(message) >= bytes_) return nullptr;
  return std::make_shared<const core::Message>(std::move(message));
}

std::optional<std::string> Fold::body() const {
  std::string out = "{\"fold\":" + std::to_string(seconds_of(into_)) + ",\"n\":" + std::to_string(readings_) +
                    ",\"from\":" + std::to_string(first_.stamp.order) +
                    ",\"to\":" + std::to_string(last_.stamp.order) +
                    ",\"last\":" + std::to_string(last_.stamp.time_ms);
  append_constants(out);
  out += ",\"of\":{";
  for (const auto& [path, summary] : numbers_) {
    if (out.back() != '{') out += ',';
    core::append_json_string(out, path);
    out += ':';
    if (!summary.append_json(out)) return std::nullopt;
  }
  return out += "}}";
}

void Fold::append_constants(std::string& out) const {
  const size_t begin = out.size();
  for (const auto& [path, constant] : constants_) {
    if (constant.count != readings_) continue;
    out.append(out.size() == begin ? ",\"same\":{" : ",");
    core::append_json_string(out, path);
    out.append(":").append(constant.text);
  }
  if (out.size() != begin) out += '}';
}

std::optional<Fold::Row> Fold::Row::read(std::span<const Leaf> leaves) {
  Row row;
  if (!row.read_head(leaves)) return std::nullopt;
  for (const Leaf& leaf : leaves) {
    if (!row.take(leaf)) return std::nullopt;
  }
  const auto whole = [](const Field& field) { return field.members == 6; };
  if (row.fields.empty() || !std::ranges::all_of(row.fields, whole)) return std::nullopt;
  return row;
}

bool Fold::Row::read_head(std::span<const Leaf> leaves) {
  std::array<int64_t, 4> values{};
  constexpr std::array<std::string_view, 4> kNames = {"/n", "/from", "/to", "/last"};
  for (size_t i = 0; i < kNames.size(); ++i) {
    const Leaf* const leaf = find(leaves, kNames[i]);
    const auto value = leaf != nullptr ? integer_of(*leaf) : std::nullopt;
    if (!value) return false;
    values[i] = *value;
  }
  readings = static_cast<uint64_t>(values[0]);
  from = static_cast<store::Seq>(values[1]);
  to = static_cast<store::Seq>(values[2]);
  last_ms = values[3];
  return values[0] > 0;
}

// A leaf is of the head, "/same/PATH", or "/of/PATH/MEMBER", PATH being an escaped pointer.
bool Fold::Row::take(const Leaf& leaf) {
  constexpr std::string_view kSame = "/same/";
  constexpr std::string_view kOf = "/of/";
  if (leaf.path.starts_with(kSame)) {
    constants.emplace_back(unescaped_name(leaf.path.substr(kSame.size())), leaf.text);
    return true;
  }
  if (!leaf.path.starts_with(kOf)) return true;
  const size_t slash = leaf.path.rfind('/');
  if (slash < kOf.size() || leaf.kind != Leaf::Kind::number) return false;
  const std::string path = unescaped_name(leaf.path.substr(kOf.size(), slash - kOf.size()));
  if (fields.empty() || fields.back().path != path) fields.push_back({path, {}, 0});
  Field& field = fields.back();
  ++field.members;
  const std::string_view member = leaf.path.substr(slash + 1);
  if (member == "n") {
    field.values.count = static_cast<uint64_t>(leaf.number);
    return leaf.number >= 1;
  }
  WrittenNumber* const value = field.values.member(member);
  if (value != nullptr) *value = {leaf.text, leaf.number};
  return value != nullptr;
}

}  // namespace headgate::hub
