// `headgate unbatch --verify`: what it says of a chain, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/tools/unbatch/batches.h"
#include "tools/unbatch/chain/mark.h"
#include "tools/unbatch/chain/report.h"
#include "tools/unbatch/chain/verifier.h"
#include "tools/unbatch/frame_splitter.h"
#include "tools/unbatch/unbatch.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string mark_frame(const std::string& mark) {
  return std::string("\x5C\x2A\x4D\x18") + static_cast<char>(mark.size()) + std::string(3, '\0') + mark;
}

// Batches 1, 2, 3 … of one message each, as a hub sends them.
class Verify : public ::testing::Test {
 protected:
  ~Verify() override { std::filesystem::remove_all(directory_); }

  // The next batch, or whatever `json` holds; the chain goes on with it.
  std::string next(const std::string& json, const std::string& more = "") {
    const std::string prev = number_ == 0 ? "" : ",\"prev\":\"" + hash_ + "\"";
    const std::string mark = "{\"n\":" + std::to_string(++number_) + prev + more + "}";
    hash_ = batch_hash(key_, mark, sha256(json));
    return zstd_frame(json) + mark_frame(mark);
  }
  std::string next() { return next(batch_json(row(static_cast<int>(number_) + 1))); }
  std::string several(int count) {
    std::string stream;
    for (; count > 0; --count) stream += next();
    return stream;
  }
  [[nodiscard]] std::string head() const {
    return R"({"v":1,"hub":"h","ep":"e","st":"upstream","n":)" + std::to_string(number_) + ",\"hash\":\"" +
           hash_ + "\",\"sent\":1}\n";
  }
  int run(const std::string& input, std::vector<std::string> args = {"--verify"}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int code = run_unbatch(args, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  // Batches that a state file of that name keeps.
  [[nodiscard]] size_t kept_batches() const {
    std::ifstream state(directory_ / "state.chain");
    return nlohmann::json::parse(state)["chains"][0]["links"].size();
  }
  static void add(ChainVerifier& verifier, const std::string& stream) {
    FrameSplitter splitter;
    splitter.feed(stream);
    while (const auto batch = splitter.next(true)) {
      auto link = verifier.read(*batch->json, batch->mark, batch->content_sha256);
      ASSERT_TRUE(link);
      verifier.add(*std::move(link));
    }
  }
  [[nodiscard]] static ChainVerifier after(const std::string& stream) {
    ChainVerifier verifier("");
    add(verifier, stream);
    return verifier;
  }
  std::string file(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return (directory_ / name).string();
  }

  std::string key_;
  uint64_t number_ = 0;
  std::string hash_;
  std::string out_;
  std::string err_;
  const std::filesystem::path directory_ =
      std::filesystem::path(::testing::TempDir()) / ("headgate-verify-" + std::to_string(::getpid()));
};

TEST_F(Verify, VouchesForAWholeChain) {
  const std::string stream = several(3);
  EXPECT_EQ(run(stream + head()), 0);
  EXPECT_EQ(
      err_,
      "headgate unbatch: h/e/upstream: verified: batches 1 to 3, from the beginning of the epoch, up to the head\n");
}

TEST_F(Verify, SaysThatWithoutAHeadTheEndIsOpen) {
  EXPECT_EQ(run(several(2)), 0);
  EXPECT_THAT(err_, HasSubstr("no head says whether there are more"));
}

TEST_F(Verify, SaysFromWhereItVouches) {
  next();
  EXPECT_EQ(run(several(2)), 0);
  EXPECT_THAT(err_, HasSubstr("batches 2 to 3; what was before them is not here"));
}

TEST_F(Verify, IsDoneUnaskedWhereMessagesAreStoredAndNotWhereTheyArePrinted) {
  const std::string first = next();
  next();
  const std::string stream = first + next();
  const std::string rows = file("rows.db", "");
  EXPECT_EQ(run(stream, {"--sqlite", rows}), 3);
  EXPECT_EQ(run(stream, {"--sqlite", rows, "--no-verify"}), 0);
  EXPECT_EQ(run(stream, {}), 0);
  EXPECT_EQ(run(stream, {"--verify"}), 3);
}

TEST_F(Verify, NamesABatchThatIsMissingAndItsIds) {
  const std::string first = next();
  next();
  EXPECT_EQ(run(first + next()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "h/e/upstream: missing: batch 2 is missing, and no other stands for it; the messages are among those of the ids 2 that have not come, or of a lane without another batch\n"));
}

// The lane had gone on to 9 before batch 1 was refused; batch 3 was half of that one.
TEST_F(Verify, NamesIdsBelowThoseBeforeWhereALaneWentBack) {
  next(batch_json(row(1) + "," + row(2) + "," + row(3) + "," + row(4)));
  const std::string second = next(batch_json(row(8) + "," + row(9)));
  next(batch_json(row(1) + "," + row(2)));
  const std::string last = next(batch_json(row(3) + "," + row(4)), ",\"instead_of\":[[1,1]]");
  EXPECT_EQ(run(second + last + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "batch 3 is missing, and no other stands for it; the messages are among those of the ids 1-2, 5-7, 10 and above"));
}

std::string batch_of(std::initializer_list<int> seqs, const std::string& gaps = "") {
  std::string rows;
  for (const int seq : seqs) rows += (rows.empty() ? "" : ",") + row(seq);
  return batch_json(rows, gaps);
}

// Messages 1 to 6 waited when the link came up, which brings first what comes.
TEST_F(Verify, NamesIdsOfABatchThatWentAheadOfOlderMessages) {
  const std::string first = next(batch_of({1, 2}));
  next(batch_of({11, 12}), ",\"ahead\":true");
  const std::string third = next(batch_of({3, 4}), ",\"over\":12");
  const std::string fourth = next(batch_of({5, 6}), ",\"over\":12");
  EXPECT_EQ(run(first + third + fourth + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "batch 2 is missing, and no other stands for it; the messages are among those of the ids 7-12 that have not come,"));
}

TEST_F(Verify, NamesIdsOfABatchThatComesAfterOneThatWentAhead) {
  std::string stream = next(batch_of({1, 2}));
  stream += next(batch_of({11, 12}), ",\"ahead\":true");
  next(batch_of({3, 4}), ",\"over\":12");
  EXPECT_EQ(run(stream + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "batch 3 is missing, and no other stands for it; the messages are among those of the ids 3-10, 13 and above that have not come,"));
  stream += next(
      batch_of({6, 7}, R"({"from":5,"to":5,"n":1,"why":"expired"},{"from":8,"to":10,"n":2,"why":"expired"})"),
      ",\"over\":12");
  EXPECT_EQ(run(stream + head()), 3);
  EXPECT_THAT(err_, HasSubstr("of the ids 3-5, 8-10 that have not come,"))
      << "what has expired may have been sent";
}

// Batch 2 was refused; 4 and 5 hold its halves.
TEST_F(Verify, NamesIdsAboveThoseThatALaneWentBackTo) {
  std::string stream = next(batch_of({1, 2}));
  next(batch_of({3, 4}));
  next(batch_of({8, 9}));
  next(batch_of({3}), R"(,"instead_of":[[2,2]],"over":9)");
  stream += next(batch_of({4}), ",\"over\":9");
  EXPECT_EQ(run(stream + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "batches 2 to 4 are missing, and no other stands for them; the messages are among those of the ids 3, 5-9 that have not come,"));
}

TEST_F(Verify, NamesIdsOfABatchWhoseLaneHadGoneAheadAmongBatchesThatAreForgotten) {
  ChainVerifier verifier("");
  add(verifier, next(batch_of({1})));
  for (int i = 0; i < 300; ++i) add(verifier, next(batch_of({1001 + i}), ",\"ahead\":true"));
  verifier.forget_verified();
  ChainVerifier later("");
  ASSERT_TRUE(later.load(verifier.save()));
  next(batch_of({2, 3}), ",\"over\":1300");
  add(later, next(batch_of({5}), ",\"over\":1300"));
  ASSERT_EQ(later.findings().size(), 1U);
  EXPECT_THAT(later.findings()[0].ids, ::testing::Contains(Span{2, 4}));
}

TEST(MissingBatch, IsToldWithWhereIdsAreThatALineHasNoRoomFor) {
  Finding finding{{"h", "e", "s"}, Flaw::missing, {2, 2}, {}, "batch 2 is missing"};
  for (uint64_t id = 1; id <= 59; id += 2) finding.ids.push_back({id, id});
  EXPECT_THAT(to_text(finding), HasSubstr(", 37, 39, and others of 41-59 that have not come, or of a lane"));
  finding.ids.back().last = kOpen;
  EXPECT_THAT(to_text(finding),
              HasSubstr(", 39, and others of 41 and above that have not come, or of a lane"));
}

// The hub halved batch 2, which never came, and batch 4, which would say so, was the first half.
TEST_F(Verify, NamesIdsOfAMissingBatchWithAnotherThatItStandsFor) {
  std::string stream = next(batch_json(row(1)));
  next(batch_json(row(2) + "," + row(3)));
  stream += next(batch_json(row(4)));
  next(batch_json(row(2)), ",\"instead_of\":[[2,2]]");
  stream += next(batch_json(row(3) + "," + row(9)));
  EXPECT_EQ(run(stream + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "batch 2 is missing, and no other stands for it; the messages are among those of the ids 2 that have not come, or"));
  EXPECT_THAT(err_,
              HasSubstr("batch 4 is missing, and no other stands for it; the messages are of others that"));
}

TEST_F(Verify, NamesIdsOfALaneWhoseOtherBatchesAreForgotten) {
  ChainVerifier verifier("");
  std::string lone = batch_json(row(1));
  lone.replace(lone.find("\"lane\":5"), 8, "\"lane\":0");
  add(verifier, next(lone));
  add(verifier, several(300));
  verifier.forget_verified();
  ChainVerifier later("");
  ASSERT_TRUE(later.load(verifier.save()));
  next();
  add(later, next());
  ASSERT_EQ(later.findings().size(), 1U);
  EXPECT_TRUE(holds(later.findings()[0].ids, 2)) << "of lane 0 above its last";
}

TEST_F(Verify, NamesTheLastBatchesThatAreMissing) {
  const std::string first = next();
  next();
  next();
  EXPECT_EQ(run(first + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "batches 2 to 3 are missing, and no other stands for them; the messages are among those of the ids 2 and above"));
}

std::string presence_with(const std::string& heads) {
  return R"({"v":1,"hub":"h","link":"lte","state":"online","queues":[],"ep":"e","heads":)" + heads + "}\n";
}

TEST_F(Verify, TakesThePresenceOfAHubForTheHeadsOfItsStreams) {
  const std::string first = next();
  next();
  const std::string heads =
      R"([{"st":"upstream","n":2,"hash":")" + hash_ + R"("},{"st":"upstream:lte","n":7,"hash":"x"}])";
  EXPECT_EQ(run(first + presence_with(heads)), 3);
  EXPECT_THAT(err_, HasSubstr("batch 2 is missing"));
}

TEST_F(Verify, PassesOverAPresenceThatNamesNoHead) {
  const std::string offline = "{\"v\":1,\"hub\":\"h\",\"link\":\"lte\",\"state\":\"offline\"}\n";
  EXPECT_EQ(run(next() + offline + presence_with("[]") + presence_with("7") +
                presence_with(R"([1,{"st":"upstream"}])")),
            0)
      << err_;
}

TEST(ReadPresence, TakesNoBatchAndNoHeadForIt) {
  EXPECT_FALSE(read_presence(R"({"v":1,"hub":"h","link":"l","state":"online","m":[]})"));
  EXPECT_FALSE(read_presence(R"({"v":1,"hub":"h","ep":"e","st":"upstream","n":1,"hash":"x","sent":1})"));
  EXPECT_FALSE(read_presence("\"state\""));
}

TEST_F(Verify, NamesABatchThatWasChanged) {
  const std::string first = next();
  next();
  const std::string changed = zstd_frame(batch_json(row(7))) + mark_frame("{\"n\":2,\"prev\":\"x\"}");
  EXPECT_EQ(run(first + changed + next()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "changed: batch 2 is not as it was sent: its hash is not the one that batch 3 names; ids 7\n"));
}

TEST_F(Verify, TakesARepetitionForNothing) {
  const std::string first = next();
  const std::string second = next();
  EXPECT_EQ(run(first + second + first + second + head()), 0);
}

TEST_F(Verify, NamesABatchThatCameTwiceAndDiffers) {
  const std::string first = next();
  EXPECT_EQ(run(first + zstd_frame(batch_json(row(9))) + mark_frame("{\"n\":1}") + next()), 3);
  EXPECT_THAT(err_, HasSubstr("two_of_one: batch 1 came twice, with different content; ids 1, 9"));
}

TEST_F(Verify, NamesABatchThatCameTooLate) {
  const std::string first = next();
  const std::string second = next();
  const std::string third = next();
  EXPECT_EQ(run(first + third + second + next()), 3);
  EXPECT_THAT(err_, HasSubstr("disorder: batch 2 came after batch 3; ids 2"));
}

// The second batch was lost and went again; of the third, which had come, messages expired before it could follow.
TEST_F(Verify, WaitsWithDisorderUntilItCanTellWhetherABatchWasGivenUp) {
  std::string stream = next();
  const std::string second = next();
  stream += next() + second;
  EXPECT_EQ(run(stream), 0) << err_;
  stream += next(batch_json(row(4), R"({"from":3,"to":3,"n":1,"why":"expired"})"), ",\"instead_of\":[[3,3]]");
  EXPECT_EQ(run(stream + head()), 0) << err_;
}

TEST_F(Verify, TellsDisorderAtTheEndOfWhatAHeadCovers) {
  const std::string first = next();
  const std::string second = next();
  const std::string third = next();
  EXPECT_EQ(run(first + third + second + head()), 3);
  EXPECT_THAT(err_, HasSubstr("disorder: batch 2 came after batch 3; ids 2"));
}

// The broker refused the second batch and took the third, and its answers were lost.
TEST_F(Verify, AcceptsABatchThatCameLateIfWhatFollowsItCameAgain) {
  const std::string first = next();
  const std::string second = next();
  const std::string third = next();
  EXPECT_EQ(run(first + third + second + third + head()), 0) << err_;
}

TEST_F(Verify, AcceptsABatchThatWasGivenUpWhoseMessagesOthersHold) {
  std::string stream = next();
  stream += next(batch_json(row(2) + "," + row(3) + "," + row(4)));
  stream += next(batch_json(row(2)), ",\"instead_of\":[[2,2]]");
  stream += next(batch_json(row(3), R"({"from":4,"to":4,"n":1,"why":"dead"})"));
  EXPECT_EQ(run(stream + head()), 0) << err_;
}

TEST_F(Verify, AcceptsABatchThatWasGivenUpAndNeverCame) {
  std::string stream = next();
  next(batch_json(row(2)));
  stream += next(batch_json(row(2)), ",\"instead_of\":[[2,2]]");
  EXPECT_EQ(run(stream + head()), 0) << err_;
}

TEST_F(Verify, NamesABatchThatWasChangedBeforeOneThatWasGivenUpAndNeverCame) {
  next();
  const std::string standing = ",\"instead_of\":[[2,2,1,\"" + hash_ + "\"]]";
  next(batch_json(row(2)));
  const std::string changed = zstd_frame(batch_json(row(7))) + mark_frame("{\"n\":1}");
  const std::string third = next(batch_json(row(2)), standing);
  EXPECT_EQ(run(changed + third + head()), 3);
  EXPECT_THAT(
      err_, HasSubstr("batch 1 is not as it was sent: its hash is not the one that batch 3 names; ids 7\n"));
}

// The broker was full for batch 2 and took 3; it took 2 when it came again, and the answers to both were lost.
TEST_F(Verify, AcceptsBatchesThatCameInAnyOrderAndWereGivenUp) {
  std::string stream = next();
  const std::string second = next();
  stream += next() + second;
  stream += next(batch_json(row(2) + "," + row(3)), ",\"instead_of\":[[2,3]]");
  EXPECT_EQ(run(stream + head()), 0) << err_;
}

// The hub gave batch 2 up and sent 3, which says so; a power cut took both from its memory, but for the plan of batch 2.
TEST_F(Verify, AcceptsABatchThatAPowerCutHasBroughtBack) {
  std::string stream = next();
  const std::string second = next(batch_json(row(2)));
  const std::string hash_of_second = hash_;
  stream += next(batch_json(row(3)), ",\"instead_of\":[[2,2]]");
  hash_ = hash_of_second;
  stream += second + next(batch_json(row(3)), ",\"after\":2,\"instead_of\":[[3,3]]");
  EXPECT_EQ(run(stream + head()), 0) << err_;
}

TEST_F(Verify, NamesIdsOfAForkThatNothingExplains) {
  std::string stream = next();
  stream += next(batch_json(row(2) + "," + row(3)));
  stream += next(batch_json(row(2)), ",\"instead_of\":[[2,2]]");
  EXPECT_EQ(run(stream + head()), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "unexplained: batch 2 was given up, and neither a later batch nor a gap holds all of its messages; ids 3\n"));
}

TEST_F(Verify, NamesABatchBesideTheChain) {
  std::string stream = next();
  const std::string hash_of_first = hash_;
  stream += next();
  hash_ = hash_of_first;
  stream += next(batch_json(row(3)), ",\"after\":1");
  EXPECT_EQ(run(stream), 3);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "unexplained: batch 2 is beside the chain: batch 3 follows batch 1, and nothing explains the fork; ids 2"));
}

