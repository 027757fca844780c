#include "hub/edge/identities/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

namespace headgate::hub {
namespace {

template <auto free>
struct FreeBy {
  void operator()(auto* thing) const { free(thing); }
};
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeBy<X509_STORE_free>>;
using VerifyPtr = std::unique_ptr<X509_STORE_CTX, FreeBy<X509_STORE_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;

constexpr int kChainDepthMax = 8;

// Certificates beside that of the client, not owned.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

X509Ptr from_der(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

std::vector<X509Ptr> from_pem(std::string_view pem, bool& broken) {
  std::vector<X509Ptr> all;
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  ERR_clear_error();
  while (bio) {
    X509Ptr one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    all.push_back(std::move(one));
  }
  broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
  ERR_clear_error();
  return all;
}

std::optional<std::string> utf8_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int bytes = ASN1_STRING_to_UTF8(&utf8, string);
  if (bytes < 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(bytes));
  OPENSSL_free(utf8);
  return text;
}

void set_rules(X509_STORE_CTX* context, std::optional<int64_t> wall_ms) {
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_depth(rules, kChainDepthMax);
  X509_VERIFY_PARAM_set_flags(
      rules, X509_V_FLAG_PARTIAL_CHAIN);  // an intermediate may be the one that is registered
  if (wall_ms) {
    X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(*wall_ms / 1'000));
  } else {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  }
}

}  // namespace

std::string thumbprint(std::string_view der, int bits) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* const kind = bits == 160 ? EVP_sha1() : EVP_sha256();
  if (EVP_Digest(der.data(), der.size(), digest.data(), &size, kind, nullptr) != 1) return "";
  std::string hex;
  for (unsigned i = 0; i < size; ++i)
    hex.append({kHexDigits[digest.at(i) >> 4U], kHexDigits[digest.at(i) & 0xFU]});
  return hex;
}

bool has_certificates(std::string_view pem) {
  bool broken = false;
  return !from_pem(pem, broken).empty() && !broken;
}

std::optional<std::string> common_name_of(std::string_view der) {
  const X509Ptr certificate = from_der(der);
  if (!certificate) return std::nullopt;
  const X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return std::nullopt;
  return utf8_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

bool is_in_its_dates(std::string_view der, int64_t wall_ms) {
  const X509Ptr certificate = from_der(der);
  auto at = static_cast<time_t>(wall_ms / 1'000);
  return certificate && X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) < 0 &&
         X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) > 0;
}

std::string_view chain_fault(const CertificateChain& chain, std::string_view ca_pem,
                             std::optional<int64_t> wall_ms) {
  const X509Ptr own = chain.empty() ? nullptr : from_der(chain.front());
  if (!own) return "there is no certificate";
  std::vector<X509Ptr> sent;
  const StackPtr beside(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) {
    X509Ptr one = from_der(chain[i]);
    if (one && sk_X509_push(beside.get(), one.get()) > 0) sent.push_back(std::move(one));
  }
  const StorePtr trusted(X509_STORE_new());
  bool broken = false;
  for (const X509Ptr& authority : from_pem(ca_pem, broken))
    X509_STORE_add_cert(trusted.get(), authority.get());
  const VerifyPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), trusted.get(), own.get(), beside.get()) != 1)
    return "memory is short";
  set_rules(context.get(), wall_ms);
  const bool verified = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  return verified ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace headgate::hub
