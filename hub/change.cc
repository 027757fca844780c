// Changed configurations: what the desk for them needs of the hub.
#include <string>
#include <utility>

#include "hub/change/desk.h"
#include "hub/hub.h"

namespace headgate::hub {
namespace {

constexpr int64_t kMeasuredMsMin = 3'600'000;
constexpr int64_t kOneDayMs = 86'400'000;

// In proportion, over a time that says something.
std::optional<uint64_t> wire_bytes_a_day(const std::optional<upstream::UpstreamReport>& report,
                                         int64_t running_ms) {
  if (!report || running_ms < kMeasuredMsMin) return std::nullopt;
  uint64_t bytes = 0;
  for (const upstream::LinkReport& link : report->links) bytes += link.counts.wire_bytes;
  if (bytes == 0) return std::nullopt;
  return static_cast<uint64_t>(static_cast<double>(bytes) * static_cast<double>(kOneDayMs) /
                               static_cast<double>(running_ms));
}

}  // namespace

core::Result<Config> Hub::coming(const std::string& text) const {
  auto loaded = load_config_of(config_path_, text);
  if (loaded && loaded->hub_id.empty()) loaded->hub_id = config_.hub_id;  // the store's
  return loaded && desk_ ? desk_->over(*std::move(loaded)) : std::move(loaded);
}

std::unique_ptr<ConfigDesk> Hub::make_config_desk() {
  static RealFileSteps steps;
  return std::make_unique<ConfigDesk>(
      ConfigDesk::Parts{
          .reloads = reloads_,
          .engine = engine_,
          .store = *store_,
          .hasher = hasher_,
          .clock = clock_,
          .log = log_,
          .elsewhere = on_compiler(),
          .on_disk =
              [this](std::function<void()> work, std::function<void()> then) {
                workers_.helper.post([this, work = std::move(work), then = std::move(then)] {
                  work();
                  executor_->post(then);
                });
              },
          .config_path = config_path_,
          .running = [this]() -> const Config& { return config_; },
          .coming = [this](const std::string& text) { return coming(text); },
          .routes_in_force = [this] { return routes_in_force(); },
          .reload = [this](Reloads::Over done) { reload_in_turn(std::move(done)); },
          .trouble =
              [this] {
                const auto reasons = unready();
                return reasons.empty() ? std::string() : reasons.front().why;
              },
          .replay = [this](RecordedRun run, OnReplayed done) { replay(std::move(run), std::move(done)); },
          .bytes_a_day =
              [this] { return wire_bytes_a_day(upstream(), clock_.now().mono_ms - started_mono_ms_); },
          .can_start_again = [this] { return start_again_ != nullptr; },
          .start_again = [this] { start_again_(); }},
      steps);
}

void Hub::plan_config(ConfigPlanRequest request, OnPlanned done) {
  changes_->plan(std::move(request), std::move(done));
}
void Hub::apply_config(ConfigApplyRequest request, OnPlanned done) {
  changes_->apply(std::move(request), std::move(done));
}
void Hub::confirm_config(OnPlanned done) { changes_->confirm(std::move(done)); }

}  // namespace headgate::hub
