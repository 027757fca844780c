#include <filesystem>
#include <nlohmann/json.hpp>

#include "store/report/backup.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

core::Result<std::string> back_up(const Context& context, const std::string& store_dir,
                                  const std::string& to) {
  if (store_dir.empty()) return context.hub.post("/v1/store/backup?dir=" + percent_encode(to));
  const auto report = store::back_up_store(store_dir, to);
  return report ? core::Result<std::string>(store::backup_json(*report)) : core::fail(report.error());
}

}  // namespace

int run_store_backup(const Context& context, const std::string& store_dir, const std::string& to) {
  std::error_code error;
  const std::string dir = std::filesystem::absolute(to, error).lexically_normal();
  return answer(context, back_up(context, store_dir, error ? to : dir), [&](const Json& json) {
    const uint64_t linked = number_of(json, "linked_bytes");
    context.out << printable(text_of(json, "dir")) << ": " << number_of(json, "files") << " files, "
                << human_bytes(number_of(json, "bytes")) << ", " << human_bytes(linked)
                << " of them shared with the original, in " << number_of(json, "took_ms") << " ms\n";
  });
}

}  // namespace headgate::tools
