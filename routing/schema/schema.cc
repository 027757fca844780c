#include "routing/schema/schema.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema_parser.hpp>

#include "core/text.h"
#include "routing/files/json_text.h"
#include "routing/schema/draft7.h"
#include "routing/schema/json_tree.h"
#include "routing/schema/parts.h"
#include "routing/schema/preparation.h"
#include "routing/schema/walk.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr int64_t kLoadStepsMax = 10'000'000;  // of a check of a schema
constexpr JsonTree::Limits kLoadLimits = {kSchemaDepthMax, 65'536};

// Makes our keyword from the index in its value.
class OwnKeywordBuilder final : public valijson::ConstraintBuilder {
 public:
  explicit OwnKeywordBuilder(OwnKeyword::Kind kind) : kind_(kind) {}

  // valijson's interface: it deletes what it gets.
  [[nodiscard]] valijson::constraints::Constraint* make(
      const valijson::adapters::Adapter& index) const override {
    return new OwnKeyword(kind_, static_cast<size_t>(index.asInteger()));
  }

 private:
  OwnKeyword::Kind kind_;
};

// Throws what valijson throws.
std::unique_ptr<valijson::Schema> read_by_valijson(const Json& prepared) {
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  for (const auto& [name, kind] : {std::pair(kReferenceKey, OwnKeyword::Kind::reference),
                                   {kEnumKey, OwnKeyword::Kind::one_of_values},
                                   {kConstKey, OwnKeyword::Kind::one_of_values},
                                   {kPatternKey, OwnKeyword::Kind::pattern}})
    parser.addConstraintBuilder(std::string(name), new OwnKeywordBuilder(kind));
  auto schema = std::make_unique<valijson::Schema>();
  parser.populateSchema(Adapter(prepared), *schema);
  return schema;
}

// False: valijson refuses what the rules of draft 7 allow.
bool read_roots(const std::vector<Json>& prepared, Schema::Parts& parts, std::string& why) {
  try {
    for (const Json& root : prepared) parts.roots.push_back(read_by_valijson(root));
    return true;
  } catch (const std::exception& error) {
    why = core::printable(error.what());
    return false;
  }
}

void read_constants(const std::vector<Json>& constants, Schema::Parts& parts) {
  const std::string text = Json(constants).dump(-1, ' ', false, Json::error_handler_t::replace);
  if (parts.constants.parse(text, {kSchemaDepthMax + 2, 65'536}) != JsonTree::Outcome::good) return;
  const JsonChildren all(parts.constants.root());
  for (const JsonNode& values : all) parts.values.push_back(&values);
}

// Builds; `findings` tells what could not be.
std::shared_ptr<const Schema> build(PreparedSchema prepared, std::vector<SchemaFinding>& findings) {
  auto parts = std::make_unique<Schema::Parts>();
  std::string why;
  if (!read_roots(prepared.roots, *parts, why)) {
    findings.push_back({Severity::error, "", "cannot be read: " + why, ""});
    return nullptr;
  }
  read_constants(prepared.constants, *parts);
  if (parts->values.size() != prepared.constants.size()) {
    findings.push_back({Severity::error, "", "has values in `enum` or `const` that cannot be read", ""});
    return nullptr;
  }
  parts->patterns = std::move(prepared.patterns);
  return std::make_shared<const Schema>(std::move(parts));
}

std::vector<SchemaFinding> nothing_wrong(const Json&, std::string_view) { return {}; }

// The rules of schemas, compiled once.
const Schema& rules_of_draft7() {
  static const std::shared_ptr<const Schema> kRules = [] {
    std::vector<SchemaFinding> findings;
    return build(prepare_schema(Json::parse(draft7_schema()), nothing_wrong), findings);
  }();
  return *kRules;
}

std::vector<SchemaFinding> mistakes_of(const JsonNode& schema, std::string_view pointer) {
  Violation why;
  const Walked rules = walk(rules_of_draft7().parts(), schema, kLoadStepsMax, &why);
  if (rules.verdict == Conformance::yes) return {};
  if (rules.verdict == Conformance::limit) why.what = rules.limit;
  return {{Severity::error, std::string(pointer) + why.pointer, why.what, ""}};
}

std::vector<SchemaFinding> mistakes_in(const Json& schema, std::string_view pointer) {
  JsonTree tree;
  const std::string text = schema.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (tree.parse(text, kLoadLimits) != JsonTree::Outcome::good)
    return {{Severity::error, std::string(pointer), "cannot be read", ""}};
  return mistakes_of(tree.root(), pointer);
}

CompiledSchema refused(std::string what, std::string advice) {
  return {nullptr, {{Severity::error, "", std::move(what), std::move(advice)}}};
}

Walked read_and_walk(JsonTree& tree, const Schema& schema, std::string_view json, Violation* why) {
  switch (tree.parse(json, {kCheckedDepthMax, kCheckedValuesMax})) {
    case JsonTree::Outcome::good:
      return walk(schema.parts(), tree.root(), kCheckStepsMax, why);
    case JsonTree::Outcome::too_deep:
      return {Conformance::limit, "is nested deeper than 64 levels"};
    case JsonTree::Outcome::too_many:
      return {Conformance::limit, "holds more than 16384 values"};
    case JsonTree::Outcome::not_json:
      break;
  }
  return {Conformance::not_json, {}};
}

static_assert(kCheckedBytesMax == size_t{256} * 1024 && kCheckedDepthMax == 64 && kCheckedValuesMax == 16'384,
              "the words for limits name them");

std::string kib(size_t bytes) { return std::to_string(bytes / 1024) + " KiB"; }

}  // namespace

Schema::Schema(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Schema::~Schema() = default;

CompiledSchema compile_schema(std::string_view text, std::string_view file) {
  if (text.size() > kSchemaBytesMax)
    return refused("has " + kib(text.size()) + "; allowed: " + kib(kSchemaBytesMax), "divide it");
  const auto json = parse_json_text(text, file);
  if (!json) return refused("is no JSON: " + json.error().what, "");
  const std::string plain = json->dump(-1, ' ', false, Json::error_handler_t::replace);
  JsonTree tree;
  if (const auto outcome = tree.parse(plain, kLoadLimits); outcome != JsonTree::Outcome::good) {
    const bool deep = outcome == JsonTree::Outcome::too_deep;
    return refused(deep ? "is nested deeper than " + std::to_string(kSchemaDepthMax) + " levels"
                        : "has a number beyond 64 bits, or too many values",
                   "");
  }
  CompiledSchema compiled{nullptr, mistakes_of(tree.root(), "")};
  if (!compiled.findings.empty()) return compiled;
  PreparedSchema prepared = prepare_schema(Json::parse(plain), mistakes_in);
  compiled.findings = std::move(prepared.findings);
  prepared.findings.clear();
  const auto is_error = [](const SchemaFinding& it) { return it.severity == Severity::error; };
  if (std::ranges::none_of(compiled.findings, is_error))
    compiled.schema = build(std::move(prepared), compiled.findings);
  return compiled;
}

std::string Violation::text() const { return (pointer.empty() ? "the value" : pointer) + " " + what; }

SchemaChecker::SchemaChecker() = default;
SchemaChecker::~SchemaChecker() = default;
SchemaChecker::SchemaChecker(SchemaChecker&&) noexcept = default;
SchemaChecker& SchemaChecker::operator=(SchemaChecker&&) noexcept = default;

Conformance SchemaChecker::check(const Schema& schema, std::string_view json, Violation* why) {
  if (why != nullptr) *why = {};
  Walked walked{Conformance::limit, "has more than 256 KiB"};
  if (tree_ == nullptr) tree_ = std::make_unique<JsonTree>();
  if (json.size() <= kCheckedBytesMax) walked = read_and_walk(*tree_, schema, json, why);
  tree_->trim();
  limit_ = walked.limit;
  if (why != nullptr && walked.verdict == Conformance::limit) *why = {"", std::string(walked.limit)};
  return walked.verdict;
}

}  // namespace headgate::routing