TEST_F(Verify, NamesABatchBeforeOneThatBeginsTheChain) {
  const std::string first = next();
  hash_.clear();
  const std::string mark = "{\"n\":2}";
  EXPECT_EQ(run(first + zstd_frame(batch_json(row(2))) + mark_frame(mark)), 3);
  EXPECT_THAT(err_, HasSubstr("unexplained: batch 1 is beside the chain: batch 2 begins it"));
}

TEST_F(Verify, AcceptsThatTheHubHasForgottenHowTheChainBegan) {
  const std::string first = next();
  const std::string mark = R"({"n":4,"instead_of":[[1,3]]})";
  EXPECT_EQ(run(first + zstd_frame(batch_json(row(1) + "," + row(2))) + mark_frame(mark)), 0) << err_;
}

TEST_F(Verify, ReadsPlainBatches) {
  const std::string json = batch_json(row(1));
  const std::string mark = "{\"n\":1}";
  number_ = 1;
  hash_ = batch_hash("", mark, sha256(json));
  const std::string plain = json.substr(0, json.size() - 1) + ",\"chain\":" + mark + "}";
  const std::string second = next();
  EXPECT_EQ(run(plain + second + head()), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"seq\":1,"));
}

TEST_F(Verify, NeedsTheKeyWhereThereIsOne) {
  key_ = "0123456789abcdef";
  std::string stream = several(2);
  stream += head();
  EXPECT_EQ(run(stream, {"--verify", "--chain-key-file", file("key", key_ + "\n")}), 0) << err_;
  EXPECT_EQ(run(stream), 3);
  EXPECT_EQ(run(stream, {"--verify", "--chain-key-file", (directory_ / "none").string()}), 2);
}

