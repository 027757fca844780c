// Content types and whether a body of theirs is JSON: one table for the rule and for all who ask it.
#pragma once

#include <array>
#include <string_view>

namespace headgate::testing {

struct ContentType {
  std::string_view text;
  bool is_json;
};

inline constexpr std::array<ContentType, 16> kContentTypes = {{{"application/json", true},
                                                               {"Application/JSON", true},
                                                               {"application/json; charset=utf-8", true},
                                                               {"application/json ;charset=\"utf-8\"", true},
                                                               {" application/json\t", true},
                                                               {"text/json", true},
                                                               {"application/senml+json", true},
                                                               {"application/vnd.x+JSON;v=2", true},
                                                               {"application/jsonl", false},
                                                               {"application/json-seq", false},
                                                               {"image/json", false},
                                                               {"json", false},
                                                               {"+json", false},
                                                               {"text/plain; a=application/json", false},
                                                               {"text/plain", false},
                                                               {"application/senml+cbor", false}}};

}  // namespace headgate::testing
