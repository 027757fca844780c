// A topic or filter with variables: %i is the client's number, %c its id, %% a percent sign.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::tools::bench {

class TopicPattern {
 public:
  // Errors: invalid (a percent sign before anything else).
  [[nodiscard]] static core::Result<TopicPattern> parse(std::string_view text);

  [[nodiscard]] std::string expand(uint64_t client, std::string_view client_id) const;

  // A filter that matches the topics of all clients: `+` for each level with a variable.
  [[nodiscard]] std::string filter() const;

 private:
  explicit TopicPattern(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace headgate::tools::bench