TEST_F(Verify, SaysWhichBatchIsCutShortInItsMark) {
  const std::string first = next();
  EXPECT_EQ(run(first + first.substr(0, first.size() - 2)), 1);
  EXPECT_THAT(err_, HasSubstr("a place in the chain that is cut short"));
}

TEST_F(Verify, TakesABatchWhoseLaneIsNoNumber) {
  std::string json = batch_json(row(1));
  if (const size_t lane = json.find("\"lane\":"); lane != std::string::npos)
    json.replace(lane + 7, 1, "\"x\"");
  EXPECT_EQ(run(next(json)), 0) << err_;
}

TEST_F(Verify, SaysWhichMarkCannotBeRead) {
  EXPECT_EQ(run(zstd_frame(batch_json(row(1))) + mark_frame("{\"n\":\"1\"}")), 1);
  EXPECT_THAT(err_, HasSubstr("standard input, byte 0: its place in the chain cannot be read"));
}

TEST_F(Verify, ReportsABatchOfANewerVersionAlthoughTheChainHoldsIt) {
  const std::string first = next();
  const std::string newer = next(R"({"v":2,"hub":"h","ep":"e","st":"upstream","rows":[]})");
  EXPECT_EQ(run(first + newer + next()), 1);
  EXPECT_THAT(err_, HasSubstr("version 2; this tool reads version 1"));
}

