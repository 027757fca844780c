// Content of a document: routes and tables that lie over those of the hub's files, and limits in the place of theirs. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "hub/config/config.h"

namespace headgate::hub {

struct Document {
  std::shared_ptr<const RouteLayer> layer;
  std::string settings;  // JSON: its other keys
};

// Reads `routes`, in which null takes a route of the hub's files out of force, and `tables`; the rest is checked by lay_over().
// Error: invalid, a line for each thing that is wrong.
[[nodiscard]] core::Result<Document> parse_document(std::string_view json);

// The configuration as the document wants it. Error: invalid, as before.
[[nodiscard]] core::Result<Config> lay_over(Config local, const Document& document);

}  // namespace headgate::hub
