// Parts of a route that computes, beside its source, its condition and its sinks: a SELECT list, a window, groups, and what
// its parts remember from one message to the next. The language is described in docs/route-language.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "routing/language/ast.h"

namespace headgate::routing {

// Windows are [start, end), aligned to the Unix epoch plus an offset.
struct Window {
  enum class Kind : uint8_t {
    none,      // no GROUP BY: each message by itself
    tumbling,  // size_ms, offset_ms; hop_ms = size_ms
    hopping,   // size_ms, hop_ms, offset_ms
    session,   // gap_ms, size_ms: the longest it may be
    sliding,   // size_ms: a result for each message, over what came in the time before it
    count,     // messages, hop_messages
  };

  Kind kind = Kind::none;
  int64_t size_ms = 0;
  int64_t hop_ms = 0;
  int64_t offset_ms = 0;
  int64_t gap_ms = 0;
  uint32_t messages = 0;      // in a window
  uint32_t hop_messages = 0;  // from one window to the next; = messages unless given

  friend bool operator==(const Window&, const Window&) = default;
};

enum class AggregateKind : uint8_t {
  count_rows,  // count(*)
  count,
  count_if,
  sum,
  avg,
  min,
  max,
  first,
  last,
  stddev,
  stddevp,
  var,
  varp,
  delta,
  rate,
  percentile,  // parameter: 0 to 1; median is 0.5
  distinct,
  argmax,
  collect,  // parameter: how many at most
};

// agg(argument[, by]) [FILTER (WHERE filter)].
struct Aggregate {
  AggregateKind kind = AggregateKind::count_rows;
  Expression argument;  // empty: count(*); for count_if the condition
  Expression by;        // argmax(argument, by)
  Expression filter;    // empty: every row
  double parameter = 0;
};

enum class StatefulKind : uint8_t { changed, every, sample, rising, falling, holds, lag, diff, dedup };

// name(argument, …) [OVER (key, …)]: a function that remembers, one memory for each key.
struct Stateful {
  StatefulKind kind = StatefulKind::changed;
  Expression argument;           // empty: every(…), sample(…)
  std::vector<Expression> over;  // empty: the source's device and module, and the output
  double number = 0;      // changed: the band; sample: a share below 1, or one of so many; lag: how far back
  bool relative = false;  // changed: the band is a share of the value last forwarded: "2%" is 0.02
  int64_t interval_ms = 0;  // changed: the heartbeat, 0 = none; every, holds, dedup
};

// Result of a windowed route, as its own SELECT and HAVING may ask for it: times in milliseconds since the epoch, the
// revision counted from 0, and whether all was there.
enum class WindowField : uint8_t { start, end, rev, complete };

// A place where lookup('table', …) stands. Bytes of the route's text.
struct Lookup {
  std::string table;
  uint32_t offset = 0;  // of the table's name
  uint32_t length = 0;
};

struct SelectItem {
  std::string name;
  Expression value;
};

// The parts of an Expression that stand for something computed elsewhere are Op::aggregate, Op::stateful,
// Op::group_key and Op::window_field; `left` is the index into these vectors, or a WindowField.
struct Query {
  bool all = true;                         // SELECT *: the whole body, before `items`
  std::vector<SelectItem> items;           // after `*`: members that are added, or replace those of that name
  Expression timestamp;                    // TIMESTAMP BY; empty: the arrival
  std::vector<Expression> timestamp_over;  // OVER: a watermark for each key
  Window window;
  std::vector<Expression> keys;  // GROUP BY, without the window
  Expression having;
  std::vector<Aggregate> aggregates;
  std::vector<Stateful> stateful;
  std::vector<Lookup> lookups;

  // The message is passed on byte for byte: a route of IoT Edge's kind, unless it has a stateful filter.
  [[nodiscard]] bool passes_on() const { return all && items.empty() && window.kind == Window::Kind::none; }
  // Results depend on messages before, be it by the tables that they made: an input is consumed from a queue, and state
  // is kept.
  [[nodiscard]] bool has_state() const {
    return window.kind != Window::Kind::none || !stateful.empty() || !lookups.empty();
  }
};

}  // namespace headgate::routing
