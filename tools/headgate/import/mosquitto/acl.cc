#include "tools/headgate/import/mosquitto/acl.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/topic.h"
#include "tools/headgate/import/mosquitto/lines.h"

namespace headgate::tools::mosquitto {
namespace {

constexpr std::string_view kRights = "allowed: read, write, readwrite or deny, and a topic";

struct Entry {
  Right right = Right::readwrite;
  std::string topic;
};

std::optional<Right> right_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Right>, 4> kWords = {{{"read", Right::read},
                                                                         {"write", Right::write},
                                                                         {"readwrite", Right::readwrite},
                                                                         {"deny", Right::deny}}};
  const auto known = std::ranges::find(kWords, word, &std::pair<std::string_view, Right>::first);
  return known == kWords.end() ? std::nullopt : std::optional(known->second);
}

// `[right] topic`: the first word is a right if another word follows it.
std::optional<Entry> entry_of(std::string_view value) {
  std::string_view rest = value;
  const std::string_view word = take_word(rest);
  if (rest.empty()) return Entry{Right::readwrite, std::string(word)};
  const auto right = right_of(word);
  return right ? std::optional(Entry{*right, std::string(rest)}) : std::nullopt;
}

// %c and %u stay variables, and no other % becomes one.
std::string pattern_topic(std::string_view topic) {
  std::string text;
  for (size_t i = 0; i < topic.size(); ++i) {
    const bool variable =
        topic[i] == '%' && i + 1 < topic.size() && (topic[i + 1] == 'c' || topic[i + 1] == 'u');
    text.append(topic[i] == '%' && !variable ? 2 : 1, topic[i]);
  }
  return text;
}

class AclImport {
 public:
  AclImport(AccessDraft& rules, Imported& out) : rules_(rules), out_(out) {}

  void take(const Line& line) {
    if (line.key == "user") return begin_user(line);
    if (line.key != "topic" && line.key != "pattern")
      return out_.error(line.place, line.text(), "unknown; allowed: user, topic, pattern");
    const auto entry = entry_of(line.value);
    if (!entry || entry->topic.empty()) return out_.error(line.place, line.text(), std::string(kRights));
    if (!core::is_valid_topic_filter(entry->topic))
      return out_.error(line.place, line.text(), "is no topic filter: + and # are whole levels, # the last");
    if (line.key == "topic") return topic(*entry);
    pattern(line, *entry);
  }

  void finish() {
    if (!user_rights_) return;
    for (const Line& line : denied_patterns_)
      out_.note(line.place, line.text(),
                "denies here also what a topic line allows: what is denied goes before what is allowed, "
                "in Mosquitto a user's own lines go before patterns");
  }

 private:
  void begin_user(const Line& line) {
    if (line.value.empty()) return out_.error(line.place, line.text(), "has no name; allowed: user NAME");
    who_ = user_named(line.value);
    odd_user_ = line.value.find('*') != std::string::npos;
    if (odd_user_)
      out_.note(line.place, line.text(),
                "a * in a rule stands for any characters: what this user is allowed is left out, what it is "
                "denied is denied to all whom the name fits");
  }

  void topic(const Entry& entry) {
    if (odd_user_ && entry.right != Right::deny) return;
    if (entry.right != Right::deny) user_rights_ = true;
    rules_.add(who_, entry.right, literal_topic(entry.topic));
  }

  void pattern(const Line& line, const Entry& entry) {
    if (entry.right == Right::deny) denied_patterns_.push_back(line);
    rules_.add(everybody(), entry.right, pattern_topic(entry.topic));
  }

  AccessDraft& rules_;
  Imported& out_;
  std::string who_ = anonymous_clients();
  bool odd_user_ = false;
  bool user_rights_ = false;
  std::vector<Line> denied_patterns_;
};

}  // namespace

void import_acl(std::string_view text, const std::string& file, AccessDraft& rules, Imported& out) {
  AclImport acl(rules, out);
  for (const Line& line : lines_of(text, file)) acl.take(line);
  acl.finish();
}

}  // namespace headgate::tools::mosquitto
