// Takes documents that come down or that an operator brings, puts them in force, and takes back what cuts the hub off. Sans-I/O
// but for its parts; on the loop thread, one change after the other (Reloads::in_turn).
//
// What holds:
// - A document is in force whole, or nothing of it is.
// - It is on the disk before it is in force. So whenever the hub is killed, afterwards the document of before is in force, or
//   the new one; and never another one than the disk says.
// - A document that came while a link was up is provisional until the broker has taken the report of it. If none is reached
//   within the time of Trial, the document of before is in force again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/result.h"
#include "hub/config/config.h"
#include "hub/reloads.h"
#include "hub/remote/document.h"
#include "hub/remote/envelope.h"
#include "hub/remote/record.h"
#include "hub/remote/report.h"
#include "hub/remote/trial.h"
#include "hub/remote/twin_setter.h"
#include "upstream/downstream/command.h"

namespace headgate::hub {

class Desk : public upstream::CommandTaker {
 public:
  // Borrowed, as far as they are references; the functions are called on the loop thread.
  struct Parts {
    Reloads& reloads;
    Engine& engine;
    upstream::CommandTaker& others;  // takes what comes down and is no document
    const core::Clock& clock;
    core::Log& log;
    Elsewhere elsewhere;
    std::string config_path;
    // Puts the limits of a configuration in force, and its layer for the next look at routes.
    std::function<void(Config config)> use;
    // Replaces the record on the disk; `done` is called once it is durable, or could not be written.
    using Written = std::function<void(core::Status written)>;
    std::function<void(std::string record, Written done)> write;
    std::function<std::vector<LinkSight>()> links;
    // Tells that something else is to be reported, or that links are asked for.
    std::function<void()> changed;
  };
  // `topics`: upstream, that documents come on.
  Desk(Parts parts, PublicKey key, Addressee self, std::vector<std::string> topics);

  // Gives what the hub begins with: its own configuration, with the document that `record` has laid over it. `record` empty: there
  // is none. Once, before the routes are looked at. Error: corrupt. A document that does not fit the hub's files any more is not
  // in force, and reported.
  [[nodiscard]] core::Result<Config> restore(Config local, std::string_view record);
  // The hub's files say something else: the configuration with the document over it. Error: invalid, if it does not fit.
  [[nodiscard]] core::Result<Config> over(Config local) const;
  // Reloadable keys are these from now on.
  void note_local(Config local);

  void take(upstream::Command command, core::Now now, Decided decided) override;

  // `done` gets the report, once the document is in force and on the disk. Errors: invalid, io.
  using OnDone = std::function<void(const core::Result<std::string>& report)>;
  // `force`: a version that is not higher is taken too.
  void apply(std::string envelope, bool force, OnDone done);
  // The hub's own files alone are in force; what comes later still needs a higher version.
  void forget(OnDone done);

  // The text to be reported over that link. What the broker has taken confirms the document that it names.
  [[nodiscard]] std::string report_over(const std::string& link);
  void on_report_taken(const std::string& link);
  [[nodiscard]] Report report() const;
  // Parts of it.
  [[nodiscard]] uint64_t version() const;
  [[nodiscard]] std::string_view state() const { return state_of(record_, trouble_); }
  // A link is to be tried although nothing may wait.
  [[nodiscard]] bool asks_for_links() const { return trial_.has_value(); }
  // Call about once a second.
  void tick();

 private:
  struct Change;
  using ChangePtr = std::shared_ptr<Change>;

  void begin(const ChangePtr& change);
  void judge(const ChangePtr& change);
  void refuse(const ChangePtr& change);
  void put_in_force(const ChangePtr& change);
  void finish(const ChangePtr& change, const core::Result<std::string>& answer);
  void roll_back(const Reloads::Over& over);
  void confirm(uint64_t version, const Reloads::Over& over);
  void follow_trial(int64_t tried_ms);
  void save();
  void set_twins();
  [[nodiscard]] bool reaches_a_broker() const;
  [[nodiscard]] std::string why_rolled_back() const;
  [[nodiscard]] bool is_on_trial(uint64_t version) const;

  const Parts parts_;
  const PublicKey key_;
  const Addressee self_;
  const std::vector<std::string> topics_;
  Config local_;
  Document document_;  // in force; without a layer: none
  Record record_;      // as on the disk, but for the last steps of tried_ms
  TwinSetter twins_;
  std::string trouble_;
  std::optional<Trial> trial_;
  int64_t saved_tried_ms_ = 0;
  size_t waiting_ = 0;  // documents that came down and were not decided on
  core::LogLimiter refused_;
  bool writing_ = false;                  // a record that is to follow: that of now must not come behind it
  bool ending_ = false;                   // the trial is, one way or the other
  std::map<std::string, uint64_t> said_;  // by link: the tried version that was last reported there
};

}  // namespace headgate::hub
