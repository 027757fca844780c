// Documents of configuration that come down signed: what the desk for them needs of the hub.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/os/file_rights.h"
#include "hub/hub.h"
#include "hub/shell/replace_file.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kRecordFile = "remote.json";

// Empty: there is none yet.
core::Result<std::string> read_record(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown) && !unknown) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file) return text;
  return core::fail(core::Errc::io, path + ": cannot be read: " + core::why_unreadable(path, errno));
}

core::Unexpected takes_none() {
  return core::fail(
      core::Errc::unavailable,
      "this hub takes no documents: set upstream.remote_config.key_file in its configuration and restart it");
}

}  // namespace

core::Status Hub::restore_remote() {
  if (!config_.upstream.remote.enabled()) return {};
  auto key = PublicKey::read(config_.upstream.remote.key_file);
  if (!key) return core::fail(key.error().code, "upstream.remote_config.key_file " + key.error().what);
  const std::string path = config_.data_dir + "/" + std::string(kRecordFile);
  const auto record = read_record(path);
  if (!record) return core::fail(record.error());
  const std::string& hub = store_->identity().hub;
  const upstream::RemoteOptions& options = config_.upstream.remote;
  desk_ = std::make_unique<Desk>(desk_parts(), *std::move(key), Addressee{hub, options.group},
                                 upstream::document_topics(options, hub));
  auto laid = desk_->restore(config_, *record);
  if (!laid)
    return core::fail(
        core::Errc::corrupt,
        path + ": " + laid.error().what + "; move it away to start with the hub's own configuration alone");
  config_ = *std::move(laid);
  return {};
}

Desk::Parts Hub::desk_parts() {
  return {.reloads = reloads_,
          .engine = engine_,
          .others = engine_.commands(),
          .clock = clock_,
          .log = log_,
          .elsewhere = on_compiler(),
          .config_path = config_path_,
          .use =
              [this](Config config) {
                config_.links = config.links;
                take_reloadable(config_, std::move(config));
                engine_.use_limits(config_.queues);
                if (upstream_) upstream_->use_terms(links_of(config_));
              },
          .write =
              [this](std::string record, Desk::Parts::Written done) {
                workers_.helper.post([this, record = std::move(record), done = std::move(done)] {
                  const auto written = replace_file(config_.data_dir, kRecordFile, record);
                  executor_->post([written, done] { done(written); });
                });
              },
          .links = [this] { return sights(); },
          .changed =
              [this] {
                if (upstream_) upstream_->documents_changed(desk_->asks_for_links());
              }};
}

// Links that bring documents.
std::vector<LinkSight> Hub::sights() const {
  std::vector<LinkSight> sights;
  const auto report = upstream();
  if (!report) return sights;
  for (const upstream::LinkReport& link : report->links) {
    if (!upstream::brings_documents(config_.upstream, link.named)) continue;
    const upstream::CarrierStatus& status = link.status;
    const bool connecting = status.state == upstream::CarrierState::connecting;
    sights.push_back({.name = link.named.name,
                      .up = status.state == upstream::CarrierState::up,
                      .trying = connecting || status.state == upstream::CarrierState::backing_off,
                      .refused = link.permit.open && link.permit.lanes == 0,
                      .failures = status.attempts - status.connects - (connecting ? 1 : 0)});
  }
  return sights;
}

void Hub::report_remote() {
  if (!desk_) return;
  upstream_->report_documents([this](const std::string& link, core::Now) { return desk_->report_over(link); },
                              [this](const std::string& link) { desk_->on_report_taken(link); });
}

core::Result<std::string> Hub::remote_status() const {
  if (!desk_) return takes_none();
  return to_json(desk_->report());
}

void Hub::apply_remote(std::string envelope, bool force, OnRemote done) {
  if (!desk_) return done(takes_none());
  desk_->apply(std::move(envelope), force, std::move(done));
}

void Hub::forget_remote(OnRemote done) {
  if (!desk_) return done(takes_none());
  desk_->forget(std::move(done));
}

}  // namespace headgate::hub
