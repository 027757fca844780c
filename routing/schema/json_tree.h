// A JSON text as a flat list of values, which is quick to make, to walk and to compare, and needs no stack to be freed.
// simdjson stays behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::routing {

struct JsonNode {
  enum class Kind : uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool truth = false;
  uint32_t size = 0;        // of an array or object: how many children
  uint32_t extent = 1;      // nodes of the value, itself counted: the next sibling is so far away
  uint64_t hash = 0;        // equal for equal values: 1 and 1.0, members in any order
  long double number = 0;   // exact, integers of 64 bits too
  std::string_view text;    // a string
  std::string_view member;  // its name in the object that it is in

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
};

// The children of an array or object, in their order: for (const JsonNode& child : JsonChildren(node)).
class JsonChildren {
 public:
  class Iterator {
   public:
    Iterator(const JsonNode* at, uint32_t left) : at_(at), left_(left) {}
    const JsonNode& operator*() const { return *at_; }
    Iterator& operator++() {
      if (--left_ > 0) at_ += at_->extent;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    const JsonNode* at_;
    uint32_t left_;
  };

  explicit JsonChildren(const JsonNode& parent) : parent_(parent) {}
  [[nodiscard]] Iterator begin() const { return {&parent_ + 1, parent_.size}; }
  [[nodiscard]] Iterator end() const { return {nullptr, 0}; }

 private:
  const JsonNode& parent_;
};

// A text as a value by itself; views `text`.
[[nodiscard]] JsonNode text_node(std::string_view text);

// Keeps its memory from one text to the next. Not for two threads at once.
class JsonTree {
 public:
  JsonTree();
  ~JsonTree();
  JsonTree(JsonTree&&) noexcept;
  JsonTree& operator=(JsonTree&&) noexcept;

  struct Limits {
    size_t depth_max = 64;
    size_t nodes_max = 16'384;  // values, at all depths
  };
  enum class Outcome : uint8_t { good, not_json, too_deep, too_many };

  // Reads one value. Nodes and their texts are good until the next call. An integer beyond 64 bits is no JSON here, as it
  // is none for `$body`.
  [[nodiscard]] Outcome parse(std::string_view text, Limits limits) noexcept;
  // Gives the value that was read; parse() was good.
  [[nodiscard]] const JsonNode& root() const { return nodes_.front(); }
  // Gives memory back if the last text was a large one. Nodes are gone then.
  void trim();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<JsonNode> nodes_;  // each before its children
};

// Compares two values as JSON Schema does: numbers by their value, objects without regard to order. Takes from `steps` what
// it costs; with none left the answer means nothing.
[[nodiscard]] bool equal(const JsonNode& a, const JsonNode& b, int64_t& steps);

}  // namespace headgate::routing
