#include "hub/edge/workload/desk.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base64.h"
#include "core/text/json_nesting.h"
#include "core/text/percent.h"
#include "hub/edge/workload/cipher.h"

namespace headgate::hub {
namespace {

using WorkloadJson = nlohmann::json;

constexpr size_t kHostLabelMax = 63;
constexpr const char* kWrongExpiration = "expiration has to be a time such as 2030-01-31T12:00:00Z";

WorkloadAnswer workload_failure(unsigned status, const std::string& message) {
  return {status,
          WorkloadJson{{"message", message}}.dump(-1, ' ', false, WorkloadJson::error_handler_t::replace)};
}

// Parts of the path between slashes, decoded. nullopt: an escape is broken, or it does not begin with a slash.
std::optional<std::vector<std::string>> parts_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with('/')) return std::nullopt;
  std::vector<std::string> parts;
  for (size_t at = 0; at != std::string_view::npos;) {
    const size_t slash = path.find('/', at + 1);
    auto part =
        core::percent_decoded(path.substr(at + 1, slash == std::string_view::npos ? slash : slash - at - 1));
    if (!part) return std::nullopt;
    parts.push_back(*std::move(part));
    at = slash;
  }
  return parts;
}

// No object: the body is none, or could end whoever walks through it.
WorkloadJson json_of(std::string_view body) {
  return core::is_nested_within(body) ? WorkloadJson::parse(body, nullptr, false) : WorkloadJson();
}

const std::string* text_member(const WorkloadJson& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
}

std::string as_base64(std::string_view bytes) {
  std::string text;
  core::append_base64(text, bytes);
  return text;
}

// nullopt: it is no base64.
std::optional<std::string> from_base64(const std::string& text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool is_host_label(std::string_view name) {
  return !name.empty() && name.size() <= kHostLabelMax && name.front() != '-' &&
         std::ranges::all_of(name, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
         });
}

// "2030-01-31T12:00:00Z", with parts of a second and in UTC. nullopt: it is none.
std::optional<int64_t> unix_s_of(const std::string& text) {
  std::tm parts{};
  const char* const end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr || (*end != 'Z' && *end != '.' && *end != '+')) return std::nullopt;
  return static_cast<int64_t>(timegm(&parts));
}

std::string iso_of(int64_t unix_s) {
  const auto time = static_cast<time_t>(unix_s);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

enum class WorkloadVerb : uint8_t { sign, certify_server, certify_identity, encrypt, decrypt };

// Verb behind `/modules/M/genid/G/`; nullopt: there is none of that name.
std::optional<WorkloadVerb> verb_of(const std::vector<std::string>& parts) {
  if (parts.size() < 5 || parts.size() > 6 || parts[0] != "modules" || parts[2] != "genid")
    return std::nullopt;
  const std::string name = parts.size() == 5 ? parts[4] : parts[4] + "/" + parts[5];
  if (name == "sign") return WorkloadVerb::sign;
  if (name == "certificate/server") return WorkloadVerb::certify_server;
  if (name == "certificate/identity") return WorkloadVerb::certify_identity;
  if (name == "encrypt") return WorkloadVerb::encrypt;
  if (name == "decrypt") return WorkloadVerb::decrypt;
  return std::nullopt;
}

// Text to be encrypted or decrypted, and the vector that belongs to it.
struct CipherBody {
  std::string text;
  std::string vector;
};

// Error: words for the client.
core::Result<CipherBody> cipher_body_of(std::string_view body, const char* member) {
  const WorkloadJson json = json_of(body);
  if (!json.is_object()) return core::fail(core::Errc::invalid, "the body is no JSON object");
  const std::string* const text = text_member(json, member);
  const std::string* const vector = text_member(json, "initializationVector");
  auto bytes = text == nullptr ? std::nullopt : from_base64(*text);
  auto vector_bytes = vector == nullptr || vector->empty() ? std::nullopt : from_base64(*vector);
  if (!bytes) return core::fail(core::Errc::invalid, std::string(member) + " has to be base64");
  if (!vector_bytes)
    return core::fail(core::Errc::invalid, "initializationVector has to be base64 of a byte or more");
  return CipherBody{*std::move(bytes), *std::move(vector_bytes)};
}

}  // namespace

WorkloadAnswer WorkloadDesk::answer(const std::string& module, const WorkloadRequest& request) {
  const auto parts = parts_of(request.target);
  if (!parts) return workload_failure(400, "the path cannot be read");
  if (parts->size() == 1 && (*parts)[0] == "trust-bundle")
    return request.method == "GET" ? trust() : workload_failure(405, "only GET");
  const auto verb = verb_of(*parts);
  if (!verb) return workload_failure(404, "there is nothing here");
  if (request.method != "POST") return workload_failure(405, "only POST");
  if ((*parts)[1] != module) {
    ++counts_.refused;
    return workload_failure(403, "this socket is that of another module");
  }
  const auto identity = parts_.identity_of(module);
  if (!identity) return workload_failure(404, "the module is not registered, or disabled");
  if (identity->generation_id.empty() || (*parts)[3] != identity->generation_id) {
    ++counts_.refused;
    return workload_failure(404, "the module has another generation id");
  }
  switch (*verb) {
    case WorkloadVerb::sign:
      return sign(*identity, request.body);
    case WorkloadVerb::certify_server:
      return certify_server(module, request.body);
    case WorkloadVerb::certify_identity:
      return certify_identity(module, request.body);
    case WorkloadVerb::encrypt:
      return encrypt(module, *identity, request.body);
    case WorkloadVerb::decrypt:
      return decrypt(module, *identity, request.body);
  }
  return workload_failure(404, "there is nothing here");
}

