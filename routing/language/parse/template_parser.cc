#include "routing/language/parse/template_parser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/topic.h"
#include "routing/language/parse/condition_parser.h"

namespace headgate::routing {
namespace {

constexpr char kValue = '\0';  // stands for a value in a topic; no topic holds it

class TemplateParser {
 public:
  TemplateParser(const TokenCursor& cursor, const Token& token, Query& query, Diagnostics& found)
      : text_(cursor.text()), token_(token), query_(query), found_(found) {}

  bool parse(Sink& sink) {
    if (!pieces()) return false;
    add_piece({});
    if (pieces_.size() == 1) {
      sink.topic = std::move(pieces_[0].text);
      return is_topic(sink.topic);
    }
    sink.topic = unquote(text_.substr(token_.offset, token_.length));
    sink.filled_in.pieces = std::move(pieces_);
    return is_topic(outline(sink.filled_in));
  }

 private:
  // Cuts the text into what stands and what is filled in.
  bool pieces() {
    const size_t end = token_.end_offset() - 1;
    literal_from_ = at_ = token_.offset + 1;
    while (at_ < end) {
      const char c = text_[at_];
      if (c == '\\') {
        at_ += 2;
      } else if ((c == '{' || c == '}') && text_[at_ + 1] == c) {
        take_literal(at_ + 1);
        literal_from_ = at_ += 2;
      } else if (c == '{') {
        if (!value(end)) return false;
      } else if (c == '}') {
        return error(at_, 1, "`}` without a `{` before it", "write `}}` for the character");
      } else {
        ++at_;
      }
    }
    take_literal(end);
    return true;
  }

  bool value(size_t end) {
    take_literal(at_);
    const size_t close = std::min(text_.find('}', at_), end);
    if (close == end) return error(at_, 1, "missing closing `}`", "write `{{` for the character");
    Expression value;
    if (!expression(at_ + 1, close, value)) return false;
    add_piece(std::move(value));
    pieces_.back().written = text_.substr(at_ + 1, close - at_ - 1);
    literal_from_ = at_ = close + 1;
    return true;
  }

  bool expression(size_t from, size_t to, Expression& out) {
    const std::string_view inner = text_.substr(from, to - from);
    if (inner.find('\\') != std::string_view::npos)
      return error(from, to - from, "no escape stands between `{` and `}`", "write the path alone");
    std::vector<Token> tokens = tokenize(inner, Semantics::strict);
    for (Token& token : tokens) token.offset += from;
    if (tokens.size() == 1)
      return error(from - 1, to - from + 2, "nothing stands between `{` and `}`",
                   "write a path such as {$body.asset}, or `{{` for the character");
    TokenCursor cursor(text_, std::move(tokens));
    if (!ConditionParser(cursor, found_, {&query_, Clause::topic}).parse_part(out)) return false;
    if (cursor.at(Token::Kind::end)) return true;
    report_after_operand(cursor, "an operator or `}`", found_, "each value has braces of its own: {…}/{…}");
    return false;
  }

  void take_literal(size_t to) {
    const std::string_view raw = text_.substr(literal_from_, to - literal_from_);
    literal_.append(unquote("'" + std::string(raw) + "'"));
  }

  void add_piece(Expression value) { pieces_.push_back({std::exchange(literal_, {}), std::move(value), {}}); }

  static std::string outline(const TopicTemplate& topic) {
    std::string out;
    for (const TopicTemplate::Piece& piece : topic.pieces) {
      out.append(piece.text);
      if (!piece.value.empty()) out.push_back(kValue);
    }
    return out;
  }

  // `topic` may hold kValue.
  bool is_topic(const std::string& topic) {
    std::string sample = topic;
    std::replace(sample.begin(), sample.end(), kValue, 'x');
    if (topic == sample || !may_be_input(topic)) return is_topic_to_publish(sample, token_, found_);
    return error(token_.offset, token_.length, "this topic could become a module's input: modules/…/inputs/…",
                 "begin it with a level of its own, such as 'routes/…'");
  }

  static bool may_be_input(const std::string& topic) {
    core::TopicLevels levels(topic);
    for (size_t i = 0; i < 4; ++i) {
      const auto level = levels.next();
      if (!level) return false;
      if (i == 0 && !may_become(*level, "modules")) return false;
      if (i == 2 && !may_become(*level, "inputs")) return false;
    }
    return true;
  }

  // Whether a level can read `word`, each value being some text.
  static bool may_become(std::string_view level, std::string_view word) {
    const size_t value = level.find(kValue);
    if (value == std::string_view::npos) return level == word;
    const std::string_view rest = level.substr(value + 1);
    if (!word.starts_with(level.substr(0, value))) return false;
    for (size_t taken = value + 1; taken <= word.size(); ++taken) {
      if (may_become(rest, word.substr(taken))) return true;
    }
    return false;
  }

  bool error(size_t at, size_t length, std::string message, std::string suggestion = {}) {
    found_.error(at, length, std::move(message), std::move(suggestion));
    return false;
  }

  std::string_view text_;
  Token token_;
  Query& query_;
  Diagnostics& found_;
  size_t at_ = 0;
  size_t literal_from_ = 0;
  std::string literal_;
  std::vector<TopicTemplate::Piece> pieces_;
};

}  // namespace

bool is_topic_to_publish(const std::string& topic, const Token& token, Diagnostics& found) {
  const auto error = [&](std::string message, std::string suggestion = {}) {
    found.error(token.offset, token.length, std::move(message), std::move(suggestion));
    return false;
  };
  if (!core::is_valid_topic_name(topic))
    return error("not a valid MQTT topic name", "a topic to publish to has no `+` and no `#`");
  if (topic.starts_with('$'))
    return error("topics that begin with `$` belong to the hub", "begin it with another level");
  if (!core::reaches_module_inputs(topic)) return true;
  const bool is_input = core::parse_module_topic(topic).has_value();
  return error("module inputs are not published to as topics",
               is_input ? "write BrokeredEndpoint(\"/" + topic + "\")"
                        : "write BrokeredEndpoint(\"/modules/<module>/inputs/<input>\")");
}

bool parse_topic_template(const TokenCursor& cursor, const Token& token, Query& query, Sink& sink,
                          Diagnostics& found) {
  return TemplateParser(cursor, token, query, found).parse(sink);
}

}  // namespace headgate::routing
