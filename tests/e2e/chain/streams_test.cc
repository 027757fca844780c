// Streams as a broker recorded them over outages, kills and refusals, read by whoever shares no code with the hub.
// HEADGATE_SEEDS streams from HEADGATE_SEED on, and ten times as many changes to them; a build has a few.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <regex>
#include <set>

#include "tests/upstream/chain/hub_side.h"
#include "tools/unbatch/chain/report.h"
#include "tools/unbatch/chain/verifier.h"
#include "tools/unbatch/frame_splitter.h"

namespace headgate {
namespace {

using testing::HubSide;
using testing::ReceivedBatch;
using tools::ChainVerifier;
using tools::Finding;

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* const wanted = std::getenv(variable);
  return wanted == nullptr ? otherwise : std::strtoull(wanted, nullptr, 10);
}

uint64_t streams_wanted() { return number_from("HEADGATE_SEEDS", 40); }
uint64_t first_seed() { return number_from("HEADGATE_SEED", 1); }

std::string frame_with_mark(const std::string& json, const std::string& mark) {
  std::string frame(ZSTD_compressBound(json.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), json.data(), json.size(), 1));
  return upstream::with_mark(frame, mark);
}

// One payload of a record.
struct Recorded {
  std::string json;
  std::string mark;
  uint64_t number = 0;
  std::set<uint64_t> ids;
  int lane = 0;
  std::optional<tools::ChainLink> link{};  // as it was read, see Record::read()

  static Recorded of(const std::string& payload) {
    const tools::FrameSplitter::Batch batch = tools::decode_payload(payload);
    Recorded recorded{*batch.json, batch.mark, nlohmann::json::parse(batch.mark).at("n").get<uint64_t>(), {}};
    const auto parsed = nlohmann::json::parse(recorded.json);
    recorded.lane = parsed.at("lane").get<int>();
    for (const auto& row : parsed.at("m")) recorded.ids.insert(row.at("i").get<uint64_t>());
    return recorded;
  }
};

struct Record {
  std::vector<Recorded> batches;
  std::string head;

  [[nodiscard]] std::vector<Finding> findings() const { return verified().findings(); }
  [[nodiscard]] ChainVerifier verified() const {
    ChainVerifier verifier("");
    for (const Recorded& batch : batches) verifier.add(batch.link ? *batch.link : link_of(batch));
    if (const auto notice = tools::read_head_notice(head)) verifier.add(*notice);
    return verifier;
  }
  [[nodiscard]] static tools::ChainLink link_of(const Recorded& batch) {
    const tools::FrameSplitter::Batch read = tools::decode_payload(frame_with_mark(batch.json, batch.mark));
    auto link = ChainVerifier("").read(*read.json, read.mark, read.content_sha256);
    EXPECT_TRUE(link);
    return *std::move(link);
  }
  // Once for all judgements; what is changed from then on counts no more.
  void read() {
    for (Recorded& batch : batches) batch.link = link_of(batch);
  }
  [[nodiscard]] std::vector<uint64_t> first_arrivals() const {
    std::vector<uint64_t> order;
    std::set<uint64_t> seen;
    for (const Recorded& batch : batches) {
      if (seen.insert(batch.number).second) order.push_back(batch.number);
    }
    return order;
  }
  // A batch comes after the last copy of one that follows it.
  [[nodiscard]] bool is_out_of_order() const {
    std::map<uint64_t, size_t> first;
    std::map<uint64_t, size_t> last;
    for (size_t i = 0; i < batches.size(); ++i) {
      first.try_emplace(batches[i].number, i);
      last[batches[i].number] = i;
    }
    for (const auto& [number, at] : first) {
      for (auto behind = last.upper_bound(number); behind != last.end(); ++behind)
        if (behind->second < at && !gives_up(behind->first)) return true;
    }
    return false;
  }
  void forget(const std::set<uint64_t>& numbers) {
    std::erase_if(batches, [&numbers](const Recorded& batch) { return numbers.contains(batch.number); });
  }
  // Those of the ids that no batch has: after a lost answer a later one may hold them once more.
  [[nodiscard]] std::set<uint64_t> without_held(std::set<uint64_t> ids) const {
    for (const Recorded& batch : batches)
      for (const uint64_t id : batch.ids) ids.erase(id);
    return ids;
  }
  [[nodiscard]] bool has_lane(int lane) const {
    return std::ranges::any_of(
        batches, [lane](const Recorded& batch) { return batch.lane == lane && !batch.ids.empty(); });
  }
  [[nodiscard]] bool gives_up(uint64_t number) const {
    for (const Recorded& batch : batches) {
      for (const auto& span :
           nlohmann::json::parse(batch.mark).value("instead_of", nlohmann::json::array())) {
        if (span[0] <= number && number <= span[1]) return true;
      }
    }
    return false;
  }
};