TEST_F(Verify, KeepsEpochsApart) {
  std::string first = next();
  first += head();
  number_ = 0;
  std::string json = batch_json(row(1));
  json.replace(json.find("\"ep\":\"e\""), 8, "\"ep\":\"f\"");
  EXPECT_EQ(run(first + next(json)), 0);
  EXPECT_THAT(err_, HasSubstr("h/e/upstream: verified: batches 1 to 1, from the beginning"));
  EXPECT_THAT(err_, HasSubstr("h/f/upstream: verified: batches 1 to 1, from the beginning"));
}

TEST_F(Verify, GoesOnOverRuns) {
  const std::vector<std::string> args{"--verify", "--state", file("state", R"({"v":1,"seen":[]})")};
  std::string first = several(3);
  first += head();
  EXPECT_EQ(run(first, args), 0);
  std::string more = several(2);
  more += head();
  EXPECT_EQ(run(more, args), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("verified: batches 1 to 5, from the beginning of the epoch, up to the head"));
  next();
  EXPECT_EQ(run(next(), args), 3);
  EXPECT_THAT(err_, HasSubstr("missing: batch 6 is missing"));
}

TEST_F(Verify, RemembersWhatIsMissingUntilItComes) {
  const std::vector<std::string> args{"--verify", "--state", file("state", R"({"v":1,"seen":[]})")};
  const std::string first = next();
  const std::string second = next();
  EXPECT_EQ(run(first + head(), args), 3);
  EXPECT_EQ(run(second, args), 0) << err_;
}

