#include "tests/routing/oracle/sqlite_oracle.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>

namespace headgate::routing {
namespace {

using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Statement prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
    ADD_FAILURE() << sqlite3_errmsg(database) << " in " << sql;
  return {statement, &sqlite3_finalize};
}

// Each message once for each window that it is in: `start` and `end`.
std::string placed_in_time(const Window& window) {
  const std::string size = std::to_string(window.size_ms);
  const std::string hop = std::to_string(window.hop_ms);
  const std::string since = "(time - " + std::to_string(window.offset_ms) + ")";
  const std::string phase = "((" + since + " % " + hop + " + " + hop + ") % " + hop + ")";
  return "WITH RECURSIVE back(by) AS (SELECT 0 UNION ALL SELECT by + " + hop + " FROM back WHERE by + " +
         hop + " < " + size + "), placed AS (SELECT m.*, time - " + phase + " - by AS start, time - " +
         phase + " - by + " + size + " AS end FROM matching m, back WHERE " + phase + " + by < " + size +
         ") ";
}

// A session begins where the time since the message before is the gap or more.
std::string placed_in_sessions(const Window& window) {
  const std::string gap = std::to_string(window.gap_ms);
  return "WITH apart AS (SELECT *, time - lag(time) OVER (PARTITION BY key ORDER BY time, place) >= " + gap +
         " AS first FROM matching), numbered AS (SELECT *, sum(coalesce(first, 1)) OVER (PARTITION BY key ORDER BY "
         "time, place) AS session FROM apart), placed AS (SELECT *, min(time) OVER w AS start, max(time) OVER w + " +
         gap + " AS end FROM numbered WINDOW w AS (PARTITION BY key, session)) ";
}

constexpr const char* kResults =
    "SELECT key, start, end, count(*), count(value), sum(number), sum(number) / count(number), "
    "coalesce(min(number), min(text)), coalesce(max(number), max(text)), "
    "(SELECT value FROM placed p WHERE p.key = q.key AND p.start = q.start AND value IS NOT NULL "
    "ORDER BY time, place LIMIT 1), "
    "(SELECT value FROM placed p WHERE p.key = q.key AND p.start = q.start AND value IS NOT NULL "
    "ORDER BY time DESC, place DESC LIMIT 1) FROM placed q GROUP BY key, start, end";

std::string cell(sqlite3_stmt* row, int column) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
      return "null";
    case SQLITE_TEXT:
      return reinterpret_cast<const char*>(sqlite3_column_text(row, column));
    default:
      return number_text(sqlite3_column_double(row, column));
  }
}

}  // namespace

std::string number_text(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

void SqliteOracle::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

SqliteOracle::SqliteOracle() {
  sqlite3* opened = nullptr;
  EXPECT_EQ(sqlite3_open(":memory:", &opened), SQLITE_OK);
  database_.reset(opened);
  run("CREATE TABLE message (place INTEGER PRIMARY KEY, time INTEGER, key TEXT, number REAL, text TEXT, value)");
}

void SqliteOracle::run(const std::string& sql) {
  EXPECT_EQ(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database_.get()) << " in " << sql;
}

void SqliteOracle::insert(const std::vector<OracleRow>& rows) {
  const Statement insert = prepare(
      database_.get(),
      "INSERT INTO message (time, key, number, text, value) VALUES (?1, ?2, ?3, ?4, coalesce(?3, ?4))");
  for (const OracleRow& row : rows) {
    sqlite3_bind_int64(insert.get(), 1, row.time_ms);
    sqlite3_bind_text(insert.get(), 2, row.key.c_str(), -1, SQLITE_TRANSIENT);
    row.number ? sqlite3_bind_double(insert.get(), 3, *row.number) : sqlite3_bind_null(insert.get(), 3);
    row.text ? sqlite3_bind_text(insert.get(), 4, row.text->c_str(), -1, SQLITE_TRANSIENT)
             : sqlite3_bind_null(insert.get(), 4);
    EXPECT_EQ(sqlite3_step(insert.get()), SQLITE_DONE);
    sqlite3_reset(insert.get());
  }
}

std::vector<std::string> SqliteOracle::results(const OracleCase& given) {
  run("BEGIN; DELETE FROM message");
  insert(given.rows);
  run("COMMIT; DROP VIEW IF EXISTS matching; CREATE VIEW matching AS SELECT place, time, " +
      std::string(given.keyed ? "key" : "'' AS key") + ", number, text, value FROM message WHERE " +
      given.where_sql);
  const bool session = given.window.kind == Window::Kind::session;
  const Statement query =
      prepare(database_.get(),
              (session ? placed_in_sessions(given.window) : placed_in_time(given.window)) + kResults);
  std::vector<std::string> lines;
  while (sqlite3_step(query.get()) == SQLITE_ROW) {
    std::string line = cell(query.get(), 0) + " [" + std::to_string(sqlite3_column_int64(query.get(), 1)) +
                       "," + std::to_string(sqlite3_column_int64(query.get(), 2)) + ")";
    for (int column = 3; column < 11; ++column) line += " " + cell(query.get(), column);
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace headgate::routing
