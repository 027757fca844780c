// Certificates of devices: their digests, and whether they descend from an authority. Pure; OpenSSL's X.509.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::hub {

// Certificates that a client has shown in its handshake, DER: its own, of which it has the key, first, then what it sent along.
using CertificateChain = std::vector<std::string>;

// Digest in lower-case hex of `bits`, 160 (SHA-1) or 256 (SHA-256), of a certificate in DER.
[[nodiscard]] std::string thumbprint(std::string_view der, int bits);

// Whether a text holds at least one certificate in PEM, and no broken one.
[[nodiscard]] bool has_certificates(std::string_view pem);

// Common name of a certificate's subject; nullopt if it has none, several, or is no certificate.
[[nodiscard]] std::optional<std::string> common_name_of(std::string_view der);

// Whether the first certificate is in its dates at that Unix time.
[[nodiscard]] bool is_in_its_dates(std::string_view der, int64_t wall_ms);

// Words, which live for ever, for why the chain does not lead to one of the authorities in `ca_pem`, each of which is trusted whoever signed it; empty:
// it does. `wall_ms`: when the certificates have to be valid; nullopt: dates are not looked at.
[[nodiscard]] std::string_view chain_fault(const CertificateChain& chain, std::string_view ca_pem,
                                           std::optional<int64_t> wall_ms);

}  // namespace headgate::hub
