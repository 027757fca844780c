// The part of HOCON that nanomq.conf is written in, as a flat list of values that knows where each stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/headgate/import/draft.h"

namespace headgate::tools::nanomq {

struct Leaf {
  std::string path;  // "bridges.mqtt.emqx1.forwards.0.qos": places in lists are levels
  std::string value;
  Place place;
};

// Objects, lists, `a.b = c`, `a: c`, quoted and bare texts, comments, `include "file"`. What is none of these is an error.
[[nodiscard]] std::vector<Leaf> parse_hocon(const std::string& file, const ImportFiles& files, Imported& out);

// `a.b=c` lines, as versions before 0.14 have them.
[[nodiscard]] std::vector<Leaf> parse_flat(std::string_view text, const std::string& file);

}  // namespace headgate::tools::nanomq
