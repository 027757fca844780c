#include "tools/unbatch/sink/rows.h"

#include <sqlite3.h>

#include <string_view>
#include <utility>

namespace headgate::tools {
namespace {

constexpr int kBusyMs = 30000;  // another program may be writing

constexpr const char* kTables = R"(
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS messages(
  hub TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, time TEXT NOT NULL, topic TEXT NOT NULL,
  properties TEXT, content_type TEXT, content_encoding TEXT, body,
  PRIMARY KEY(hub, epoch, seq));
CREATE INDEX IF NOT EXISTS messages_by_topic ON messages(topic, time);
CREATE TABLE IF NOT EXISTS gaps(
  hub TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
  why TEXT NOT NULL, into_first INTEGER, into_last INTEGER, PRIMARY KEY(hub, epoch, first, why));
)";
// Files of earlier versions do not say where folded messages went.
constexpr const char* kLacksIntoColumns =
    "SELECT 1 FROM pragma_table_info('gaps') WHERE name = 'why' "
    "AND NOT EXISTS (SELECT 1 FROM pragma_table_info('gaps') WHERE name = 'into_first')";
constexpr const char* kAddIntoColumns = R"(
ALTER TABLE gaps ADD COLUMN into_first INTEGER;
ALTER TABLE gaps ADD COLUMN into_last INTEGER;
)";
constexpr const char* kInsertMessage = "INSERT OR IGNORE INTO messages VALUES(?,?,?,?,?,?,?,?,?)";
constexpr const char* kInsertGap = R"(
INSERT OR REPLACE INTO gaps(hub, epoch, first, last, count, why, into_first, into_last) VALUES(?,?,?,?,?,?,?,?)
)";

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

void bind(sqlite3_stmt* to, int place, std::string_view text) {
  sqlite3_bind_text(to, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}
void bind(sqlite3_stmt* to, int place, const std::optional<std::string>& text) {
  if (text) bind(to, place, std::string_view(*text));
}
void bind(sqlite3_stmt* to, int place, uint64_t number) {
  sqlite3_bind_int64(to, place, static_cast<sqlite3_int64>(number));
}

}  // namespace

struct Rows::State {
  std::string path;
  std::unique_ptr<sqlite3, Close> database;
  Statement message;
  Statement gap;
  bool open = false;  // a transaction

  core::Unexpected failed() const {
    return core::fail(core::Errc::io, path + ": " + sqlite3_errmsg(database.get()));
  }
  core::Status run(const char* sql) {
    if (sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failed();
    return {};
  }
  core::Status prepare(const char* sql, Statement& statement) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(database.get(), sql, -1, &made, nullptr) != SQLITE_OK) return failed();
    statement.reset(made);
    return {};
  }
  core::Status make_tables() {
    if (auto made = run(kTables); !made) return made;
    if (auto begun = begin(); !begun) return begun;  // another program may be at it, too
    Statement lacks;
    if (auto ready = prepare(kLacksIntoColumns, lacks); !ready) return ready;
    const bool is_old = sqlite3_step(lacks.get()) == SQLITE_ROW;
    lacks.reset();
    if (is_old) {
      if (auto added = run(kAddIntoColumns); !added) return added;
    }
    return commit();
  }
  core::Status begin() {
    if (std::exchange(open, true)) return {};
    return run("BEGIN IMMEDIATE");
  }
  core::Status commit() {
    if (!std::exchange(open, false)) return {};
    return run("COMMIT");
  }
  core::Status insert(sqlite3_stmt* statement) {
    const int done = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (done != SQLITE_DONE) return failed();
    return {};
  }
};

core::Result<std::unique_ptr<Rows>> Rows::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  sqlite3* database = nullptr;
  const int opened = sqlite3_open(path.c_str(), &database);
  state->database.reset(database);
  if (opened != SQLITE_OK) return state->failed();
  sqlite3_busy_timeout(database, kBusyMs);
  if (auto made = state->make_tables(); !made) return core::fail(made.error());
  if (auto ready = state->prepare(kInsertMessage, state->message); !ready) return core::fail(ready.error());
  if (auto ready = state->prepare(kInsertGap, state->gap); !ready) return core::fail(ready.error());
  return std::unique_ptr<Rows>(new Rows(std::move(state)));
}

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::~Rows() = default;

core::Status Rows::put(const Message& message) {
  const auto body = body_bytes(message);
  if (!body) return core::fail(body.error());
  if (auto begun = state_->begin(); !begun) return begun;
  sqlite3_stmt* const row = state_->message.get();
  bind(row, 1, std::string_view(message.hub));
  bind(row, 2, std::string_view(message.epoch));
  bind(row, 3, message.seq);
  bind(row, 4, std::string_view(time_text(message.time_ms)));
  bind(row, 5, std::string_view(message.topic));
  if (!message.properties_json.empty()) bind(row, 6, std::string_view(message.properties_json));
  bind(row, 7, message.content_type);
  bind(row, 8, message.content_encoding);
  if (message.kind == BodyKind::base64)
    sqlite3_bind_blob(row, 9, body->data(), static_cast<int>(body->size()), SQLITE_TRANSIENT);
  else
    bind(row, 9, std::string_view(*body));
  return state_->insert(row);
}

// A gap may have grown: the last one with its beginning counts.
core::Status Rows::put(const LostEntries& lost) {
  if (auto begun = state_->begin(); !begun) return begun;
  sqlite3_stmt* const row = state_->gap.get();
  bind(row, 1, std::string_view(lost.hub));
  bind(row, 2, std::string_view(lost.epoch));
  bind(row, 3, lost.from);
  bind(row, 4, lost.to);
  bind(row, 5, lost.count);
  bind(row, 6, std::string_view(lost.why));
  if (lost.into) {
    bind(row, 7, lost.into->first);
    bind(row, 8, lost.into->second);
  }
  return state_->insert(row);
}

core::Status Rows::flush() { return state_->commit(); }

}  // namespace headgate::tools
