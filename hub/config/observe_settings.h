// `observe` of headgate.json: what the hub remembers for people who look into it.
#pragma once

#include <cstdint>

#include "hub/observe/topics/topic_table.h"

namespace headgate::hub {

struct ObserveSettings {
  uint64_t history_bytes = uint64_t{4} * 1024 * 1024;  // what a Recorder may take; 0: it is off
  uint64_t topics_bytes = TopicTable::kBytesMaxDefault;
};

}  // namespace headgate::hub
