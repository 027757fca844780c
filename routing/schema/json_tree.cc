#include "routing/schema/json_tree.h"

#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace headgate::routing {
namespace {

namespace dom = simdjson::dom;
using Kind = JsonNode::Kind;

uint64_t mixed(uint64_t hash, uint64_t more) {
  hash = (hash ^ more) * 0x9E3779B97F4A7C15U;
  return hash ^ (hash >> 29);
}

uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

uint64_t hash_of(const JsonNode& scalar) {
  const auto kind = static_cast<uint64_t>(scalar.kind) + 1;
  if (scalar.is(Kind::string)) return mixed(kind, hash_of(scalar.text));
  if (scalar.is(Kind::number)) return mixed(kind, std::hash<double>()(static_cast<double>(scalar.number)));
  return mixed(kind, scalar.truth ? 1 : 0);
}

constexpr size_t kNodesKept = 4096;
constexpr size_t kBytesKept = size_t{64} * 1024;

// Writes the values of a document one after the other. Recursion is as deep as the parser allows.
class Flattening {
 public:
  Flattening(std::vector<JsonNode>& nodes, size_t nodes_max) : nodes_(nodes), nodes_max_(nodes_max) {}

  // Beyond the most nodes nothing is added any more.
  void add(const dom::element& value, std::string_view member) {
    const size_t at = nodes_.size();
    if (at > nodes_max_) return;
    nodes_.push_back({});
    JsonNode node = scalar_of(value);
    node.member = member;
    if (value.is_array()) node.hash = add_items(value.get_array().value_unsafe(), node.size);
    if (value.is_object()) node.hash = add_members(value.get_object().value_unsafe(), node.size);
    node.extent = static_cast<uint32_t>(nodes_.size() - at);
    nodes_[at] = node;
  }

 private:
  static JsonNode scalar_of(const dom::element& value) {
    JsonNode node;
    switch (value.type()) {
      case dom::element_type::NULL_VALUE:
        break;
      case dom::element_type::BOOL:
        node.kind = Kind::boolean;
        node.truth = value.get_bool().value_unsafe();
        break;
      case dom::element_type::INT64:
        node.kind = Kind::number;
        node.number = static_cast<long double>(value.get_int64().value_unsafe());
        break;
      case dom::element_type::UINT64:
        node.kind = Kind::number;
        node.number = static_cast<long double>(value.get_uint64().value_unsafe());
        break;
      case dom::element_type::DOUBLE:
        node.kind = Kind::number;
        node.number = static_cast<long double>(value.get_double().value_unsafe());
        break;
      case dom::element_type::STRING:
        node.kind = Kind::string;
        node.text = value.get_string().value_unsafe();
        break;
      case dom::element_type::ARRAY:
        node.kind = Kind::array;
        return node;
      case dom::element_type::OBJECT:
        node.kind = Kind::object;
        return node;
    }
    node.hash = hash_of(node);
    return node;
  }

  uint64_t add_items(const dom::array& items, uint32_t& count) {
    uint64_t hash = 7;
    for (const dom::element item : items) {
      const size_t at = nodes_.size();
      add(item, {});
      if (nodes_.size() > nodes_max_) return hash;
      hash = mixed(hash, nodes_[at].hash);
      ++count;
    }
    return hash;
  }

  // Members count in any order, so their hashes are added.
  uint64_t add_members(const dom::object& members, uint32_t& count) {
    uint64_t hash = 11;
    for (const auto member : members) {
      const size_t at = nodes_.size();
      add(member.value, member.key);
      if (nodes_.size() > nodes_max_) return hash;
      hash += mixed(hash_of(nodes_[at].member), nodes_[at].hash);
      ++count;
    }
    return hash;
  }

  std::vector<JsonNode>& nodes_;
  size_t nodes_max_;
};

bool equal_items(const JsonNode& a, const JsonNode& b, int64_t& steps) {
  const JsonChildren of_b(b);
  auto other = of_b.begin();
  for (const JsonNode& item : JsonChildren(a)) {
    if (!equal(item, *other, steps)) return false;
    ++other;
  }
  return true;
}

const JsonNode* member_of(const JsonNode& object, std::string_view name, int64_t& steps) {
  for (const JsonNode& member : JsonChildren(object)) {
    if (--steps < 0) return nullptr;
    if (member.member == name) return &member;
  }
  return nullptr;
}

bool equal_members(const JsonNode& a, const JsonNode& b, int64_t& steps) {
  for (const JsonNode& member : JsonChildren(a)) {
    const JsonNode* const other = member_of(b, member.member, steps);
    if (other == nullptr || !equal(member, *other, steps)) return false;
  }
  return true;
}

}  // namespace

JsonNode text_node(std::string_view text) {
  JsonNode node;
  node.kind = Kind::string;
  node.text = text;
  node.hash = hash_of(node);
  return node;
}

struct JsonTree::Parser {
  dom::parser parser;
  std::string padded;  // the text, and the bytes simdjson reads beyond it
};

JsonTree::JsonTree() : parser_(std::make_unique<Parser>()) {}
JsonTree::~JsonTree() = default;
JsonTree::JsonTree(JsonTree&&) noexcept = default;
JsonTree& JsonTree::operator=(JsonTree&&) noexcept = default;

JsonTree::Outcome JsonTree::parse(std::string_view text, Limits limits) noexcept {
  nodes_.clear();
  parser_->padded.assign(text).append(simdjson::SIMDJSON_PADDING, '\0');
  dom::parser& parser = parser_->parser;
  // A parser that grows by itself would take its default depth.
  if (parser.capacity() < text.size() || parser.max_depth() != limits.depth_max) {
    const size_t capacity = std::max<size_t>(2 * text.size(), 1024);
    if (parser.allocate(capacity, limits.depth_max) != simdjson::SUCCESS) return Outcome::not_json;
  }
  dom::element root;
  const auto error = parser.parse(parser_->padded.data(), text.size(), false).get(root);
  if (error == simdjson::DEPTH_ERROR) return Outcome::too_deep;
  if (error != simdjson::SUCCESS) return Outcome::not_json;
  Flattening(nodes_, limits.nodes_max).add(root, {});
  return nodes_.size() > limits.nodes_max ? Outcome::too_many : Outcome::good;
}

void JsonTree::trim() {
  if (nodes_.capacity() > kNodesKept) nodes_ = {};
  if (parser_->padded.capacity() <= kBytesKept) return;
  nodes_.clear();
  parser_ = std::make_unique<Parser>();
}

bool equal(const JsonNode& a, const JsonNode& b, int64_t& steps) {
  if (--steps < 0 || a.hash != b.hash || a.kind != b.kind || a.size != b.size) return false;
  switch (a.kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.truth == b.truth;
    case Kind::number:
      return a.number == b.number;
    case Kind::string:
      return a.text == b.text;
    case Kind::array:
      return equal_items(a, b, steps);
    case Kind::object:
      return equal_members(a, b, steps);
  }
  return false;
}

}  // namespace headgate::routing
