#include "hub/edge/twins/properties.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/text.h"

namespace headgate::hub {
namespace {

using TwinJson = nlohmann::json;

constexpr size_t kNameShownCharacters = 64;

bool is_name_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7F && c != '.' && c != '$' && c != '#';
}

// Builds the tree as the text is read, so that it ends at the first that is too much. Numbers are looked at as they are
// written: a whole one that no integer can hold is none with a fraction.
class PropertiesReader : public nlohmann::json_sax<TwinJson> {
 public:
  explicit PropertiesReader(TwinNulls nulls) : nulls_(nulls) {}

  [[nodiscard]] TwinJson take() { return std::move(root_); }
  [[nodiscard]] const std::string& error() const { return error_; }

  bool null() override {
    if (in_array()) return refuse("an array cannot hold null");
    if (nulls_ == TwinNulls::refused) return refuse("null is no value");
    return add(nullptr);
  }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override {
    return value < -kTwinWholeMax ? refuse_number() : add(value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    return value > static_cast<number_unsigned_t>(kTwinWholeMax) ? refuse_number() : add(value);
  }
  bool number_float(number_float_t value, const string_t& written) override {
    const bool whole = written.find_first_of(".eE") == std::string::npos;
    return whole ? refuse_number() : add(value);
  }
  bool string(string_t& value) override {
    if (value.size() > kTwinTextBytesMax)
      return refuse("a text may have " + std::to_string(kTwinTextBytesMax) + " bytes");
    return add(std::move(value));
  }
  bool binary(binary_t&) override { return refuse("it is no JSON"); }

  bool start_object(std::size_t) override { return begin(TwinJson::object()); }
  bool key(string_t& name) override {
    name_ = name;
    if (name.size() > kTwinNameBytesMax)
      return refuse("a name may have " + std::to_string(kTwinNameBytesMax) + " bytes");
    if (!std::ranges::all_of(name, is_name_character))
      return refuse("a name may not have a blank, a control character, or one of . $ #");
    return true;
  }
  bool end_object() override { return end(); }
  bool start_array(std::size_t) override { return begin(TwinJson::array()); }
  bool end_array() override { return end(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_ = "it is no JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  [[nodiscard]] bool in_array() const { return !open_.empty() && open_.back()->is_array(); }

  bool refuse(const std::string& why) {
    error_ = open_.empty()
                 ? why
                 : why + ", at '" + core::printable(core::shortened(name_, kNameShownCharacters)) + "'";
    return false;
  }
  bool refuse_number() { return refuse("a whole number is within -2^52 and 2^52"); }

  // The place of a new value: where it is put.
  TwinJson& place() {
    if (!in_array()) return (*open_.back())[name_];
    open_.back()->push_back(nullptr);
    return open_.back()->back();
  }
  bool add(TwinJson value) {
    if (open_.empty()) return refuse("it is no JSON object");
    place() = std::move(value);
    return true;
  }
  bool begin(TwinJson empty) {
    if (open_.empty()) {
      if (!empty.is_object()) return refuse("it is no JSON object");
      root_ = std::move(empty);
      open_.push_back(&root_);
      return true;
    }
    if (open_.size() > kTwinDepthMax)
      return refuse("more than " + std::to_string(kTwinDepthMax) + " levels lie within one another");
    TwinJson& value = place() = std::move(empty);
    open_.push_back(&value);
    return true;
  }
  bool end() {
    open_.pop_back();
    return true;
  }

  TwinNulls nulls_;
  TwinJson root_;
  std::vector<TwinJson*>
      open_;  // what is being filled: nothing is added beside one of these while it is open
  std::string name_;
  std::string error_;
};

}  // namespace

core::Result<TwinJson> read_twin_properties(std::string_view text, TwinNulls nulls) {
  if (text.size() > kTwinPatchBytesMax)
    return core::fail(core::Errc::invalid,
                      "it is longer than " + std::to_string(kTwinPatchBytesMax) + " bytes");
  // The parser takes it for the end, and what is behind it would go on in the patch.
  if (const size_t nul = text.find('\0'); nul != text.npos)
    return core::fail(core::Errc::invalid, "it is no JSON at byte " + std::to_string(nul + 1));
  PropertiesReader reader(nulls);
  if (!TwinJson::sax_parse(text, &reader)) return core::fail(core::Errc::invalid, reader.error());
  return reader.take();
}

TwinJson twin_difference(const TwinJson& before, const TwinJson& after) {
  TwinJson patch = TwinJson::object();
  for (const auto& [name, value] : before.items())
    if (!after.contains(name)) patch[name] = nullptr;
  for (const auto& [name, value] : after.items()) {
    const auto was = before.find(name);
    if (was != before.end() && *was == value && was->type() == value.type()) continue;
    const bool within = was != before.end() && was->is_object() && value.is_object();
    patch[name] = within ? twin_difference(*was, value) : value;
  }
  return patch;
}

}  // namespace headgate::hub
