#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/headgate/answers.h"

namespace headgate::tools {
namespace {

using TailJson = nlohmann::ordered_json;

// Topics with their last messages, one line each, drawn over the lines before. Of more topics than the terminal has lines it
// shows those that came last.
class Board {
 public:
  Board(std::ostream& out, const Display& display) : out_(out), display_(display) {}

  void show(const TailJson& message) {
    Topic& topic = topics_[text_of(message, "topic")];
    topic.last = ++messages_;
    ++topic.count;
    topic.at_ms = static_cast<int64_t>(number_of(message, "arrived_ms"));
    topic.text = text_of(message, message.contains("payload") ? "payload" : "payload_base64");
    topic.bytes = number_of(message, "body_bytes");
    draw();
  }

 private:
  struct Topic {
    uint64_t last = 0;
    uint64_t count = 0;
    int64_t at_ms = 0;
    uint64_t bytes = 0;
    std::string text = {};
  };

  void draw() {
    const size_t most = std::max<size_t>(display_.height, 2) - 1;
    std::vector<uint64_t> newest;
    for (const auto& [name, topic] : topics_) newest.push_back(topic.last);
    std::ranges::sort(newest, std::greater<>());
    const uint64_t oldest = newest.size() > most ? newest[most - 1] : 0;
    if (drawn_ > 0) out_ << "\x1b[" << drawn_ << 'A';
    drawn_ = 0;
    for (const auto& [name, topic] : topics_) {
      if (topic.last < oldest) continue;
      const std::string line = iso_time(topic.at_ms) + "  " + std::to_string(topic.count) + "  " +
                               printable(name) + "  " + human_bytes(topic.bytes) +
                               (topic.text.empty() ? "" : "  ") + printable(topic.text);
      out_ << "\r\x1b[2K" << core::shortened(line, display_.width) << '\n';
      ++drawn_;
    }
    out_.flush();
  }

  std::ostream& out_;
  const Display display_;
  std::map<std::string, Topic> topics_;
  uint64_t messages_ = 0;
  size_t drawn_ = 0;  // lines
};

int tail_in_place(const Context& context, const std::string& target) {
  if (context.display.width == 0 || context.json) {
    context.err << "headgate: one line a topic needs a terminal, and no --json\n";
    return kExitUsage;
  }
  Board board(context.out, context.display);
  const core::Status ended = context.hub.stream(target, [&](std::string_view line) {
    const TailJson message = TailJson::parse(line, nullptr, /*allow_exceptions=*/false);
    if (message.is_object()) board.show(message);
    return static_cast<bool>(context.out);
  });
  if (ended) return kExitOk;
  context.err << "headgate: " << printable(ended.error().what) << '\n';
  return kExitFailed;
}

}  // namespace

int run_tail(const Context& context, const TailOptions& options) {
  const std::string filter = options.module.empty() ? options.filter : "modules/" + options.module + "/#";
  const std::string target =
      "/v1/tail?filter=" + percent_encode(filter) + (options.payload ? "&payload=1" : "");
  return options.in_place ? tail_in_place(context, target) : follow(context, target);
}

}  // namespace headgate::tools
