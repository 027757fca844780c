// Content of a document: routes and tables that lie over those of the hub's files, limits in the place of theirs, and what is desired
// of twins. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/config/config.h"
#include "hub/edge/id.h"

namespace headgate::hub {

// Desired properties of a twin, JSON, in the place of those that it has.
struct DesiredTwin {
  EdgeId id;
  std::string properties;
};

struct Document {
  std::shared_ptr<const RouteLayer> layer;
  std::string settings;  // JSON: its other keys
  std::vector<DesiredTwin> twins = {};
};

// Reads `routes`, in which null takes a route of the hub's files out of force, `tables` and `twins`; the rest is checked by lay_over().
// Error: invalid, a line for each thing that is wrong.
[[nodiscard]] core::Result<Document> parse_document(std::string_view json);

// The configuration as the document wants it. Error: invalid, as before.
[[nodiscard]] core::Result<Config> lay_over(Config local, const Document& document);

}  // namespace headgate::hub
