// Parts of a compiled schema. Internal to this folder.
#pragma once

#include <memory>
#include <new>
#include <string>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <vector>

#include "routing/schema/json_tree.h"
#include "routing/schema/patterns.h"
#include "routing/schema/schema.h"

namespace headgate::routing {

// The constraints as valijson has read them, and what it is not asked to do: to follow references, to compare values, to
// run patterns. For these its schemas hold an OwnKeyword with an index into the tables here.
struct Schema::Parts {
  std::vector<std::unique_ptr<valijson::Schema>> roots;  // the whole, then what references lead to
  std::vector<Pattern> patterns;
  JsonTree constants;                   // an array of arrays of values
  std::vector<const JsonNode*> values;  // the arrays in `constants`
};

// A keyword of ours in a schema of valijson's.
class OwnKeyword final : public valijson::constraints::PolyConstraint {
 public:
  enum class Kind : uint8_t { reference, one_of_values, pattern };

  OwnKeyword(Kind kind, size_t index) : kind_(kind), index_(index) {}

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] size_t index() const { return index_; }

  // valijson's own validator, which is not used, would come here.
  bool validate(const valijson::adapters::Adapter&, const std::vector<std::string>&,
                valijson::ValidationResults*) const override {
    return false;
  }

 private:
  Constraint* cloneInto(void* place) const override { return new (place) OwnKeyword(*this); }
  [[nodiscard]] size_t sizeOf() const override { return sizeof(OwnKeyword); }

  Kind kind_;
  size_t index_;
};

}  // namespace headgate::routing
