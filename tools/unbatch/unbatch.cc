#include "tools/unbatch/unbatch.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/unbatch/batch_printer.h"
#include "tools/unbatch/frame_splitter.h"
#include "tools/unbatch/seen.h"
#include "tools/unbatch/subscriber.h"

namespace headgate::tools {
namespace {

constexpr size_t kChunkBytes = 65536;
constexpr auto kSaveEvery = std::chrono::seconds(5);

struct Options {
  std::vector<std::string> files;
  SubscribeOptions broker;
  PrintOptions print;
  std::string state_file;
  bool summary = false;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("FILE", options.files,
                 "Files of batches, one after the other; none or - reads standard input");
  app.add_option("--host", options.broker.host, "Subscribe to this broker instead of reading files");
  app.add_option("--port", options.broker.port, "Its port")->capture_default_str();
  app.add_option("--topic", options.broker.topic, "Topic filter")->capture_default_str();
  app.add_option("--protocol", options.broker.protocol, "MQTT protocol level: 5, or 4 for MQTT 3.1.1")
      ->check(CLI::IsMember({4, 5}))
      ->capture_default_str();
  app.add_option("--client-id", options.broker.client_id,
                 "Fixed client id: the broker keeps what arrives while this is not connected");
  app.add_option("--username", options.broker.username, "User name");
  app.add_option("--password-file", options.broker.password_file, "File whose first line is the password");
  app.add_option("--ca-file", options.broker.ca_file, "Use TLS and trust these certificates (PEM)");
  app.add_option("--cert-file", options.broker.cert_file, "Client certificate (PEM)");
  app.add_option("--key-file", options.broker.key_file, "Its key (PEM)");
  app.add_option("--timeout-s", options.broker.timeout_s,
                 "Stop after so many seconds of subscribing; 0: never");
  app.add_option("--count", options.print.count_max, "Stop after so many messages");
  app.add_flag("--keep-duplicates", options.print.keep_duplicates, "Print copies of a message too");
  app.add_flag("--gaps", options.print.gaps, "Print what a hub declares as lost, as {\"gap\":…} lines");
  app.add_option("--state", options.state_file, "Remember in this file what was printed, across runs");
  app.add_flag("--summary", options.summary, "End with counts as JSON on standard error");
}

class Unbatch {
 public:
  Unbatch(const Options& options, std::istream& in, std::ostream& out, std::ostream& err)
      : options_(options), in_(in), out_(out), err_(err), printer_(options.print, seen_, out, err) {}

  int run() {
    if (!options_.state_file.empty()) {
      if (const core::Status loaded = seen_.load(options_.state_file); !loaded)
        return fail(2, loaded.error());
    }
    const int code = options_.broker.host.empty() ? read_files() : receive();
    const core::Status saved = save();
    if (options_.summary) print_summary();
    if (!saved) return fail(1, saved.error());
    return code != 0 || printer_.counts().bad > 0 ? 1 : 0;
  }

 private:
  int fail(int code, const core::Error& error) {
    err_ << "headgate unbatch: " << error.what << '\n';
    return code;
  }

  int read_files() {
    if (options_.files.empty()) read(in_, "standard input");
    int code = 0;
    for (const std::string& name : options_.files) {
      if (name == "-") {
        read(in_, "standard input");
        continue;
      }
      std::ifstream file(name, std::ios::binary);
      if (file) {
        read(file, name);
      } else {
        code = fail(1, {core::Errc::not_found, "cannot open " + name});
      }
    }
    return code;
  }

  void read(std::istream& stream, const std::string& name) {
    FrameSplitter splitter;
    std::string chunk(kChunkBytes, '\0');
    while (stream && !finished()) {
      stream.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      splitter.feed(core::Bytes(chunk).substr(0, static_cast<size_t>(stream.gcount())));
      const bool at_end = !stream;
      while (auto batch = splitter.next(at_end)) {
        take(batch->json, batch->wire_bytes, name + ", byte " + std::to_string(batch->offset));
        if (finished()) return;
      }
    }
  }

  int receive() {
    uint64_t received = 0;
    const auto take_payload = [&](core::Bytes payload) {
      take(decode_payload(payload), payload.size(), "batch " + std::to_string(++received));
      return !finished();
    };
    const core::Status done = subscribe(options_.broker, take_payload, err_);
    return done ? 0 : fail(1, done.error());
  }

  void take(const core::Result<std::string>& json, size_t wire_bytes, const std::string& where) {
    wire_bytes_ += wire_bytes;
    if (json) {
      json_bytes_ += json->size();
      printer_.print(*json, where);
    } else {
      printer_.report_bad(where, json.error().what);
    }
    if (std::chrono::steady_clock::now() >= saved_at_ + kSaveEvery) (void)save();
  }

  // Nobody reads on, or nobody wants more.
  [[nodiscard]] bool finished() const { return printer_.done() || !out_; }

  core::Status save() {
    saved_at_ = std::chrono::steady_clock::now();
    return options_.state_file.empty() ? core::Status() : seen_.save(options_.state_file);
  }

  void print_summary() {
    const PrintCounts& counts = printer_.counts();
    const nlohmann::ordered_json summary{
        {"batches", counts.batches}, {"messages", counts.messages}, {"duplicates", counts.duplicates},
        {"gaps", counts.gaps},       {"bad", counts.bad},           {"wire_bytes", wire_bytes_},
        {"json_bytes", json_bytes_}};
    err_ << summary.dump() << std::endl;
  }

  const Options& options_;
  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
  Seen seen_;
  BatchPrinter printer_;
  uint64_t wire_bytes_ = 0;
  uint64_t json_bytes_ = 0;
  std::chrono::steady_clock::time_point saved_at_ = std::chrono::steady_clock::now();
};

}  // namespace

int run_unbatch(const std::vector<std::string>& args, std::istream& in, std::ostream& out,
                std::ostream& err) {
  Options options;
  CLI::App app("Prints the messages of Headgate's upstream batches, one JSON object a line",
               "headgate unbatch");
  declare(app, options);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    constexpr int kBadArguments = 2;
    return app.exit(error, out, err) == 0 ? 0 : kBadArguments;
  }
  return Unbatch(options, in, out, err).run();
}

}  // namespace headgate::tools
