#include "tools/unbatch/unbatch.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "core/system_clock.h"
#include "tools/interrupt.h"
#include "tools/unbatch/acks/acknowledger.h"
#include "tools/unbatch/batch_printer.h"
#include "tools/unbatch/chain/report.h"
#include "tools/unbatch/chain/verifier.h"
#include "tools/unbatch/dictionaries.h"
#include "tools/unbatch/frame_splitter.h"
#include "tools/unbatch/memory.h"
#include "tools/unbatch/seen.h"
#include "tools/unbatch/shard.h"
#include "tools/unbatch/sink/lines.h"
#include "tools/unbatch/sink/republisher.h"
#include "tools/unbatch/sink/rows.h"
#include "tools/unbatch/subscriber.h"

namespace headgate::tools {
namespace {

constexpr size_t kChunkBytes = 65536;
constexpr int kBadArguments = 2;
constexpr int kFindings = 3;
constexpr auto kSaveEvery = std::chrono::seconds(5);

struct Options {
  std::vector<std::string> files;
  SubscribeOptions broker;
  PrintOptions print;
  bool gaps = false;
  std::string state_file;
  std::string shard;
  std::string to;
  RepublishOptions republish;
  std::string database;
  std::optional<bool> verify;  // else with --to and --sqlite
  std::string key_file;
  bool acknowledges = false;
  uint32_t credit = 32;
  std::vector<std::string> dictionary_files;
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
  app.add_option("--username", options.broker.credentials.username, "User name");
  app.add_option("--password-file", options.broker.credentials.password_file,
                 "File whose first line is the password");
  app.add_option("--ca-file", options.broker.credentials.ca_file,
                 "Use TLS and trust these certificates (PEM)");
  app.add_option("--cert-file", options.broker.credentials.cert_file, "Client certificate (PEM)");
  app.add_option("--key-file", options.broker.credentials.key_file, "Its key (PEM)");
  app.add_option("--timeout-s", options.broker.timeout_s,
                 "Stop after so many seconds of subscribing; 0: never");
  app.add_option("--count", options.print.count_max, "Stop after so many messages");
  app.add_flag("--keep-duplicates", options.print.keep_duplicates, "Print copies of a message too");
  app.add_flag("--gaps", options.gaps, "Print what a hub declares as lost, as {\"gap\":…} lines");
  app.add_option("--state", options.state_file, "Remember in this file what was printed, across runs");
  app.add_option("--shard", options.shard, "Take the hubs of one part only: 2/5 is the second of five");
  // Not as one flag with an optional: CLI11 makes that false where it is not given.
  app.add_flag_callback(
      "--verify", [&options] { options.verify = true; },
      "Tell whether batches are missing or changed, by the chain that they form; so by default with --to and --sqlite");
  app.add_flag_callback(
      "--no-verify", [&options] { options.verify = false; }, "Do not");
  app.add_option("--chain-key-file", options.key_file, "The hub's upstream.chain_key_file, where it has one");
  app.add_option("--to", options.to,
                 "Publish each message to this broker: HOST, HOST:PORT or mqtt[s]://[USER@]HOST[:PORT]");
  app.add_option("--to-topic", options.republish.topic, "Topic there; {hub} and {topic} are replaced")
      ->capture_default_str();
  app.add_option("--to-protocol", options.republish.protocol, "MQTT protocol level there")
      ->check(CLI::IsMember({4, 5}))
      ->capture_default_str();
  app.add_option("--to-password-file", options.republish.credentials.password_file, "Password there");
  app.add_option("--to-ca-file", options.republish.credentials.ca_file,
                 "Use TLS there and trust these certificates (PEM)");
  app.add_option("--to-cert-file", options.republish.credentials.cert_file, "Client certificate there (PEM)");
  app.add_option("--to-key-file", options.republish.credentials.key_file, "Its key (PEM)");
  app.add_option("--sqlite", options.database, "Write messages as rows of this SQLite database");
  app.add_flag("--ack", options.acknowledges,
               "Tell hubs which batches are safe here, for upstream.acknowledgement = end_to_end");
  app.add_option("--credit", options.credit, "Batches that each hub may have on their way, with --ack")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--dictionary", options.dictionary_files,
                 "The hub's upstream.batch.dictionary_file, where it has one; may be given several times")
      ->allow_extra_args(false);
  app.add_flag("--summary", options.summary, "End with counts as JSON on standard error");
}

core::Result<std::string> read_key(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return core::fail(core::Errc::not_found, "cannot open " + path);
  std::string key(std::istreambuf_iterator<char>(file), {});
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.empty()) return core::fail(core::Errc::invalid, path + " is empty");
  return key;
}