// A hub with a bad month: three lanes, a link that drains in an order of three, or links of several orders, some messages that expire, a link that dies
// anywhere, kills, a broker that refuses some messages and is full at times.
class Month : public HubSide {
 public:
  explicit Month(uint64_t seed) : random_(seed) {
    drain_in(static_cast<upstream::DrainOrder>(seed % 3));
    (void)store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
    answer = [this](const ReceivedBatch& batch) { return reply(batch); };
    const uint64_t rounds = 5 + random_() % 10;
    for (uint64_t round = 0; round < rounds; ++round) live();
    calm_ = true;
    link->revive();
    link->die_after(SIZE_MAX);
    append(1, 5);  // a stream ends with something that stands for what was given up
    pass_ms(40 * 60'000);
    record_.head = head().dump();
  }

  [[nodiscard]] const Record& record() const { return record_; }

 private:
  uint8_t reply(const ReceivedBatch& batch) {
    const uint64_t dice = calm_ ? 99 : random_() % 100;
    const bool poison = std::ranges::any_of(batch.seqs(), [](uint64_t seq) { return seq % 37 == 0; });
    if (poison) return upstream::payload_format_invalid;
    if (dice < 5) return upstream::quota_exceeded;
    record_.batches.push_back(Recorded::of(batch.payload));
    return 0;
  }
  // The link comes up with a backlog, over a line so slow that more comes before that is gone.
  void come_back() {
    link->kill();
    settle();
    append(8 + random_() % 24);
    link->revive();
    for (int step = 0; step < 40; ++step) {
      clock.advance_ms(100);
      store.tick(clock.now());
      forwarder->on_tick(clock.now());
      deliver_one();
      append(random_() % 3);
    }
  }
  void live() {
    if (random_() % 3 == 0) come_back();
    for (uint64_t i = random_() % 4; i > 0; --i)
      append(random_() % 10, static_cast<uint8_t>(random_() % 3 * 5), random_() % 4 == 0 ? 2000 : 0);
    if (random_() % 2 == 0) link->die_after(random_() % 8);
    if (random_() % 6 == 0) link->kill();
    pass_ms(static_cast<int64_t>(random_() % 5000));
    if (random_() % 4 == 0) kill();
    link->revive();
    const bool has_another_link = session.order != upstream::DrainOrder::oldest_first && random_() % 8 == 0;
    if (has_another_link) drain_in(static_cast<upstream::DrainOrder>(random_() % 3));
  }

  std::mt19937_64 random_;
  bool calm_ = false;
  Record record_;
};

// Changes a digit of what a message says.
bool change_body(Recorded& batch, std::mt19937_64& random) {
  const size_t begin = batch.json.find("\"m\":[") + 5;
  std::vector<size_t> places;
  for (size_t at = begin; (at = batch.json.find("\"v\":", at)) != std::string::npos; ++at)
    places.push_back(at + 4);
  if (places.empty()) return false;
  char& digit = batch.json[places[random() % places.size()]];
  digit = digit == '9' ? '8' : static_cast<char>(digit + 1);
  return true;
}

void change_sent(Recorded& batch) {
  char& digit = batch.json[batch.json.find("\"sent\":") + 10];
  digit = digit == '9' ? '8' : '9';
}

bool names(const std::vector<Finding>& findings, uint64_t number) {
  return std::ranges::any_of(findings,
                             [number](const Finding& found) { return found.numbers.holds(number); });
}

bool names_ids(const std::vector<Finding>& findings, const std::set<uint64_t>& ids) {
  return std::ranges::all_of(ids, [&findings](uint64_t id) {
    return std::ranges::any_of(findings, [id](const Finding& found) {
      return std::ranges::any_of(found.ids, [id](const tools::Span& span) { return span.holds(id); });
    });
  });
}

// Whether a message that is here is said to be among those that are missing.
bool names_any_of(const std::vector<Finding>& findings, const Record& record) {
  std::vector<tools::Span> ids;
  for (const Finding& found : findings) {
    if (found.flaw == tools::Flaw::missing) ids.insert(ids.end(), found.ids.begin(), found.ids.end());
  }
  return std::ranges::any_of(record.batches, [&ids](const Recorded& batch) {
    return std::ranges::any_of(batch.ids, [&ids](uint64_t id) { return tools::holds(ids, id); });
  });
}

std::string told(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += to_text(finding) + "\n";
  return text;
}

class Streams : public ::testing::Test {
 protected:
  // So many payloads that follow each other are not there, nor their copies. False where nothing can show that.
  bool delete_some(const Record& whole, size_t first, size_t count) {
    const auto begin = whole.batches.begin() + static_cast<ptrdiff_t>(first);
    const std::vector<Recorded> gone(
        begin, begin + static_cast<ptrdiff_t>(std::min(count, whole.batches.size() - first)));
    std::set<uint64_t> numbers;
    for (const Recorded& batch : gone) numbers.insert(batch.number);
    if (numbers.contains(whole.first_arrivals().front())) return false;
    Record record = whole;
    record.forget(numbers);
    std::erase_if(numbers, [&record](uint64_t number) { return record.gives_up(number); });
    if (numbers.empty()) return false;
    const auto findings = record.findings();
    EXPECT_FALSE(names_any_of(findings, record)) << "it is here\n" << told(findings);
    for (const Recorded& batch : gone) {
      if (numbers.contains(batch.number)) expect_named(findings, batch, record);
    }
    return true;
  }
  void expect_named(const std::vector<Finding>& findings, const Recorded& gone, const Record& record) {
    EXPECT_TRUE(names(findings, gone.number)) << gone.number << "\n" << told(findings);
    const std::set<uint64_t> ids = record.without_held(gone.ids);
    EXPECT_TRUE(names_ids(findings, ids) || !record.has_lane(gone.lane)) << gone.mark << gone.json << "\n"
                                                                         << told(findings);
    if (!names_ids(findings, ids)) ++without_lane_;
  }
  // A change to a copy of the record; false if it cannot be made there.
  bool delete_one(const Record& whole) { return delete_some(whole, random_() % whole.batches.size(), 1); }
  bool swap_two(const Record& whole) {
    Record record = whole;
    const size_t i = random_() % whole.batches.size();
    const size_t j = random_() % whole.batches.size();
    std::swap(record.batches[i], record.batches[j]);
    if (whole.first_arrivals() == record.first_arrivals() || !record.is_out_of_order()) return false;
    const auto findings = record.findings();
    const bool named = std::ranges::any_of(
        findings, [](const Finding& found) { return found.flaw == tools::Flaw::disorder; });
    EXPECT_TRUE(named) << told(findings);
    return true;
  }
  bool repeat_one(const Record& whole, bool changed) {
    Record record = whole;
    const size_t i = random_() % whole.batches.size();
    Recorded again = whole.batches[i];
    if (changed && !change_body(again, random_)) change_sent(again);
    const size_t at = i + 1 + random_() % (whole.batches.size() - i);
    record.batches.insert(record.batches.begin() + static_cast<ptrdiff_t>(at), again);
    const auto findings = record.findings();
    EXPECT_EQ(names(findings, again.number), changed) << told(findings);
    EXPECT_EQ(findings.empty(), !changed);
    EXPECT_TRUE(!changed || names_ids(findings, again.ids)) << told(findings);
    return true;
  }
  bool edit_one(const Record& whole) {
    Record record = whole;
    Recorded& batch = record.batches[random_() % whole.batches.size()];
    if (whole.gives_up(batch.number)) return false;  // nobody needs it: others hold its messages
    if (!change_body(batch, random_)) change_sent(batch);
    const auto findings = record.findings();
    EXPECT_TRUE(names(findings, batch.number)) << batch.number << "\n" << told(findings);
    return true;
  }
  bool edit_a_mark(const Record& whole) {
    Record record = whole;
    Recorded& batch = record.batches[random_() % whole.batches.size()];
    const size_t at = batch.mark.find("\"prev\":");
    if (at == std::string::npos || whole.gives_up(batch.number)) return false;
    char& letter = batch.mark[at + 12];
    letter = letter == 'A' ? 'B' : 'A';
    EXPECT_FALSE(record.findings().empty());
    return true;
  }

