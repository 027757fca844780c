// `observe` of headgate.json: what the hub remembers for people who look into it.
#pragma once

#include <cstdint>

#include "hub/observe/topics/topic_table.h"

namespace headgate::hub {

struct ObserveSettings {
  uint64_t topics_bytes = TopicTable::kBytesMaxDefault;
};

}  // namespace headgate::hub
