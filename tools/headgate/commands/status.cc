#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"
#include "tools/headgate/trouble.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(const Json& list) {
  std::string text;
  for (const Json& item : list) {
    if (item.is_string()) text += (text.empty() ? "" : ", ") + item.get<std::string>();
  }
  return text.empty() ? "none" : text;
}

std::string link_of(const Json& upstream) {
  const std::string state = text_of(upstream, "state");
  if (state.empty() || state == "off") return "off: $upstream only queues";
  std::string text =
      state + " " + printable(text_of(upstream, "host")) + ":" + std::to_string(number_of(upstream, "port"));
  if (state == "connected") {
    const auto since_ms = static_cast<int64_t>(number_of(upstream, "since_ms"));
    return since_ms == 0 ? text : text + " since " + iso_time(since_ms);
  }
  if (state == "waiting")
    text += ", next attempt in " + std::to_string(number_of(upstream, "retry_in_ms") / 1000) + " s";
  if (const std::string error = text_of(upstream, "last_error"); !error.empty())
    text += " (" + printable(error) + ")";
  return text;
}

std::string sent_of(const Json& upstream) {
  return std::to_string(number_of(upstream, "messages_acked")) + " messages in " +
         std::to_string(number_of(upstream, "batches_acked")) + " batches, " +
         human_bytes(number_of(upstream, "bytes_acked")) + "; " +
         std::to_string(number_of(upstream, "batches_in_flight")) + " batches in flight";
}

std::string store_of(const Json& status) {
  const Json& store = member_of(status, "store");
  const uint64_t bytes_max = number_of(store, "bytes_max");
  std::string text = counted(number_of(store, "waiting"), "message") + " waiting (" +
                     human_bytes(number_of(store, "waiting_bytes")) +
                     (bytes_max == 0 ? "" : " of at most " + human_bytes(bytes_max)) + ") in " +
                     counted(number_of(store, "queues"), "queue") + ", " +
                     counted(number_of(store, "dead_letters"), "dead letter");
  if (const std::string error = text_of(store, "error"); !error.empty())
    text += "; NOT WRITING: " + printable(error);
  return text;
}

// Each stops after those before it.
std::string stopped_of(const std::string& use) {
  if (use == "sessions") return "nothing is stored for sessions and as retained alone until there is room";
  if (use == "consumers") return "no message is stored until there is room";
  return "no message but what consumers of inputs publish is stored until there is room";
}

// Empty if nobody looks at the disk.
std::string disk_of(const Json& disk) {
  if (number_of(disk, "total_bytes") == 0) return "";
  std::string text = human_bytes(number_of(disk, "free_bytes")) + " free of " +
                     human_bytes(number_of(disk, "total_bytes")) + ", at least " +
                     human_bytes(number_of(disk, "min_free_bytes")) + " wanted, reserve " +
                     human_bytes(number_of(disk, "reserve_bytes"));
  if (member_of(disk, "low") == true) text += "; LOW: " + stopped_of(text_of(disk, "stopped"));
  if (const uint64_t resume = number_of(disk, "resume_bytes"); resume > 0 && flag_of(disk, "low"))
    text += ", from " + human_bytes(resume) + " free on";
  return text;
}

std::string routes_of(const Json& status) {
  const Json& routes = member_of(status, "routes");
  std::string text = std::to_string(number_of(routes, "active")) + " active";
  if (const uint64_t kept = number_of(routes, "kept"); kept > 0) {
    text += ", " + std::to_string(kept) + " of them kept in an earlier version (headgate route ls)";
  }
  if (const uint64_t failed = number_of(routes, "failed"); failed > 0) {
    text += ", " + std::to_string(failed) + " left out (headgate route ls)";
  }
  return text;
}

// Empty if nothing was reloaded.
std::string reload_of(const Json& reload) {
  const uint64_t at_ms = number_of(reload, "at_ms");
  if (at_ms == 0) return "";
  std::string text = iso_time(static_cast<int64_t>(at_ms));
  const std::string took = joined(member_of(reload, "took"));
  text += "; took " + (took == "none" ? "nothing new" : printable(took));
  const size_t not_taken = member_of(reload, "kept").size() + member_of(reload, "left_out").size();
  if (not_taken > 0) text += "; NOT TAKEN: " + std::to_string(not_taken) + " (headgate reload says why)";
  if (const Json& keys = member_of(reload, "needs_restart"); !keys.empty())
    text += "; needs a restart: " + printable(joined(keys));
  return text;
}

// Empty: none is known.
std::string damage_of(const Json& status) {
  const Json& damage = member_of(member_of(status, "store"), "damage");
  if (!damage.is_object()) return "";
  return "found " + iso_time(static_cast<int64_t>(number_of(damage, "found_ms"))) + ": " +
         std::to_string(number_of(damage, "lost")) + " queue entries are lost; see " +
         printable(text_of(damage, "directory")) + "/report.json, and move that away once it is dealt with";
}

void show_status(std::ostream& out, const Json& status) {
  const auto line = [&out](std::string_view name, const std::string& value) {
    out << name << std::string(12 - name.size(), ' ') << value << '\n';
  };
  line("hub", printable(text_of(status, "hub_id")) + ", headgate " + text_of(status, "version"));
  line("started", iso_time(static_cast<int64_t>(number_of(status, "started_ms"))) + ", up " +
                      human_duration(static_cast<int64_t>(number_of(status, "uptime_s"))));
  line("listening", joined(member_of(status, "listeners")));
  line("clients", std::to_string(number_of(status, "connections")) + " connected, " +
                      std::to_string(number_of(status, "sessions")) + " sessions");
  line("messages", std::to_string(number_of(status, "messages_in")) + " in, " +
                       std::to_string(number_of(status, "messages_out")) + " out");
  const Trouble trouble = trouble_of(status);
  line("trouble", trouble.now.empty() ? "none" : trouble.now);
  if (!trouble.past.empty()) line("past", trouble.past);
  line("routes", routes_of(status));
  if (const std::string reload = reload_of(member_of(status, "reload")); !reload.empty())
    line("reload", reload);
  line("store", store_of(status));
  if (const std::string damage = damage_of(status); !damage.empty()) line("DAMAGE", damage);
  if (const std::string disk = disk_of(member_of(member_of(status, "store"), "disk")); !disk.empty())
    line("disk", disk);
  line("durability", text_of(status, "durability") + ", " + printable(text_of(status, "data_dir")));
  line("link", link_of(member_of(status, "upstream")));
  line("sent", sent_of(member_of(status, "upstream")));
}

}  // namespace

int run_status(const Context& context) {
  return answer(context, context.hub.get("/v1/status"),
                [&](const Json& json) { show_status(context.out, json); });
}

}  // namespace headgate::tools
