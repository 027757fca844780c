#include "routing/files/schema_files.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "routing/language/query_functions.h"
#include "routing/table/schema_links.h"

namespace headgate::routing {
namespace {

// Most routes name none, and need not be parsed for that.
bool may_name_schema(std::string_view text) {
  const auto same = [](char a, char b) { return core::ascii_lower(a) == b; };
  return std::search(text.begin(), text.end(), kConforms.begin(), kConforms.end(), same) != text.end();
}

class SchemaReading {
 public:
  explicit SchemaReading(const ReadText& read) : read_(read) {}

  void fill(RouteFileEntry& entry) {
    if (!may_name_schema(entry.text)) return;
    entry.schemas.clear();
    for (const std::string& name : schemas_named(entry.text, entry.semantics)) {
      const auto& [text, problem] = file(folder_of(entry.file) + name);
      entry.schemas.push_back({name, text, problem});
    }
  }

  [[nodiscard]] bool has_read(const std::string& path) const { return files_.contains(path); }

 private:
  struct File {
    std::shared_ptr<const std::string> text;
    std::string problem;
  };

  const File& file(const std::string& path) {
    const auto [known, is_new] = files_.try_emplace(path);
    if (!is_new) return known->second;
    auto text = read_(path);
    if (text)
      known->second.text = std::make_shared<const std::string>(*std::move(text));
    else
      known->second.problem = text.error().what;
    return known->second;
  }

  const ReadText& read_;
  std::map<std::string, File> files_;  // by path
};

}  // namespace

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

void read_schemas(std::span<RouteFile> files, const ReadText& read) {
  SchemaReading reading(read);
  for (RouteFile& file : files) {
    for (RouteFileEntry& entry : file.entries) reading.fill(entry);
  }
  const auto is_of_schema = [&](const RouteFileError& error) {
    return error.route.empty() && reading.has_read(error.file);
  };
  for (RouteFile& file : files) std::erase_if(file.errors, is_of_schema);
}

}  // namespace headgate::routing
