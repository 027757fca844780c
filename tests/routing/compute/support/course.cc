#include "tests/routing/compute/support/course.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "core/message.h"
#include "routing/evaluation/message_fields.h"

namespace headgate::routing {
namespace {

std::string described(const ComputeResult& result) {
  std::string text = "[" + std::to_string(result.start_ms) + "," + std::to_string(result.end_ms) + ")";
  if (result.rev > 0) text += " r" + std::to_string(result.rev);
  if (!result.complete) text += " partial";
  if (result.withdrawn) text += " withdrawn";
  return text + " " + (result.passes_on ? "passes" : result.body);
}

}  // namespace

void Course::note(const Computation::Results& results) {
  if (!results.empty()) hops_ = results.back().hops;
  for (const ComputeResult& result : results) results_.push_back(described(result));
}

bool Course::advance_once(int64_t now_ms, size_t results_max) {
  Computation::Results out;
  const bool more = computation_.advance(now_ms, results_max, out);
  EXPECT_LE(out.size(), results_max);
  note(out);
  return more;
}

void Course::advance(int64_t now_ms, size_t results_max) {
  while (advance_once(now_ms, results_max)) continue;
}

bool Course::close_once(size_t results_max) {
  Computation::Results out;
  const bool more = computation_.close(results_max, out);
  EXPECT_LE(out.size(), results_max);
  note(out);
  return more;
}

void Course::close(size_t results_max) {
  while (close_once(results_max)) continue;
}

Truth Course::send(const Input& input) {
  advance(input.at_ms);
  core::Message message;
  message.body = input.body;
  message.arrived_ms = input.at_ms;
  fields_.bind(message);
  Computation::Results out;
  dead_letter_ = false;
  const Truth truth =
      computation_.take(fields_, input.at_ms, input.source, input.id, dead_letter_, out, input.hops);
  note(out);
  return truth;
}

std::vector<std::string> Course::results() { return std::exchange(results_, {}); }

void Course::save() {
  std::map<std::string, int> seen;
  computation_.save_changed([&](std::string_view key, std::optional<std::string> bytes) {
    ++puts_;
    EXPECT_EQ(++seen[std::string(key)], 1) << "stored twice at once";
    if (bytes)
      stored_[std::string(key)] = *std::move(bytes);
    else
      stored_.erase(std::string(key));
  });
}

void Course::restart(uint32_t seed) {
  computation_ = Computation(plan_);
  std::vector<std::pair<std::string, std::string>> entries(stored_.begin(), stored_.end());
  std::shuffle(entries.begin(), entries.end(), std::mt19937(seed));
  for (const auto& [key, bytes] : entries) EXPECT_TRUE(computation_.load(key, bytes));
}

}  // namespace headgate::routing
