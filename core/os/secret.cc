#include "core/os/secret.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/os/file_rights.h"

namespace headgate::core {
namespace {

Result<std::string> read_variable(const std::string& name) {
  if (const char* const value = std::getenv(name.c_str()); value != nullptr) return std::string(value);
  return fail(Errc::not_found,
              "the environment variable " + name +
                  " is not set; set it where the hub is started (systemd: EnvironmentFile=), or "
                  "name a file: {\"file\": \"/path\"}");
}

Result<std::string> read_secret_file(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown) && !std::filesystem::is_regular_file(path, unknown))
    return fail(Errc::io, path + " is not a regular file; name one that holds the secret alone");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::io, path + " cannot be read: " + why_unreadable(path, errno));
  std::string text(kSecretBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

Result<std::string> read_secret(const SecretSource& source) {
  if (source.empty()) return std::string();
  auto text = source.env.empty() ? read_secret_file(source.file) : read_variable(source.env);
  if (!text) return text;
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  const std::string name = source.env.empty() ? source.file : "the environment variable " + source.env;
  if (text->empty()) return fail(Errc::invalid, name + " is empty; write the secret into it");
  if (text->size() > kSecretBytesMax || text->find('\0') != std::string::npos)
    return fail(Errc::invalid, name + " holds no secret: it has more than " +
                                   std::to_string(kSecretBytesMax) + " bytes, or a zero among them");
  return text;
}

}  // namespace headgate::core
