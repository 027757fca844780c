#include "upstream/drain/acks/notice.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headgate::upstream {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;

core::Unexpected malformed(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

// Reads members one by one, and remembers the first that is not as it has to be.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}

  uint64_t number(const char* name, uint64_t otherwise) {
    const auto found = object_.find(name);
    if (found == object_.end()) return otherwise;
    if (!found->is_number_unsigned()) return wrong(name, "a whole number, not negative"), otherwise;
    return found->get<uint64_t>();
  }
  std::string text(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end()) return {};
    if (!found->is_string()) return wrong(name, "a text"), std::string();
    return found->get<std::string>();
  }
  void wrong(const char* name, const char* expected) {
    if (error_.empty()) error_ = std::string("\"").append(name).append("\" is not ").append(expected);
  }
  [[nodiscard]] const Json& object() const { return object_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  const Json& object_;
  std::string error_;
};

Nack read_nack(const Json& value, Members& notice) {
  Members members(value);
  Nack nack{members.number("n", 0), members.number("i", 0), members.text("why")};
  if (nack.why.size() > AckNotice::kWhyBytesMax) nack.why.resize(AckNotice::kWhyBytesMax);
  if (!members.error().empty() || (nack.batch == 0) == (nack.message == 0))
    notice.wrong("nack", "a list of objects with either \"n\" or \"i\", and \"why\"");
  return nack;
}

void read_nacks(Members& notice, AckNotice& read) {
  const auto found = notice.object().find("nack");
  if (found == notice.object().end()) return;
  if (!found->is_array() || found->size() > AckNotice::kNacksMax)
    return notice.wrong("nack", "a list of 256 at most");
  for (const Json& value : *found) {
    if (!value.is_object()) return notice.wrong("nack", "a list of objects");
    read.nacks.push_back(read_nack(value, notice));
  }
}

void read_dictionaries(Members& notice, AckNotice& read) {
  const auto found = notice.object().find("dictionaries");
  if (found == notice.object().end()) return;
  const auto is_id = [](const Json& value) {
    return value.is_number_unsigned() && value.get<uint64_t>() > 0 && value.get<uint64_t>() <= UINT32_MAX;
  };
  if (!found->is_array() || found->size() > AckNotice::kDictionariesMax ||
      !std::ranges::all_of(*found, is_id))
    return notice.wrong("dictionaries", "a list of 64 ids of zstd dictionaries at most");
  read.dictionaries = found->get<std::vector<uint32_t>>();
}

void read_replay(Members& notice, AckNotice& read) {
  const auto found = notice.object().find("replay");
  if (found == notice.object().end()) return;
  if (!found->is_object()) return notice.wrong("replay", "an object with \"from\" and \"to\"");
  Members members(*found);
  const ReplayWish wish{members.number("from", 0), members.number("to", 0)};
  if (!members.error().empty() || wish.from == 0 || wish.to < wish.from)
    return notice.wrong("replay", "an object with \"from\" and \"to\", numbers of batches, 1 or more");
  read.replay = wish;
}

}  // namespace

core::Result<AckNotice> read_notice(core::Bytes text) {
  if (text.size() > AckNotice::kBytesMax)
    return malformed("it has " + std::to_string(text.size()) + " bytes, and 65536 are the most");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return malformed("it is no JSON object");
  Members members(json);
  if (members.number("v", 0) != kVersion) return malformed("\"v\" is not 1");
  AckNotice read;
  read.epoch = members.text("ep");
  read.from = members.number("from", 1);
  read.number = members.number("n", 0);
  read.hash = members.text("hash");
  if (json.contains("credit")) read.credit = members.number("credit", 0);
  read.again = members.number("again", 0);
  read_nacks(members, read);
  read_replay(members, read);
  read_dictionaries(members, read);
  if (!members.error().empty()) return malformed(members.error());
  if (read.epoch.empty()) return malformed("\"ep\", the epoch, is missing");
  return read;
}

store::Death death_by(const Nack& nack, core::Now now) {
  const std::string why = "refused by the consumer: " + nack.why;
  return {"upstream: " + why, now.wall_ms, 1, why, now.wall_ms, why, now.wall_ms};
}

std::string replay_answer(const ReplayWish& wish, std::string_view epoch, uint64_t oldest_kept,
                          uint64_t last_sent) {
  nlohmann::ordered_json answer{{"v", kVersion}, {"ep", epoch}, {"from", wish.from}, {"to", wish.to}};
  const uint64_t to = std::min(wish.to, last_sent);
  const uint64_t kept_from = oldest_kept == 0 ? last_sent + 1 : std::max(wish.from, oldest_kept);
  if (kept_from <= to) answer["again"] = {kept_from, to};
  if (wish.from < kept_from && wish.from <= to) answer["gone"] = {wish.from, std::min(to, kept_from - 1)};
  if (wish.to > last_sent) answer["not_sent"] = {std::max(wish.from, last_sent + 1), wish.to};
  return answer.dump();
}

std::string ack_level(std::string_view stream) { return std::string("ack/").append(stream); }

}  // namespace headgate::upstream
