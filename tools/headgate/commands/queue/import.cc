#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/queue/commands.h"

namespace headgate::tools {
namespace {

using SentJson = nlohmann::ordered_json;

// Bounds of one request: the hub takes 4 MiB.
constexpr size_t kPartBytes = 256u << 10;
constexpr size_t kLineBytesMax = 3u << 20;

// SHA-256 in hexadecimal, of all that the stream still has.
std::string digest_of(std::istream& in) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::array<char, 64 * 1024> part{};
  while (in.read(part.data(), part.size()) || in.gcount() > 0)
    EVP_DigestUpdate(context.get(), part.data(), static_cast<size_t>(in.gcount()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) text.append({kHex[digest[i] >> 4u], kHex[digest[i] & 15u]});
  return text;
}

// Lines on their way to the hub, in parts, from the first that it does not have.
class Sending {
 public:
  Sending(const Context& context, const std::string& queue, const std::string& id)
      : context_(context),
        target_("/v1/queues/" + percent_encode(queue) + "/import?id=" + percent_encode(id)) {}

  int run(std::istream& in) {
    if (!send({})) return kExitFailed;  // how far it is
    const uint64_t known = line_;
    std::string part;
    uint64_t read = 0;
    for (std::string line; std::getline(in, line);) {
      if (++read <= known) continue;
      if (line.size() > kLineBytesMax) {
        context_.err << "headgate: line " << read << " is longer than 3 MiB; nothing behind it is sent\n";
        return kExitFailed;
      }
      part.append(line).append("\n");
      if (part.size() >= kPartBytes && !send(std::exchange(part, {}))) return report(known);
    }
    if (!part.empty() && !send(part)) return report(known);
    return report(known);
  }

 private:
  // False if the hub does not go on.
  bool send(const std::string& part) {
    const auto body = context_.hub.post(target_ + "&line=" + std::to_string(line_ + 1), part);
    const SentJson json = body ? SentJson::parse(*body, nullptr, /*allow_exceptions=*/false) : SentJson();
    if (!body || !json.is_object()) {
      context_.err << "headgate: " << (body ? "the answer is not JSON" : printable(body.error().what))
                   << '\n';
      failed_ = true;
      return false;
    }
    line_ = number_of(json, "line");
    taken_ += number_of(json, "taken");
    expired_ += number_of(json, "expired");
    for (const SentJson& one : member_of(json, "refused")) {
      context_.err << "headgate: line " << number_of(one, "line")
                   << " is left out: " << printable(text_of(one, "error")) << '\n';
      failed_ = true;
    }
    const std::string stopped = text_of(json, "stopped");
    if (stopped.empty()) return true;
    context_.err << "headgate: stopped behind line " << line_ << ": " << printable(stopped)
                 << "; import it again to go on\n";
    failed_ = true;
    return false;
  }

  int report(uint64_t known) {
    if (context_.json) {
      context_.out
          << SentJson{{"taken", taken_}, {"repeated", known}, {"expired", expired_}, {"line", line_}}.dump()
          << '\n';
    } else {
      context_.out << taken_ << " messages are in";
      if (known > 0) context_.out << ", " << known << " lines were before";
      if (expired_ > 0) context_.out << ", " << expired_ << " have expired";
      context_.out << '\n';
    }
    return failed_ ? kExitFailed : kExitOk;
  }

  const Context& context_;
  const std::string target_;
  uint64_t line_ = 0;
  uint64_t taken_ = 0;
  uint64_t expired_ = 0;
  bool failed_ = false;
};

int import_lines(const Context& context, const QueueImportOptions& options, std::istream& in) {
  std::string id = options.id;
  if (id.empty()) {
    id = digest_of(in);
    in.clear();
    in.seekg(0);
  }
  return Sending(context, options.queue, id).run(in);
}

}  // namespace

int run_queue_import(const Context& context, const QueueImportOptions& options, std::istream& in) {
  if (options.file == "-") {
    if (!options.id.empty()) return import_lines(context, options, in);
    context.err
        << "headgate: what comes on standard input needs a name, so that it is known again after a crash: "
           "say --id NAME\n";
    return kExitUsage;
  }
  std::ifstream file(options.file, std::ios::binary);
  if (file) return import_lines(context, options, file);
  context.err << "headgate: " << printable(options.file)
              << " cannot be read; name a file that queue export has made\n";
  return kExitFailed;
}

}  // namespace headgate::tools