  std::mt19937_64 random_{7};
  uint64_t without_lane_ = 0;  // deletions whose ids only the words "a lane without another batch" tell
};

TEST_F(Streams, RaiseNoFindingAsTheyWere) {
  size_t batches = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + streams_wanted(); ++seed) {
    const Month month(seed);
    const ChainVerifier verifier = month.record().verified();
    EXPECT_TRUE(verifier.findings().empty()) << "seed " << seed << "\n" << told(verifier.findings());
    for (const tools::Vouched& vouched : verifier.vouched()) {
      EXPECT_TRUE(vouched.to_head) << "seed " << seed << to_text(vouched) << month.record().head;
    }
    batches += month.record().batches.size();
    if (HasFailure()) return;
  }
  EXPECT_GT(batches, streams_wanted() * 5);
}

TEST_F(Streams, ShowEveryChange) {
  size_t changes = 0;
  for (uint64_t round = 0; changes < 10 * streams_wanted(); ++round) {
    const uint64_t seed = first_seed() + round % streams_wanted();
    const Month month(seed);
    random_.seed(1000 * seed + round / streams_wanted());
    if (month.record().batches.size() < 3) continue;
    for (int i = 0; i < 12; ++i) {
      const Record& record = month.record();
      const bool changed = i % 6 == 0   ? delete_one(record)
                           : i % 6 == 1 ? swap_two(record)
                           : i % 6 == 2 ? repeat_one(record, true)
                           : i % 6 == 3 ? edit_one(record)
                           : i % 6 == 4 ? edit_a_mark(record)
                                        : !repeat_one(record, false);
      if (changed) ++changes;
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", round " << round << ", change " << i;
    }
  }
  EXPECT_LE(without_lane_, changes / 100);
}

