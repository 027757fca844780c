#include "tools/bench/options.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/temp_dir.h"

namespace headgate::tools::bench {
namespace {

class BenchOptions : public ::testing::Test {
 protected:
  Options parsed(const std::vector<std::string>& args) {
    const Parsed result = parse_options(args, 4711, out_, err_);
    EXPECT_TRUE(result.options) << err_.str();
    return result.options.value_or(Options{});
  }
  // What is said about wrong arguments.
  std::string refusal(const std::vector<std::string>& args) {
    err_.str("");
    const Parsed result = parse_options(args, 4711, out_, err_);
    EXPECT_FALSE(result.options);
    EXPECT_EQ(result.exit_code, 2);
    return err_.str();
  }

  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BenchOptions, EveryVerbIsBoundedByDefault) {
  for (const char* verb : {"pub", "sub", "conns", "fan-in", "fan-out", "latency"}) {
    EXPECT_EQ(parsed({verb}).duration_s, 10) << verb;
  }
  EXPECT_EQ(parsed({"pub", "-n", "5"}).duration_s, 600);
  EXPECT_EQ(parsed({"pub", "-n", "5", "-d", "3"}).duration_s, 3);
}

TEST_F(BenchOptions, VerbsDifferInWhoThereIs) {
  EXPECT_EQ(parsed({"pub", "-c", "3"}).publishers, 3U);
  EXPECT_EQ(parsed({"sub", "-c", "3"}).subscribers, 3U);
  EXPECT_EQ(parsed({"conns", "-c", "3"}).subscribers, 3U);
  EXPECT_EQ(parsed({"fan-in"}).publishers, 4U);
  EXPECT_EQ(parsed({"fan-out", "--subscribers", "9"}).subscribers, 9U);
  EXPECT_EQ(parsed({"latency"}).rate, 10'000U);
}

TEST_F(BenchOptions, CrowdComesAllAtOnceIfAsked) {
  EXPECT_EQ(parsed({"conns"}).at_once, 256U);
  EXPECT_EQ(parsed({"conns", "-c", "3000", "--at-once", "3000"}).at_once, 3000U);
  EXPECT_NE(refusal({"conns", "--at-once", "0"}).find("--at-once"), std::string::npos);
}

TEST_F(BenchOptions, SubscribersTakeWhatPublishersSend) {
  EXPECT_EQ(parsed({"fan-in", "-t", "a/%i/b"}).filter, "a/+/b");
  EXPECT_EQ(parsed({"fan-in", "-t", "a/%i/b", "-f", "a/#"}).filter, "a/#");
  EXPECT_EQ(parsed({"sub", "-t", "x/#"}).filter, "x/#");
}

TEST_F(BenchOptions, ClientIdsAreTheRunsOwnUnlessTheyShallLast) {
  EXPECT_EQ(parsed({"pub"}).client_prefix, "bench-4711");
  EXPECT_EQ(parsed({"sub", "--persistent"}).client_prefix, "bench");
  EXPECT_EQ(parsed({"sub", "--leave"}).mode, Mode::leave);
  EXPECT_TRUE(parsed({"sub", "--leave"}).persistent);
  EXPECT_EQ(parsed({"pub", "--client-id", "mine"}).client_prefix, "mine");
}

TEST_F(BenchOptions, AnyFileOfTlsMeansTls) {
  EXPECT_FALSE(parsed({"pub"}).tls.wanted);
  EXPECT_EQ(parsed({"pub"}).port, 1883);
  for (const std::vector<std::string>& tls : {std::vector<std::string>{"--tls"},
                                              {"--cafile", "ca.pem"},
                                              {"--insecure"},
                                              {"--cert", "c.pem", "--key", "k.pem"}}) {
    std::vector<std::string> args{"pub"};
    args.insert(args.end(), tls.begin(), tls.end());
    EXPECT_TRUE(parsed(args).tls.wanted) << tls[0];
    EXPECT_EQ(parsed(args).port, 8883) << tls[0];
  }
}

TEST_F(BenchOptions, VersionsHaveTheirNames) {
  EXPECT_EQ(parsed({"pub"}).version, Version::v311);
  EXPECT_EQ(parsed({"pub", "-V", "5"}).version, Version::v5);
  EXPECT_EQ(parsed({"pub", "-V", "3.1.1"}).version, Version::v311);
}

TEST_F(BenchOptions, ThePasswordIsAFilesFirstLine) {
  const testing::TempDir dir;
  const std::string file = dir.write("password", "secret\nmore\n");
  EXPECT_EQ(parsed({"pub", "-u", "me", "--password-file", file}).password, "secret");
  EXPECT_NE(refusal({"pub", "-u", "me", "--password-file", "/none"}).find("/none"), std::string::npos);
}

TEST_F(BenchOptions, RefusesWhatCannotBe) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"nonsense"},
                                                       {"pub", "--nonsense"},
                                                       {"pub", "-q", "3"},
                                                       {"pub", "-c", "0"},
                                                       {"pub", "-d", "0"},
                                                       {"pub", "-p", "65536"},
                                                       {"pub", "-V", "4"},
                                                       {"pub", "--window", "32769"},
                                                       {"pub", "-t", "a/#"},
                                                       {"pub", "-t", "a/%x"},
                                                       {"pub", "-t", ""},
                                                       {"sub", "-f", "a/#/b"},
                                                       {"sub", "--rate", "1"},
                                                       {"pub", "--password", "x"},
                                                       {"pub", "--cert", "c.pem"},
                                                       {"pub", "--unix", "/s", "--tls"}};
  for (const auto& args : wrong) EXPECT_NE(refusal(args), "") << ::testing::PrintToString(args);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(BenchOptions, HelpIsNoMistake) {
  const Parsed help = parse_options({"pub", "--help"}, 1, out_, err_);
  EXPECT_FALSE(help.options);
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(out_.str().find("--rate"), std::string::npos);
}

}  // namespace
}  // namespace headgate::tools::bench
