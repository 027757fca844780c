// Routes that are to be in force: those that are wanted, and of each whose description is broken the version
// that was in force before. A mistake in a file is no wish.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "routing/files/route_file.h"

namespace headgate::hub {

// Routes in force before, by name; borrowed.
using GoodRoutes = std::map<std::string_view, const routing::RouteFileEntry*>;

// Routes that are broken, and in force in an earlier version, are entries that `kept` names, with the error. What is
// wrong and was not in force before is in `routes.errors`, so are files as a whole.
struct WantedRoutes {
  routing::RouteFile routes;
  std::map<std::string, std::string, std::less<>> kept;  // by name
  bool puzzling = false;  // something is wrong of which nothing is known: a queue without a route may be its
};

// Puts the last good versions into the place of entries and files that could not be read. A route of which two
// files have one name stays that of the file from which it is in force.
[[nodiscard]] WantedRoutes with_last_good(routing::RouteFile wanted, const GoodRoutes& good);

// Adds the tables in force whose file, or the directory of it, is wrong: a mistake takes no table away.
void keep_tables(routing::RouteFile& wanted, const std::vector<routing::RouteFileError>& errors,
                 const std::vector<routing::TableSource>& in_force);

// Puts back what turned out not to compile. False if nothing is known of that route: it is left out.
bool put_back(WantedRoutes& wanted, size_t entry, const std::string& error, const GoodRoutes& good);

// How the routes in force came to differ from those before, by name.
struct RouteChanges {
  std::set<std::string> added;
  std::set<std::string> changed;
  std::set<std::string> removed;

  [[nodiscard]] bool any() const { return !added.empty() || !changed.empty() || !removed.empty(); }
};
[[nodiscard]] RouteChanges changes_between(const GoodRoutes& before, const GoodRoutes& after);

// Queues that routes in force before led to and that the changed or removed ones no longer name.
[[nodiscard]] std::set<std::string> queues_let_go(const GoodRoutes& before, const RouteChanges& changes);

}  // namespace headgate::hub
