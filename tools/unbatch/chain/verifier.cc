#include "tools/unbatch/chain/verifier.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headgate::tools {
namespace {

std::string batch_text(Span numbers) {
  if (numbers.first == numbers.last) return "batch " + std::to_string(numbers.first);
  return "batches " + std::to_string(numbers.first) + " to " + std::to_string(numbers.last);
}

std::vector<Span> numbers_of(const std::vector<GivenUpBy>& given_up) {
  std::vector<Span> numbers;
  for (const GivenUpBy& each : given_up) numbers.push_back(each.numbers);
  return joined(std::move(numbers));
}

// Judges the batches of a stream that are there.
class Judgement {
 public:
  Judgement(const StreamName& stream, const Links& links, const LaneEnds& ends,
            const std::optional<ChainHeadNotice>& head, std::vector<Finding>& out)
      : stream_(stream), links_(links), ends_(ends), head_(head), out_(out) {
    for (const auto& [number, link] : links) {
      if (!is_given_up(number)) standing_.push_back(&link);
    }
  }

  void judge() {
    find_missing();
    find_changed();
    find_forks();
    find_disorder();
    find_unexplained();
    find_mismatches();
  }

 private:
  [[nodiscard]] bool is_given_up(uint64_t number) const { return holds(given_up_, number); }

  void report(Flaw flaw, Span numbers, std::vector<Span> ids, const std::string& what) {
    out_.push_back({stream_, flaw, numbers, joined(std::move(ids)), batch_text(numbers) + " " + what});
  }

  void find_missing() {
    if (links_.empty()) return;
    const uint64_t first = links_.begin()->first;
    const uint64_t last = std::max(links_.rbegin()->first, head_ ? head_->number : 0);
    std::vector<Span> known = given_up_;
    for (const auto& [number, link] : links_) known.push_back({number, number});
    const std::vector<Span> missing = without({first, last}, joined(std::move(known)));
    if (missing.empty()) return;
    const MissingIds ids(links_, declared_, ends_);
    for (const Span& span : missing) {
      const bool one = span.first == span.last;
      report(Flaw::missing, span, ids.of(span),
             std::string(one ? "is" : "are") + " missing, and no other stands for " + (one ? "it" : "them"));
    }
  }

  void find_changed() {
    for (const auto& [number, link] : links_) {
      const std::string by = "batch " + std::to_string(number);
      hold(link.mark.after, link.mark.prev, by);
      for (const GivenUpBatches& given_up : link.mark.instead_of) hold(given_up.after, given_up.prev, by);
    }
    if (head_) hold(head_->number, head_->hash, "the head");
  }

  void hold(uint64_t number, const std::string& hash, const std::string& by) {
    const auto named = links_.find(number);
    if (named == links_.end() || named->second.hash == hash) return;
    report(Flaw::changed, {number, number}, ids_of(named->second),
           "is not as it was sent: its hash is not the one that " + by + " names");
  }

  // A batch must follow the one before it, or pass only those that were given up.
  void find_forks() {
    for (auto it = links_.begin(); it != links_.end(); ++it) {
      const uint64_t after = it->second.mark.after;
      for (auto passed = links_.upper_bound(after); passed != it; ++passed) {
        if (is_given_up(passed->first)) continue;
        const std::string place = after == 0 ? " begins it" : " follows batch " + std::to_string(after);
        report(Flaw::unexplained, {passed->first, passed->first}, ids_of(passed->second),
               "is beside the chain: batch " + std::to_string(it->first) + place +
                   ", and nothing explains the fork");
      }
    }
  }

  // A batch may come after one behind it that comes again later: the broker refused the first of them, and its answers to both
  // were lost. Nothing has to come before one that was given up: what stands for that one is in its place.
  void find_disorder() {
    const ChainLink* first = nullptr;  // whose last copy came first, of those behind that were not given up
    for (auto it = links_.rbegin(); it != links_.rend(); ++it) {
      const ChainLink& link = it->second;
      if (first != nullptr && first->again < link.arrival) note_late(link);
      if (!is_given_up(it->first) && (first == nullptr || link.again < first->again)) first = &link;
    }
  }

  void note_late(const ChainLink& link) {
    for (const ChainLink* behind : standing_) {
      const uint64_t number = behind->mark.number;
      if (number <= link.mark.number || behind->again > link.arrival || !is_decided(*behind, link)) continue;
      return report(Flaw::disorder, {link.mark.number, link.mark.number}, ids_of(link),
                    "came after batch " + std::to_string(number));
    }
  }

