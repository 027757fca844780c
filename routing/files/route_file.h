// JSON text → routes. Reads Headgate's route files and whole IoT Edge deployment manifests
// (`modulesContent.$edgeHub["properties.desired"]`, schema 1.0 to 1.4), layered ones, whose keys are
// `"properties.desired.routes.NAME"`, and twins of $edgeHub. The routes of these three have edgehub semantics unless
// they say otherwise. It does not compile the routes.
//
// A Headgate file is `{"routes": {name: "FROM …" | {…}}, "tables": {…}, "semantics": …, "body": …}`; the last two are the
// defaults of the file's routes, `tables` declares those of lookup(), see table_rule.h. In a route object: `route`, `priority` 0–9, `timeToLiveSecs` (0 = the default, -1 =
// for ever, which a manifest's route cannot say), `semantics`
// ("strict" | "edgehub"), `body` ("auto" | "declared"; edgehub semantics imply declared), `queue`
// (`maxBytes`, `maxMessages`, `maxAge`, `onFull`), `onRemove`, `retain` (true | false) and `publishAs` (a user) of a topic sink, `shadow`
// (true | false: it only counts), `link` (a link upstream, or a list in order of preference) and `sendBack` (true | false: also what came down goes up), and of a route that computes `late`, `state`, `retained` and `onChange`, see compute_rule.h. A blank route text is skipped, as edgeHub does.
//
// Whatever is wrong with one entry is reported and the rest load. Only what makes the whole file unreadable
// (syntax, an unknown schema version, a mandatory section that is missing) yields no entries at all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routing/compute/computation.h"
#include "routing/files/compute_rule.h"
#include "routing/files/manifest.h"
#include "routing/files/queue_rule.h"
#include "routing/language/language.h"
#include "routing/lookup/table_source.h"
#include "routing/schema/texts.h"
#include "routing/table/known_link.h"

namespace headgate::routing {

// A route in the words of its file. `ttl_s`: nullopt = the hub's default, 0 = for ever.
struct RouteFileEntry {
  std::string name;
  std::string text;
  std::optional<uint8_t> priority;  // 0 (first) to 9; nullopt = after 9
  std::optional<uint32_t> ttl_s;
  Semantics semantics = Semantics::strict;
  BodyMode body = BodyMode::auto_detect;
  std::string file;
  QueueRule queue = {};
  bool retain = false;  // what goes INTO Topic(…) is retained there
  ComputeLimits limits = {};
  OnChange on_change = OnChange::drain;
  RetainedInputs retained = RetainedInputs::take;
  std::string publish_as = {};           // whose rights what goes INTO Topic(…) needs; empty: the hub's
  bool shadow = false;                   // it counts, and delivers nothing
  std::vector<std::string> links = {};   // upstream, that it may go over, the preferred first; none: any
  std::vector<SchemaText> schemas = {};  // those that the text names: see read_schemas()
  bool send_back = false;                // upstream goes also what came down from there

  friend bool operator==(const RouteFileEntry&, const RouteFileEntry&) = default;
};

// Something that was left out. `route` is empty when it concerns the whole file. `what` is one or more whole
// lines that begin with the file's name.
struct RouteFileError {
  std::string file;
  std::string route;
  std::string what;
  bool yields =
      false;  // somebody stronger decides about that name: nothing is kept in force for this one's sake

  friend bool operator==(const RouteFileError&, const RouteFileError&) = default;
};

struct RouteFile {
  std::vector<RouteFileEntry> entries;  // in the order of the file
  std::vector<RouteFileError> errors;
  std::vector<TableSource> tables = {};           // declared; files among them have not been read
  std::vector<ManifestNote> without_effect = {};  // parts of a manifest
  bool manifest = false;                          // in one of edgeHub's forms
  std::optional<std::vector<KnownLink>> links =
      {};  // upstream, that routes may name; nullopt: whatever they are called
};

// `file` is the name that entries and errors carry.
[[nodiscard]] RouteFile parse_route_file(std::string_view text, std::string_view file);

// Reads the desired properties of $edgeHub as its twin has them, JSON. They are put together patch by patch: no section is
// mandatory, and without routes there are none.
[[nodiscard]] RouteFile parse_desired_routes(std::string_view desired, std::string_view file);

// Links have names of 1 to 32 of letters, digits, - . _
[[nodiscard]] bool is_link_name(std::string_view name);

// Adds declarations of tables. Names are unique over all files: a second one is left out, and an error that names both
// files.
void add_tables(RouteFile& all, std::vector<TableSource> more);

// Keys of a route's object.
[[nodiscard]] const std::vector<std::string_view>& route_keys();

// A text in which somebody looks for routes: a route file, a manifest, or a whole configuration (headgate.json),
// of which only the routes are read.
struct RouteText {
  RouteFile routes;
  std::string routes_dir;  // of a configuration: the directory of more route files; empty: it names none
};
[[nodiscard]] RouteText parse_route_text(std::string_view text, std::string_view file);

// Keys at the top of a configuration, but for those that a route file has too.
[[nodiscard]] std::span<const std::string_view> configuration_keys();

}  // namespace headgate::routing
