// Every route an operator wrote: those in the config and those in routes_dir, in one list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/clock.h"
#include "hub/config/config.h"
#include "routing/files/route_file.h"

namespace headgate::hub {

// A file that is not there yet, or not as it will be.
struct FileToCome {
  std::string path;
  std::string text;
};

// The *.json files of a directory, look by look. A file that is not there any more is an error at first: an
// editor, a copy or a mount may be at work. It is gone, and its routes with it, when it is absent in two looks
// 5 s apart while the directory can be read and holds another route file. A directory that is missing, cannot
// be read or has suddenly no route file is an error for as long as it is.
class RouteFolder {
 public:
  // Reads all files in the order of their names; empty `dir`: there is none. `known`: files that routes in
  // force came from. Errors concern one file, or the directory, and name it. What the error is about is
  // Engine's to keep in force.
  // `coming`, if it is not null, counts as if it were there.
  [[nodiscard]] routing::RouteFile look(std::string dir, const std::set<std::string>& known, core::Now now,
                                        const FileToCome* coming = nullptr);
  // When the second look at what was absent is due; nullopt: nothing was.
  [[nodiscard]] std::optional<int64_t> second_look_mono_ms() const;

 private:
  std::map<std::string, int64_t> absent_since_;  // by path, mono_ms of the first look
};

inline constexpr int64_t kSecondLookMs = 5000;

// Name of the file that routes of Config::layer are of.
inline constexpr std::string_view kLayerFile = "remote document";

// The routes of the config's layer, then the config's, then those of each *.json in `routes_dir`, then the weakest, if they are not
// null. The layer's take the place of those of their names in files. Beyond that a name that was used before is an error of the later route, so is a file that cannot be read; the rest load. Schemas that routes name and rows of
// tables are read too. `config_file`: where the config was read
// from. `known`: files that routes in force came from.
[[nodiscard]] routing::RouteFile collect_routes(const Config& config, const std::string& config_file,
                                                RouteFolder& folder, std::set<std::string> known,
                                                core::Now now, const FileToCome* coming = nullptr,
                                                const routing::RouteFile* weakest = nullptr);

// Several files of routes as one, in time that grows with their number.
class MergedRoutes {
 public:
  // Leaves out, and reports, routes and tables of a name that is there already.
  void add(routing::RouteFile more);
  // Does so with routes that give way to all others, also to those that are in force: by name, and to those in `off`.
  void add_weakest(routing::RouteFile more, const std::set<std::string, std::less<>>& off);
  [[nodiscard]] routing::RouteFile take() { return std::move(all_); }

 private:
  routing::RouteFile all_;
  std::unordered_map<std::string, std::string> files_;  // by the route's name, where it is from
};

// Reads the schemas that routes name which are of no file, and the files of their tables, from `dir`, if their paths are
// not whole.
void read_named_in(const std::string& dir, routing::RouteFile& routes);

}  // namespace headgate::hub
