#include "tests/broker/net/tls_client.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace headgate::testing {

TlsFiles::TlsFiles() {
  const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  for (const std::string authority : {"ca", "other"}) {
    shell("openssl req -x509 " + key + " -days 2 -subj /CN=" + authority + " -keyout " + authority +
          ".key -out " + authority + ".pem");
  }
  for (const auto& [name, signer] : {std::pair("hub", "ca"), {"client", "ca"}, {"stranger", "other"}}) {
    const std::string file = name;
    shell("openssl req " + key + " -subj /CN=" + file + "-7 -keyout " + file + ".key -out " + file +
          ".csr && openssl x509 -req -in " + file + ".csr -CA " + signer + ".pem -CAkey " + signer +
          ".key -CAcreateserial -days 2 -out " + file + ".pem");
  }
  shell(
      "cp client.key old.key && openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
      " -days -1 -out old.pem");
}

void TlsFiles::shell(const std::string& script) const {
  EXPECT_EQ(std::system(("cd " + dir_.path() + " && (" + script + ") >openssl.log 2>&1").c_str()), 0);
}

broker::TlsOptions TlsFiles::hub(bool demands_certificate) const {
  broker::TlsOptions options;
  options.cert_file = path("hub.pem");
  options.key_file = path("hub.key");
  if (demands_certificate) options.ca_file = path("ca.pem");
  options.require_client_certificate = demands_certificate;
  return options;
}

TlsClient::TlsClient(const TlsFiles& files, const How& how)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  std::signal(SIGPIPE, SIG_IGN);  // as the hub does: OpenSSL writes to sockets whose other end may be gone
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  socket_ = ends[0];
  hub_end_ = ends[1];
  SSL_CTX* const context = context_.get();
  SSL_CTX_load_verify_locations(context, files.path("ca.pem").c_str(), nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context, how.version);
  SSL_CTX_set_max_proto_version(context, how.version);
  if (!how.certificate.empty()) {
    SSL_CTX_use_certificate_file(context, files.path(how.certificate + ".pem").c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, files.path(how.certificate + ".key").c_str(), SSL_FILETYPE_PEM);
  }
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), socket_);
  if (how.resume != nullptr) SSL_set_session(ssl_.get(), how.resume);
  if (!how.alpn.empty()) {
    const std::string offered = static_cast<char>(how.alpn.size()) + how.alpn;
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
  }
}

TlsClient::~TlsClient() {
  close();
  if (hub_end_ >= 0) ::close(hub_end_);
}

int TlsClient::release_hub_end() { return std::exchange(hub_end_, -1); }

bool TlsClient::shake_hands() { return SSL_connect(ssl_.get()) == 1; }

bool TlsClient::send(const std::string& bytes) {
  return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

std::string TlsClient::receive() {
  std::string all;
  std::array<char, 4096> some{};
  for (int got = 0; (got = SSL_read(ssl_.get(), some.data(), some.size())) > 0;)
    all.append(some.data(), static_cast<size_t>(got));
  return all;
}

bool TlsClient::is_closed() {
  char byte = 0;
  const ssize_t got = ::recv(socket_, &byte, 1, MSG_PEEK);
  return got == 0 || (got < 0 && errno == ECONNRESET);  // by one who had not read everything
}

void TlsClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace headgate::testing
