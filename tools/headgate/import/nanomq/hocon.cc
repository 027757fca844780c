#include "tools/headgate/import/nanomq/hocon.h"

#include <algorithm>

namespace headgate::tools::nanomq {
namespace {

constexpr int kDepthMax = 32;
constexpr std::string_view kBlank = " \t\r";

std::string_view without_blanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string joined(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

class HoconParser {
 public:
  HoconParser(std::string_view text, std::string file, const ImportFiles& files, int depth, Imported& out,
              std::vector<Leaf>& leaves)
      : text_(text), file_(std::move(file)), files_(files), depth_(depth), out_(out), leaves_(leaves) {}

  // A whole file at `path`.
  void run(const std::string& path) {
    skip();
    const bool braces = take('{');
    members(path, braces);
    if (braces && ok_ && !take('}')) fail("ends before its }");
    skip();
    if (ok_ && at_ < text_.size()) fail("has a " + std::string(1, text_[at_]) + " that closes nothing");
  }

 private:
  void members(const std::string& path, bool inner) {
    for (skip(); ok_ && at_ < text_.size() && text_[at_] != '}'; skip()) member(path);
    if (inner && at_ >= text_.size() && ok_) fail("ends before its }");
  }

  void member(const std::string& path) {
    const Place where = place();
    const std::string name = key();
    if (!ok_) return;
    blanks();
    if (name == "include") return include(path, where);
    const bool separated = take('=') || take(':');
    skip();
    if (at_ < text_.size() && text_[at_] == '{') return object(joined(path, name));
    if (!separated) return fail("has no value behind " + name + "; write " + name + " = VALUE");
    value(joined(path, name), where);
  }

  void object(const std::string& path) {
    if (++depth_ > kDepthMax) return fail("is nested deeper than " + std::to_string(kDepthMax));
    (void)take('{');
    members(path, true);
    (void)take('}');
    --depth_;
  }

  void list(const std::string& path) {
    if (++depth_ > kDepthMax) return fail("is nested deeper than " + std::to_string(kDepthMax));
    (void)take('[');
    size_t index = 0;
    for (skip(); ok_ && at_ < text_.size() && text_[at_] != ']'; skip())
      value(joined(path, std::to_string(index++)), place());
    if (ok_ && !take(']')) fail("ends before its ]");
    --depth_;
  }

  void value(const std::string& path, const Place& where) {
    if (at_ >= text_.size()) return fail("ends where a value is expected");
    if (text_[at_] == '{') return object(path);
    if (text_[at_] == '[') return list(path);
    const std::string text = text_[at_] == '"' ? quoted() : bare();
    if (ok_ && text.find("${") != std::string::npos)
      out_.error(where, path, "refers to another value; write the value itself");
    if (ok_) leaves_.push_back({path, text, where});
  }

  std::string key() {
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    const size_t end = std::min(text_.find_first_of("=:{}[],\" \t\r\n#", at_), text_.size());
    if (end == at_) fail("has a " + std::string(1, text_[at_]) + " where a name is expected");
    const std::string name(text_.substr(at_, end - at_));
    at_ = end;
    return name;
  }

  std::string bare() {
    const size_t end = std::min({text_.find_first_of(",]}\n#", at_), text_.find("//", at_), text_.size()});
    const std::string_view text = without_blanks(text_.substr(at_, end - at_));
    if (text.empty()) fail("ends where a value is expected");
    at_ = end;
    return std::string(text);
  }

  std::string quoted() {
    std::string text;
    for (++at_; at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      text += text_[at_];
    }
    if (at_ >= text_.size() || text_[at_] != '"') fail("has a text without its closing quote");
    ++at_;
    return text;
  }

  void include(const std::string& path, const Place& where) {
    const std::string file = at_ < text_.size() && text_[at_] == '"' ? quoted() : bare();
    if (!ok_) return;
    const auto text = depth_ + kDepthMax / 4 < kDepthMax
                          ? files_.read(file)
                          : core::fail(core::Errc::invalid, file + ": includes itself");
    if (!text) return out_.error(where, "include " + file, text.error().what);
    HoconParser(*text, file, files_, depth_ + kDepthMax / 4, out_, leaves_).run(path);
  }

  // Steps over blanks, line ends, commas and comments.
  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool comment = c == '#' || text_.substr(at_, 2) == "//";
      if (comment)
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',')
        ++at_;
      else
        return;
    }
  }
  void blanks() { at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size()); }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  [[nodiscard]] Place place() const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    return {file_, 1 + static_cast<size_t>(std::ranges::count(before, '\n'))};
  }

  void fail(const std::string& what) {
    if (ok_) out_.error(place(), "", what);
    ok_ = false;
  }

  std::string_view text_;
  std::string file_;
  const ImportFiles& files_;
  int depth_;
  Imported& out_;
  std::vector<Leaf>& leaves_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

std::vector<Leaf> parse_hocon(const std::string& file, const ImportFiles& files, Imported& out) {
  std::vector<Leaf> leaves;
  const auto text = files.read(file);
  if (!text) {
    out.errors.push_back({file, "", text.error().what});
    return leaves;
  }
  HoconParser(*text, file, files, 0, out, leaves).run("");
  return leaves;
}

std::vector<Leaf> parse_flat(std::string_view text, const std::string& file) {
  std::vector<Leaf> leaves;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = without_blanks(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const size_t equals = line.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : line.substr(equals + 1);
    leaves.push_back({std::string(without_blanks(line.substr(0, equals))),
                      std::string(without_blanks(value)),
                      {file, number}});
  }
  return leaves;
}

}  // namespace headgate::tools::nanomq