TEST_F(Streams, NameTheMessagesOfBatchesThatAreMissing) {
  size_t deletions = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + (streams_wanted() + 7) / 8; ++seed) {
    Record record = Month(seed).record();
    record.read();
    for (size_t i = 0; i < record.batches.size(); ++i) {
      for (const size_t count : {size_t{1}, size_t{2 + i % 7}}) {
        if (delete_some(record, i, count)) ++deletions;
        ASSERT_FALSE(HasFailure()) << "seed " << seed << ", batches " << i << " + " << count;
      }
    }
  }
  EXPECT_LE(without_lane_, deletions / 100);
}

std::string plain_with_mark(const Recorded& batch) {
  return batch.json.substr(0, batch.json.size() - 1) + ",\"chain\":" + batch.mark + "}";
}

// What `tools/readers/verify_chain.py` makes of it: its exit code, and what it says.
std::pair<int, std::string> python(const Record& record, bool compressed = false) {
  const std::string path = ::testing::TempDir() + "headgate-record-" + std::to_string(::getpid());
  std::ofstream file(path, std::ios::binary);
  for (const Recorded& batch : record.batches)
    file << (compressed ? frame_with_mark(batch.json, batch.mark) : plain_with_mark(batch));
  file << record.head;
  file.close();
  FILE* const pipe = ::popen((std::string("python3 ") + HEADGATE_VERIFY_CHAIN + " " + path).c_str(), "r");
  std::string said;
  std::array<char, 4096> chunk{};
  for (size_t bytes = 0; (bytes = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
    said.append(chunk.data(), bytes);
  const int status = ::pclose(pipe);
  std::filesystem::remove(path);
  return {WEXITSTATUS(status), said};
}

// Whether one of the lines about missing batches has the id in a stretch "above A" or "above A and below B".
bool names_id(const std::string& said, uint64_t id) {
  static const std::regex stretch("above ([0-9]+)( and below ([0-9]+))?");
  return std::any_of(std::sregex_iterator(said.begin(), said.end(), stretch), {},
                     [id](const std::smatch& match) {
                       return std::stoull(match[1]) < id && (!match[3].matched || id < std::stoull(match[3]));
                     });
}

bool names_any_of(const std::string& said, const Record& record) {
  return std::ranges::any_of(record.batches, [&said](const Recorded& batch) {
    return std::ranges::any_of(batch.ids, [&said](uint64_t id) { return names_id(said, id); });
  });
}

TEST_F(Streams, AreJudgedAlikeInPython) {
  for (uint64_t seed = first_seed(); seed < first_seed() + streams_wanted() / 8; ++seed) {
    const Month month(seed);
    const auto [code, said] = python(month.record(), true);
    EXPECT_EQ(code, 0) << "seed " << seed << "\n" << said;
    for (size_t i = 0; i < month.record().batches.size(); i += 17) {
      Record changed = month.record();
      if (!change_body(changed.batches[i], random_) || changed.gives_up(changed.batches[i].number)) continue;
      const auto [code_of_changed, said_of_changed] = python(changed);
      EXPECT_EQ(code_of_changed, 3) << "seed " << seed << ", batch " << i << "\n" << said_of_changed;
    }
  }
}

TEST_F(Streams, ThatLackABatchAreToldAlikeInPython) {
  for (uint64_t seed = first_seed(); seed < first_seed() + streams_wanted() / 8; ++seed) {
    const Month month(seed);
    for (size_t i = 1; i < month.record().batches.size(); i += 17) {
      Record record = month.record();
      const Recorded gone = record.batches[i];
      record.forget({gone.number});
      if (gone.number == month.record().first_arrivals().front() || record.gives_up(gone.number)) continue;
      const auto [code, said] = python(record);
      EXPECT_EQ(code, 3) << "seed " << seed << ", batch " << i;
      EXPECT_NE(said.find("batch " + std::to_string(gone.number) + " is missing"), std::string::npos) << said;
      if (!record.has_lane(gone.lane)) continue;
      for (const uint64_t id : record.without_held(gone.ids))
        EXPECT_TRUE(names_id(said, id)) << "seed " << seed << ", batch " << i << ", id " << id << "\n"
                                        << said;
      const bool is_any_here = names_any_of(said, record);
      EXPECT_EQ(said.find("but for those that came") != std::string::npos, is_any_here)
          << "seed " << seed << ", batch " << i << "\n"
          << said;
    }
  }
}

TEST_F(Streams, ThatBeginInTheMiddleSayFromWhereTheyVouch) {
  const Month month(1);
  Record record = month.record();
  const uint64_t first = record.batches.front().number;
  std::erase_if(record.batches, [first](const Recorded& batch) { return batch.number == first; });
  const ChainVerifier verifier = record.verified();
  EXPECT_TRUE(verifier.findings().empty()) << told(verifier.findings());
  ASSERT_EQ(verifier.vouched().size(), 1U);
  EXPECT_FALSE(verifier.vouched()[0].from_beginning);
  EXPECT_EQ(verifier.vouched()[0].numbers.first, record.batches.front().number);
}

}  // namespace
}  // namespace headgate
