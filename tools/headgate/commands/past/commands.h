// `headgate why` and `headgate events`: what has happened in a hub.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

struct WhyOptions {
  std::string id =
      {};  // seq, upstream id, number of the recorder (r17) or message id; empty: lists the last messages
  std::string filter = {};  // of the list: only topics that match
  uint64_t count = 20;      // of the list
  bool payload = false;
};

// Tells the life of one message. Exit code 1 if it is not known any more.
int run_why(const Context& context, const WhyOptions& options);

struct EventsOptions {
  std::string level = {};  // and those above; empty: all that are logged
  std::string event = {};  // only of this name
  uint64_t count = 50;
  bool follow = false;
};

// Prints the last lines of the hub's log as events. With `follow` goes on until `wait` returns false: it is called between two
// looks.
int run_events(const Context& context, const EventsOptions& options, const std::function<bool()>& wait);

// "rests on 1234 of 20000 messages (6 %) since 2026-…": what an answer of a hub rests on.
[[nodiscard]] std::string basis_text(const nlohmann::ordered_json& basis);

}  // namespace headgate::tools