  // Whether `behind` comes again, or another says that it was given up, would have shown by now.
  [[nodiscard]] bool is_decided(const ChainLink& behind, const ChainLink& late) const {
    if (head_ && head_->number >= behind.mark.number) return true;
    return std::any_of(links_.upper_bound(behind.mark.number), links_.end(),
                       [&late](const auto& known) { return known.second.arrival > late.arrival; });
  }

  // Looks at batches that were given up and came all the same.
  void find_unexplained() {
    for (const auto& [number, link] : links_) {
      if (!is_given_up(number)) continue;
      std::vector<Span> lost;
      std::vector<Span> differs;
      for (const auto& [id, digest] : link.rows) {
        const std::string* other = content_in_others(number, id);
        if (other != nullptr && *other != digest) differs.push_back({id, id});
        if (other == nullptr && !in_a_gap(number, id)) lost.push_back({id, id});
      }
      if (!differs.empty())
        report(Flaw::mismatch, {number, number}, std::move(differs),
               "was given up, and what stands for it has other content");
      if (!lost.empty())
        report(Flaw::unexplained, {number, number}, std::move(lost),
               "was given up, and neither a later batch nor a gap holds all of its messages");
    }
  }

  [[nodiscard]] const std::string* content_in_others(uint64_t number, uint64_t id) const {
    for (const ChainLink* link : standing_) {
      if (link->mark.number <= number) continue;
      if (const auto found = link->rows.find(id); found != link->rows.end()) return &found->second;
    }
    return nullptr;
  }

  [[nodiscard]] bool in_a_gap(uint64_t number, uint64_t id) const {
    return std::ranges::any_of(standing_, [number, id](const ChainLink* link) {
      return link->mark.number > number && holds(link->gaps, id);
    });
  }

  void find_mismatches() {
    std::map<uint64_t, std::pair<const std::string*, uint64_t>> known;  // by id: its digest, and where
    for (const ChainLink* link : standing_) {
      for (const auto& [id, digest] : link->rows) {
        const auto [it, fresh] = known.try_emplace(id, &digest, link->mark.number);
        if (fresh || *it->second.first == digest) continue;
        report(Flaw::mismatch, {link->mark.number, link->mark.number}, {{id, id}},
               "has message " + std::to_string(id) + " with other content than batch " +
                   std::to_string(it->second.second));
      }
    }
  }

  const StreamName& stream_;
  const Links& links_;
  const LaneEnds& ends_;
  const std::vector<GivenUpBy> declared_ = given_up_in(links_);
  const std::vector<Span> given_up_ = numbers_of(declared_);
  const std::optional<ChainHeadNotice>& head_;
  std::vector<Finding>& out_;
  std::vector<const ChainLink*> standing_;  // not given up, by number
};

}  // namespace

std::string_view name_of(Flaw flaw) {
  switch (flaw) {
    case Flaw::missing:
      return "missing";
    case Flaw::changed:
      return "changed";
    case Flaw::two_of_one:
      return "two_of_one";
    case Flaw::unexplained:
      return "unexplained";
    case Flaw::disorder:
      return "disorder";
    case Flaw::mismatch:
      return "mismatch";
  }
  return "";
}

core::Result<ChainLink> ChainVerifier::read(std::string_view json, std::string_view mark_text,
                                            core::Bytes content_sha256) const {
  if (mark_text.empty()) return read_link(json, {}, "");
  const auto mark = read_mark(mark_text);
  if (!mark) return core::fail(mark.error());
  return read_link(json, *mark, batch_hash(key_, mark_text, content_sha256));
}

void ChainVerifier::add(ChainLink link) {
  const uint64_t number = link.mark.number;
  if (number == 0) return;
  Stream& stream = streams_[link.stream];
  if (number < stream.verified) return;
  if (stream.begun == 0) stream.from_beginning = link.mark.after == 0;
  if (stream.begun == 0) stream.begun = number;
  const auto known = stream.links.find(number);
  if (known != stream.links.end() && known->second.hash == link.hash) {
    known->second.again = ++stream.arrivals;
    return;
  }
  std::vector<Span> ids = ids_of(link);
  if (known != stream.links.end()) {
    const std::vector<Span> others = ids_of(known->second);
    ids.insert(ids.end(), others.begin(), others.end());
    stream.told.add({link.stream,
                     Flaw::two_of_one,
                     {number, number},
                     joined(std::move(ids)),
                     "batch " + std::to_string(number) + " came twice, with different content"});
    return;
  }
  link.arrival = link.again = ++stream.arrivals;
  stream.links.emplace(number, std::move(link));
}

