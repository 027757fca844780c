#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/identity/book.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// Error not_found: it is not in the file.
core::Status take_out(const std::string& file, const std::string& id) {
  auto book = read_book(file);
  if (!book) return core::fail(book.error());
  const Json* const entry = find_identity(*book, id);
  if (entry == nullptr) return core::fail(core::Errc::not_found, file + " has no identity '" + id + "'");
  Json& list = (*book)["identities"];
  list.erase(list.begin() + (entry - &list.front()));
  return write_book(file, *book);
}

core::Result<Json> ask_for(AdminClient& hub, const std::string& target) {
  const auto body = hub.post(target);
  if (!body) return core::fail(body.error());
  Json json = Json::parse(*body, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

// Drops what the hub holds, once it knows that the identity is no more and its client cannot come back.
core::Status purge_identity(const IdentityTool& tool, AdminClient& hub, const std::string& id) {
  const std::string name = percent_encode(id);
  if (const auto reloaded = ask_for(hub, "/v1/routes/reload"); !reloaded) return core::fail(reloaded.error());
  const auto ended = ask_for(hub, "/v1/sessions/" + name + "/remove");
  if (!ended && ended.error().code != core::Errc::not_found) return core::fail(ended.error());
  const auto forgotten = ask_for(hub, "/v1/identities/" + name + "/forget");
  if (!forgotten) return core::fail(forgotten.error());
  tool.out << "purged of '" << printable(id) << "': " << (ended ? "its session" : "no session") << ", "
           << (flag_of(*forgotten, "twin") ? "its twin" : "no twin") << ", "
           << counted(number_of(*forgotten, "messages"), "message") << " to it\n";
  return {};
}

}  // namespace

int run_identity_rm(const IdentityTool& tool, const IdentityRemoveOptions& options, AdminClient& hub) {
  const auto names = edge_names(tool, options.place, false);
  if (!names) return kExitFailed;
  const auto taken = take_out(names->file, options.id);
  const bool was_gone = options.purge && !taken && taken.error().code == core::Errc::not_found;
  if (!taken && !was_gone) return tell(tool, taken.error());
  if (!was_gone)
    tool.out << "identity '" << printable(options.id) << "' removed from " << printable(names->file) << '\n';
  if (!options.purge) {
    tool.out
        << "a running hub ends its connection on SIGHUP or `headgate reload`; its twin, its session and what waits for it "
           "are there again if it is added again: --purge drops them\n";
    return kExitOk;
  }
  if (const auto done = purge_identity(tool, hub, options.id); !done)
    return tell(tool, {done.error().code, "nothing more was purged, try again: " + done.error().what});
  return kExitOk;
}

}  // namespace headgate::tools
