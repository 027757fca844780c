#include "tools/bench/options.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <limits>
#include <map>

#include "core/result.h"
#include "core/topic.h"
#include "tools/bench/reading.h"
#include "tools/bench/topic_pattern.h"

namespace headgate::tools::bench {
namespace {

using core::Errc;
using core::fail;
using core::Status;

constexpr int kBadArguments = 2;
constexpr double kDurationWithCountS = 600;
constexpr uint32_t kClientsMax = 1'000'000;
constexpr uint32_t kWindowMax = 32'768;  // packet ids are given in turn: half of them may be open

constexpr const char* kDescription =
    "A load generator for any MQTT broker. Every run is bounded: by --count, by --duration, or by ten "
    "seconds.";

// Options of a verb when nothing is said.
std::map<std::string, Options> verbs() {
  const std::string each = "bench/load/%i";
  return {
      {"pub", {.mode = Mode::flow, .publishers = 1, .topic = each}},
      {"sub", {.mode = Mode::flow, .subscribers = 1, .quiet_s = 0, .filter = "bench/load/#"}},
      {"conns", {.mode = Mode::conns, .subscribers = 1000}},
      {"fan-in", {.mode = Mode::flow, .publishers = 4, .subscribers = 1, .topic = each}},
      {"fan-out", {.mode = Mode::flow, .publishers = 1, .subscribers = 200, .window = 64, .topic = each}},
      {"latency", {.mode = Mode::flow, .publishers = 4, .subscribers = 1, .rate = 10'000, .topic = each}},
  };
}

constexpr std::pair<const char*, const char*> kVerbs[] = {
    {"pub", "Publish"},
    {"sub", "Subscribe and count what comes"},
    {"conns", "Open connections and hold them"},
    {"fan-in", "Many publishers, one subscriber"},
    {"fan-out", "One publisher, many subscribers"},
    {"latency", "Publish to deliver at an even rate"},
};

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    for (const auto& [verb, description] : kVerbs) declare(verb, description);
  }

  Parsed parse(const std::vector<std::string>& args, uint32_t process_id, std::ostream& out,
               std::ostream& err) {
    try {
      app_.parse(std::vector<std::string>(args.rbegin(), args.rend()));
    } catch (const CLI::ParseError& error) {
      return {std::nullopt, app_.exit(error, out, err) == 0 ? 0 : kBadArguments};
    }
    const std::string verb = app_.get_subcommands().front()->get_name();
    Options& options = options_[verb];
    options.verb = verb;
    if (const Status usable = finish(options, process_id); !usable) {
      err << "headgate bench: " << usable.error().what << '\n';
      return {std::nullopt, kBadArguments};
    }
    return {options, 0};
  }

 private:
  void declare(const std::string& verb, const std::string& description) {
    CLI::App& app = *app_.add_subcommand(verb, description);
    Options& options = options_[verb];
    declare_broker(app, options);
    declare_clients(app, verb, options);
    declare_end(app, verb, options);
    if (options.publishers > 0) declare_publishing(app, options);
    if (options.mode == Mode::flow && options.subscribers > 0) declare_subscribing(app, options);
  }

  void declare_broker(CLI::App& app, Options& o) {
    app.add_option("-H,--host", o.host, "The broker's name or address")->capture_default_str();
    app.add_option("-p,--port", o.port, "Its port; default 1883, or 8883 with TLS")
        ->check(CLI::Range(1, 65535));
    app.add_option("--unix", o.unix_path, "Its Unix socket, instead of a host");
    app.add_flag("--tls", o.tls.wanted, "Use TLS and trust the system's certificates");
    app.add_option("--ca-file,--cafile", o.tls.ca_file, "Use TLS and trust these certificates (PEM)");
    app.add_option("--cert-file,--cert", o.tls.cert_file, "Use TLS with this client certificate (PEM)");
    app.add_option("--key-file,--key", o.tls.key_file, "Its key (PEM)");
    app.add_flag("--insecure", o.tls.insecure, "Use TLS and believe any certificate");
    const auto set_version = [&o](const std::string& text) {
      o.version = text == "5" ? Version::v5 : Version::v311;
    };
    app.add_option_function<std::string>("-V,--mqtt-version", set_version, "The protocol's version")
        ->check(CLI::IsMember({"3.1.1", "5"}))
        ->default_str("3.1.1");
    app.add_option("-u,--username", o.username, "User name");
    app.add_option("-P,--password", o.password, "Password; others can see it while this runs");
    app.add_option("--password-file", password_file_, "File whose first line is the password");
  }

  void declare_clients(CLI::App& app, const std::string& verb, Options& o) {
    const CLI::Range clients(1U, kClientsMax);
    if (verb == "pub")
      app.add_option("-c,--clients", o.publishers, "How many")->check(clients)->capture_default_str();
    if (verb == "sub" || verb == "conns")
      app.add_option("-c,--clients", o.subscribers, "How many")->check(clients)->capture_default_str();
    if (o.publishers > 0 && o.subscribers > 0) {
      app.add_option("--publishers", o.publishers, "How many")->check(clients)->capture_default_str();
      app.add_option("--subscribers", o.subscribers, "How many")->check(clients)->capture_default_str();
    }
    app.add_option("--client-id", o.client_prefix,
                   "Client ids begin with this; default bench-PROCESS, with --persistent bench");
    app.add_flag("--persistent", o.persistent,
                 "Resume sessions, and leave them behind; the same run without it removes them");
    app.add_option("--keep-alive", o.keep_alive_s, "Seconds; 0: none")->capture_default_str();
    app.add_option("--connect-rate", o.connect_rate, "Connections a second; 0: as fast as they are answered")
        ->capture_default_str();
    app.add_option("--at-once", o.at_once,
                   "Connections that are being made at a time; over a Unix socket at most 64")
        ->check(clients)
        ->capture_default_str();
    app.add_option("--connect-timeout", o.connect_timeout_s, "Seconds without any answer that end connecting")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  }

  void declare_end(CLI::App& app, const std::string& verb, Options& o) {
    if (o.mode == Mode::flow)
      app.add_option(
          "-n,--count", o.count,
          verb == "sub" ? "End after so many messages" : "End after so many messages, of all publishers");
    duration_[verb] = app.add_option("-d,--duration", o.duration_s,
                                     "End after so many seconds; default 10, with --count 600")
                          ->check(CLI::Range(0.001, 86'400.0));
    app.add_flag("--json", o.json, "Print the report as one line of JSON");
    app.add_flag_callback(
        "--no-progress", [&o] { o.progress = false; }, "No progress bar, even on a terminal");
  }

  static void declare_publishing(CLI::App& app, Options& o) {
    app.add_option("-t,--topic", o.topic, "Topic; %i is the client's number, %c its id")
        ->capture_default_str();
    app.add_option("-q,--qos", o.qos, "0, 1 or 2")->check(CLI::Range(0, 2))->default_str("0");
    app.add_option("-s,--size", o.payload_bytes,
                   "Bytes of payload; latency and order are measured from 24 bytes")
        ->check(CLI::Range(0, 268'435'000))
        ->capture_default_str();
    app.add_flag("--retain", o.retain, "Publish retained");
    app.add_flag("--readings", o.readings, "Publish a machine's readings as JSON of 219 bytes; no latency");
    app.add_flag("--stamped", o.stamped,
                 "Publish JSON of 220 bytes whose `stamp` a route's SELECT can keep: latency also behind it");
    app.add_option("-r,--rate", o.rate, "Messages a second of all publishers; 0: flat out")
        ->capture_default_str();
    app.add_option("--window", o.window, "Messages in flight per publisher, QoS 1 and 2")
        ->check(CLI::Range(1U, kWindowMax))
        ->capture_default_str();
    app.add_option("--quiet", o.quiet_s,
                   "Wait for answers and deliveries until none came for so many seconds")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    if (o.subscribers == 0) return;
    app.add_option("--outstanding", o.outstanding, "Messages published and not yet delivered; 0: no limit")
        ->capture_default_str();
  }

  void declare_subscribing(CLI::App& app, Options& o) {
    app.add_option("-f,--filter", o.filter,
                   "Topic filter, with %i and %c; default: what matches every topic that is published");
    if (o.publishers > 0) return;
    app.add_option("--quiet", o.quiet_s, "End when nothing came for so many seconds; 0: never")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_option("-t,--topic", o.filter, "The same as --filter");
    app.add_option("-q,--qos", o.qos, "0, 1 or 2")->check(CLI::Range(0, 2))->default_str("0");
    app.add_flag("--leave", leave_, "Subscribe, then disconnect: leaves persistent sessions that fill");
  }

  Status finish(Options& o, uint32_t process_id) {
    if (leave_) o.mode = Mode::leave, o.persistent = true;
    if (o.count > 0 && duration_[o.verb]->count() == 0) o.duration_s = kDurationWithCountS;
    if (o.readings) o.payload_bytes = kReadingBytes;
    if (o.stamped) o.payload_bytes = kStampedBytes;
    if (o.readings && o.stamped)
      return fail(Errc::invalid, "--readings and --stamped are two kinds of payload: give one");
    if (o.client_prefix.empty())
      o.client_prefix = o.persistent ? "bench" : "bench-" + std::to_string(process_id);
    if (const Status read = read_password(o); !read) return read;
    if (const Status usable = finish_tls(o); !usable) return usable;
    return finish_topics(o);
  }

  Status read_password(Options& o) {
    if (!password_file_.empty() && !std::getline(std::ifstream(password_file_), o.password))
      return fail(Errc::invalid, "cannot read a password from " + password_file_);
    if (!o.password.empty() && o.username.empty())
      return fail(Errc::invalid, "a password needs a user name: give --username, too");
    return {};
  }

  static Status finish_tls(Options& o) {
    Tls& tls = o.tls;
    if (tls.cert_file.empty() != tls.key_file.empty())
      return fail(Errc::invalid, "a client certificate needs its key: give both --cert-file and --key-file");
    tls.wanted = tls.wanted || tls.insecure || !tls.ca_file.empty() || !tls.cert_file.empty();
    if (tls.wanted && !o.unix_path.empty()) return fail(Errc::invalid, "a Unix socket has no TLS");
    if (o.port == 0) o.port = tls.wanted ? 8883 : 1883;
    return {};
  }

  static Status finish_topics(Options& o) {
    if (o.publishers > 0) {
      const auto topic = TopicPattern::parse(o.topic);
      if (!topic) return fail(topic.error());
      if (o.filter.empty()) o.filter = topic->filter();
      if (!core::is_valid_topic_name(topic->expand(0, o.client_prefix)))
        return fail(Errc::invalid, "'" + o.topic + "' is no topic to publish to");
    }
    if (o.mode == Mode::conns || o.subscribers == 0) return {};
    const auto filter = TopicPattern::parse(o.filter);
    if (!filter) return fail(filter.error());
    if (core::is_valid_topic_filter(filter->expand(0, o.client_prefix))) return {};
    return fail(Errc::invalid, "'" + o.filter + "' is no topic filter");
  }

  std::map<std::string, Options> options_ = verbs();
  std::map<std::string, CLI::Option*> duration_;
  std::string password_file_;
  bool leave_ = false;
  CLI::App app_{kDescription, "headgate bench"};
};

}  // namespace

Parsed parse_options(const std::vector<std::string>& args, uint32_t process_id, std::ostream& out,
                     std::ostream& err) {
  return CommandLine().parse(args, process_id, out, err);
}

std::string address_of(const Options& options) {
  if (!options.unix_path.empty()) return options.unix_path;
  const bool v6 = options.host.find(':') != std::string::npos;
  return (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

}  // namespace headgate::tools::bench
