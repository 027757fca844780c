#include "hub/engine/routes/last_good.h"

#include <algorithm>
#include <utility>

#include "routing/table/compile.h"

namespace headgate::hub {
namespace {

using routing::RouteFileEntry;
using routing::RouteFileError;

std::string_view file_name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// An error of a whole file, or of a directory, concerns what came from there. Names are compared, so that it is
// still the same file when the directory is called by another path.
bool concerns(const RouteFileError& error, const std::string& file) {
  if (!error.route.empty()) return false;
  return file_name_of(error.file) == file_name_of(file) || file.starts_with(error.file + "/");
}

// A route that says in another file what it said is the same one.
bool has_moved_and_changed(RouteFileEntry now, const RouteFileEntry& before) {
  if (file_name_of(now.file) == file_name_of(before.file)) return false;
  now.file = before.file;
  return now != before;
}

class Keeping {
 public:
  Keeping(WantedRoutes& wanted, const GoodRoutes& good) : wanted_(wanted), good_(good) {
    for (const RouteFileEntry& entry : wanted_.routes.entries) named_.emplace(entry.name, &entry);
  }

  void run() {
    std::vector<RouteFileError> errors = std::move(wanted_.routes.errors);
    wanted_.routes.errors.clear();
    for (RouteFileError& error : errors) {
      if (!take(error)) wanted_.routes.errors.push_back(std::move(error));
    }
    std::erase_if(wanted_.routes.entries,
                  [this](const RouteFileEntry& entry) { return ousted_.contains(entry.name); });
    for (const RouteFileEntry* entry : kept_) wanted_.routes.entries.push_back(*entry);
  }

 private:
  // True if all that it concerns is kept, so that it is told there.
  bool take(const RouteFileError& error) {
    if (error.yields) return false;
    if (error.route.empty()) {
      if (keep_of_file(error) == 0) wanted_.puzzling = true;
      return false;
    }
    const auto known = good_.find(error.route);
    if (known == good_.end()) {
      wanted_.puzzling = true;
      return false;
    }
    const auto named = named_.find(error.route);
    if (named == named_.end()) return keep(*known->second, error.what);
    const bool of_this_file = file_name_of(known->second->file) == file_name_of(error.file);
    return of_this_file && oust(*named->second, *known->second, error.what);
  }

  size_t keep_of_file(const RouteFileError& error) {
    size_t kept = 0;
    for (const auto& [name, entry] : good_) {
      if (!concerns(error, entry->file)) continue;
      ++kept;
      const auto named = named_.find(name);
      if (named == named_.end()) {
        keep(*entry, error.what);
      } else if (has_moved_and_changed(*named->second, *entry)) {
        oust(*named->second, *entry, error.what);
      }
    }
    return kept;
  }

  bool keep(const RouteFileEntry& entry, const std::string& why) {
    if (wanted_.kept.try_emplace(entry.name, why).second) kept_.push_back(&entry);
    return true;
  }

  // Another file has a route of the name that is in force: that is the one that is left out.
  bool oust(const RouteFileEntry& newcomer, const RouteFileEntry& in_force, const std::string& why) {
    if (!ousted_.insert(newcomer.name).second) return true;
    wanted_.routes.errors.push_back({newcomer.file, newcomer.name,
                                     newcomer.file + ": route \"" + newcomer.name +
                                         "\" is left out: the one of " + in_force.file +
                                         " is in force; rename one of them"});
    return keep(in_force, why);
  }

  WantedRoutes& wanted_;
  const GoodRoutes& good_;
  std::map<std::string_view, const RouteFileEntry*> named_;  // of the entries that are wanted
  std::set<std::string> ousted_;
  std::vector<const RouteFileEntry*> kept_;
};

// Names of the queues that it leads to, and of sinks that have none.
std::set<std::string> queues_of(const RouteFileEntry& entry) {
  std::vector<routing::Diagnostic> ignored;
  std::set<std::string> queues;
  const auto compiled = routing::compile_route(entry.text, entry.semantics, entry.body, ignored);
  if (!compiled) return queues;
  for (const routing::Sink& sink : compiled->sinks) queues.insert(routing::endpoint_name(sink));
  return queues;
}

}  // namespace

WantedRoutes with_last_good(routing::RouteFile routes, const GoodRoutes& good) {
  WantedRoutes wanted{std::move(routes), {}, false};
  Keeping(wanted, good).run();
  return wanted;
}

void keep_tables(routing::RouteFile& wanted, const std::vector<RouteFileError>& errors,
                 const std::vector<routing::TableSource>& in_force) {
  for (const routing::TableSource& table : in_force) {
    const auto is_same = [&](const routing::TableSource& other) { return other.name == table.name; };
    if (std::ranges::any_of(wanted.tables, is_same)) continue;
    if (std::ranges::any_of(errors,
                            [&](const RouteFileError& error) { return concerns(error, table.declared_in); }))
      wanted.tables.push_back(table);
  }
}

bool put_back(WantedRoutes& wanted, size_t entry, const std::string& error, const GoodRoutes& good) {
  RouteFileEntry& broken = wanted.routes.entries[entry];
  const auto known = good.find(broken.name);
  if (known == good.end() || wanted.kept.contains(broken.name)) return false;
  wanted.kept.emplace(broken.name, error);
  broken = *known->second;
  return true;
}

RouteChanges changes_between(const GoodRoutes& before, const GoodRoutes& after) {
  RouteChanges changes;
  for (const auto& [name, entry] : after) {
    const auto known = before.find(name);
    if (known == before.end()) {
      changes.added.emplace(name);
    } else if (*known->second != *entry) {
      changes.changed.emplace(name);
    }
  }
  for (const auto& [name, entry] : before) {
    if (!after.contains(name)) changes.removed.emplace(name);
  }
  return changes;
}

std::set<std::string> queues_let_go(const GoodRoutes& before, const RouteChanges& changes) {
  std::set<std::string> queues;
  for (const auto& [name, entry] : before) {
    const std::string text(name);
    if (changes.changed.contains(text) || changes.removed.contains(text)) queues.merge(queues_of(*entry));
  }
  return queues;
}

}  // namespace headgate::hub
