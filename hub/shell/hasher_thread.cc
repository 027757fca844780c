#include "hub/shell/hasher_thread.h"

#include <openssl/crypto.h>

#include <utility>

#include "hub/access/password_hash.h"

namespace headgate::hub {

void HasherThread::verify(std::string hash, std::string password, std::function<void(bool fits)> done) {
  worker_.post(
      [this, hash = std::move(hash), password = std::move(password), done = std::move(done)]() mutable {
        const bool fits = password_fits(hash, password);
        OPENSSL_cleanse(password.data(), password.size());
        executor_.post([done = std::move(done), fits] { done(fits); });
      });
}

}  // namespace headgate::hub
