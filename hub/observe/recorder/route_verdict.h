// Verdict of a route on a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::hub {

struct RouteVerdict {
  enum class What : uint8_t {
    takes,         // it matches
    other_source,  // it reads from elsewhere
    condition,     // its condition is false
    undefined,     // its condition could not be decided
    not_known,     // that depends on what is not known any more
  };
  // A part of the condition; `depth`: within the whole.
  struct Part {
    size_t depth = 0;
    std::string text;
  };

  std::string route;
  std::string text;  // of the route
  What what = What::other_source;
  std::vector<std::string> endpoints;  // where it leads
  std::string why;                     // for people; empty if it takes the message
  std::vector<Part> parts;             // with values of the message, outermost first
};

[[nodiscard]] constexpr std::string_view name_of(RouteVerdict::What what) {
  switch (what) {
    case RouteVerdict::What::takes:
      return "takes";
    case RouteVerdict::What::other_source:
      return "other_source";
    case RouteVerdict::What::condition:
      return "condition";
    case RouteVerdict::What::undefined:
      return "undefined";
    case RouteVerdict::What::not_known:
      break;
  }
  return "not_known";
}

}  // namespace headgate::hub