// An acknowledgement is for good, so this reader has to be able to keep what it has acknowledged.
core::Status check_acknowledging(const Options& options, const Sink& sink) {
  if (!options.acknowledges) return {};
  const auto refuse = [](const char* why) { return core::fail(core::Errc::invalid, why); };
  if (options.broker.host.empty())
    return refuse("--ack goes to the broker that batches come from: give --host");
  if (options.broker.client_id.empty())
    return refuse("--ack needs --client-id, so that the broker keeps what comes while this is not connected");
  if (options.state_file.empty())
    return refuse("--ack needs --state: what is acknowledged must not be forgotten");
  if (!sink.is_durable())
    return refuse("--ack needs --sqlite or --to: nobody knows what becomes of lines on standard output");
  return {};
}

// Where hubs tell the end of their chains; empty if the filter takes that in.
std::string head_topic(const std::string& topic) { return topic.ends_with('#') ? "" : topic + "/head/+"; }

class Unbatch {
 public:
  Unbatch(const Options& options, Dictionaries dictionaries, const Shard& shard, std::string key, Sink& sink,
          std::istream& in, std::ostream& out, std::ostream& err)
      : options_(options),
        dictionaries_(std::move(dictionaries)),
        shard_(shard),
        sink_(sink),
        in_(in),
        out_(out),
        err_(err),
        printer_(options.print, seen_, sink, err),
        verifier_(std::move(key)),
        acknowledger_(options.acknowledges ? options.credit : 0, ids_of(dictionaries_)),
        memory_(options.state_file, seen_, verifier_, acknowledger_) {}

  int run() {
    if (!options_.state_file.empty()) {
      if (const core::Status loaded = memory_.load(); !loaded) return fail(2, loaded.error());
    }
    const int code = options_.broker.host.empty() ? read_files() : receive();
    const core::Status saved = sink_failed_ ? core::Status() : save();
    if (options_.summary) print_summary();
    const bool sound = !verifies() || report(verifier_, err_);
    if (!sound && saved && verifier_.on_told()) (void)memory_.save();  // else it is told once more
    if (sink_failed_) return 1;
    if (!saved) return fail(1, saved.error());
    if (!sound) return kFindings;
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
    FrameSplitter splitter(&dictionaries_);
    std::string chunk(kChunkBytes, '\0');
    while (stream && !finished()) {
      stream.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      splitter.feed(core::Bytes(chunk).substr(0, static_cast<size_t>(stream.gcount())));
      const bool at_end = !stream;
      while (auto batch = splitter.next(at_end)) {
        take(*batch, name + ", byte " + std::to_string(batch->offset));
        if (finished()) return;
      }
    }
  }

  int receive() {
    uint64_t received = 0;
    const Take take_payload = [&](core::Bytes payload, std::string_view topic) {
      topic_ = topic;
      take(decode_payload(payload, &dictionaries_), "batch " + std::to_string(++received));
      if (sink_failed_) return Taken::not_it;
      return finished() ? Taken::enough : Taken::more;
    };
    const Talk talk{
        [this](bool session_present) { acknowledger_.on_connected(session_present, clock_.now().wall_ms); },
        [this](bool end) { return acknowledger_.take_due(clock_.now().mono_ms, end); }};
    const core::Status done = subscribe(options_.broker, take_payload, err_, talk);
    return done ? 0 : fail(1, done.error());
  }

  void take(const FrameSplitter::Batch& batch, const std::string& where) {
    wire_bytes_ += batch.wire_bytes;
    if (!batch.json) {
      printer_.report_bad(where, batch.json.error().what);
      if (batch.lacks_dictionary) acknowledger_.on_unreadable(clock_.now().wall_ms);
    } else if (const auto head = read_head_notice(*batch.json)) {
      if (shard_.has(head->hub)) meet(*head);
    } else if (const auto heads = read_presence(*batch.json)) {
      for (const ChainHeadNotice& each : *heads)
        if (shard_.has(each.hub)) verifier_.add(each);
    } else if (shard_.is_whole() || shard_.has(hub_of(*batch.json))) {
      json_bytes_ += batch.json->size();
      pass_on(batch, where);
    }
    if (!sink_failed_ && std::chrono::steady_clock::now() >= saved_at_ + kSaveEvery) (void)save();
  }

  void meet(const ChainHeadNotice& head) {
    verifier_.add(head);
    acknowledger_.meet(head, topic_);
  }

