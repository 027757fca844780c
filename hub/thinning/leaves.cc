#include "hub/thinning/leaves.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace headgate::hub {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr double kFirstInexactInteger = 9007199254740992.0;  // 2^53
constexpr size_t kPathBytesMax = size_t{16} * 1024;          // of all leaves

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// A double stands for the number without loss of what was meant: its digits are not more than a double's, and it is
// no integer beyond those that doubles tell apart.
bool is_held_by_double(std::string_view text, double number) {
  if (text.size() > LeafReader::kNumberBytesMax || !std::isfinite(number)) return false;
  const bool integer = text.find_first_of(".eE") == std::string_view::npos;
  return !integer || std::abs(number) < kFirstInexactInteger;
}

}  // namespace

struct LeafReader::State {
  // Where a leaf's path stands in `paths`, which moves while it grows.
  struct Place {
    size_t begin = 0;
    size_t end = 0;
  };

  ondemand::parser parser;
  std::string padded;
  std::string here;   // the path of the value that is looked at
  std::string paths;  // of all leaves, one behind the other
  std::vector<Place> places;
  std::vector<Leaf> leaves;
  size_t leaves_max = 0;

  bool parse(std::string_view body);
  bool add(ondemand::value value, size_t depth);
  bool add_members(ondemand::object object, size_t depth);
  template <typename Scalar>
  bool add_scalar(Scalar&& value, ondemand::json_type type);
  bool put(const Leaf& leaf);
  bool has_twins() const;
};

LeafReader::LeafReader() : state_(std::make_unique<State>()) {}
LeafReader::~LeafReader() = default;

std::optional<std::span<const Leaf>> LeafReader::read(std::string_view body, size_t leaves_max) {
  State& state = *state_;
  state.leaves.clear();
  state.places.clear();
  state.paths.clear();
  state.here.clear();
  state.leaves_max = leaves_max;
  if (!state.parse(body)) return std::nullopt;
  for (size_t i = 0; i < state.leaves.size(); ++i) {
    const State::Place& place = state.places[i];
    state.leaves[i].path = std::string_view(state.paths).substr(place.begin, place.end - place.begin);
  }
  if (leaves_max <= kReadingLeavesMax && state.has_twins()) return std::nullopt;
  return std::span<const Leaf>(state.leaves);
}

bool LeafReader::State::parse(std::string_view body) {
  padded.assign(body);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::document document;
  if (parser.iterate(padded.data(), body.size(), padded.size()).get(document) != simdjson::SUCCESS)
    return false;
  ondemand::json_type type{};
  if (document.type().get(type) != simdjson::SUCCESS || type == ondemand::json_type::array) return false;
  if (type != ondemand::json_type::object) return add_scalar(document, type);
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS || !add_members(object, 1)) return false;
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing stands behind it
}

bool LeafReader::State::add(ondemand::value value, size_t depth) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS || type == ondemand::json_type::array) return false;
  if (type != ondemand::json_type::object) return add_scalar(value, type);
  ondemand::object object;
  return depth < kDepthMax && value.get_object().get(object) == simdjson::SUCCESS &&
         add_members(object, depth + 1);
}

bool LeafReader::State::add_members(ondemand::object object, size_t depth) {
  const size_t outer = here.size();
  for (auto member : object) {
    std::string_view name;
    ondemand::value value;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS) return false;
    here += '/';
    for (const char c : name) {
      if (c == '~' || c == '/')
        here.append(c == '~' ? "~0" : "~1");
      else
        here += c;
    }
    if (member.value().get(value) != simdjson::SUCCESS || !add(value, depth)) return false;
    here.resize(outer);
  }
  return true;
}

// Reading a scalar is what checks it.
template <typename Scalar>
bool LeafReader::State::add_scalar(Scalar&& value, ondemand::json_type type) {
  std::string_view written;
  if (simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(written) != simdjson::SUCCESS)
    return false;
  Leaf leaf;
  leaf.text = without_blanks(written);
  std::string_view text;
  bool truth = false;
  switch (type) {
    case ondemand::json_type::number:
      leaf.kind = Leaf::Kind::number;
      return value.get_double().get(leaf.number) == simdjson::SUCCESS &&
             is_held_by_double(leaf.text, leaf.number) && put(leaf);
    case ondemand::json_type::string:
      return value.get_string().get(text) == simdjson::SUCCESS && put(leaf);
    case ondemand::json_type::boolean:
      return value.get_bool().get(truth) == simdjson::SUCCESS && put(leaf);
    default:
      return leaf.text == "null" && put(leaf);
  }
}

bool LeafReader::State::put(const Leaf& leaf) {
  if (leaf.kind == Leaf::Kind::other && leaf.text.size() > kOtherBytesMax) return false;
  if (leaves.size() == leaves_max || paths.size() + here.size() > kPathBytesMax) return false;
  places.push_back({paths.size(), paths.size() + here.size()});
  paths += here;
  leaves.push_back(leaf);
  return true;
}

bool LeafReader::State::has_twins() const {
  for (size_t i = 1; i < leaves.size(); ++i) {
    for (size_t j = 0; j < i; ++j)
      if (leaves[i].path == leaves[j].path) return true;
  }
  return false;
}

}  // namespace headgate::hub
