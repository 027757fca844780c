#include "tools/headgate/commands/passwd.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "core/topic.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/private_file.h"

namespace headgate::tools {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;
constexpr size_t kMqttStringMax = 65'535;

core::Unexpected failed(const std::string& what, const std::string& file) {
  return core::fail(core::Errc::io, file + ": " + what + ": " + std::strerror(errno));
}

// ---- the password ----

// Shows nothing of what is typed for as long as it lives.
class SilentTerminal {
 public:
  SilentTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::string read_line() {
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string read_silently(const char* prompt) {
  const SilentTerminal silent;
  std::cerr << prompt << std::flush;
  std::string line = read_line();
  std::cerr << '\n';
  return line;
}

core::Result<std::string> hash_of(const std::string& password, const Argon2Cost& cost) {
  std::array<unsigned char, kSaltBytes> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    return core::fail(core::Errc::io, "the system gives no random numbers");
  std::string encoded(
      argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const int code =
      argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                            salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (code != ARGON2_OK) return core::fail(core::Errc::invalid, argon2_error_message(code));
  encoded.resize(std::strlen(encoded.c_str()));
  return encoded;
}

// ---- the file ----

core::Status check_user(const std::string& user) {
  const bool odd =
      std::ranges::any_of(user, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == ':'; });
  const bool fine = !user.empty() && user.size() <= kMqttStringMax && !user.starts_with('#') && !odd &&
                    core::is_valid_utf8(user);
  if (fine) return {};
  return core::fail(core::Errc::invalid,
                    "'" + user +
                        "' cannot be a user's name; allowed: UTF-8 without : and control "
                        "characters, not beginning with #");
}

// Empty if there is no such file yet.
core::Result<std::string> read_users(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return std::string();
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file && !file.eof()) return failed("cannot be read", path);
  return text.str();
}

struct Edited {
  std::string text;
  bool had_user = false;
};

// The file's text with that user's line replaced, added at the end, or (no line) taken out.
Edited edit(const std::string& text, const std::string& user, const std::string& line) {
  Edited edited;
  std::istringstream lines(text);
  for (std::string old; std::getline(lines, old);) {
    const bool own = old.starts_with(user + ":");
    if (!own) edited.text += old + '\n';
    if (own && !edited.had_user && !line.empty()) edited.text += line + '\n';
    edited.had_user = edited.had_user || own;
  }
  if (!edited.had_user && !line.empty()) edited.text += line + '\n';
  // A hub takes an empty file for one that is being written.
  if (edited.text.empty()) edited.text = "# no users\n";
  return edited;
}

core::Result<std::string> new_line(const PasswdOptions& options, const AskPassword& ask) {
  auto password = ask();
  if (!password) return core::fail(password.error());
  if (password->empty()) return core::fail(core::Errc::invalid, "an empty password is none");
  auto hash = hash_of(*password, options.cost);
  OPENSSL_cleanse(password->data(), password->size());
  if (!hash) return core::fail(hash.error());
  return options.user + ":" + *hash;
}

// Tells what was done, in words.
core::Result<std::string> change(const PasswdOptions& options, const AskPassword& ask) {
  if (const auto fine = check_user(options.user); !fine) return core::fail(fine.error());
  const auto text = read_users(options.file);
  if (!text) return core::fail(text.error());
  std::string line;
  if (!options.remove) {
    auto made = new_line(options, ask);
    if (!made) return made;
    line = *std::move(made);
  }
  const Edited edited = edit(*text, options.user, line);
  if (options.remove && !edited.had_user) {
    return core::fail(core::Errc::not_found, options.file + " has no user '" + options.user + "'");
  }
  if (const auto written = replace_private_file(options.file, edited.text); !written)
    return core::fail(written.error());
  const std::string what = options.remove ? "removed" : edited.had_user ? "has a new password" : "added";
  return "user '" + options.user + "' " + what + "; a running hub takes it over on SIGHUP\n";
}

}  // namespace

core::Result<std::string> ask_password() {
  if (isatty(STDIN_FILENO) == 0) return read_password_line();
  std::string password = read_silently("Password: ");
  if (read_silently("Again: ") == password) return password;
  return core::fail(core::Errc::invalid, "the two passwords differ; nothing was changed");
}

core::Result<std::string> read_password_line() { return read_line(); }

int run_passwd(const PasswdOptions& options, const AskPassword& ask, std::ostream& out, std::ostream& err) {
  const auto done = change(options, ask);
  if (!done) {
    err << "headgate: " << done.error().what << '\n';
    return kExitFailed;
  }
  out << *done;
  return kExitOk;
}

}  // namespace headgate::tools
