#include "hub/admin/queue/import.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/text.h"
#include "hub/admin/queue/consumed.h"
#include "hub/admin/queue/import_line.h"

namespace headgate::hub {
namespace {

using ImportJson = nlohmann::ordered_json;

// Bounds of what one turn of the loop reads.
constexpr size_t kLinesInATurn = 32;
constexpr size_t kBytesInATurn = 32u << 10;
constexpr size_t kIdBytesMax = 128;
constexpr size_t kImportsKept = 64;
constexpr std::string_view kImportPrefix = "import/";

// Unix ms and lines, apart by a space.
struct ImportRecord {
  int64_t at_ms = 0;
  uint64_t lines = 0;
};

ImportRecord decode_import(std::string_view value) {
  const size_t blank = value.find(' ');
  if (blank == std::string_view::npos) return {};
  const auto at_ms = core::parse_whole<int64_t>(value.substr(0, blank));
  const auto lines = core::parse_whole<uint64_t>(value.substr(blank + 1));
  return at_ms && lines ? ImportRecord{*at_ms, *lines} : ImportRecord{};
}

std::string import_key(const std::string& queue, const std::string& id) {
  return std::string(kImportPrefix).append(queue).append(1, '\0').append(id);
}

// The oldest that make room for another.
std::vector<store::KeyValue> forgotten_imports(const store::QueueReader& store, const std::string& but) {
  std::vector<std::pair<int64_t, std::string>> known;
  (void)store.for_each(kImportPrefix, [&](std::string_view key, std::string_view value) {
    if (key != but) known.emplace_back(decode_import(value).at_ms, key);
    return core::Status();
  });
  std::vector<store::KeyValue> gone;
  if (known.size() < kImportsKept) return gone;
  std::ranges::sort(known);
  known.resize(known.size() - kImportsKept + 1);
  for (auto& [at_ms, key] : known) gone.push_back({std::move(key), std::nullopt});
  return gone;
}

// A body of lines on its way into a queue: some in each turn of the loop, each turn one Change.
class Import : public std::enable_shared_from_this<Import> {
 public:
  Import(const AdminCall& call, store::QueueId queue, std::string id, uint64_t first_line)
      : hub_(call.hub),
        store_(call.store),
        queue_(queue),
        kind_(call.hub.store().stats(queue).attributes.kind),
        name_(call.name),
        key_(import_key(call.name, id)),
        body_(call.request.body),
        line_(first_line - 1) {}

  void start(std::function<void(AdminResponse)> done) {
    done_ = std::move(done);
    if (const auto known = store_.get(key_)) known_ = decode_import(*known).lines;
    begun_ = known_;
    if (line_ > known_ && !body_.empty()) {
      stopped_ = "lines behind " + std::to_string(known_) + " come next";
      return answer();
    }
    if (known_ == 0) first_values_ = forgotten_imports(store_, key_);
    go_on();
  }

 private:
  void go_on() {
    std::vector<ImportLine> lines;
    size_t bytes = 0;
    const uint64_t before = line_;
    const size_t place = at_;
    const size_t refused = refused_.size();
    const uint64_t expired = expired_;
    while (line_ - before < kLinesInATurn && bytes < kBytesInATurn && at_ < body_.size()) {
      const std::string_view line = next_line();
      bytes += line.size();
      read(line, lines);
    }
    if (line_ == before) return answer();
    if (line_ <= known_) return later();
    if (const core::Status kept = commit(lines); !kept) {
      stopped_ = kept.error().what;
      line_ = before;
      at_ = place;
      expired_ = expired;
      refused_.erase(refused_.begin() + static_cast<ptrdiff_t>(refused), refused_.end());
      return answer();
    }
    later();
  }

  void later() {
    hub_.later([self = shared_from_this()] { self->go_on(); });
  }

  std::string_view next_line() {
    const size_t end = std::min(body_.find('\n', at_), body_.size());
    std::string_view line(body_.data() + at_, end - at_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at_ = end + 1;
    ++line_;
    return line;
  }

  void read(std::string_view line, std::vector<ImportLine>& lines) {
    if (line_ <= known_) {
      ++repeated_;
      return;
    }
    if (line.empty()) return;
    auto parsed = parse_import_line(line, queue_, kind_, hub_.now());
    if (!parsed)
      refused_.push_back({{"line", line_}, {"error", parsed.error().what}});
    else if (parsed->expired)
      ++expired_;
    else
      lines.push_back(*std::move(parsed));
  }

  // All of them with how far it is, or nothing.
  core::Status commit(const std::vector<ImportLine>& lines) {
    std::vector<store::Append> appends;
    for (const ImportLine& line : lines) appends.push_back({line.message, {&line.target, 1}, true});
    std::vector<store::KeyValue> values = first_values_;
    values.push_back({key_, std::to_string(hub_.now().wall_ms) + " " + std::to_string(line_)});
    const auto seq = store_.commit({.appends = appends, .values = values, .must_sync = true});
    if (!seq) return core::fail(seq.error());
    seq_ = *seq;
    known_ = line_;
    taken_ += lines.size();
    first_values_.clear();
    return {};
  }

  void answer() {
    hub_.when_durable(seq_, [self = shared_from_this()](bool durable) {
      if (!durable)
        return self->done_(
            failed(503, "the store has failed; send all of it again, nothing will be doubled"));
      self->done_(self->report());
    });
  }

  [[nodiscard]] AdminResponse report() const {
    return answer_json({{"queue", name_},
                        {"line", std::max(known_, begun_)},
                        {"taken", taken_},
                        {"repeated", repeated_},
                        {"expired", expired_},
                        {"refused", refused_},
                        {"stopped", stopped_}});
  }

  HubView& hub_;
  store::QueueStore& store_;
  const store::QueueId queue_;
  const store::QueueKind kind_;
  const std::string name_;
  const std::string key_;
  const std::string body_;
  std::function<void(AdminResponse)> done_;
  std::vector<store::KeyValue> first_values_;
  size_t at_ = 0;       // in the body
  uint64_t line_;       // the last that was read
  uint64_t known_ = 0;  // lines that are in
  uint64_t begun_ = 0;  // known_ as it was
  store::Seq seq_ = 0;
  uint64_t taken_ = 0;
  uint64_t repeated_ = 0;
  uint64_t expired_ = 0;
  ImportJson refused_ = ImportJson::array();
  std::string stopped_;
};

}  // namespace

AdminReply post_import(const AdminCall& call) {
  const auto queue = call.hub.store().find_queue(call.name);
  if (!queue) return failed(404, "there is no queue \"" + call.name + "\"");
  const auto id = call.query.find("id");
  if (id == call.query.end() || id->second.empty() || id->second.size() > kIdBytesMax)
    return failed(400, "id is missing or too long; allowed: 1 to 128 bytes that name what is imported");
  const auto line = call.number("line", 1, UINT32_MAX);
  if (!line || *line == 0) return call.wrong("line", "the number of the first line, from 1");
  if (!is_consumed_outside(call.hub.store().stats(*queue).attributes.kind))
    return failed(
        400, "\"" + call.name + "\" takes no messages; allowed: a queue of a link, an input or a session");
  return AdminLater{[import = std::make_shared<Import>(call, *queue, id->second, *line)](auto done) {
    import->start(std::move(done));
  }};
}

}  // namespace headgate::hub
