// Memory of documents on the disk of a hub, as one JSON text that is replaced whole. Pure. Described for outsiders in
// docs/remote-configuration.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace headgate::hub {

// A document that was checked and taken.
struct KeptDocument {
  uint64_t version = 0;
  std::string text;  // JSON

  friend bool operator==(const KeptDocument&, const KeptDocument&) = default;
};

// Fate of the last document that came, and of its routes.
struct Outcome {
  enum class Kind : uint8_t { applied, refused, rolled_back, forgotten };

  Kind kind = Kind::applied;
  uint64_t version = 0;                                           // 0: it could not be read
  int64_t at_ms = 0;                                              // Unix time
  std::string why;                                                // of one that is not in force, for people
  std::vector<std::pair<std::string, std::string>> wrong_routes;  // of one that was refused: name and why

  friend bool operator==(const Outcome&, const Outcome&) = default;
};
[[nodiscard]] std::string_view name_of(Outcome::Kind kind);

struct Record {
  uint64_t seen = 0;        // highest version that was taken
  std::string seen_digest;  // of the signed bytes of the last one that was taken
  std::optional<KeptDocument> confirmed;
  std::optional<KeptDocument> tried;  // in force in the place of that, until it is confirmed
  int64_t tried_ms = 0;               // of its time, see Trial
  int64_t since_ms = 0;               // Unix time, of the document in force
  uint64_t twins = 0;                 // version of the document whose twins have been set last
  std::optional<Outcome> last;

  friend bool operator==(const Record&, const Record&) = default;

  // Null: the hub's own files are in force.
  [[nodiscard]] const KeptDocument* in_force() const {
    if (tried) return &*tried;
    return confirmed ? &*confirmed : nullptr;
  }
  [[nodiscard]] std::string json() const;
  // Error: corrupt.
  [[nodiscard]] static core::Result<Record> parse(std::string_view json);
};

}  // namespace headgate::hub
