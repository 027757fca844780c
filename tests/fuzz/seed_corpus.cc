// Writes the fuzzers' seeds: each well-formed packet for fuzz_codec, a script of each kind of conversation for
// fuzz_session, routes for fuzz_route, bodies and schemas for fuzz_schema, bodies and batches for fuzz_columns, and states of
// each aggregate for fuzz_aggregates. Run as
// `seed_corpus tests/fuzz/corpus` when the tables or the script's steps change.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "routing/compute/aggregates/accumulator.h"
#include "tests/broker/codec/well_formed.h"
#include "tests/broker/codec/wire_text.h"
#include "tests/routing/language/query/computing_routes.h"
#include "upstream/payload/batch_codec.h"

namespace headgate::fuzz {
namespace {

using testing::wire;

void write(const std::filesystem::path& folder, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << bytes;
}

void write_codec_seeds(const std::filesystem::path& folder) {
  int number = 0;
  std::string all;
  for (const testing::WellFormedCase& each : testing::well_formed_corpus()) {
    const std::string packet = wire(each.packet);
    const char choice = each.version == broker::Version::v5 ? 7 : 6;  // read in fours
    char name[16];
    std::snprintf(name, sizeof name, "seed-%02d", ++number);
    write(folder, name, choice + packet);
    if (each.version == broker::Version::v5) all += packet;
  }
  write(folder, "seed-all", "\x0B" + all);
}

// In the notation of wire_text.h: settings, then steps as session_target.cc reads them. The upper two bits of
// a step choose the client.
const std::vector<std::pair<const char*, const char*>> kScripts = {
    {"qos-0-to-a-subscriber", "FF 00 03 40 07 42 00 00 00 01 00 05 0C"},
    {"qos-1-both-ways", "FF 00 03 40 07 42 00 00 08 0C 01 01 01 05 0C 4F 00"},
    {"qos-2-both-ways", "FF 00 03 40 07 42 00 00 10 0C 01 02 03 05 0C 04 1A 0C 4F 01 0C 4F 03 0C"},
    {"retained-and-wildcards", "FF 00 03 01 04 05 40 07 42 01 01 0A 0B 0C 01 14 03 0C"},
    {"aliases-and-properties", "FF 00 43 10 02 00 02 01 01 80 05 01 09 01 B1 01 00 01 05 0C"},
    {"a-will-with-its-delay", "FF 00 67 05 08 00 02 01 00 01 01 03 40 07 42 00 03 0C 16 09 FF 0A 01"},
    {"a-kept-session-comes-back",
     "FF 00 41 3C 04 00 00 01 02 00 00 18 0C 16 40 07 41 01 02 05 0C 00 41 3C 04 00 00 01 "
     "0F 00 0F 01 0C"},
    {"taken-over", "FF 00 41 3C 04 00 00 01 40 41 3C 04 00 00 01 80 03"},
    {"a-full-window",
     "10 00 43 10 02 00 00 01 02 00 00 12 0C 40 07 41 01 01 05 41 01 02 05 41 01 03 05 0C 0F 00 0F 00"},
    {"a-small-packet-limit", "FF 00 43 10 02 1E 00 01 02 00 00 12 0C 01 01 01 FF 0C"},
    {"a-slow-reader", "FF 00 03 02 00 00 02 0C 17 40 07 41 00 FF 41 00 FF 41 00 FF 41 00 FF 41 00 FF 07"},
    {"a-durable-queue", "FF 00 41 3C 04 00 00 01 0D 1F 0F 00 0F 01 0C 0F 03 16 00 41 3C 04 00 00 01 0F 00"},
    {"unsubscribe", "FF 00 03 02 00 01 02 0A 0C 03 00 0C 01 01 01 02 0C"},
    {"raw-connect-in-pieces", "FF 06 08 05 10 0D 0004 'MQ' 08 08 'TT' 04 02 003C 0001 08 02 'z' C0 08 01 00"},
    {"a-violation", "FF 00 03 08 02 C1 00 40 07"},
    {"a-slow-door", "FF 0E 03 00 03 05 10 02 00 00 07 0B 0E 05 00 03 0C"},
    {"pubrec-for-nothing",
     "FF 00 7E 03 01 04 05 40 07 3F E5 3D 01 04 05 40 07 0B 05 40 07 E5 01 01 0C 01 14 03 0C"},
    {"silence", "FF 00 13 09 40 09 40 06 09 FF"},
    {"refused-by-the-store", "FF 00 03 40 06 0E 00 01 01 01 01 01 02 02 01 41 01 01 01 0C"},
};

constexpr std::array<std::string_view, 10> kPickingRoutes = {
    "FROM /messages/* INTO $upstream",
    "SELECT * FROM /messages/modules/sensor/outputs/* WHERE as_number(temp) > 50 INTO "
    "BrokeredEndpoint('/modules/m/inputs/i')",
    "FROM 'plant/+/temperature' WHERE $body.machine.temperature >= 70.5 AND NOT (level = 'debug') INTO Topic('a/b')",
    "FROM /* WHERE {$body.a[0].b} ?? 5 = 5 INTO $null",
    "FROM /messages WHERE substring(upper(concat(a, 'b', $sys)), 1, 2) || \"x\\u00e4\" <> 'y' INTO $upstream",
    "FROM /messages WHERE (is_defined(a) OR is_null($body.b)) AND power(2, 3) % 3 <= - 0x1F / 1e-3 INTO $upstream",
    "FROM /messages /* comment */ WHERE key1!='a' INTO $upstream",
    "FROM /messages WHERE index_of(lower($topic), 'x') != -1 INTO $upstream",
    "FROM /messages WHERE true = false OR null AND undefined INTO $upstream",
    "FROM '#' WHERE starts_with($connectionModuleId, 'ü') INTO Topic('ü')"};

// Bodies for the schemas of schema_target.cc, by their number: good ones, and such as make a keyword work hard.
const std::vector<std::pair<int, std::string>> kCheckedBodies = {
    {0, R"({"id":1,"t":20.5,"x-note":"a","next":{"id":2}})"},
    {0, R"({"id":1.0,"t":-40.25,"id":"1"})"},
    {0, R"({"id":18446744073709551615,"t":1e308})"},
    {0, R"({"toolonganame":1,"":2,"x-":3})"},
    {0, R"({"id":1,"next":{"id":2,"next":{"id":3,"next":{"id":4,"next":{}}}}})"},
    {1, R"(["aa","aaaaaaaaab",["aaa"]])"},
    {1, "[\"" + std::string(600, 'a') + "b\"]"},
    {1, "[" + std::string(40, '[') + std::string(40, ']') + "]"},
    {1, R"([1,1.0,1e0,"1",{"a":1,"b":2},{"b":2,"a":1}])"},
    {2, R"([{"a":[1,null]},"1",3,6,9.5])"},
    {2, R"([{"a":[1.0,null],"a":0},{},-0.0,1e308,5e-324])"},
    {2, R"([{"a":[1,null]},[],18446744073709551615,-9223372036854775808])"},
    {3, R"([[[1]],{"a":{"b":2}},-1])"},
    {3, std::string(60, '[') + std::string(60, ']')},
    {4, R"({"unit":"C","t":90,"a":1,"b":2,"c":null})"},
    {4, R"({"unit":"F","t":90,"a":1})"},
    {5, R"({"a":"2026-03-02T09:00:00.5-08:00","b":"2026-02-30T25:61:61Z","c":"\u0000"})"},
    {5, "{\"a\":\"" + std::string(900, '1') + "\"}"},
    {6, std::string(50, '[') + "true" + std::string(50, ']')},
    {6, R"([true,[true,[true,1]]])"},
    {7, R"([["2028-02-29","2028-02-29"],["2026-02-29"]])"},
    {7, R"({"a":"23:59:60Z","b":"12:00:00+24:00"})"},
    {0, ""},
    {1, "[1,]"},
    {2, "\xFF\xFE"},
    {3, "123456789012345678901234567890"},
};

// Schemas, and behind a zero byte a body.
const std::vector<std::pair<std::string, std::string>> kSchemaTexts = {
    {R"({"properties":{"a":{"type":"nmber"}}})", "{}"},
    {R"({"$ref":"#"})", "1"},
    {R"({"items":{"$ref":"#/definitions/a%20b~1c"},"definitions":{"a b/c":{"minimum":1}}})", "[0,1]"},
    {R"({"$ref":"http://example.com/x.json"})", "1"},
    {R"({"allOf":[{"anyOf":[{"oneOf":[{"not":{"$ref":"#/allOf/0"}}]}]}]})", "1"},
    {R"x({"pattern":"^(?!x)","patternProperties":{"[":true}})x", "{}"},
    {R"({"pattern":"((a{100}){100}){100}"})", "\"a\""},
    {R"({"multipleOf":0,"minLength":-1,"required":["a","a"]})", "{}"},
    {R"({"multipleOf":1e-320})", "1e308"},
    {R"({"properties":{"a\u0000b":{}}})", "{}"},
    {R"({"dependencies":{"a":["b"],"c":{"$ref":"#/dependencies/c"}}})", R"({"a":1})"},
    {R"({"if":{"type":"array"},"then":{"items":[true,false]},"else":{"enum":[1,{"a":[]}]}})", "[1,2]"},
    {"true", "1"},
    {"false", "1"},
    {R"({"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[],"$defs":{"a":{"x":1}}})",
     "[]"},
    {std::string(600, '['), ""},
};

void write_schema_seeds(const std::filesystem::path& folder) {
  int number = 0;
  const auto write_one = [&](const std::string& bytes) {
    char name[16];
    std::snprintf(name, sizeof name, "seed-%02d", ++number);
    write(folder, name, bytes);
  };
  for (const auto& [schema, body] : kCheckedBodies) write_one(static_cast<char>(schema) + body);
  for (const auto& [schema, body] : kSchemaTexts) write_one('\xFF' + schema + std::string(1, '\0') + body);
}

void write_session_seeds(const std::filesystem::path& folder) {
  for (const auto& [name, script] : kScripts) write(folder, name, wire(script));
}

// A state of each aggregate, small and large, and values to add to it: in the form that aggregates_target.cc reads.
void write_aggregate_seeds(const std::filesystem::path& folder) {
  const auto kinds = static_cast<int>(routing::AggregateKind::collect) + 1;
  for (int kind = 0; kind < kinds; ++kind) {
    for (const int values : {3, 70}) {
      routing::Aggregate spec;
      spec.kind = static_cast<routing::AggregateKind>(kind);
      spec.parameter = 0.9;
      auto state = routing::Accumulator::of(spec);
      const auto holds = routing::Value::of(true);
      for (int i = 0; i < values; ++i) {
        const auto number = routing::Value::of(i * 1.25 - 20);
        (void)state.add(spec.kind == routing::AggregateKind::count_if ? holds : number, number,
                        {i * 1000, 1});
      }
      std::string bytes;
      state.save(bytes);
      std::string script = {static_cast<char>(kind), '\x08', static_cast<char>(bytes.size() >> 8),
                            static_cast<char>(bytes.size())};
      script += bytes + wire("03 64 03 64 10 03 96 03 01 90 02 03 'run' 03 05 A0 01 01 03 02 0F");
      write(folder, "kind-" + std::to_string(kind) + "-of-" + std::to_string(values), script);
    }
  }
}

// Bodies for columns, each several times with numbers in it that grow.
const std::vector<std::string> kColumnBodies = {
    R"({"v":%d})",
    R"({"id":"m-%d","t":2%d.5,"ok":true})",
    R"({"t":"2026-08-17T20:5%d:00.250Z"})",
    R"([%d,-%d.25,0.%d0])",
    "%d0e%d",
    "text %d \\ \" \x01",
    "\xFF%d",
    R"({"a%d":1})",
};

std::string with_number(std::string text, int number) {
  for (size_t at = 0; (at = text.find("%d", at)) != std::string::npos;)
    text.replace(at, 2, std::to_string(number));
  return text;
}

// As bodies, and as the batch that they become.
void write_column_seeds(const std::filesystem::path& folder) {
  upstream::BatchEncoder encoder(1);
  int number = 0;
  for (const std::string& form : kColumnBodies) {
    std::string bodies;
    std::vector<store::Entry> entries;
    for (int row = 0; row < 12; ++row) {
      auto message = std::make_shared<core::Message>();
      message->topic = "t";
      message->body = with_number(form, row * row % 10);
      bodies += (row > 0 ? "\n" : "") + message->body;
      entries.push_back({static_cast<store::Seq>(row + 1), std::move(message), 0, ""});
    }
    const std::string name = "seed-" + std::to_string(++number);
    write(folder, name + "-bodies", "\x80" + bodies);
    const std::string content(encoder
                                  .encode({"h", "e", "s", 0, 1, {}}, entries,
                                          {upstream::BatchLayout::columns, upstream::BatchCompression::none})
                                  ->payload);
    write(folder, name + "-batch", std::string(1, '\0') + content[5] + content[4] + content.substr(12));
  }
}

void write_route_seeds(const std::filesystem::path& folder) {
  int number = 0;
  const auto write_one = [&](std::string_view text) {
    char name[16];
    std::snprintf(name, sizeof name, "seed-%02d", ++number);
    write(folder, name, static_cast<char>(number % 8) + std::string(text));
  };
  for (const std::string_view text : testing::kComputingRoutes) write_one(text);
  for (const std::string_view text : kPickingRoutes) write_one(text);
}

}  // namespace
}  // namespace headgate::fuzz

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: seed_corpus DIRECTORY\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  headgate::fuzz::write_codec_seeds(folder / "codec");
  headgate::fuzz::write_aggregate_seeds(folder / "aggregates");
  headgate::fuzz::write_session_seeds(folder / "session");
  headgate::fuzz::write_route_seeds(folder / "route");
  headgate::fuzz::write_schema_seeds(folder / "schema");
  headgate::fuzz::write_column_seeds(folder / "columns");
  return 0;
}
