// Schemas that routes name, each text compiled once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "routing/schema/schema.h"

namespace headgate::routing {

// A schema that a route names, as its file was when the route was read: it goes where the route goes, so that a route in
// force keeps its schema whatever becomes of the file.
struct SchemaText {
  std::string file;  // as the route writes it: relative to the folder of the route's file
  std::shared_ptr<const std::string> text;  // shared by the routes that name it; null: it could not be read
  std::string problem;                      // why not: "cannot be read: …"

  friend bool operator==(const SchemaText& a, const SchemaText& b);
};

// Not for two threads at once.
class SchemaSet {
 public:
  // Compiles a text that could be read, or gives what became of it before; good as long as this.
  [[nodiscard]] const CompiledSchema& compiled(const SchemaText& schema);

 private:
  struct Known {
    std::shared_ptr<const std::string> text;  // of the key
    CompiledSchema compiled;
  };
  std::map<std::string_view, Known> known_;  // by text
};

}  // namespace headgate::routing
