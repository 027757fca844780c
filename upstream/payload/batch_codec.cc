// batch   =
// {"v":1,"hub":…[,"via":[hub,…]],"ep":…,"st":…,"lane":n[,"seq":[first,last]],"sent":ms[,"gaps":[gap,…]],"m":[row,…]} gap =
// {"from":seq,"to":seq,"n":count,"why":"expired"|"dropped"|"dead"} row     =
// {"i":seq,"t":arrived_ms,"k":topic[,"p":properties][,"ct":type][,"ce":encoding],body} body    = "b":<the
// JSON body as it came> | "s":"<UTF-8 text>" | "x":"<base64>"
//
// Keys are short, but their order matters more: what is equal from row to row (everything but digits) makes
// one long match for zstd, so a row costs little more than its changing digits.
#include "upstream/payload/batch_codec.h"

#include <simdjson.h>

#include <algorithm>
#include <string>

#include "core/content_type.h"
#include "core/text.h"
#include "core/text/json_string.h"
#include "core/topic.h"
#include "upstream/payload/columns/sheet.h"
#include "upstream/payload/frame.h"
#include "upstream/payload/json_text.h"
#include "upstream/payload/origin.h"

namespace headgate::upstream {
namespace {

constexpr size_t kColumnsFrom = 8;  // messages; fewer are smaller as rows

bool is_plain_encoding(std::string_view content_encoding) {
  return content_encoding.empty() || core::equals_ignoring_case(content_encoding, "utf-8");
}

bool may_be_json(const core::Properties& properties) {
  return (properties.content_type.empty() || core::is_json_type(properties.content_type)) &&
         is_plain_encoding(properties.content_encoding);
}

bool names_repeat(const std::vector<core::UserProperty>& user) {
  for (size_t i = 1; i < user.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (user[i].name == user[j].name) return true;
    }
  }
  return false;
}

// An object; or, where names repeat, an array of pairs, because most readers keep one of equal keys.
void append_properties(std::string& out, const std::vector<core::UserProperty>& user) {
  const bool pairs = names_repeat(user);
  out += pairs ? ",\"p\":[" : ",\"p\":{";
  for (size_t i = 0; i < user.size(); ++i) {
    if (i > 0) out += ',';
    if (pairs) out += '[';
    append_json_lossy(out, user[i].name);
    out += pairs ? ',' : ':';
    append_json_lossy(out, user[i].value);
    if (pairs) out += ']';
  }
  out += pairs ? ']' : '}';
}

void append_text_member(std::string& out, std::string_view key, std::string_view value) {
  out.append(",\"").append(key).append("\":");
  append_json_lossy(out, value);
}

void append_number_member(std::string& out, std::string_view key, auto value) {
  out.append(",\"").append(key).append("\":");
  append_json_number(out, value);
}

void append_gaps(std::string& out, std::span<const store::Gap> gaps) {
  if (gaps.empty()) return;
  out += ",\"gaps\":[";
  for (const store::Gap& gap : gaps) {
    if (out.back() != '[') out += ',';
    out += "{\"from\":";
    append_json_number(out, gap.from);
    append_number_member(out, "to", gap.to);
    append_number_member(out, "n", gap.count);
    append_text_member(out, "why", gap_reason(gap));
    if (gap.goes_on()) {
      out += ",\"into\":[";
      append_json_number(out, gap.into_from);
      out += ',';
      append_json_number(out, gap.into_to);
      out += ']';
    }
    out += '}';
  }
  out += ']';
}

// Names the hubs whose batches are among the messages, so that each knows its own when they come back to it.
void append_via(std::string& out, std::span<const store::Entry> entries) {
  Origin via;
  for (const store::Entry& entry : entries) {
    if (!may_be_batch(*entry.message)) continue;
    for (std::string& hub : origin_of(entry.message->body)) {
      if (via.size() < kViaMax && std::ranges::find(via, hub) == via.end()) via.push_back(std::move(hub));
    }
  }
  if (via.empty()) return;
  out += ",\"via\":[";
  for (const std::string& hub : via) {
    if (out.back() != '[') out += ',';
    append_json_lossy(out, hub);
  }
  out += ']';
}

void append_head(std::string& out, const BatchHeader& header, std::span<const store::Entry> entries) {
  out += "{\"v\":1";
  append_text_member(out, "hub", header.hub);
  append_via(out, entries);
  append_text_member(out, "ep", header.epoch);
  append_text_member(out, "st", header.stream);
  append_number_member(out, "lane", uint64_t{header.lane});
  if (!entries.empty()) {
    out += ",\"seq\":[";
    append_json_number(out, entries.front().seq);
    out += ',';
    append_json_number(out, entries.back().seq);
    out += ']';
  }
  append_number_member(out, "sent", header.sent_ms);
  if (!header.clock_right) append_text_member(out, "clock", "unsynced");
  append_gaps(out, header.gaps);
}

}  // namespace

