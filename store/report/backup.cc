#include "store/report/backup.h"

#include <nlohmann/json.hpp>

namespace headgate::store {

std::string backup_json(const BackupReport& report) {
  using Json = nlohmann::ordered_json;
  const Json json = {{"dir", report.dir},
                     {"files", report.files},
                     {"bytes", report.bytes},
                     {"linked_bytes", report.linked_bytes},
                     {"took_ms", report.took_ms}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headgate::store