TEST_F(Verify, KeepsNoBatchesBehindAFindingThatCannotBeMendedAnyMore) {
  const std::vector<std::string> args{"--verify", "--state", file("state", R"({"v":1,"seen":[]})")};
  std::string stream = several(2);
  next();
  stream += several(static_cast<int>(ChainVerifier::kSettled) - 1);
  EXPECT_EQ(run(stream, args), 3);
  EXPECT_GT(kept_batches(), ChainVerifier::kSettled - 2) << "the third may still come";
  EXPECT_EQ(run(several(1), args), 3);
  EXPECT_THAT(err_, HasSubstr("missing: batch 3 is missing"));
  EXPECT_LE(kept_batches(), ChainVerifier::kKept + 1);
  const std::string more = several(1);
  EXPECT_EQ(run(more + head(), args), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("verified: batches 4 to 260; what was before them is not here"));
}

TEST_F(Verify, TellsAFindingThatARunWasKilledBeforeItTold) {
  std::string stream = several(2);
  next();
  stream += several(static_cast<int>(ChainVerifier::kSettled) + 1);
  ChainVerifier killed = after(stream);
  killed.forget_verified();
  ChainVerifier next_run("");
  ASSERT_TRUE(next_run.load(killed.save()));
  ASSERT_EQ(next_run.findings().size(), 1U);
  EXPECT_EQ(next_run.findings()[0].numbers, (Span{3, 3}));
  EXPECT_TRUE(next_run.on_told());
  EXPECT_TRUE(next_run.findings().empty());
  EXPECT_FALSE(next_run.on_told());
}

