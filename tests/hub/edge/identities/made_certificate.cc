#include "tests/hub/edge/identities/made_certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace headgate::testing {

MadeCertificate::MadeCertificate(const std::string& common_name, int64_t wall_ms, const MadeCertificate* by,
                                 bool is_authority)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
  X509* const it = certificate_.get();
  X509_set_version(it, X509_VERSION_3);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(it), ++serial);
  auto at = static_cast<time_t>(wall_ms / 1'000);
  constexpr long kDay = 24 * 60 * 60;
  X509_time_adj(X509_getm_notBefore(it), -kDay, &at);
  X509_time_adj(X509_getm_notAfter(it), kDay, &at);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509_set_issuer_name(it, X509_get_subject_name(by != nullptr ? by->certificate_.get() : it));
  X509_set_pubkey(it, key_.get());
  if (is_authority) {
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(it, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(it, by != nullptr ? by->key_.get() : key_.get(), EVP_sha256());
}

std::string MadeCertificate::der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate_.get(), &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string MadeCertificate::pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_X509(bio.get(), certificate_.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

}  // namespace headgate::testing
