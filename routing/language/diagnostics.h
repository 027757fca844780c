// Findings of the compiler about a route text: each with its place, and how to show it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::routing {

enum class Severity : uint8_t { error, warning };

// A finding. Lines and columns count from 1, columns in characters; line 0 says that the finding is
// not about a place in the text (a duplicate name, a loop). `offset` and `length` are bytes.
struct Diagnostic {
  Severity severity = Severity::error;
  uint32_t line = 0;
  uint32_t column = 0;
  size_t offset = 0;
  size_t length = 0;
  std::string message;
  std::string suggestion;  // empty, or what to do: "write `as_number(temp) > 100`"

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// Collects the findings about one text. `text` must outlive it.
class Diagnostics {
 public:
  explicit Diagnostics(std::string_view text) : text_(text) {}

  void error(size_t offset, size_t length, std::string message, std::string suggestion = {});
  void warning(size_t offset, size_t length, std::string message, std::string suggestion = {});

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] size_t errors() const { return errors_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  // The findings in the order of the text; leaves this empty.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  void add(Severity severity, size_t offset, size_t length, std::string message, std::string suggestion);

  std::string_view text_;
  std::vector<Diagnostic> found_;
  size_t errors_ = 0;
};

// Route text within a message.
[[nodiscard]] inline std::string quote(std::string_view text) {
  return std::string("`").append(text).append("`");
}

// A finding for a terminal: where, what, the line of the source with the place underlined, and what to do.
//   1:22: error: cannot compare a string with a number
//     FROM /messages WHERE temp > 100 INTO $upstream
//                          ^^^^^^^^^^
//     help: write `as_number(temp) > 100`
[[nodiscard]] std::string render(const Diagnostic& diagnostic, std::string_view text);

}  // namespace headgate::routing