TEST_F(Verify, CountsFindingsWithoutNamingEachOnceThereAreMany) {
  ChainVerifier verifier("");
  const int all = static_cast<int>(Told::kMax) + 300;
  for (int i = 0; i < all; ++i) {
    next();
    add(verifier, next());
    verifier.forget_verified();
  }
  for (uint64_t i = 0; i < ChainVerifier::kSettled; ++i) add(verifier, next());
  verifier.forget_verified();
  ChainVerifier loaded("");
  ASSERT_TRUE(loaded.load(verifier.save()));
  ASSERT_EQ(loaded.findings().size(), Told::kMax + 1);
  EXPECT_THAT(loaded.findings().back().what, HasSubstr("299 more findings"));
}

TEST_F(Verify, RefusesAChainFileThatIsNone) {
  const std::string state = file("state", R"({"v":1,"seen":[]})");
  file("state.chain", "hello");
  EXPECT_EQ(run("", {"--verify", "--state", state}), 2);
  EXPECT_THAT(
      err_, HasSubstr("state.chain: not a chain that `headgate unbatch` has kept; remove it to start anew"));
}

TEST_F(Verify, IsNotAskedForByDefault) {
  const std::string first = next();
  next();
  const std::string third = next();
  EXPECT_EQ(run(first + third + head(), {}), 0);
  EXPECT_EQ(err_, "");
}

}  // namespace
}  // namespace headgate::tools
