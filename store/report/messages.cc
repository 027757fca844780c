#include "store/report/messages.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "store/dead_letter.h"
#include "store/report/inspect.h"

namespace headgate::store {
namespace {

using TextJson = nlohmann::ordered_json;
using Shown = MessageSearch::Shown;

std::string quoted(const std::string& text) {
  return TextJson(text).dump(-1, ' ', false, TextJson::error_handler_t::replace);
}

// Text that the loop puts together, a little in each of its turns.
class Answer {
 public:
  explicit Answer(MessageSearch what, core::Now now) : what_(std::move(what)), now_(now) {}

  // On the searching thread.
  [[nodiscard]] std::optional<SearchText> match(const Entry& entry, uint8_t lane) const {
    if (what_.filter && !what_.filter(*entry.message)) return std::nullopt;
    if (what_.shown == Shown::heads) {
      const std::string head = entry_json(entry, lane, false, now_);
      return SearchText{head, head};
    }
    const bool all = what_.shown == Shown::all;
    SearchText text{all ? export_json(entry, lane, now_) : entry_json(entry, lane, true, now_)};
    if (!what_.sees || what_.looks_inside) return text;
    text.hidden = entry_json(entry, lane, false, now_);
    text.hidden.replace(text.hidden.size() - 1, 1, R"(,"payload":null})");
    return text;
  }

  bool take(SearchHit hit) {
    const bool seen = !what_.sees || what_.sees(hit.message->topic);
    if (!seen && what_.looks_inside) return false;
    texts_.append(texts_.empty() ? "" : ",").append(seen ? hit.text.seen : hit.text.hidden);
    return true;
  }

  [[nodiscard]] std::string text(const SearchReport& report) const {
    std::string text;
    text.reserve(texts_.size() + what_.request.queue.size() + 256);
    text.append(R"({"queue":)").append(quoted(what_.request.queue));
    text.append(R"(,"messages":[)").append(texts_);
    if (!what_.says_how_far) return text.append("]}");
    text.append(R"(],"looked":)").append(std::to_string(report.looked));
    text.append(R"(,"unreadable":)").append(std::to_string(report.unreadable));
    text.append(R"(,"done":)").append(report.done ? "true" : "false");
    text.append(R"(,"next":)").append(report.done ? "null" : quoted(to_text(report.next))).append("}");
    return text;
  }

 private:
  const MessageSearch what_;
  const core::Now now_;
  std::string texts_;
};

// Letters, and whether there are more: one more than is shown is looked for.
struct Letters {
  std::string texts;
  size_t left;  // may be shown
  Seq last = 0;
  bool more = false;

  bool take(const SearchHit& hit) {
    more = left == 0;
    if (more) return true;
    --left;
    last = hit.seq;
    texts.append(texts.empty() ? "" : ",").append(hit.text.seen);
    return true;
  }
  // 0: all were looked at. Unreadable ones are passed over, also where nothing else was found.
  [[nodiscard]] Seq next(const SearchReport& report) const {
    if (more) return last;
    return report.done ? 0 : report.next.seq;
  }
  [[nodiscard]] std::string text(const SearchReport& report) const {
    return R"({"dead_letters":[)" + texts + R"(],"next":)" + std::to_string(next(report)) + "}";
  }
};

}  // namespace

std::shared_ptr<Search> search_letters(QueueReader& reader, std::function<core::Now()> now, Seq after,
                                       size_t count, OnSearchText done) {
  const auto letters = std::make_shared<Letters>(Letters{.texts = {}, .left = count});
  const auto queue = find_dead_queue(reader);
  if (!queue) {
    done(letters->text({.done = true}));
    return nullptr;
  }
  SearchRequest request{.queue = reader.stats(*queue).name, .lane = kDefaultLane, .after = after};
  request.budget = {.found = count + 1, .found_bytes = kPeekBytesMax, .rows = kSearchRowsMax};
  const core::Now begun = now();
  return search(
      std::move(request),
      {reader, std::move(now),
       [begun](const Entry& entry, uint8_t) { return SearchText{letter_json(entry, false, begun)}; },
       [letters](const SearchHit& hit) { return letters->take(hit); }},
      [letters, done = std::move(done)](const core::Result<SearchReport>& report) {
        if (!report) return done(core::fail(report.error()));
        done(letters->text(*report));
      });
}

std::shared_ptr<Search> search_messages(QueueReader& reader, std::function<core::Now()> now,
                                        MessageSearch what, OnSearchText done) {
  SearchRequest request = what.request;
  const core::Now begun = now();
  const auto answer = std::make_shared<Answer>(std::move(what), begun);
  return search(std::move(request),
                {reader, std::move(now),
                 [answer](const Entry& entry, uint8_t lane) { return answer->match(entry, lane); },
                 [answer](SearchHit hit) { return answer->take(std::move(hit)); }},
                [answer, done = std::move(done)](const core::Result<SearchReport>& report) {
                  if (!report) return done(core::fail(report.error()));
                  done(answer->text(*report));
                });
}

}  // namespace headgate::store
