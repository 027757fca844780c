#include <nlohmann/json.hpp>

#include "store/report/inspect.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

void show_letters(std::ostream& out, const Json& json) {
  Table table({{"SEQ", Align::right},
               {"DIED"},
               {"FROM"},
               {"TRIED", Align::right},
               {"SIZE", Align::right},
               {"TOPIC"},
               {"REASON"}});
  for (const Json& letter : member_of(json, "dead_letters")) {
    table.add({std::to_string(number_of(letter, "seq")),
               iso_time(static_cast<int64_t>(number_of(letter, "died_ms"))),
               printable(text_of(member_of(letter, "from"), "queue")),
               std::to_string(number_of(letter, "attempts")), human_bytes(number_of(letter, "body_bytes")),
               printable(text_of(letter, "topic")), printable(text_of(letter, "reason"))});
  }
  table.print(out);
  if (const uint64_t next = number_of(json, "next"); next != 0)
    out << "there are more: --after " << next << '\n';
}

}  // namespace

int run_dlq_ls(const Context& context, const LettersOptions& options) {
  const core::Result<std::string> body =
      context.reader != nullptr
          ? store::dead_letters_json(*context.reader, options.after, options.count, context.now)
          : context.hub.get("/v1/dlq?after=" + std::to_string(options.after) +
                            "&count=" + std::to_string(options.count));
  return answer(context, body, [&](const Json& json) { show_letters(context.out, json); });
}

}  // namespace headgate::tools
