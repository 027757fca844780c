#include "hub/engine/computation/records.h"

namespace headgate::hub {

std::string record_key(std::string_view prefix, std::string_view name) {
  return std::string(prefix).append(name);
}

std::string record_key(std::string_view prefix, uint32_t number) {
  std::string key(prefix);
  store::put_u32_be(key, number);
  return key;
}

uint32_t number_in(std::string_view key, std::string_view prefix) {
  uint32_t number = 0;
  for (const char byte : key.substr(prefix.size())) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

core::Status load_parts(const store::QueueReader& store, const std::string& prefix, const LoadPart& load,
                        std::vector<store::KeyValue>& lost, core::Log& log, const core::LogField& whose) {
  uint64_t unreadable = 0;
  const auto loaded = store.for_each(prefix, [&](std::string_view key, std::string_view value) {
    if (!load(key.substr(prefix.size()), value)) {
      ++unreadable;
      lost.push_back(erased(std::string(key)));
    }
    return core::Status();
  });
  if (unreadable > 0)
    log.warn("state_left_out",
             {whose, {"entries", unreadable}, {"why", "it was written by another version"}});
  return loaded;
}

std::string begin_record(uint8_t version) {
  std::string value;
  store::put_u8(value, version);
  return value;
}

}  // namespace headgate::hub
