#include "hub/change/versions.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace headgate::hub {
namespace {

using NoteJson = nlohmann::ordered_json;

constexpr const char* kLastGood = ".last-good";

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// `dir`/.`name``ending`
std::string hidden_beside(const std::string& path, const std::string& ending) {
  return folder_of(path) + "/." + path.substr(path.rfind('/') + 1) + ending;
}

std::string text_of(const TrialNote& note) {
  return NoteJson{{"awaits_start", note.awaits_start}, {"confirm_within_s", note.confirm_within_s}}.dump() +
         "\n";
}

// A note that nobody can read stands for a trial all the same.
TrialNote note_of(const std::string& text) {
  const NoteJson json = NoteJson::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  const auto within = json.find("confirm_within_s");
  return {json.value("awaits_start", NoteJson()) == true,
          within != json.end() && within->is_number_unsigned() ? within->get<uint32_t>() : 0};
}

}  // namespace

Versions::Versions(std::string path, FileSteps& steps)
    : path_(std::move(path)),
      dir_(folder_of(path_)),
      note_path_(hidden_beside(path_, ".trial")),
      steps_(steps) {}

core::Status Versions::put(const std::string& path, const std::string& text) {
  const std::string beside = hidden_beside(path, ".new");
  if (auto written = steps_.write(beside, text, path_); !written) return written;
  if (auto renamed = steps_.rename(beside, path); !renamed) return renamed;
  return steps_.sync_directory(dir_);
}

core::Status Versions::drop_note() {
  if (auto removed = steps_.remove(note_path_); !removed) return removed;
  return steps_.sync_directory(dir_);
}

core::Status Versions::begin(const std::string& text, TrialNote note) {
  const auto before = steps_.read(path_);
  if (!before) return core::fail(before.error());
  if (auto kept = put(path_ + kLastGood, *before); !kept) return kept;
  if (auto noted = put(note_path_, text_of(note)); !noted) return noted;
  auto replaced = put(path_, text);
  if (!replaced) (void)roll_back();
  return replaced;
}

core::Status Versions::confirm() { return drop_note(); }

core::Status Versions::roll_back() {
  const auto before = steps_.read(path_ + kLastGood);
  if (!before) return core::fail(before.error());
  if (auto replaced = put(path_, *before); !replaced) return replaced;
  return drop_note();
}

core::Result<std::optional<TrialNote>> Versions::note() {
  const auto text = steps_.read(note_path_);
  if (text) return std::optional(note_of(*text));
  if (text.error().code == core::Errc::not_found) return std::optional<TrialNote>();
  return core::fail(text.error());
}

core::Result<Versions::AtStart> Versions::at_start() {
  const auto found = note();
  if (!found) return core::fail(found.error());
  if (!*found) return AtStart::nothing;
  if ((*found)->awaits_start) {
    if (auto noted = put(note_path_, text_of({false, (*found)->confirm_within_s})); !noted)
      return core::fail(noted.error());
    return AtStart::begins_trial;
  }
  if (auto back = roll_back(); !back) return core::fail(back.error());
  return AtStart::rolled_back;
}

}  // namespace headgate::hub
