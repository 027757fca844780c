#include "tests/bench/loadgen/options.h"

#include <charconv>
#include <functional>
#include <map>
#include <string_view>

#include "tests/bench/loadgen/reading.h"

namespace headgate::bench {
namespace {

using core::Errc;
using core::fail;

core::Result<Options> defaults_of(std::string_view mode) {
  Options options;
  if (mode == "pub") options.publishers = 1;
  if (mode == "sub") options.subscribers = 1;
  if (mode == "fanin") options.publishers = 4, options.subscribers = 1;
  if (mode == "fanout") options.publishers = 1, options.subscribers = 200, options.window = 64;
  if (mode == "latency") options.publishers = 4, options.subscribers = 1, options.rate = 10'000;
  if (mode == "idle") options.mode = Mode::idle, options.connections = 10'000;
  if (mode == "offline") options.mode = Mode::offline, options.connections = 1;
  const bool known = options.publishers + options.subscribers + options.connections > 0;
  if (!known) return fail(Errc::invalid, "unknown mode '" + std::string(mode) + "'");
  return options;
}

template <typename T>
bool read_number(std::string_view text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

using Setter = std::function<bool(std::string_view)>;

template <typename T>
Setter number(T& into) {
  return [&into](std::string_view text) { return read_number(text, into); };
}

Setter flag(bool& into) {
  return [&into](std::string_view value) { return into = value == "1", value == "0" || value == "1"; };
}

Setter text(std::string& into) {
  return [&into](std::string_view value) { return into = value, true; };
}

std::map<std::string_view, Setter> setters_of(Options& o) {
  return {
      {"--host", text(o.host)},
      {"--port", number(o.port)},
      {"--publishers", number(o.publishers)},
      {"--subscribers", number(o.subscribers)},
      {"--connections", number(o.connections)},
      {"--qos", [&o](std::string_view value) { return read_number(value, o.qos) && o.qos <= 1; }},
      {"--payload", number(o.payload_bytes)},
      {"--window", [&o](std::string_view v) { return read_number(v, o.window) && o.window < 65'536; }},
      {"--outstanding", number(o.outstanding_max)},
      {"--rate", number(o.rate)},
      {"--count", number(o.count)},
      {"--seconds", number(o.seconds_max)},
      {"--quiet", number(o.quiet_s)},
      {"--topic", text(o.topic)},
      {"--client", text(o.client_prefix)},
      {"--persistent", flag(o.persistent)},
      {"--readings", flag(o.readings)},
  };
}

}  // namespace

std::string usage() {
  return "usage: loadgen pub|sub|fanin|fanout|latency|idle|offline [--name value]...\n"
         "  --host --port --topic --client            where, and under which names\n"
         "  --publishers --subscribers --connections  how many\n"
         "  --qos 0|1 --payload BYTES --window N --outstanding N --rate PER_SECOND --persistent 0|1 "
         "--readings 0|1\n"
         "  --count N --seconds MAX --quiet SECONDS   when to stop\n"
         "Prints one line of JSON. 'idle' holds its connections until standard input ends.\n";
}

core::Result<Options> parse_options(int argc, char** argv) {
  if (argc < 2) return fail(Errc::invalid, "a mode is missing");
  core::Result<Options> options = defaults_of(argv[1]);
  if (!options) return options;
  const auto setters = setters_of(*options);
  for (int i = 2; i < argc; i += 2) {
    const auto setter = setters.find(argv[i]);
    if (setter == setters.end()) return fail(Errc::invalid, std::string("unknown option ") + argv[i]);
    if (i + 1 >= argc) return fail(Errc::invalid, std::string("no value after ") + argv[i]);
    if (!setter->second(argv[i + 1])) {
      return fail(Errc::invalid, std::string("bad value for ") + argv[i] + ": " + argv[i + 1]);
    }
  }
  if (options->readings) options->payload_bytes = kReadingBytes;
  return options;
}

}  // namespace headgate::bench