struct BatchEncoder::State {
  int zstd_level = 0;
  FrameWriter frame;
  columns::Sheet sheet;
  simdjson::dom::parser parser;
  std::string padded;  // a body with simdjson's padding behind it
  std::string json;

  bool is_json(core::Bytes body);
  std::string_view append_row(const store::Entry& entry);
  void append_members(const core::Message& message);
  void append_body(const core::Message& message);
  columns::Packed lay_out(std::span<const store::Entry> entries, bool in_columns);
};

// Strict: what simdjson cannot represent (integers beyond 64 bits, numbers beyond a double, bad UTF-8) is not
// embedded, so every reader gets what the publisher wrote.
bool BatchEncoder::State::is_json(core::Bytes body) {
  if (body.empty()) return false;
  padded.assign(body).append(simdjson::SIMDJSON_PADDING, '\0');
  return parser.parse(padded.data(), body.size(), false).error() == simdjson::SUCCESS;
}

void BatchEncoder::State::append_body(const core::Message& message) {
  if (may_be_json(message.props()) && is_json(message.body)) {
    json.append(",\"b\":").append(message.body);
  } else if (core::is_valid_utf8(message.body)) {
    json += ",\"s\":";
    core::append_json_string(json, message.body);
  } else {
    json += ",\"x\":";
    append_json_base64(json, message.body);
  }
}

// Members of a row behind "i" and "t", with the comma before them.
void BatchEncoder::State::append_members(const core::Message& message) {
  const core::Properties& properties = message.props();
  append_text_member(json, "k", message.topic);
  if (!properties.user.empty()) append_properties(json, properties.user);
  if (!properties.content_type.empty() && !core::is_json_type(properties.content_type)) {
    append_text_member(json, "ct", properties.content_type);
  }
  if (!is_plain_encoding(properties.content_encoding)) {
    append_text_member(json, "ce", properties.content_encoding);
  }
  append_body(message);
}

// Returns its members behind "i" and "t".
std::string_view BatchEncoder::State::append_row(const store::Entry& entry) {
  if (json.back() != '[') json += ',';
  json += "{\"i\":";
  append_json_number(json, entry.seq);
  append_number_member(json, "t", entry.message->arrived_ms);
  const size_t members = json.size() + 1;
  append_members(*entry.message);
  json += '}';
  return std::string_view(json).substr(members, json.size() - members - 1);
}

// All as JSON; with `in_columns`, the sheet has it too.
columns::Packed BatchEncoder::State::lay_out(std::span<const store::Entry> entries, bool in_columns) {
  const size_t head_bytes = json.size();
  sheet.clear();
  json += ",\"m\":[";
  for (const store::Entry& entry : entries) {
    const std::string_view members = append_row(entry);
    if (in_columns) sheet.add(entry.seq, entry.message->arrived_ms, members);
  }
  json += "]}";
  return in_columns ? sheet.pack(std::string_view(json).substr(0, head_bytes)) : columns::Packed{json, {}};
}

BatchEncoder::BatchEncoder(int zstd_level) : state_(std::make_unique<State>()) {
  state_->zstd_level = zstd_level;
}

BatchEncoder::~BatchEncoder() = default;

core::Result<EncodedBatch> BatchEncoder::encode(const BatchHeader& header,
                                                std::span<const store::Entry> entries, const BatchForm& form,
                                                const Dictionary* dictionary) {
  const bool in_columns = form.layout == BatchLayout::columns && entries.size() >= kColumnsFrom;
  std::string& json = state_->json;
  json.clear();
  append_head(json, header, entries);
  const columns::Packed packed = state_->lay_out(entries, in_columns);
  EncodedBatch batch{packed.content, packed.content, json.size(),
                     in_columns ? BatchLayout::columns : BatchLayout::rows};
  if (form.compression == BatchCompression::none) return batch;
  const auto cuts = in_columns ? std::span<const size_t>(packed.cuts) : std::span<const size_t>();
  const int zstd_level = form.zstd_level == 0 ? state_->zstd_level : form.zstd_level;
  const auto frame = state_->frame.compress(packed.content, cuts, zstd_level, dictionary);
  if (!frame) return core::fail(frame.error());
  batch.payload = *frame;
  return batch;
}

size_t row_bytes_estimate(const core::Message& message) {
  constexpr size_t kFixedBytes = 64;  // keys, seq and time
  const core::Properties& properties = message.props();
  size_t bytes = kFixedBytes + message.topic.size() + message.body.size() + properties.content_type.size();
  for (const core::UserProperty& property : properties.user) {
    bytes += property.name.size() + property.value.size() + 8;
  }
  return bytes;
}

std::string_view gap_reason(const store::Gap& gap) {
  if (gap.goes_on()) return "folded";
  switch (gap.why) {
    case store::Outcome::expired:
      return "expired";
    case store::Outcome::dead:
      return "dead";
    case store::Outcome::dropped:
      return "dropped";
    case store::Outcome::delivered:
      break;  // never a gap
  }
  return "dropped";
}

}  // namespace headgate::upstream
