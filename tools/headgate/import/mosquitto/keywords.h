// Every keyword of mosquitto.conf (2.0), and what becomes of it.
#pragma once

#include <string_view>

namespace headgate::tools::mosquitto {

// Owners of a line.
enum class Scope : uint8_t {
  hub,       // the whole broker, wherever it stands
  access,    // the broker, or with per_listener_settings the listener
  listener,  // the listener before it
  bridge,    // the connection before it
};

struct Keyword {
  std::string_view name;
  Scope scope = Scope::hub;
  std::string_view why = {};  // it has no counterpart; empty: it is taken over
};

// Null: Mosquitto has none of that name.
[[nodiscard]] const Keyword* keyword_of(std::string_view name);

}  // namespace headgate::tools::mosquitto
