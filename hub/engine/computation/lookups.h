// The lookup tables of routes in force: their rows in the store, and what changes them among the inputs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/admin/hub_view.h"
#include "hub/engine/computation/inputs.h"
#include "hub/engine/computation/lookup_records.h"
#include "hub/engine/retained/keeper.h"
#include "routing/lookup/tables.h"
#include "routing/table/route_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Gives a table that is new the rows that its file holds, or what is retained under its topics.
void fill_as_now(routing::LookupTable& table, const RetainedKeeper& retained, core::Now now);

// A table that is new begins with the rows of its file, or with what is retained under its topics, when its route
// does. After that a retained publish changes it when it is consumed, and another content of the file when the input
// that stands for that content is: so each input sees the rows that it saw before a crash.
class Lookups {
 public:
  // Borrows all; they must outlive this.
  struct Parts {
    store::QueueStore& store;
    const RetainedKeeper& retained;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit Lookups(const Parts& parts) : parts_(parts) {}

  // From now on the tables that routes of this table look up in. What the store has is taken over where the rows come
  // from the same place, else removed. `anew`: all rows are what the store has; as after an error. `latest`: no input is newer.
  // REQUIRES: all that
  // was saved is durable. Errors: io, unavailable.
  core::Status use(const routing::RouteTable& table, store::Seq latest, bool anew);

  [[nodiscard]] const routing::LookupTables& tables() const { return tables_; }

  // Appends an input for each file whose content is another than that of the input, or of the table, before. Gives the
  // seq of the last; 0: there was none. One that is refused is tried again by the next call.
  [[nodiscard]] store::Seq send_contents(store::QueueId inputs);

  // True if this input changes a table.
  [[nodiscard]] bool is_changed_by(const Input& input) const;
  // An input that is nothing but the content of a file, and no message for routes.
  [[nodiscard]] static bool is_content(const Input& input);
  // Changes the tables.
  void take(const Input& input);

  // Adds the rows that have changed since they were saved last.
  void save_changed(std::vector<store::KeyValue>& values);

  struct Totals {
    uint64_t rows = 0;
    uint64_t bytes = 0;
    uint64_t refused = 0;  // since start
  };
  [[nodiscard]] Totals totals() const;
  // Adds what is known of the table of that name; nothing if no route looks up in it.
  void describe(LookupInfo& info) const;

 private:
  struct Running {
    StoredLookup stored;
    bool changed = false;  // the record, since it was saved
    std::string fault;     // why a content of the file has not been sent
  };
  using Records = std::map<std::string, StoredLookup, std::less<>>;

  [[nodiscard]] core::Result<Records> read_records();
  core::Status begin(const std::shared_ptr<const routing::TableSource>& source, const Records& records,
                     store::Seq latest);
  core::Status load(routing::LookupTable& table, uint32_t number);
  void fill(routing::LookupTable& table, StoredLookup& stored);
  void remove(const std::string& name, const StoredLookup& record);
  void save_one(const std::string& name, std::vector<store::KeyValue>& values);
  [[nodiscard]] bool changes(const Input& input, const routing::LookupTable& table) const;
  void take_content(const Input& input, routing::LookupTable& table);
  [[nodiscard]] core::Result<store::Seq> send(const routing::TableSource& source, Running& running,
                                              store::QueueId inputs);

  Parts parts_;
  routing::LookupTables tables_;
  std::map<std::string, Running, std::less<>> running_;  // by name, as in tables_
  std::vector<store::KeyValue> changes_;                 // of records and rows, by use()
  uint32_t last_number_ = 0;
  uint64_t refused_before_ = 0;  // by tables that are no more
};

}  // namespace headgate::hub