  // Messages to where they go first, then what is remembered, then the acknowledgement.
  void pass_on(const FrameSplitter::Batch& batch, const std::string& where) {
    const uint64_t bad = printer_.counts().bad;
    core::Status done = printer_.print(*batch.json, where);
    const bool told = printer_.counts().bad > bad;
    if (done && (verifies() || sink_.is_durable())) done = note(batch, told ? "" : where);
    if (done) return;
    sink_failed_ = true;
    fail(1, done.error());
  }

  // `where` is empty if something was told of the batch already.
  core::Status note(const FrameSplitter::Batch& batch, const std::string& where) {
    auto link = verifier_.read(*batch.json, batch.mark, batch.content_sha256);
    if (!link) {
      if (!where.empty()) printer_.report_bad(where, link.error().what);
      return {};
    }
    const core::Status noted = sink_.is_durable() ? memory_.note(*link) : core::Status();
    if (noted && !where.empty()) acknowledger_.take(*link, topic_, clock_.now().mono_ms);
    if (verifies()) verifier_.add(*std::move(link));
    return noted;
  }

  [[nodiscard]] bool verifies() const { return options_.verify.value_or(sink_.is_durable()); }

  // Nobody reads on, or nobody wants more.
  [[nodiscard]] bool finished() const {
    return printer_.done() || !out_ || sink_failed_ || Interrupt::requested();
  }

  core::Status save() {
    saved_at_ = std::chrono::steady_clock::now();
    verifier_.forget_verified();
    return memory_.save();
  }

  void print_summary() {
    const PrintCounts& counts = printer_.counts();
    const nlohmann::ordered_json summary{
        {"batches", counts.batches}, {"messages", counts.messages}, {"duplicates", counts.duplicates},
        {"gaps", counts.gaps},       {"bad", counts.bad},           {"wire_bytes", wire_bytes_},
        {"json_bytes", json_bytes_}};
    err_ << summary.dump() << std::endl;
  }

  const core::SystemClock clock_;
  const Options& options_;
  const Dictionaries dictionaries_;
  const Shard shard_;
  Sink& sink_;
  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
  Seen seen_;
  bool sink_failed_ = false;  // it cannot have what was taken last
  BatchPrinter printer_;
  ChainVerifier verifier_;
  Acknowledger acknowledger_;
  Memory memory_;
  std::string topic_;  // of the payload that is being taken
  uint64_t wire_bytes_ = 0;
  uint64_t json_bytes_ = 0;
  std::chrono::steady_clock::time_point saved_at_ = std::chrono::steady_clock::now();
};

core::Result<std::unique_ptr<Sink>> make_sink(Options& options, std::ostream& out, std::ostream& err) {
  if (!options.to.empty() && !options.database.empty())
    return core::fail(core::Errc::invalid, "--to and --sqlite do not go together; run it twice");
  if (!options.database.empty()) {
    auto rows = Rows::open(options.database);
    if (!rows) return core::fail(rows.error());
    return std::unique_ptr<Sink>(*std::move(rows));
  }
  if (options.to.empty()) return std::unique_ptr<Sink>(std::make_unique<Lines>(out, options.gaps));
  if (auto right = read_target(options.to, options.republish); !right) return core::fail(right.error());
  auto republisher = Republisher::make(options.republish, err);
  if (!republisher) return core::fail(republisher.error());
  return std::unique_ptr<Sink>(*std::move(republisher));
}

int run_with(Options& options, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto refuse = [&err](const core::Error& error) {
    err << "headgate unbatch: " << error.what << '\n';
    return kBadArguments;
  };
  auto key = read_key(options.key_file);
  if (!key) return refuse(key.error());
  auto dictionaries = read_dictionaries(options.dictionary_files);
  if (!dictionaries) return refuse(dictionaries.error());
  const auto shard = read_shard(options.shard);
  if (!shard) return refuse(shard.error());
  const Interrupt interrupt;
  auto sink = make_sink(options, out, err);
  if (!sink) return refuse(sink.error());
  if (const core::Status right = check_acknowledging(options, **sink); !right) return refuse(right.error());
  // Heads also tell a reader that acknowledges of streams whose batches it cannot read.
  if (options.acknowledges || options.verify.value_or((*sink)->is_durable()))
    options.broker.second_topic = head_topic(options.broker.topic);
  return Unbatch(options, *std::move(dictionaries), *shard, *std::move(key), **sink, in, out, err).run();
}

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
    return app.exit(error, out, err) == 0 ? 0 : kBadArguments;
  }
  return run_with(options, in, out, err);
}

}  // namespace headgate::tools
