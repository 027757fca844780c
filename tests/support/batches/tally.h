// What a consumer upstream has of readings `{"v":…}` that were partly folded on their way: each must count once, as it
// came or in a row.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tools/unbatch/unbatch.h"

namespace headgate::testing {

struct Tally {
  uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;

  void add(uint64_t n, double more, double least, double greatest) {
    min = count == 0 ? least : std::min(min, least);
    max = count == 0 ? greatest : std::max(max, greatest);
    count += n;
    sum += more;
  }
  friend bool operator==(const Tally&, const Tally&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Tally& tally) {
    return out << tally.count << " readings, sum " << tally.sum << ", " << tally.min << " to " << tally.max;
  }
};

struct Told {
  Tally all;
  uint64_t rows = 0;
  uint64_t messages = 0;                            // readings and rows that came
  uint64_t in_gaps = 0;                             // messages that gaps say will not come
  std::vector<std::pair<uint64_t, uint64_t>> into;  // where to
  std::vector<uint64_t> row_seqs;
  std::map<std::pair<uint64_t, std::string>, uint64_t>
      gaps;          // by beginning and reason: the last of each counts
  std::string lost;  // a gap that says that something was lost; empty: none does

  // A line of `headgate unbatch --gaps`.
  void read(const nlohmann::json& line) {
    if (line.contains("gap")) return read_gap(line["gap"]);
    const nlohmann::json& body = line["body"];
    ++messages;
    if (!body.contains("fold")) return all.add(1, body["v"], body["v"], body["v"]);
    const nlohmann::json& of = body["of"]["/v"];
    all.add(of["n"], of["sum"], of["min"], of["max"]);
    row_seqs.push_back(line["seq"]);
    ++rows;
  }
  void read_gap(const nlohmann::json& gap) {
    uint64_t& known = gaps[{gap["from"], gap["why"]}];
    in_gaps += gap["count"].get<uint64_t>() - known;
    known = gap["count"];
    if (gap["why"] == "folded")
      into.emplace_back(gap["into"][0], gap["into"][1]);
    else
      lost = gap.dump();
  }
  [[nodiscard]] bool rows_are_declared() const {
    return std::ranges::all_of(row_seqs, [this](uint64_t seq) {
      return std::ranges::any_of(
          into, [seq](const auto& range) { return range.first <= seq && seq <= range.second; });
    });
  }
};

// Lines that are no JSON, of a program's other output, say nothing here.
inline Told told_in(const std::string& text) {
  Told told;
  std::istringstream lines(text);
  for (std::string one; std::getline(lines, one);) {
    const auto line = nlohmann::json::parse(one, nullptr, false);
    if (!line.is_discarded()) told.read(line);
  }
  return told;
}

// `batches`: payloads one after the other. Their chain must verify, if they are `in_order` of their arrival.
inline Told told_by(const std::string& batches, bool in_order) {
  std::istringstream in(batches);
  std::ostringstream out, err;
  EXPECT_EQ(tools::run_unbatch({"--gaps", in_order ? "--verify" : "--no-verify"}, in, out, err), 0)
      << err.str();
  return told_in(out.str());
}

}  // namespace headgate::testing
