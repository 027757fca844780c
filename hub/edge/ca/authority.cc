#include "hub/edge/ca/authority.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <memory>
#include <utility>

namespace headgate::hub {
namespace {

constexpr int64_t kDayS = 86'400;
constexpr int64_t kEarlierS = 3'600;  // clocks of clients may be behind
constexpr int kSerialBits = 127;
constexpr size_t kHostNameMax = 253;
constexpr size_t kCommonNameMax = 64;  // RFC 5280, ub-common-name

template <typename T, void (*Free)(T*)>
struct Freer {
  void operator()(T* it) const { Free(it); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509, X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION, X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES, GENERAL_NAMES_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO, BIO_free_all>>;

core::Unexpected openssl_failed(const std::string& what) {
  return core::fail(core::Errc::io, "OpenSSL could not " + what);
}

template <typename Write>
std::string pem_text(const Write& write) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  write(out.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem_text([&](BIO* to) { PEM_write_bio_X509(to, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem_text(
      [&](BIO* to) { PEM_write_bio_PKCS8PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

BioPtr reader_of(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

CertificatePtr first_certificate(const std::string& pem) {
  const BioPtr in = reader_of(pem);
  return CertificatePtr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

bool is_host_name(const std::string& name) {
  return !name.empty() && name.size() <= kHostNameMax && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(
             name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; });
}

bool add_extension(X509* certificate, X509V3_CTX* context, int id, const std::string& value) {
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>> serial(BN_new());
  return serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_times(X509* certificate, int64_t from_s, int64_t until_s) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<time_t>(from_s)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<time_t>(until_s)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& name) {
  // Longer names are in the extension; this one is for people.
  const std::string shown = name.substr(0, kCommonNameMax);
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(shown.c_str()), -1, -1, 0) == 1;
}

struct Content {
  const std::string& name;
  int64_t from_s;
  int64_t until_s;
  std::vector<std::pair<int, std::string>> extensions;
};

// `issuer` null: it signs itself.
CertificatePtr sign(const Content& content, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  CertificatePtr made(X509_new());
  if (!made) return nullptr;
  X509* const signer = issuer == nullptr ? made.get() : issuer;
  bool done = X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
              set_times(made.get(), content.from_s, content.until_s) &&
              X509_set_pubkey(made.get(), key) == 1 && set_subject(made.get(), content.name) &&
              X509_set_issuer_name(made.get(), X509_get_subject_name(signer)) == 1;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, signer, made.get(), nullptr, nullptr, 0);
  for (const auto& [id, value] : content.extensions)
    done = done && add_extension(made.get(), &context, id, value);
  done = done && X509_sign(made.get(), issuer_key, EVP_sha256()) > 0;
  return done ? std::move(made) : nullptr;
}

core::Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!is_address(name) && !is_host_name(name))
      return core::fail(core::Errc::invalid, "\"" + name + "\" is no host name and no address");
    list += (list.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  if (names.empty() || names.size() > kCertifiedNamesMax)
    return core::fail(core::Errc::invalid,
                      "name the gateway: 1 to " + std::to_string(kCertifiedNamesMax) + " names");
  return list;
}

int64_t end_of(const X509* certificate) {
  std::tm parts{};
  return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1 ? static_cast<int64_t>(timegm(&parts))
                                                                       : 0;
}

// Whose certificate is made: its purpose and its names in the words of OpenSSL.
struct Subject {
  const std::string& name;
  const char* purpose;
  std::string alternative_names;
};

core::Result<Certified> issue(const Certified& authority, const Subject& subject, int64_t now_s,
                              int64_t days) {
  const CertificatePtr issuer = first_certificate(authority.certificate);
  const BioPtr in = reader_of(authority.key);
  const KeyPtr issuer_key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key)
    return core::fail(core::Errc::invalid, "the authority's certificate or key is none (PEM)");
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1)
    return core::fail(core::Errc::invalid, "the authority's key does not belong to its certificate");
  const int64_t until_s = std::min(now_s + days * kDayS, end_of(issuer.get()));
  if (until_s <= now_s) return core::fail(core::Errc::invalid, "the authority has expired: make another");
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return openssl_failed("make a key");
  const CertificatePtr certificate = sign({subject.name,
                                           now_s - kEarlierS,
                                           until_s,
                                           {{NID_basic_constraints, "critical,CA:FALSE"},
                                            {NID_key_usage, "critical,digitalSignature"},
                                            {NID_ext_key_usage, subject.purpose},
                                            {NID_subject_alt_name, subject.alternative_names},
                                            {NID_subject_key_identifier, "hash"},
                                            {NID_authority_key_identifier, "keyid:always"}}},
                                          key.get(), issuer.get(), issuer_key.get());
  if (!certificate) return openssl_failed("make a certificate");
  return Certified{pem_of(certificate.get()) + pem_of(issuer.get()), pem_of(key.get()), until_s};
}

}  // namespace

core::Result<Certified> make_authority(const std::string& name, int64_t now_s) {
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return openssl_failed("make a key");
  const CertificatePtr certificate = sign({name,
                                           now_s - kEarlierS,
                                           now_s + kAuthorityDays * kDayS,
                                           {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                            {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                            {NID_subject_key_identifier, "hash"}}},
                                          key.get(), nullptr, key.get());
  if (!certificate) return openssl_failed("make the authority's certificate");
  return Certified{pem_of(certificate.get()), pem_of(key.get()), end_of(certificate.get())};
}

core::Result<Certified> make_server_certificate(const Certified& authority,
                                                const std::vector<std::string>& names, int64_t now_s,
                                                int64_t days) {
  const auto list = alternative_names(names);
  if (!list) return core::fail(list.error());
  return issue(authority, {names[0], "serverAuth", *list}, now_s, days);
}

core::Result<Certified> make_client_certificate(const Certified& authority, const ClientNames& names,
                                                int64_t now_s, int64_t days) {
  // A name that was cut might be another client's.
  if (names.common_name.empty() || names.common_name.size() > kCommonNameMax)
    return core::fail(core::Errc::invalid, "the name of a client in a certificate has 1 to " +
                                               std::to_string(kCommonNameMax) + " bytes");
  if (names.uri.empty() || names.uri.find_first_of(", \t\r\n") != std::string::npos)
    return core::fail(core::Errc::invalid, "a client's URI has no spaces and commas");
  return issue(authority, {names.common_name, "clientAuth", "URI:" + names.uri}, now_s, days);
}

core::Result<std::vector<std::string>> names_in_certificate(const std::string& pem) {
  const CertificatePtr certificate = first_certificate(pem);
  if (!certificate) return core::fail(core::Errc::invalid, "holds no certificate (PEM)");
  const NamesPtr found(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(found.get(), i);
    const ASN1_STRING* const text = name->type == GEN_DNS     ? name->d.dNSName
                                    : name->type == GEN_IPADD ? name->d.iPAddress
                                                              : nullptr;
    if (text == nullptr) continue;
    const auto* const bytes = ASN1_STRING_get0_data(text);
    const auto size = static_cast<size_t>(ASN1_STRING_length(text));
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (name->type == GEN_DNS)
      names.emplace_back(reinterpret_cast<const char*>(bytes), size);
    else if (inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, address.data(), address.size()) != nullptr)
      names.emplace_back(address.data());
  }
  return names;
}

core::Result<std::string> last_certificate(const std::string& pem) {
  const BioPtr in = reader_of(pem);
  CertificatePtr last;
  while (CertificatePtr next{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) last = std::move(next);
  if (!last) return core::fail(core::Errc::invalid, "holds no certificate (PEM)");
  return pem_of(last.get());
}

}  // namespace headgate::hub