WorkloadAnswer WorkloadDesk::trust() const {
  const auto bundle = parts_.trust_bundle();
  if (!bundle) return workload_failure(503, bundle.error().what);
  return {200, WorkloadJson{{"certificate", *bundle}}.dump(-1, ' ', false,
                                                           WorkloadJson::error_handler_t::replace)};
}

WorkloadAnswer WorkloadDesk::sign(const WorkloadIdentity& identity, std::string_view body) {
  const WorkloadJson json = json_of(body);
  if (!json.is_object()) return workload_failure(400, "the body is no JSON object");
  const std::string* const algo = text_member(json, "algo");
  const std::string* const data = text_member(json, "data");
  const std::string* const key_id = text_member(json, "keyId");
  if (algo == nullptr || *algo != "HMACSHA256") return workload_failure(400, "algo has to be HMACSHA256");
  if (key_id != nullptr && *key_id != "primary" && *key_id != "secondary")
    return workload_failure(400, "keyId has to be primary or secondary");
  const std::string& encoded =
      key_id != nullptr && *key_id == "secondary" ? identity.secondary_key : identity.primary_key;
  const auto key = from_base64(encoded);
  if (encoded.empty() || !key) return workload_failure(404, "the module has no such key");
  const auto bytes = data == nullptr ? std::nullopt : from_base64(*data);
  if (!bytes) return workload_failure(400, "data has to be base64");
  ++counts_.signatures;
  return {200, WorkloadJson{{"digest", as_base64(hmac_sha256(*key, *bytes))}}.dump()};
}

WorkloadAnswer WorkloadDesk::certify_server(const std::string& module, std::string_view body) {
  const WorkloadJson json = json_of(body);
  if (!json.is_object()) return workload_failure(400, "the body is no JSON object");
  const std::string* const name = text_member(json, "commonName");
  const std::string* const expiration = text_member(json, "expiration");
  const auto until_s = expiration == nullptr ? std::nullopt : unix_s_of(*expiration);
  if (!until_s) return workload_failure(400, kWrongExpiration);
  // Under any other name it could pass for somebody else.
  if (name != nullptr && *name != module)
    return workload_failure(403, "commonName has to be the module's own name");
  if (!is_host_label(module)) return workload_failure(400, "the module's name can be that of no host");
  return certify({CertificateWish::Kind::server, module, until_s});
}

WorkloadAnswer WorkloadDesk::certify_identity(const std::string& module, std::string_view body) {
  // Azure's daemon takes a request without a body, too.
  const WorkloadJson json = body.empty() ? WorkloadJson::object() : json_of(body);
  if (!json.is_object()) return workload_failure(400, "the body is no JSON object");
  const auto expiration = json.find("expiration");
  if (expiration == json.end() || expiration->is_null())
    return certify({CertificateWish::Kind::identity, module, std::nullopt});
  const auto until_s =
      expiration->is_string() ? unix_s_of(expiration->get_ref<const std::string&>()) : std::nullopt;
  if (!until_s) return workload_failure(400, kWrongExpiration);
  return certify({CertificateWish::Kind::identity, module, until_s});
}

WorkloadAnswer WorkloadDesk::certify(const CertificateWish& wish) {
  const auto made = parts_.certify(wish);
  if (!made) return workload_failure(made.error().code == core::Errc::invalid ? 400 : 503, made.error().what);
  ++counts_.certificates;
  return {201, WorkloadJson{{"privateKey", {{"type", "key"}, {"bytes", made->key}}},
                            {"certificate", made->chain},
                            {"expiration", iso_of(made->expires_s)}}
                   .dump()};
}

WorkloadAnswer WorkloadDesk::encrypt(const std::string& module, const WorkloadIdentity& identity,
                                     std::string_view body) const {
  const auto wish = cipher_body_of(body, "plaintext");
  if (!wish) return workload_failure(400, wish.error().what);
  const auto secret = parts_.secret();
  if (!secret) return workload_failure(503, secret.error().what);
  const auto made =
      encrypt_for(*secret, {parts_.device, module, identity.generation_id}, wish->vector, wish->text);
  if (!made) return workload_failure(500, "OpenSSL could not encrypt it");
  return {200, WorkloadJson{{"ciphertext", as_base64(*made)}}.dump()};
}

WorkloadAnswer WorkloadDesk::decrypt(const std::string& module, const WorkloadIdentity& identity,
                                     std::string_view body) const {
  const auto wish = cipher_body_of(body, "ciphertext");
  if (!wish) return workload_failure(400, wish.error().what);
  const auto secret = parts_.secret();
  if (!secret) return workload_failure(503, secret.error().what);
  const auto plain =
      decrypt_for(*secret, {parts_.device, module, identity.generation_id}, wish->vector, wish->text);
  if (!plain)
    return workload_failure(400,
                            "it was not encrypted here for this module and generation with this "
                            "initializationVector, or has changed since");
  return {200, WorkloadJson{{"plaintext", as_base64(*plain)}}.dump()};
}

}  // namespace headgate::hub
