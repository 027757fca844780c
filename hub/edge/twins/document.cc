#include "hub/edge/twins/document.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "hub/edge/twins/properties.h"

namespace headgate::hub {
namespace {

using TwinJson = nlohmann::json;

constexpr const char* kVersionName = "$version";

struct Section {
  TwinJson properties = TwinJson::object();
  int64_t version = 1;
};

std::string with_version(const TwinJson& properties, int64_t version) {
  std::string text = properties.dump();
  text.pop_back();
  if (!properties.empty()) text.push_back(',');
  return text.append("\"$version\":").append(std::to_string(version)).append("}");
}

core::Status fits(const TwinJson& properties) {
  const size_t bytes = properties.dump().size();
  if (bytes <= kTwinBytesMax) return {};
  return core::fail(core::Errc::invalid, "the properties would have " + std::to_string(bytes) +
                                             " bytes; allowed: " + std::to_string(kTwinBytesMax));
}

// Makes `coming` the properties in force, in the next version.
core::Status replace(Section& section, TwinJson coming) {
  if (auto fitting = fits(coming); !fitting) return fitting;
  section.properties = std::move(coming);
  ++section.version;
  return {};
}

core::Status merge(Section& section, const TwinJson& patch) {
  TwinJson coming = section.properties;
  coming.merge_patch(patch);
  return replace(section, std::move(coming));
}

bool read_section(const TwinJson& twin, const char* name, Section& into) {
  const auto section = twin.find(name);
  if (section == twin.end() || !section->is_object()) return false;
  into.properties = *section;
  const auto version = into.properties.find(kVersionName);
  if (version == into.properties.end() || !version->is_number_integer()) return false;
  into.version = version->get<int64_t>();
  into.properties.erase(version);
  return true;
}

}  // namespace

struct TwinDocument::Sections {
  Section desired;
  Section reported;
};

TwinDocument::TwinDocument() : sections_(std::make_unique<Sections>()) {}
TwinDocument::TwinDocument(TwinDocument&&) noexcept = default;
TwinDocument& TwinDocument::operator=(TwinDocument&&) noexcept = default;
TwinDocument::~TwinDocument() = default;

core::Result<TwinDocument> TwinDocument::read(std::string_view text) {
  const TwinJson json = TwinJson::parse(text, nullptr, /*allow_exceptions=*/false);
  TwinDocument twin;
  if (!json.is_object() || !read_section(json, "desired", twin.sections_->desired) ||
      !read_section(json, "reported", twin.sections_->reported))
    return core::fail(core::Errc::corrupt, "a stored twin cannot be read");
  return twin;
}

std::string TwinDocument::text() const {
  std::string text = "{\"desired\":";
  text.append(with_version(sections_->desired.properties, sections_->desired.version));
  text.append(",\"reported\":");
  return text.append(with_version(sections_->reported.properties, sections_->reported.version)).append("}");
}

int64_t TwinDocument::reported_version() const { return sections_->reported.version; }

core::Status TwinDocument::report(std::string_view patch) {
  const auto read = read_twin_properties(patch, TwinNulls::remove);
  if (!read) return core::fail(read.error());
  return merge(sections_->reported, *read);
}

core::Result<bool> TwinDocument::set_reported(std::string_view properties) {
  auto read = read_twin_properties(properties, TwinNulls::refused);
  if (!read) return core::fail(read.error());
  if (*read == sections_->reported.properties) return false;
  if (auto replaced = replace(sections_->reported, *std::move(read)); !replaced)
    return core::fail(replaced.error());
  return true;
}

core::Result<TwinDocument::Push> TwinDocument::patch_desired(std::string_view patch) {
  const auto read = read_twin_properties(patch, TwinNulls::remove);
  if (!read) return core::fail(read.error());
  Section& desired = sections_->desired;
  if (auto merged = merge(desired, *read); !merged) return core::fail(merged.error());
  return Push{desired.version, with_version(*read, desired.version)};
}

core::Result<std::optional<TwinDocument::Push>> TwinDocument::set_desired(std::string_view properties) {
  auto read = read_twin_properties(properties, TwinNulls::refused);
  if (!read) return core::fail(read.error());
  Section& desired = sections_->desired;
  const TwinJson changed = twin_difference(desired.properties, *read);
  if (changed.empty()) return std::optional<Push>();
  if (auto replaced = replace(desired, *std::move(read)); !replaced) return core::fail(replaced.error());
  return std::optional<Push>(Push{desired.version, with_version(changed, desired.version)});
}

}  // namespace headgate::hub
