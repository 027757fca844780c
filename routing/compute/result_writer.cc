#include "routing/compute/result_writer.h"

#include <utility>

#include "routing/compute/group_key.h"
#include "routing/compute/json_row.h"
#include "routing/compute/topic_template.h"

namespace headgate::routing {
namespace {

// A window has no message of its own.
class NoFields final : public Fields {
 public:
  [[nodiscard]] Value property(std::string_view) const noexcept override { return Value::undefined(); }
  [[nodiscard]] Value system_property(std::string_view) noexcept override { return Value::undefined(); }
  [[nodiscard]] Value body(const BodyPath&, BodyMode) noexcept override { return Value::undefined(); }
};

class WindowSlots final : public Slots {
 public:
  WindowSlots(std::string_view key, const Sums& sums, const Closing& window, Scratch& scratch)
      : key_(key), sums_(sums), window_(window), scratch_(scratch) {}

  [[nodiscard]] Value value(Op op, uint32_t index) noexcept override {
    if (op == Op::group_key) return key_value(key_, index);
    if (op == Op::window_field) return field(static_cast<WindowField>(index));
    if (op != Op::aggregate || index >= sums_.size()) return Value::undefined();
    return sums_[index].value(scratch_);
  }

 private:
  [[nodiscard]] Value field(WindowField field) const {
    switch (field) {
      case WindowField::start:
        return Value::of(static_cast<double>(window_.start_ms));
      case WindowField::end:
        return Value::of(static_cast<double>(window_.end_ms));
      case WindowField::rev:
        return Value::of(static_cast<double>(window_.rev));
      case WindowField::complete:
        return Value::of(window_.complete);
    }
    return Value::undefined();
  }

  std::string_view key_;
  const Sums& sums_;
  const Closing& window_;
  Scratch& scratch_;
};

}  // namespace

bool ResultWriter::write(std::string_view key, const Sums& sums, const Closing& window,
                         Computation::Results& out) {
  NoFields fields;
  scratch_.clear();
  WindowSlots slots(key, sums, window, scratch_);
  const bool shown = evaluator_.decide(plan_.query.having, plan_.reading, fields, &slots) == Truth::yes;
  if (!shown && !window.shown) return false;
  ComputeResult result;
  JsonRow row(result.body);
  add_items(row, plan_.query.items, evaluator_, plan_.reading, fields, &slots);
  row.close();
  result.start_ms = window.start_ms;
  result.end_ms = window.end_ms;
  result.rev = window.rev;
  result.complete = window.complete;
  result.withdrawn = !shown;
  result.hops = window.hops;
  fill_in_topics(plan_.sinks, evaluator_, plan_.reading, fields, &slots, result, counts_.type_errors,
                 sample_);
  ++counts_.results;
  out.push_back(std::move(result));
  return shown;
}

}  // namespace headgate::routing
