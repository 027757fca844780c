// The parts of a batch that are passed on byte by byte: what a parser would turn into values loses digits, the
// sign of zero and the order of keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headgate::tools {

// The JSON text of a message's body ("b") and properties ("p"), each on one line; empty where it has none. A
// line end between two tokens is a space; inside of a string JSON has none.
struct RawRow {
  std::string body;
  std::string properties;
};

// Finds the parts of each element of the batch's array of messages, in its order. `batch` must be well-formed JSON; what
// is no batch gives none.
[[nodiscard]] std::vector<RawRow> raw_rows(std::string_view batch);

}  // namespace headgate::tools
