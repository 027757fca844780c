// `history` of headgate.json: messages that are kept to be run through routes again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headgate::hub {

struct HistorySettings {
  std::vector<std::string>
      filters;  // MQTT topic filters, none of them of hidden topics; empty: nothing is kept
  uint64_t bytes_max = 33'554'432;  // beyond that the oldest go

  friend bool operator==(const HistorySettings&, const HistorySettings&) = default;
};

}  // namespace headgate::hub
