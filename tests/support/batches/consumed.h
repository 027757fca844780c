// What a consumer has of an upstream: the lines that `headgate unbatch` makes of the batches that arrived.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tools/unbatch/unbatch.h"

namespace headgate::testing {

struct DeclaredGap {
  uint64_t from = 0;
  uint64_t to = 0;
};

struct Consumed {
  std::map<uint64_t, std::string> bodies;  // by seq; one that is printed twice fails the test
  std::vector<DeclaredGap> gaps;

  [[nodiscard]] bool declares(uint64_t seq) const {
    return std::ranges::any_of(gaps,
                               [seq](const DeclaredGap& gap) { return gap.from <= seq && seq <= gap.to; });
  }
};

// `batches`: payloads one after the other.
inline Consumed consumed_of(const std::string& batches) {
  std::istringstream in(batches);
  std::ostringstream out, err;
  EXPECT_EQ(tools::run_unbatch({"--gaps"}, in, out, err), 0) << err.str();
  Consumed consumed;
  std::istringstream lines(out.str());
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    if (const auto gap = line.find("gap"); gap != line.end()) {
      consumed.gaps.push_back({(*gap)["from"].get<uint64_t>(), (*gap)["to"].get<uint64_t>()});
    } else {
      const uint64_t seq = line["seq"].get<uint64_t>();
      EXPECT_TRUE(consumed.bodies.emplace(seq, line["body"].dump()).second) << "twice: " << text;
    }
  }
  return consumed;
}

}  // namespace headgate::testing
