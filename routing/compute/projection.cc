#include "routing/compute/projection.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "routing/compute/json_row.h"
#include "routing/compute/topic_template.h"
#include "routing/evaluation/json_members.h"

namespace headgate::routing {
namespace {

// Appends the members of `whole` but for those that the SELECT list names.
bool append_others(std::string& out, std::string_view whole, const Query& query) {
  bool first = true;
  const auto visit = [&](std::string_view name, std::string_view value) {
    const auto is_named = [name](const SelectItem& item) { return names_the_same(name, item.name); };
    if (std::ranges::any_of(query.items, is_named)) return;
    out.append(first ? "\"" : ",\"").append(name).append("\":").append(value);
    first = false;
  };
  return for_each_member(whole, visit);
}

// `SELECT *, …`: the members of the message's body, then those of the list.
bool append_merged(const Query& query, Evaluator& evaluator, Reading reading, Fields& fields,
                   std::string& out, Slots* slots) {
  out.push_back('{');
  const size_t from = out.size();
  if (!append_others(out, fields.body_json({}, reading.body), query)) return false;
  std::string added;
  JsonRow row(added);
  add_items(row, query.items, evaluator, reading, fields, slots);
  row.close();
  const bool both = out.size() > from && added.size() > 2;
  if (both) out.push_back(',');
  out.append(added, 1, std::string::npos);
  return true;
}

}  // namespace

bool append_row(const Query& query, Evaluator& evaluator, Reading reading, Fields& fields, std::string& out,
                Slots* slots) {
  if (query.all) return append_merged(query, evaluator, reading, fields, out, slots);
  JsonRow row(out);
  add_items(row, query.items, evaluator, reading, fields, slots);
  row.close();
  return true;
}

ComputeResult project(const ComputePlan& plan, Evaluator& evaluator, Fields& fields, uint64_t& type_errors,
                      std::string& sample) {
  ComputeResult result;
  result.passes_on = plan.query.passes_on();
  if (!result.passes_on && !append_row(plan.query, evaluator, plan.reading, fields, result.body)) {
    ++type_errors;
    sample = "the body is no JSON object, and SELECT *, … adds members to one";
    result.body.clear();
    return result;
  }
  fill_in_topics(plan.sinks, evaluator, plan.reading, fields, nullptr, result, type_errors, sample);
  return result;
}

}  // namespace headgate::routing
