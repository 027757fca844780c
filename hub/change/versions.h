// Versions of the hub's configuration file on the disk: the one in force, the last good one beside it, and a note while the
// one in force is on trial.
//
//   headgate.json             in force
//   headgate.json.last-good   the one before
//   .headgate.json.trial      the note: whoever starts and finds it puts the last good one back
//
// What holds: whenever the process is killed, the file is one of the two versions whole; and the hub that is started next
// runs on the version before, or on the new one if that was confirmed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "hub/change/file_steps.h"

namespace headgate::hub {

struct TrialNote {
  // The next start is the trial's own; one that ends before the hub was ready is followed by the version before.
  bool awaits_start = false;
  uint32_t confirm_within_s = 0;  // by an operator; 0: the hub itself confirms once it is ready

  friend bool operator==(const TrialNote&, const TrialNote&) = default;
};

class Versions {
 public:
  // `steps` is borrowed. `path`: of the configuration.
  Versions(std::string path, FileSteps& steps);

  // Puts a new version in place, on trial; after an error the file is the version before. Errors: invalid, not_found, io.
  core::Status begin(const std::string& text, TrialNote note);
  // Ends the trial: the new version stays.
  core::Status confirm();
  // Ends it: the version before is in place again.
  core::Status roll_back();
  // The trial that is on.
  [[nodiscard]] core::Result<std::optional<TrialNote>> note();

  enum class AtStart : uint8_t { nothing, begins_trial, rolled_back };
  // To be called before the configuration is read. Error: io, and nothing is known of the file: the hub must not start.
  [[nodiscard]] core::Result<AtStart> at_start();

 private:
  core::Status put(const std::string& path, const std::string& text);
  core::Status drop_note();

  std::string path_;
  std::string dir_;
  std::string note_path_;
  FileSteps& steps_;
};

}  // namespace headgate::hub
