#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/system_clock.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/config/settings.h"
#include "tools/headgate/commands/doctor/commands.h"
#include "tools/headgate/doctor/gather.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "";
}

std::string findings_counted(size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Json to_json(const Diagnosis& it) {
  return {{"severity", name_of(it.severity)},
          {"check", it.check},
          {"where", it.where},
          {"what", it.what},
          {"todo", it.todo}};
}

// An answer that does not come is as one without anything in it.
Json answer_of(AdminClient& hub, const std::string& target) {
  const auto body = hub.get(target);
  Json json = body ? Json::parse(*body, nullptr, false) : Json();
  return json.is_discarded() ? Json() : json;
}

void append(std::vector<Diagnosis>& all, std::vector<Diagnosis> more) {
  std::ranges::move(more, std::back_inserter(all));
}

Severity severity_named(const std::string& name) {
  return name == "error" ? Severity::error : name == "warning" ? Severity::warning : Severity::info;
}

// Asks the hub for its findings; it looks twice at its queues, and takes a second.
std::vector<Diagnosis> of_hub(AdminClient& hub) {
  const auto body = hub.get("/v1/doctor");
  if (!body)
    return {{Severity::warning, "hub", "its own findings", "the hub does not tell them: " + body.error().what,
             "take a headgate of the hub's version: headgate --version, and version in headgate status"}};
  const Json json = Json::parse(*body, nullptr, false);
  std::vector<Diagnosis> found;
  for (const Json& it : member_of(json, "findings"))
    found.push_back({severity_named(text_of(it, "severity")), text_of(it, "check"), text_of(it, "where"),
                     text_of(it, "what"), text_of(it, "todo")});
  return found;
}

const Json* setting(const Json& settings, std::string_view key) {
  const auto found =
      std::ranges::find_if(settings, [&](const Json& it) { return text_of(it, "key") == key; });
  return found == settings.end() ? nullptr : &*found;
}

// Tells where only the broker's word stands behind what is deleted.
void of_acknowledgement(const Json& settings, std::vector<Diagnosis>& found) {
  const Json* const links = setting(settings, "links");
  const Json* const host = setting(settings, "upstream.host");
  const Json* const mode = setting(settings, "upstream.acknowledgement");
  const bool any = (links != nullptr && !member_of(*links, "value").empty()) ||
                   (host != nullptr && !text_of(*host, "value").empty());
  if (!any || mode == nullptr || text_of(*mode, "value") != "broker") return;
  found.push_back(
      {Severity::info, "broker", "upstream.acknowledgement",
       "messages are deleted on the broker's word, so a broker without persistence may lose them",
       "make sure that it keeps what it acknowledges (Mosquitto: persistence true), or set \"end_to_end\""});
}

// False after an error, which was told.
bool look_at_config(const Doctor& doctor, const std::string& file, Machine& machine,
                    std::vector<Diagnosis>& found) {
  if (file.empty()) return true;
  const auto settings = settings_of({doctor.ask, doctor.out, doctor.err}, file);
  if (!settings) return false;
  look_at_settings(*settings, machine);
  of_acknowledgement(*settings, found);
  const Json* const most = setting(*settings, "limits.connections_max");
  if (machine.descriptors && most != nullptr)
    machine.descriptors->connections_max = number_of(*most, "value");
  return true;
}

void show(const Diagnosis& it, std::ostream& out) {
  out << name_of(it.severity) << "  " << it.check << "  " << printable(it.where) << '\n'
      << "  " << printable(it.what) << '\n'
      << "  do: " << printable(it.todo) << '\n';
}

}  // namespace

int show_findings(std::vector<Diagnosis> findings, bool json, std::ostream& out) {
  std::ranges::stable_sort(findings, std::greater<>(), &Diagnosis::severity);
  const auto bad = static_cast<size_t>(
      std::ranges::count_if(findings, [](const Diagnosis& it) { return it.severity != Severity::info; }));
  if (json) {
    Json list = Json::array();
    for (const Diagnosis& it : findings) list.push_back(to_json(it));
    out << Json{{"ok", bad == 0}, {"findings", std::move(list)}}.dump(-1, ' ', false,
                                                                      Json::error_handler_t::replace)
        << '\n';
  } else {
    for (const Diagnosis& it : findings) show(it, out);
    out << (bad == 0 ? "nothing is wrong\n" : findings_counted(bad, "finding") + "\n");
  }
  return bad == 0 ? 0 : 1;
}

int run_doctor(const Doctor& doctor, const DoctorOptions& options) {
  const Json status = answer_of(doctor.hub, "/v1/status");
  const std::string& hub = options.hub.empty() ? options.socket : options.hub;
  const std::string data =
      options.data.empty() ? directory_of_hub(text_of(status, "data_dir"), options.socket) : options.data;
  if (!status.is_object() && data.empty() && options.config.empty()) {
    doctor.err << "headgate: no hub answers on " << printable(hub)
               << ": start headgated, or name what to look at with --data DIR or --config FILE\n";
    return 1;
  }
  std::vector<Diagnosis> found;
  Machine machine{.now_ms = core::SystemClock().now().wall_ms, .clock_synced = clock_is_synced()};
  if (const Json& unsynced = member_of(status, "clock_unsynced"); unsynced.is_number())
    machine.clock_synced = unsynced == 0;
  machine.descriptors = look_at_descriptors(options.socket);
  if (!look_at_config(doctor, options.config, machine, found)) return 1;
  if (!data.empty()) {
    machine.paths.push_back(look_at_path(data, "the data directory"));
    machine.disk = look_at_disk(data);
    look_at_own_files(data, machine);
  }
  append(found, examine(machine));
  if (status.is_object()) {
    append(found, of_hub(doctor.hub));
  } else {
    found.push_back(
        {Severity::info, "hub", hub, "no hub answers, so only files were looked at", "start headgated"});
  }
  return show_findings(std::move(found), doctor.json, doctor.out);
}

}  // namespace headgate::tools
