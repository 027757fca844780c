#include "tests/broker/hostile_rows.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "tests/broker/codec/malformed_corpus.h"
#include "tests/broker/codec/well_formed.h"
#include "tests/broker/codec/wire_text.h"

namespace headgate::testing {
namespace {

using broker::Version;
using enum broker::Version;

constexpr uint8_t kMalformed = 0x81;
constexpr uint8_t kProtocolError = 0x82;
constexpr uint8_t kTopicAliasInvalid = 0x94;
constexpr uint8_t kPacketTooLarge = 0x95;

std::string hex(unsigned byte) {
  char text[4];
  std::snprintf(text, sizeof text, "%02X", byte & 0xFF);
  return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// What a client of that version is told: 3.1.1 has no reasons, its connection is just closed.
std::optional<uint8_t> told(Version version, uint8_t reason) {
  return version == v5 ? std::optional(reason) : std::nullopt;
}

bool is_connect(const std::string& bytes) { return static_cast<uint8_t>(bytes[0]) >> 4 == 1; }

// A packet after a CONNECT, or, if it is a CONNECT, alone.
HostileRow row(std::string name, Version version, std::string bytes, uint8_t reason) {
  const bool first = is_connect(bytes);
  return {std::move(name), version, first, std::move(bytes), told(version, reason)};
}

class Rows {
 public:
  std::vector<HostileRow> rows;

  void add(HostileRow one) { rows.push_back(std::move(one)); }

  // ---- fixed header (MQTT 5.0 tables 2-1 and 2-2) ----

  void add_flags() {
    for (const Version version : {v3_1_1, v5}) {
      for (unsigned first = 0; first < 256; ++first) {
        if (!is_bad_first_byte(first)) continue;
        const std::string bytes{static_cast<char>(first), '\0'};
        // Refused before anybody looks at the type: also a CONNECT is not answered.
        add({"first byte " + hex(first), version, false, bytes, told(version, kMalformed)});
        add({"first byte " + hex(first), version, true, bytes, std::nullopt});
      }
    }
  }
  static bool is_bad_first_byte(unsigned first) {
    constexpr unsigned kAnyOf[] = {16, 0, 0, 16, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0};
    const unsigned type = first >> 4;
    const unsigned flags = first & 15;
    if (type == 0) return true;
    if (type == 3) return (flags & 6) == 6 || (flags & 14) == 8;  // QoS 3; DUP with QoS 0
    return flags != kAnyOf[type];
  }

  void add_lengths() {
    for (const Version version : {v3_1_1, v5}) {
      for (const std::string type :
           {"10", "30", "32", "40", "50", "62", "70", "82", "A2", "C0", "E0", "F0"}) {
        for (const char* length :
             {"80 00", "81 00", "80 80 00", "80 80 80 00", "FF FF FF FF", "80 80 80 80 01"})
          add_header(version, type, length, kMalformed);
        add_header(version, type, "FF FF FF 7F", kPacketTooLarge);
        add_header(version, type, "80 80 80 01", kPacketTooLarge);
      }
    }
  }
  void add_header(Version version, const std::string& type, const std::string& length, uint8_t reason) {
    const std::string name = "length " + length + " of a packet " + type;
    add({name, version, false, wire(type + length), told(version, reason)});
    add({name, version, true, wire(type + length), std::nullopt});
  }

  void add_first_packets() {
    for (const WellFormedCase& each : well_formed_corpus()) {
      if (is_connect(wire(each.packet))) continue;
      add({"first a " + each.name + " [MQTT-3.1.0-1]", each.version, true, wire(each.packet), std::nullopt});
    }
  }

  void add_server_packets() {
    for (const Version version : {v3_1_1, v5}) {
      for (const char* packet : {"20 (00 00)", "20 (00 00 ())", "90 (0001 00)", "90 (0001 () 00)",
                                 "B0 (0001)", "B0 (0001 () 00)", "D0 ()"}) {
        add({std::string("only a server sends ") + packet, version, false, wire(packet),
             told(version, kProtocolError)});
      }
    }
  }

  // ---- cut short, and too long ----

  void add_cut_and_padded() {
    for (const WellFormedCase& each : well_formed_corpus()) {
      const std::string packet = wire(each.packet);
      const std::string body = packet.substr(body_at(packet));
      for (size_t bytes = 0; bytes < body.size(); ++bytes) {
        if (std::ranges::count(each.whole_at, bytes) > 0) continue;
        add_wrong(each.name + " cut to " + std::to_string(bytes), each, packet[0], body.substr(0, bytes));
      }
      if (!each.may_go_on) add_wrong(each.name + " and a byte", each, packet[0], body + '\0');
    }
  }
  static size_t body_at(const std::string& packet) {
    size_t at = 1;
    while (static_cast<uint8_t>(packet[at]) >= 0x80) ++at;
    return at + 1;
  }
  void add_wrong(const std::string& name, const WellFormedCase& from, char first_byte,
                 const std::string& body) {
    std::string bytes{first_byte};
    for (size_t length = body.size();; length >>= 7) {
      bytes += static_cast<char>(length >= 128 ? (length & 0x7F) | 0x80 : length);
      if (length < 128) break;
    }
    bytes += body;
    HostileRow one = row(name, from.version, bytes, reason_of_wrong(first_byte, body));
    // Before the protocol level nobody knows in which version to answer.
    if (one.first && body.size() < 7) one.reason.reset();
    add(std::move(one));
  }
  // Malformed, but for what is complete and yet nothing: no filter [MQTT-3.8.3-2, MQTT-3.10.3-2]; and AUTH,
  // which nobody may send who has begun no authentication [MQTT-4.12.0-7].
  static uint8_t reason_of_wrong(char first_byte, const std::string& body) {
    const unsigned type = static_cast<uint8_t>(first_byte) >> 4;
    if (type == 15) return kProtocolError;
    if (type != 8 && type != 10) return kMalformed;
    const size_t filters_at = body.size() < 3 ? body.size() + 1 : 3u + static_cast<uint8_t>(body[2]);
    return body.size() == filters_at ? kProtocolError : kMalformed;
  }

  // ---- strings (MQTT 5.0 section 1.5.4) ----

  void add_strings() {
    constexpr std::pair<const char*, const char*> kBad[] = {
        {"with U+0000 [MQTT-1.5.4-2]", "'a' 00 'b'"},
        {"with a surrogate [MQTT-1.5.4-1]", "ED A0 80"},
        {"with an overlong form [MQTT-1.5.4-1]", "C0 AF"},
        {"above U+10FFFF [MQTT-1.5.4-1]", "F4 90 80 80"},
        {"with a lone continuation [MQTT-1.5.4-1]", "'a' 80"},
        {"that ends in a character [MQTT-1.5.4-1]", "'a' E2 82"},
        {"with FF [MQTT-1.5.4-1]", "'abcdefghij' FF"},
    };
    for (const auto& [field, version, packet] : string_fields()) {
      for (const auto& [what, text] : kBad)
        add(row(field + " " + what, version, wire(replaced(packet, "$", text)), kMalformed));
    }
  }
  struct Field {
    std::string name;
    Version version;
    std::string packet;  // `$` is the string
  };
  static std::vector<Field> string_fields() {
    std::vector<Field> fields = {
        {"client id", v3_1_1, "10 (<'MQTT'> 04 02 003C <$>)"},
        {"client id", v5, "10 (<'MQTT'> 05 02 003C () <$>)"},
        {"will topic", v3_1_1, "10 (<'MQTT'> 04 06 003C <'c'> <$> <>)"},
        {"will topic", v5, "10 (<'MQTT'> 05 06 003C () <'c'> () <$> <>)"},
        {"user name", v3_1_1, "10 (<'MQTT'> 04 82 003C <'c'> <$>)"},
        {"user name", v5, "10 (<'MQTT'> 05 82 003C () <'c'> <$>)"},
        {"topic", v3_1_1, "30 (<$>)"},
        {"topic", v5, "30 (<$> ())"},
        {"filter of SUBSCRIBE", v3_1_1, "82 (0001 <$> 00)"},
        {"filter of SUBSCRIBE", v5, "82 (0001 () <$> 00)"},
        {"second filter of SUBSCRIBE", v5, "82 (0001 () <'a'> 00 <$> 00)"},
        {"share name", v5, "82 (0001 () <'$share/' $ '/t'> 00)"},
        {"filter of UNSUBSCRIBE", v3_1_1, "A2 (0001 <$>)"},
        {"filter of UNSUBSCRIBE", v5, "A2 (0001 () <$>)"},
    };
    fields.at(11).packet = "82 (0001 () <24 'share/' $ '/t'> 00)";  // 24 is the dollar sign
    for (const Place& place : places()) {
      for (const Kind& kind : kinds()) {
        if (kind.places.find(place.letter) == std::string::npos) continue;
        for (const char* value : kind.texts)
          if (value)
            fields.push_back({std::string(kind.name) + place.name, v5, replaced(place.packet, "@", value)});
      }
    }
    return fields;
  }

  // ---- properties (MQTT 5.0 table 2-4) ----

  struct Place {
    char letter;
    std::string name;
    std::string packet;  // `@` is the property
  };
  static const std::vector<Place>& places() {
    static const std::vector<Place> kPlaces = {
        {'c', " in CONNECT", "10 (<'MQTT'> 05 02 003C (@) <'c'>)"},
        {'w', " in a will", "10 (<'MQTT'> 05 06 003C () <'c'> (@) <'w'> <>)"},
        {'p', " in PUBLISH", "30 (<'t'> (@))"},
        {'a', " in PUBACK", "40 (0001 00 (@))"},
        {'a', " in PUBREC", "50 (0001 00 (@))"},
        {'a', " in PUBREL", "62 (0001 00 (@))"},
        {'a', " in PUBCOMP", "70 (0001 00 (@))"},
        {'s', " in SUBSCRIBE", "82 (0001 (@) <'t'> 00)"},
        {'u', " in UNSUBSCRIBE", "A2 (0001 (@) <'t'>)"},
        {'d', " in DISCONNECT", "E0 (00 (@))"},
    };
    return kPlaces;
  }
  struct Kind {
    const char* name;
    const char* right;                      // with a value that is fine
    std::string_view places;                // where a client may send it, by their letters
    std::string_view servers;               // where only a server may
    const char* wrong = nullptr;            // with a value out of its range
    std::array<const char*, 2> texts = {};  // with `$` in place of its strings
  };
  static const std::vector<Kind>& kinds() {
    static const std::vector<Kind> kKinds = {
        {"payload format", "01 01", "pw", "", "01 02"},
        {"message expiry", "02 00000001", "pw", ""},
        {"content type", "03 <'c'>", "pw", "", nullptr, {"03 <$>"}},
        {"response topic", "08 <'r'>", "pw", "", nullptr, {"08 <$>"}},
        {"correlation data", "09 <'d'>", "pw", ""},
        {"subscription identifier", "0B 01", "s", "p", "0B 00"},
        {"session expiry", "11 00000000", "cd", ""},
        {"assigned client id", "12 <'c'>", "", ""},
        {"server keep alive", "13 0001", "", ""},
        {"authentication method", "15 <'m'>", "c", "", nullptr, {"15 <$>"}},
        {"authentication data", "16 <'d'>", "c", ""},
        {"request problem information", "17 01", "c", "", "17 02"},
        {"will delay", "18 00000001", "w", ""},
        {"request response information", "19 01", "c", "", "19 FF"},
        {"response information", "1A <'r'>", "", ""},
        {"server reference", "1C <'s'>", "", "d"},
        {"reason string", "1F <'r'>", "ad", "", nullptr, {"1F <$>"}},
        {"receive maximum", "21 0001", "c", "", "21 0000"},
        {"topic alias maximum", "22 0001", "c", ""},
        {"topic alias", "23 0001", "p", ""},
        {"maximum QoS", "24 01", "", ""},
        {"retain available", "25 01", "", ""},
        {"user property", "26 <'k'> <'v'>", "cwpasud", "", nullptr, {"26 <$> <'v'>", "26 <'k'> <$>"}},
        {"maximum packet size", "27 00001000", "c", "", "27 00000000"},
        {"wildcards available", "28 01", "", ""},
        {"identifiers available", "29 01", "", ""},
        {"shares available", "2A 01", "", ""},
    };
    return kKinds;
  }

  void add_properties() {
    for (const Place& place : places()) {
      for (const Kind& kind : kinds()) add_property(place, kind);
      for (unsigned id = 0; id < 128; ++id) {
        if (!is_known(id)) add_section(place, "unknown property " + hex(id), hex(id) + "00", kMalformed);
      }
      add_section(place, "a property id without value", "26", kMalformed);
      add_section(place, "a property id in two bytes [MQTT-1.5.5-1]", "A6 00 <'k'> <'v'>", kMalformed);
    }
    add_section(places()[2], "topic alias 0 [MQTT-3.3.2-8]", "23 0000", kTopicAliasInvalid);
    add_section(places()[2], "topic alias above the maximum [MQTT-3.3.2-9]", "23 FFFF", kTopicAliasInvalid);
    add_section(places()[0], "authentication data without a method (3.1.2.11.10)", "16 <'d'>",
                kProtocolError);
  }
  static bool is_known(unsigned id) {
    return std::ranges::any_of(
        kinds(), [id](const Kind& kind) { return static_cast<uint8_t>(wire(kind.right)[0]) == id; });
  }
  void add_property(const Place& place, const Kind& kind) {
    const std::string name = kind.name;
    const auto stands_in = [&](std::string_view letters) {
      return letters.find(place.letter) != std::string_view::npos;
    };
    if (stands_in(kind.servers)) return add_section(place, name, kind.right, kProtocolError);
    if (!stands_in(kind.places)) return add_section(place, name, kind.right, kMalformed);
    const std::string right = kind.right;
    if (name != "user property") add_section(place, name + " twice", right + right, kProtocolError);
    if (kind.wrong) add_section(place, name + " out of range", kind.wrong, kProtocolError);
  }
  void add_section(const Place& place, const std::string& name, const std::string& section, uint8_t reason) {
    add(row(name + place.name + " (2.2.2.2)", v5, wire(replaced(place.packet, "@", section)), reason));
  }

  // ---- the corpus of single packets ----

  void add_corpus() {
    for (const MalformedCase& each : malformed_corpus()) {
      const std::string bytes = wire(each.packet);
      const auto reason = static_cast<uint8_t>(each.reason);
      HostileRow one = row(each.name, each.version, bytes, reason);
      const unsigned first = static_cast<uint8_t>(bytes[0]);
      if (first == 0xF0) one.reason = told(each.version, kProtocolError);  // none was begun
      if (one.first) one.reason = connack_of(each);
      if (is_bad_first_byte(first)) one.reason = told(each.version, kMalformed), one.first = false;
      add(std::move(one));
    }
  }
  // 3.1.1 has return codes for what is not the packet's fault: here, only the version.
  static std::optional<uint8_t> connack_of(const MalformedCase& each) {
    if (each.version == v5) {
      const std::string bytes = wire(each.packet);
      return bytes.size() < body_at(bytes) + 7 || each.name.find("name longer") != std::string::npos
                 ? std::nullopt
                 : std::optional(static_cast<uint8_t>(each.reason));
    }
    const bool version = each.reason == broker::ReasonCode::unsupported_protocol_version;
    return version ? std::optional<uint8_t>(1) : std::nullopt;
  }
};

}  // namespace

std::vector<HostileRow> hostile_rows() {
  Rows all;
  all.add_flags();
  all.add_lengths();
  all.add_first_packets();
  all.add_server_packets();
  all.add_cut_and_padded();
  all.add_strings();
  all.add_properties();
  all.add_corpus();
  return std::move(all.rows);
}

}  // namespace headgate::testing
