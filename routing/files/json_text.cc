#include "routing/files/json_text.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "routing/language/odd_character.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kQuotedMax = 60;  // bytes of a value that an error repeats

// Watches the parser's events for keys that their object has already, and for too deep nesting.
class Watch {
 public:
  // False leaves the value out, so that nothing deeper than the limit is built.
  bool on_event(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth >= kJsonDepthMax) return too_deep();
    switch (event) {
      case Json::parse_event_t::object_start:
        seen_.emplace_back();
        path_.push_back({});
        break;
      case Json::parse_event_t::key:
        on_key(parsed.get_ref<const std::string&>());
        break;
      case Json::parse_event_t::object_end:
        seen_.pop_back();
        path_.pop_back();
        break;
      default:
        break;
    }
    return true;
  }

  // Lists the problems, a line each; empty if there is none.
  [[nodiscard]] std::string problems(std::string_view file) const {
    std::string text;
    for (const std::string& problem : problems_)
      text.append(text.empty() ? "" : "\n").append(file).append(": ").append(problem);
    return text;
  }

 private:
  bool too_deep() {
    if (!too_deep_)
      problems_.push_back(path() + ": is nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
    too_deep_ = true;
    return false;
  }

  void on_key(const std::string& key) {
    path_.back() = key;
    if (!seen_.back().insert(key).second) problems_.push_back(path() + ": appears twice; keep one of them");
  }

  [[nodiscard]] std::string path() const {
    std::string joined;
    for (const std::string& key : path_) joined = join_path(joined, key);
    return joined;
  }

  std::vector<std::set<std::string>> seen_;
  std::vector<std::string> path_;
  std::vector<std::string> problems_;
  bool too_deep_ = false;
};

// `file:line:column` of a byte (the last of the wrong token); columns count bytes, from 1.
std::string position(std::string_view text, size_t byte, std::string_view file) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return std::string(file) + ":" + std::to_string(line) + ":" +
         std::to_string(before.size() - line_start + 1);
}

// nlohmann prefixes its sentence with an id and its own position: only the sentence is for people.
std::string sentence(std::string_view what) {
  const size_t start = what.find("syntax error");
  return std::string(start == std::string_view::npos ? what : what.substr(start));
}

// Names the character at the byte where parsing ended, or just before it, if it is one that only looks right.
std::string odd_at(std::string_view text, size_t byte) {
  for (size_t at = byte < 2 ? 0 : byte - 2; at <= byte && at < text.size(); ++at) {
    if (const auto odd = odd_character_at(text, at))
      return "; there is " + odd->text() + ": " + odd->advice();
  }
  const bool two_bytes_a_character = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  return two_bytes_a_character ? "; it is UTF-16: save it as UTF-8" : "";
}

}  // namespace

core::Result<Json> parse_json_text(std::string_view text, std::string_view file) {
  Watch watch;
  const auto on_event = [&watch](int depth, Json::parse_event_t event, Json& parsed) {
    return watch.on_event(depth, event, parsed);
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), on_event, true, /*ignore_comments=*/true);
    if (std::string problems = watch.problems(file); !problems.empty()) {
      return core::fail(core::Errc::invalid, std::move(problems));
    }
    return json;
  } catch (const Json::parse_error& error) {
    const size_t byte = error.byte == 0 ? 0 : error.byte - 1;
    return core::fail(core::Errc::invalid,
                      position(text, byte, file) + ": " + sentence(error.what()) + odd_at(text, byte));
  } catch (const Json::exception& error) {
    return core::fail(core::Errc::invalid, std::string(file) + ": " + error.what());
  }
}

std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kQuotedMax) text = text.substr(0, kQuotedMax) + "…";
  return text;
}

std::string join_path(std::string_view parent, std::string_view key) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '$'; };
  const std::string path(parent);
  if (key.empty() || !std::all_of(key.begin(), key.end(), plain))
    return path + "[\"" + std::string(key) + "\"]";
  return path + (path.empty() ? "" : ".") + std::string(key);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const size_t tolerated = std::max<size_t>(2, word.size() / 3);
  std::string_view best;
  size_t best_distance = tolerated + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (best.empty()) return "";
  return "; did you mean \"" + std::string(best) + "\"?";
}

}  // namespace headgate::routing
