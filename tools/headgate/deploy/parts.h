// Names of a container's options: on the command line of docker and podman, in a Quadlet file, in a compose file.
#pragma once

#include <string>
#include <string_view>

#include "tools/headgate/deploy/module.h"

namespace headgate::tools {

enum class ComposeShape : uint8_t {
  text,
  flag,
  number,   // a whole one
  decimal,  // "1.5"
  seconds,
  list,
  pairs,
  limits,  // "SOFT:HARD" by name
};

struct PartNames {
  EnginePart part;
  std::string_view flag;     // "--env"
  std::string_view quadlet;  // key of [Container]; empty: PodmanArgs
  std::string_view compose;  // key of a service, or of `logging`
  ComposeShape shape;
};

[[nodiscard]] const PartNames& names_of(EnginePart part);

// "NAME=VALUE", or the value alone.
[[nodiscard]] std::string setting_text(const EngineSetting& setting);

}  // namespace headgate::tools
