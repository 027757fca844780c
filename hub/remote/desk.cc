#include "hub/remote/desk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "hub/config/route_files.h"
#include "hub/engine/routes/outcomes.h"
#include "routing/table/compile.h"

namespace headgate::hub {
namespace {

using upstream::Verdict;
using WrongRoutes = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kWrongRoutesMax = 20;
constexpr size_t kWhyBytesMax = 1000;
constexpr size_t kWaitingMax = 8;  // documents, each of up to a megabyte
constexpr int64_t kSaveTriedMs = 5000;

std::string cut(std::string text) {
  if (text.size() > kWhyBytesMax) text.resize(kWhyBytesMax);
  return text;
}

bool is_broken(const RouteOutcome& one) { return one.what == "kept" || one.what == "left out"; }

// A shadow puts nothing in force, so nobody else says that one is wrong.
void add_wrong_shadows(const std::vector<routing::RouteFileEntry>& shadows, WrongRoutes& wrong) {
  for (const routing::RouteFileEntry& entry : shadows) {
    if (entry.file != kLayerFile) continue;
    routing::RouteStatus status;
    status.name = entry.name;
    status.text = entry.text;
    if (!routing::compile_route(entry.text, entry.semantics, entry.body, status.diagnostics))
      wrong.emplace_back(entry.name, error_of(status, entry.file));
  }
}

// Routes that are wrong with the document and were not before it, whatever file they are of; those of $edgeHub give way to it.
WrongRoutes wrong_routes(const RouteLook& look) {
  std::set<std::pair<std::string, std::string>> before;
  for (const RouteOutcome& one : outcomes(*look.before, *look.before))
    if (is_broken(one) && one.file != kLayerFile) before.emplace(one.route, one.file);
  WrongRoutes wrong;
  for (const RouteOutcome& one : outcomes(*look.before, *look.ready.at_work))
    if (is_broken(one) && one.file != kEdgeHub && !before.contains({one.route, one.file}))
      wrong.emplace_back(one.route, one.why);
  add_wrong_shadows(look.ready.shadows, wrong);
  return wrong;
}

std::string joined(const WrongRoutes& wrong) {
  std::string text;
  for (const auto& [route, why] : wrong) text.append(text.empty() ? "" : "\n").append(why);
  return text;
}

}  // namespace

// A way from the document in force to another one, or to none. The worker has it while it reads and compiles.
struct Desk::Change {
  std::string envelope = {};
  bool opens = false;  // the envelope; else `next` says which document it is
  bool force = false;
  Record next;  // once it is in force
  Outcome::Kind kind = Outcome::Kind::applied;
  OnDone done = [](const core::Result<std::string>&) {};

  std::shared_ptr<RouteLook> look = nullptr;  // with the hub's own configuration
  Reloads::Over over = [] {};
  // By the worker:
  bool repeated = false;  // nothing is new
  Document document = {};
  std::string trouble = {};  // why it is not to be in force
  uint64_t version = 0;
  WrongRoutes wrong = {};

