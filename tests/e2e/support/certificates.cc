#include "tests/e2e/support/certificates.h"

#include <gtest/gtest.h>

#include "tests/e2e/support/process.h"

namespace headgate::e2e {
namespace {

const std::string kNewKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

}  // namespace

Certificates::Certificates() {
  for (const char* authority : {"ca", "other"}) {
    shell("openssl req -x509 " + kNewKey + " -days 2 -subj /CN=" + authority + " -keyout " + authority +
          ".key -out " + authority + ".pem");
  }
  renew_hub();
  sign("client", "panel-7", "DNS:panel.site", "ca");
  sign("stranger", "panel-7", "DNS:panel.site", "other");
}

void Certificates::renew_hub() const { sign("hub", "hub", "DNS:localhost,IP:127.0.0.1", "ca"); }

void Certificates::expire_hub() const { sign("hub", "hub", "DNS:localhost,IP:127.0.0.1", "ca", -1); }

std::string Certificates::hub_serial() const {
  const std::string line = run({"openssl", "x509", "-noout", "-serial", "-in", file("hub.pem")}).out;
  return line.substr(0, line.find('\n'));
}

void Certificates::sign(const std::string& name, const std::string& subject, const std::string& alternative,
                        const std::string& authority, int days) const {
  shell("openssl req " + kNewKey + " -subj /CN=" + subject + " -keyout " + name + ".key -out " + name +
        ".csr && echo subjectAltName=" + alternative + " > " + name + ".ext && openssl x509 -req -in " +
        name + ".csr -CA " + authority + ".pem -CAkey " + authority + ".key -CAcreateserial -days " +
        std::to_string(days) + " -extfile " + name + ".ext -out " + name + ".pem");
}

void Certificates::shell(const std::string& script) const {
  const Finished made = run({"sh", "-ec", "cd " + dir_.path().string() + "\n" + script});
  EXPECT_EQ(made.exit_code, 0) << made.out;
}

}  // namespace headgate::e2e
