#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "core/text.h"
#include "routing/files/json_text.h"
#include "tools/headgate/commands/remote/commands.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;

constexpr size_t kSignatureBytes = 64;
constexpr uint64_t kVersionMax = 9'007'199'254'740'991;
constexpr mode_t kOwnersOnly = 0600;
constexpr mode_t kForAll = 0644;

core::Unexpected invalid(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

core::Result<Key> read_key(const std::string& path) {
  const auto pem = read_text(path);
  if (!pem) return core::fail(pem.error());
  const Bio in(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), BIO_free);
  Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return invalid(path + ": holds no private Ed25519 key in PEM; headgate remote keygen makes one");
  return key;
}

core::Result<std::string> signature_of(EVP_PKEY* key, const std::string& bytes) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, kSignatureBytes> signature{};
  size_t size = signature.size();
  const bool made = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                    EVP_DigestSign(context.get(), signature.data(), &size,
                                   reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  if (!made) return core::fail(core::Errc::io, "OpenSSL could not sign");
  return std::string(reinterpret_cast<const char*>(signature.data()), size);
}

// The document stands there as it was written: the hub reads what was signed.
core::Result<std::string> text_to_sign(const SignOptions& options) {
  if (options.hub.empty() == options.group.empty()) return invalid("say either --hub or --group");
  if (options.version == 0 || options.version > kVersionMax)
    return invalid("--version is " + std::to_string(options.version) + "; allowed: 1 to " +
                   std::to_string(kVersionMax));
  const auto document = read_text(options.file);
  if (!document) return core::fail(document.error());
  const auto json = routing::parse_json_text(*document, options.file);
  if (!json) return core::fail(json.error());
  if (!json->is_object()) return invalid(options.file + ": has to be a JSON object");
  const bool of_hub = !options.hub.empty();
  return "{\"" + std::string(of_hub ? "hub" : "group") +
         "\": " + Json(of_hub ? options.hub : options.group).dump() +
         ", \"version\": " + std::to_string(options.version) + ", \"document\": " + *document + "}";
}

std::string base64(const std::string& bytes) {
  std::string text;
  core::append_base64(text, bytes);
  return text;
}

core::Result<std::string> sign(const SignOptions& options) {
  const auto text = text_to_sign(options);
  if (!text) return core::fail(text.error());
  const auto key = read_key(options.key);
  if (!key) return core::fail(key.error());
  const auto signature = signature_of(key->get(), *text);
  if (!signature) return core::fail(signature.error());
  return "{\"headgate-desired\": 1, \"signed\": \"" + base64(*text) + "\", \"signature\": \"" +
         base64(*signature) + "\"}";
}

template <typename Write>
std::string pem_of(const Write& write) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  write(out.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

core::Status write_new(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0 && close(fd) == 0 && written) return {};
  return core::fail(core::Errc::io, path + ": cannot be written: " + std::strerror(error));
}

int told(const core::Error& error, std::ostream& err) {
  err << "headgate: " << core::printable(error.what, core::LineFeeds::kept) << '\n';
  return kExitFailed;
}

}  // namespace

int run_remote_sign(const SignOptions& options, std::ostream& out, std::ostream& err) {
  const auto envelope = sign(options);
  if (!envelope) return told(envelope.error(), err);
  out << *envelope << '\n';
  return kExitOk;
}

int run_remote_keygen(const std::string& name, std::ostream& out, std::ostream& err) {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  if (!key) return told({core::Errc::io, "OpenSSL could not make a key"}, err);
  const std::string secret = pem_of(
      [&](BIO* to) { PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  const std::string known = pem_of([&](BIO* to) { PEM_write_bio_PUBKEY(to, key.get()); });
  if (const auto written = write_new(name + ".key", secret, kOwnersOnly); !written)
    return told(written.error(), err);
  if (const auto written = write_new(name + ".pub", known, kForAll); !written)
    return told(written.error(), err);
  out << core::printable(name) << ".key signs: keep it away from the hubs\n"
      << core::printable(name) << ".pub is for the hubs: upstream.remote_config.key_file\n";
  return kExitOk;
}

}  // namespace headgate::tools