  // Reads a document that was checked when it came. If it does not fit any more, the hub's files alone are in force.
  void read_kept();
  // Opens and checks the envelope.
  core::Status read_envelope(const PublicKey& key, const Addressee& self);
  core::Status check_version(const Desired& desired) const;
};

void Desk::Change::read_kept() {
  if (const KeptDocument* const kept = next.in_force(); kept != nullptr) {
    const auto parsed = parse_document(kept->text);
    auto laid = parsed ? lay_over(look->config, *parsed) : core::Result<Config>(core::fail(parsed.error()));
    if (parsed) document = *parsed;
    if (laid)
      look->config = *std::move(laid);
    else
      trouble = laid.error().what;
  }
  look->run();
}

core::Status Desk::Change::check_version(const Desired& desired) const {
  if (force || desired.version > next.seen) return {};
  return core::fail(core::Errc::invalid, "its version is " + std::to_string(desired.version) +
                                             ", and version " + std::to_string(next.seen) +
                                             " was taken before; sign it with a higher one");
}

core::Status Desk::Change::read_envelope(const PublicKey& key, const Addressee& self) {
  const auto desired = open_envelope(envelope, key, self);
  if (!desired) return core::fail(desired.error());
  version = desired->version;
  repeated = !force && version == next.seen && desired->digest == next.seen_digest;
  if (repeated) return {};
  if (const auto checked = check_version(*desired); !checked) return checked;
  auto parsed = parse_document(desired->document);
  if (!parsed) return core::fail(parsed.error());
  auto laid = lay_over(look->config, *parsed);
  if (!laid) return core::fail(laid.error());
  document = *std::move(parsed);
  look->config = *std::move(laid);
  look->run();
  wrong = wrong_routes(*look);
  if (!wrong.empty()) return core::fail(core::Errc::invalid, joined(wrong));
  next.tried = KeptDocument{version, desired->document};
  next.seen = version;
  next.seen_digest = desired->digest;
  return {};
}

Desk::Desk(Parts parts, PublicKey key, Addressee self, std::vector<std::string> topics)
    : parts_(std::move(parts)),
      key_(std::move(key)),
      self_(std::move(self)),
      topics_(std::move(topics)),
      twins_(parts_.engine.edge(), parts_.log) {}

// ---- the hub's own files ----

core::Result<Config> Desk::restore(Config local, std::string_view record) {
  local_ = std::move(local);
  if (record.empty()) return local_;
  auto read = Record::parse(record);
  if (!read) return core::fail(read.error());
  record_ = *std::move(read);
  parts_.engine.on_trial(record_.tried.has_value());
  if (record_.tried) follow_trial(record_.tried_ms);
  const KeptDocument* const kept = record_.in_force();
  if (kept == nullptr) return local_;
  auto parsed = parse_document(kept->text);
  if (parsed) document_ = *parsed;
  auto laid = parsed ? lay_over(local_, *parsed) : core::Result<Config>(core::fail(parsed.error()));
  if (laid && record_.twins != kept->version) set_twins();  // it was killed before they were
  if (laid) return laid;
  trouble_ = laid.error().what;
  parts_.log.error("remote_document_not_in_force", {{"version", kept->version}, {"error", trouble_}});
  return local_;
}

core::Result<Config> Desk::over(Config local) const {
  if (!document_.layer) return local;
  auto laid = lay_over(local, document_);
  if (!laid && !trouble_.empty()) return local;
  return laid;
}

void Desk::note_local(Config local) {
  take_reloadable(local_, std::move(local));
  if (trouble_.empty() || !document_.layer) return;
  const auto laid = lay_over(local_, document_);
  trouble_ = laid ? "" : laid.error().what;
  parts_.changed();
}

// ---- documents ----

void Desk::take(upstream::Command command, core::Now now, Decided decided) {
  if (std::ranges::find(topics_, command.message.topic) == topics_.end())
    return parts_.others.take(std::move(command), now, std::move(decided));
  if (command.message.payload.empty()) return decided({upstream::Fate::stored}, now);  // a cleared topic
  if (waiting_ >= kWaitingMax)
    return decided({upstream::Fate::refused, "too many documents wait to be looked at; send it later"}, now);
  ++waiting_;
  apply(std::move(command.message.payload), false, [this, decided](const core::Result<std::string>& report) {
    --waiting_;
    const Verdict verdict =
        report ? Verdict{upstream::Fate::stored} : Verdict{upstream::Fate::refused, report.error().what};
    decided(verdict, parts_.clock.now());
  });
}

void Desk::apply(std::string envelope, bool force, OnDone done) {
  const auto change = std::make_shared<Change>(Change{
      .envelope = std::move(envelope), .opens = true, .force = force, .next = {}, .done = std::move(done)});
  parts_.reloads.in_turn([this, change](const Reloads::Over& over) {
    change->next = record_;
    change->over = over;
    begin(change);
  });
}

void Desk::forget(OnDone done) {
  const auto change =
      std::make_shared<Change>(Change{.next = {}, .kind = Outcome::Kind::forgotten, .done = std::move(done)});
  parts_.reloads.in_turn([this, change](const Reloads::Over& over) {
    change->next = record_;
    change->next.confirmed.reset();
    change->next.tried.reset();
    change->over = over;
    begin(change);
  });
}

void Desk::begin(const ChangePtr& change) {
  change->look = parts_.reloads.look(local_, parts_.config_path);
  parts_.elsewhere(
      [change, key = key_, self = self_] {
        if (!change->opens) return change->read_kept();
        const auto read = change->read_envelope(key, self);
        if (!read) change->trouble = read.error().what;
      },
      [this, change] {
        if (!parts_.reloads.stopped()) judge(change);
      });
}

void Desk::judge(const ChangePtr& change) {
  if (change->repeated) return finish(change, to_json(report()));
  if (change->opens && change->trouble.empty()) {
    const auto known = twins_.check(change->document.twins);
    if (!known) change->trouble = known.error().what;
  }
  if (change->opens && !change->trouble.empty()) return refuse(change);
  Record& next = change->next;
  const int64_t now_ms = parts_.clock.now().wall_ms;
  next.tried_ms = 0;
  next.since_ms = now_ms;
  if (change->opens && !reaches_a_broker()) next.confirmed = std::exchange(next.tried, std::nullopt);
  const uint64_t version = change->kind == Outcome::Kind::rolled_back ? record_.tried->version : next.seen;
  const std::string why = change->kind == Outcome::Kind::rolled_back ? why_rolled_back() : "";
  next.last = Outcome{change->kind, version, now_ms, why, {}};
  writing_ = true;
  parts_.write(next.json(), [this, change](const core::Status& written) {
    writing_ = false;
    if (parts_.reloads.stopped()) return;
    const bool goes_on = change->kind == Outcome::Kind::rolled_back;  // to be reached matters more
    if (!written) parts_.log.error("remote_record_not_written", {{"error", written.error().what}});
    if (written || goes_on) return put_in_force(change);
    change->wrong.clear();
    change->trouble = written.error().what;
    refuse(change);
  });
}

std::string Desk::why_rolled_back() const {
  const int64_t tried_s = trial_ ? trial_->tried_ms() / 1000 : 0;
  return "no broker has taken the report of it in " + std::to_string(tried_s) + " s of attempts";
}

bool Desk::reaches_a_broker() const { return std::ranges::any_of(parts_.links(), &LinkSight::up); }

void Desk::refuse(const ChangePtr& change) {
  WrongRoutes wrong = change->wrong;
  if (wrong.size() > kWrongRoutesMax) wrong.resize(kWrongRoutesMax);
  for (auto& [route, why] : wrong) why = cut(std::move(why));
  record_.last = Outcome{Outcome::Kind::refused, change->version, parts_.clock.now().wall_ms,
                         cut(change->trouble), std::move(wrong)};
  ending_ = false;
  if (change->kind == Outcome::Kind::rolled_back) follow_trial(0);  // it is tried again when that is over
  // Anybody may send what nobody has signed: that writes nothing to the disk, and a line now and then.
  const bool is_signed = !change->opens || change->version != 0;
  if (is_signed) save();
  const auto left_out = is_signed ? 0 : refused_.admit({}, parts_.clock.now());
  if (left_out)
    parts_.log.error("remote_document_refused",
                     {{"version", change->version}, {"error", change->trouble}, {"left_out", *left_out}});
  parts_.changed();
  finish(change, core::fail(core::Errc::invalid, change->trouble));
}

void Desk::put_in_force(const ChangePtr& change) {
  const auto before = over(local_);
  parts_.use(change->look->config);
  parts_.engine.on_trial(change->next.tried.has_value());
  if (const auto used = parts_.reloads.put_in_force(change->look); !used) {
    if (before) parts_.use(*before);
    parts_.engine.on_trial(record_.tried.has_value());
    change->trouble = "the routes in force stay: " + used.error().what;
    return refuse(change);  // which puts the record of before on the disk
  }
  record_ = std::move(change->next);
  document_ = std::move(change->document);
  trouble_ = change->trouble;
  ending_ = false;
  said_.clear();
  if (trouble_.empty()) set_twins();
  follow_trial(0);
  parts_.log.info("remote_document",
                  {{"result", name_of(change->kind)}, {"in_force", version()}, {"state", state()}});
  parts_.changed();
  finish(change, to_json(report()));
}

// Sets those of the document in force, from the next tick on. What an operator changes afterwards holds until another document comes.
void Desk::set_twins() {
  twins_.want(document_.twins, [this, version = version()] {
    if (version == record_.twins || version != this->version()) return;
    record_.twins = version;
    if (!writing_) save();  // else they are set once more after the next start
  });
}

void Desk::finish(const ChangePtr& change, const core::Result<std::string>& answer) {
  change->done(answer);
  change->over();
}

// The disk has at least what it needs to go on: what is lost by a kill is a few seconds of the trial, or a refusal.
void Desk::save() {
  saved_tried_ms_ = record_.tried_ms;
  parts_.write(record_.json(), [this](const core::Status& written) {
    if (!written) parts_.log.error("remote_record_not_written", {{"error", written.error().what}});
  });
}

// ---- on trial ----

void Desk::follow_trial(int64_t tried_ms) {
  trial_.reset();
  saved_tried_ms_ = tried_ms;
  if (record_.tried) trial_.emplace(int64_t{local_.upstream.remote.confirm_s} * 1000, tried_ms);
}

bool Desk::is_on_trial(uint64_t version) const {
  return trial_ && !ending_ && record_.tried && record_.tried->version == version;
}

void Desk::tick() {
  twins_.tick();
  if (!trial_ || ending_) return;
  const bool is_over = trial_->look(parts_.links(), parts_.clock.now().mono_ms);
  record_.tried_ms = trial_->tried_ms();
  if (is_over) {
    ending_ = true;
    parts_.reloads.in_turn([this](const Reloads::Over& over) { roll_back(over); });
  } else if (!writing_ && record_.tried_ms - saved_tried_ms_ >= kSaveTriedMs) {
    save();
  }
}

void Desk::roll_back(const Reloads::Over& over) {
  const bool is_over = trial_ && trial_->tried_ms() >= trial_->limit_ms();
  if (!record_.tried || !is_over) return over();  // another document came meanwhile
  const auto change =
      std::make_shared<Change>(Change{.next = record_, .kind = Outcome::Kind::rolled_back, .over = over});
  change->next.tried.reset();
  begin(change);
}

std::string Desk::report_over(const std::string& link) {
  said_[link] = record_.tried ? record_.tried->version : 0;
  return to_json(report());
}

void Desk::on_report_taken(const std::string& link) {
  const uint64_t version = said_[link];
  if (!is_on_trial(version)) return;
  ending_ = true;
  parts_.reloads.in_turn([this, version](const Reloads::Over& over) { confirm(version, over); });
}

void Desk::confirm(uint64_t version, const Reloads::Over& over) {
  if (!record_.tried || record_.tried->version != version) return over();
  Record next = record_;
  next.confirmed = std::exchange(next.tried, std::nullopt);
  next.tried_ms = 0;
  parts_.write(next.json(), [this, next, over](const core::Status& written) {
    if (parts_.reloads.stopped()) return;
    if (!written) parts_.log.error("remote_record_not_written", {{"error", written.error().what}});
    record_ = next;  // what the disk does not have is confirmed again after the next start
    ending_ = false;
    follow_trial(0);
    if (const auto ended = parts_.engine.end_trial(); !ended)
      parts_.log.error("remote_document_not_settled", {{"error", ended.error().what}});
    parts_.log.info("remote_document", {{"result", "confirmed"}, {"in_force", next.confirmed->version}});
    parts_.changed();
    over();
  });
}

uint64_t Desk::version() const {
  const KeptDocument* const in_force = record_.in_force();
  return in_force == nullptr ? 0 : in_force->version;
}

Report Desk::report() const {
  Report report{.hub = self_.hub,
                .at_ms = parts_.clock.now().wall_ms,
                .record = record_,
                .routes = {},
                .confirm_ms = int64_t{local_.upstream.remote.confirm_s} * 1000,
                .trouble = trouble_};
  for (RouteInfo& route : parts_.engine.routes().describe())
    if (route.file == kLayerFile) report.routes.push_back(std::move(route));
  return report;
}

}  // namespace headgate::hub