void ChainVerifier::add(const ChainHeadNotice& head) {
  auto& known = streams_[{head.hub, head.epoch, head.stream}].head;
  if (!known || known->number <= head.number) known = head;
}

std::vector<Finding> ChainVerifier::judged(const StreamName& name, const Stream& stream) {
  std::vector<Finding> found;
  Judgement(name, stream.links, stream.lanes, stream.head, found).judge();
  return found;
}

std::vector<Finding> ChainVerifier::findings() const {
  std::vector<Finding> all;
  for (const auto& [name, stream] : streams_) {
    const Told& told = stream.told;
    all.insert(all.end(), told.all().begin(), told.all().end());
    if (told.more() > 0) {
      all.push_back(told.all().back());
      all.back().what = std::to_string(told.more()) + " more findings behind these are not named one by one";
    }
    for (Finding& finding : judged(name, stream)) {
      if (!told.has(finding)) all.push_back(std::move(finding));
    }
  }
  return all;
}

std::vector<Vouched> ChainVerifier::vouched() const {
  std::vector<Vouched> all;
  for (const auto& [name, stream] : streams_) {
    if (stream.links.empty()) continue;
    const uint64_t last = stream.links.rbegin()->first;
    all.push_back({name,
                   {std::min(stream.begun, stream.links.begin()->first), last},
                   stream.from_beginning,
                   stream.head && stream.head->number >= last});
  }
  return all;
}

void ChainVerifier::forget_verified() {
  for (auto& [name, stream] : streams_) {
    if (stream.links.size() < 2) continue;
    const uint64_t last = stream.links.rbegin()->first;
    uint64_t safe = stream.head ? stream.head->number : last - std::min(last, kKept);
    safe = std::min(safe, last);
    for (Finding& finding : judged(name, stream)) {
      if (finding.numbers.last + kSettled <= last)
        stream.told.add(std::move(finding));
      else
        safe = std::min(safe, finding.numbers.first - 1);
    }
    const auto behind = stream.links.upper_bound(safe);
    if (behind != stream.links.begin()) stream.forget_before(std::prev(behind)->first);
  }
}

bool ChainVerifier::on_told() {
  bool had_any = false;
  for (auto& [name, stream] : streams_) {
    const uint64_t last = stream.told.last_batch();
    if (last == 0 || last + kSettled > stream.last()) continue;
    had_any = true;
    stream.told = {};
    stream.begun = std::max(stream.begun, last + 1);
    stream.from_beginning = false;
    stream.forget_before(stream.begun);
  }
  return had_any;
}

uint64_t ChainVerifier::Stream::last() const { return links.empty() ? 0 : links.rbegin()->first; }

void Told::add(Finding finding) {
  if (has(finding)) return;
  if (all_.size() >= kMax) return count_more(1, finding.numbers.last);
  all_.push_back(std::move(finding));
}

void Told::count_more(uint64_t more, uint64_t up_to_batch) {
  more_ += more;
  counted_to_ = std::max(counted_to_, up_to_batch);
}

bool Told::has(const Finding& finding) const {
  if (finding.numbers.last <= counted_to_) return true;
  return std::ranges::any_of(all_, [&finding](const Finding& known) {
    return known.flaw == finding.flaw && known.numbers == finding.numbers;
  });
}

uint64_t Told::last_batch() const {
  uint64_t last = counted_to_;
  for (const Finding& finding : all_) last = std::max(last, finding.numbers.last);
  return last;
}

// The batch of this number stays, for the next one to be held to it.
void ChainVerifier::Stream::forget_before(uint64_t number) {
  for (auto it = links.begin(); it != links.end() && it->first < number; it = links.erase(it)) {
    const ChainLink& link = it->second;
    if (!link.rows.empty() && !link.mark.ahead) lanes[link.lane] = {it->first, link.rows.rbegin()->first};
  }
  verified = std::max(verified, number);
}

}  // namespace headgate::tools
