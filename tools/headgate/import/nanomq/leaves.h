// Values of a nanomq.conf, of which each is taken over or told of. Internal to import/nanomq.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/headgate/import/nanomq/hocon.h"

namespace headgate::tools::nanomq {

class Leaves {
 public:
  explicit Leaves(std::vector<Leaf> leaves);

  // The value at the path, which is taken by that; null: there is none.
  const Leaf* take(const std::string& path);
  // Takes its text; "": there is none.
  std::string text(const std::string& path);
  // True for `true`; takes it.
  bool flag(const std::string& path, bool otherwise);

  // Names below a path, in the order of the file: those of listeners, bridges, or places in a list.
  [[nodiscard]] std::vector<std::string> names_below(const std::string& path) const;
  // The first value below a path; null: none. Takes nothing.
  [[nodiscard]] const Leaf* first_below(const std::string& path) const;
  // Takes all below a path.
  std::vector<const Leaf*> take_below(const std::string& path);

  [[nodiscard]] std::vector<const Leaf*> not_taken() const;

 private:
  std::vector<Leaf> leaves_;
  std::set<const Leaf*> taken_;
};

// Bytes of "260MB", seconds of "10s"; `otherwise` if it is neither.
[[nodiscard]] uint64_t scaled(std::string_view text, uint64_t otherwise);

}  // namespace headgate::tools::nanomq
