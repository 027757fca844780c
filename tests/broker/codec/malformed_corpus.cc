#include "tests/broker/codec/malformed_corpus.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headgate::testing {
namespace {

using broker::Version;
using enum broker::Version;
using enum broker::ReasonCode;
using Cases = std::vector<MalformedCase>;

const Cases kFixedHeader = {
    {"type 0 is reserved (2.1.2)", v5, "00 ()", malformed_packet},
    {"CONNECT with a flag [MQTT-2.1.3-1]", v5, "11 (<'MQTT'> 05 02 003C () <'c'>)", malformed_packet},
    {"PUBACK with a flag [MQTT-2.1.3-1]", v5, "41 (0001)", malformed_packet},
    {"PUBREC with a flag [MQTT-2.1.3-1]", v5, "52 (0001)", malformed_packet},
    {"PUBREL without its flag [MQTT-3.6.1-1]", v5, "60 (0001)", malformed_packet},
    {"PUBREL with another flag [MQTT-3.6.1-1]", v3_1_1, "63 (0001)", malformed_packet},
    {"PUBCOMP with a flag [MQTT-2.1.3-1]", v5, "74 (0001)", malformed_packet},
    {"SUBSCRIBE without its flag [MQTT-3.8.1-1]", v3_1_1, "80 (0001 <'a'> 00)", malformed_packet},
    {"SUBSCRIBE with DUP of MQTT 3.1 [MQTT-3.8.1-1]", v3_1_1, "8A (0001 <'a'> 00)", malformed_packet},
    {"UNSUBSCRIBE without its flag [MQTT-3.10.1-1]", v3_1_1, "A0 (0001 <'a'>)", malformed_packet},
    {"PINGREQ with a flag [MQTT-2.1.3-1]", v5, "C1 ()", malformed_packet},
    {"DISCONNECT with a flag [MQTT-3.14.1-1]", v5, "E1 ()", malformed_packet},
    {"AUTH with a flag [MQTT-3.15.1-1]", v5, "F2 (18 (15 <'m'>))", malformed_packet},
    {"remaining length of five bytes (1.5.5)", v5, "C0 80 80 80 80 01", malformed_packet},
    {"remaining length without an end (1.5.5)", v5, "30 FF FF FF FF", malformed_packet},
    {"remaining length 0 in two bytes [MQTT-1.5.5-1]", v5, "C0 80 00", malformed_packet},
    {"remaining length 2 in two bytes [MQTT-1.5.5-1]", v5, "40 82 00 00 01", malformed_packet},
    {"remaining length 0 in four bytes [MQTT-1.5.5-1]", v3_1_1, "C0 80 80 80 00", malformed_packet},
    {"CONNACK from a client (table 2-1)", v5, "20 (00 00 ())", protocol_error},
    {"CONNACK from a client (table 2-1)", v3_1_1, "20 (00 00)", protocol_error},
    {"SUBACK from a client (table 2-1)", v3_1_1, "90 (0001 00)", protocol_error},
    {"UNSUBACK from a client (table 2-1)", v3_1_1, "B0 (0001)", protocol_error},
    {"PINGRESP from a client (table 2-1)", v5, "D0 ()", protocol_error},
};

const Cases kConnect = {
    {"empty (3.1.2)", v5, "10 ()", malformed_packet},
    {"3.1 at level 4 [MQTT-3.1.2-1]", v3_1_1, "10 (<'MQIsdp'> 04 02 003C <'c'>)",
     unsupported_protocol_version},
    {"bridge bit of 3.1 [MQTT-3.1.2-2]", v3_1_1, "10 (<'MQIsdp'> 83 02 003C <'c'>)",
     unsupported_protocol_version},
    {"level 3 [MQTT-3.1.2-2]", v3_1_1, "10 (<'MQTT'> 03 02 003C <'c'>)", unsupported_protocol_version},
    {"level 6 [MQTT-3.1.2-2]", v5, "10 (<'MQTT'> 06 02 003C () <'c'>)", unsupported_protocol_version},
    {"level 0 [MQTT-3.1.2-2]", v3_1_1, "10 (<'MQTT'> 00 02 003C <'c'>)", unsupported_protocol_version},
    {"bridge bit [MQTT-3.1.2-2]", v3_1_1, "10 (<'MQTT'> 84 02 003C <'c'>)", unsupported_protocol_version},
    {"name in small letters [MQTT-3.1.2-1]", v5, "10 (<'mqtt'> 05 02 003C () <'c'>)",
     unsupported_protocol_version},
    {"name too long [MQTT-3.1.2-1]", v5, "10 (<'MQTTX'> 05 02 003C () <'c'>)", unsupported_protocol_version},
    {"empty name [MQTT-3.1.2-1]", v5, "10 (<> 05 02 003C () <'c'>)", unsupported_protocol_version},
    {"name longer than the packet (1.5.4)", v5, "10 (00FF 'MQTT')", malformed_packet},
    {"no level (3.1.2.2)", v5, "10 (<'MQTT'>)", malformed_packet},
    {"no keep alive (3.1.2.10)", v5, "10 (<'MQTT'> 05 02)", malformed_packet},
    {"half a keep alive (3.1.2.10)", v3_1_1, "10 (<'MQTT'> 04 02 00)", malformed_packet},
    {"reserved flag [MQTT-3.1.2-3]", v5, "10 (<'MQTT'> 05 03 003C () <'c'>)", malformed_packet},
    {"reserved flag [MQTT-3.1.2-3]", v3_1_1, "10 (<'MQTT'> 04 03 003C <'c'>)", malformed_packet},
    {"will QoS 3 [MQTT-3.1.2-12]", v5, "10 (<'MQTT'> 05 1E 003C () <'c'> () <'w'> <>)", malformed_packet},
    {"will QoS 3 [MQTT-3.1.2-14]", v3_1_1, "10 (<'MQTT'> 04 1E 003C <'c'> <'w'> <>)", malformed_packet},
    {"will QoS without a will [MQTT-3.1.2-11]", v5, "10 (<'MQTT'> 05 0A 003C () <'c'>)", protocol_error},
    {"will QoS without a will [MQTT-3.1.2-13]", v3_1_1, "10 (<'MQTT'> 04 12 003C <'c'>)", protocol_error},
    {"will retain without a will [MQTT-3.1.2-13]", v5, "10 (<'MQTT'> 05 22 003C () <'c'>)", protocol_error},
    {"will retain without a will [MQTT-3.1.2-15]", v3_1_1, "10 (<'MQTT'> 04 22 003C <'c'>)", protocol_error},
    {"password without user name [MQTT-3.1.2-22]", v3_1_1, "10 (<'MQTT'> 04 42 003C <'c'> <'p'>)",
     protocol_error},
    {"no client id [MQTT-3.1.3-3]", v3_1_1, "10 (<'MQTT'> 04 02 003C)", malformed_packet},
    {"no client id [MQTT-3.1.3-3]", v5, "10 (<'MQTT'> 05 02 003C ())", malformed_packet},
    {"client id longer than the packet (1.5.4)", v5, "10 (<'MQTT'> 05 02 003C () 0005 'c')",
     malformed_packet},
    {"client id with U+0000 [MQTT-1.5.4-2]", v5, "10 (<'MQTT'> 05 02 003C () <'a' 00>)", malformed_packet},
    {"client id with a surrogate [MQTT-1.5.4-1]", v5, "10 (<'MQTT'> 05 02 003C () <ED A0 80>)",
     malformed_packet},
    {"client id not UTF-8 [MQTT-3.1.3-4]", v3_1_1, "10 (<'MQTT'> 04 02 003C <FF>)", malformed_packet},
    {"will without topic [MQTT-3.1.3-1]", v3_1_1, "10 (<'MQTT'> 04 06 003C <'c'>)", malformed_packet},
    {"will without payload [MQTT-3.1.3-1]", v3_1_1, "10 (<'MQTT'> 04 06 003C <'c'> <'w'>)", malformed_packet},
    {"will without properties [MQTT-3.1.3-1]", v5, "10 (<'MQTT'> 05 06 003C () <'c'>)", malformed_packet},
    {"empty will topic [MQTT-4.7.3-1]", v5, "10 (<'MQTT'> 05 06 003C () <'c'> () <> <'x'>)",
     topic_name_invalid},
    {"empty will topic [MQTT-4.7.3-1]", v3_1_1, "10 (<'MQTT'> 04 06 003C <'c'> <> <'x'>)",
     topic_name_invalid},
    {"will topic with + [MQTT-4.7.1-1]", v5, "10 (<'MQTT'> 05 06 003C () <'c'> () <'a/+'> <>)",
     topic_name_invalid},
    {"will topic with # [MQTT-4.7.1-1]", v3_1_1, "10 (<'MQTT'> 04 06 003C <'c'> <'#'> <>)",
     topic_name_invalid},
    {"will topic not UTF-8 [MQTT-3.1.3-11]", v5, "10 (<'MQTT'> 05 06 003C () <'c'> () <'a' C0 AF> <>)",
     malformed_packet},
    {"user name flagged but missing [MQTT-3.1.2-17]", v5, "10 (<'MQTT'> 05 82 003C () <'c'>)",
     malformed_packet},
    {"password flagged but missing [MQTT-3.1.2-19]", v5, "10 (<'MQTT'> 05 C2 003C () <'c'> <'u'>)",
     malformed_packet},
    {"user name not UTF-8 [MQTT-3.1.3-12]", v5, "10 (<'MQTT'> 05 82 003C () <'c'> <F5 80 80 80>)",
     malformed_packet},
    {"bytes left over (3.1.3)", v5, "10 (<'MQTT'> 05 02 003C () <'c'> 00)", malformed_packet},
    {"bytes left over (3.1.3)", v3_1_1, "10 (<'MQTT'> 04 02 003C <'c'> 00)", malformed_packet},
    {"user name without its flag [MQTT-3.1.2-16]", v5, "10 (<'MQTT'> 05 02 003C () <'c'> <'u'>)",
     malformed_packet},
    {"password without its flag [MQTT-3.1.2-20]", v3_1_1, "10 (<'MQTT'> 04 82 003C <'c'> <'u'> <'p'>)",
     malformed_packet},
};

// `@` stands for the properties of a CONNECT that is otherwise right.
const Cases kConnectProperties = {
    {"length beyond the packet (2.2.2.1)", v5, "10 (<'MQTT'> 05 02 003C 09 <'c'>)", malformed_packet},
    {"length of five bytes (1.5.5)", v5, "10 (<'MQTT'> 05 02 003C FFFFFFFF 01 <'c'>)", malformed_packet},
    {"length 0 in two bytes [MQTT-1.5.5-1]", v5, "10 (<'MQTT'> 05 02 003C 80 00 <'c'>)", malformed_packet},
    {"unknown property 0x00 (2.2.2.2)", v5, "@00 00", malformed_packet},
    {"unknown property 0x04 (2.2.2.2)", v5, "@04 00", malformed_packet},
    {"unknown property 0x2B (2.2.2.2)", v5, "@2B 00", malformed_packet},
    {"unknown property 0x7F (2.2.2.2)", v5, "@7F 00", malformed_packet},
    {"unknown property of two bytes (2.2.2.2)", v5, "@91 01 00000000", malformed_packet},
    {"property id longer than needed [MQTT-1.5.5-1]", v5, "@91 00 00000000", malformed_packet},
    {"payload format in CONNECT (2.2.2.2)", v5, "@01 00", malformed_packet},
    {"topic alias in CONNECT (2.2.2.2)", v5, "@23 0001", malformed_packet},
    {"will delay outside the will (2.2.2.2)", v5, "@18 00000001", malformed_packet},
    {"reason string in CONNECT (2.2.2.2)", v5, "@1F <'r'>", malformed_packet},
    {"server keep alive from a client (2.2.2.2)", v5, "@13 0001", malformed_packet},
    {"assigned client id from a client (2.2.2.2)", v5, "@12 <'c'>", malformed_packet},
    {"session expiry twice (3.1.2.11.2)", v5, "@11 00000001 11 00000001", protocol_error},
    {"receive maximum twice (3.1.2.11.3)", v5, "@21 0001 21 0001", protocol_error},
    {"receive maximum 0 (3.1.2.11.3)", v5, "@21 0000", protocol_error},
    {"maximum packet size twice (3.1.2.11.4)", v5, "@27 00001000 27 00001000", protocol_error},
    {"maximum packet size 0 (3.1.2.11.4)", v5, "@27 00000000", protocol_error},
    {"topic alias maximum twice (3.1.2.11.5)", v5, "@22 0001 22 0001", protocol_error},
    {"request response information twice (3.1.2.11.6)", v5, "@19 01 19 01", protocol_error},
    {"request response information 2 (3.1.2.11.6)", v5, "@19 02", protocol_error},
    {"request problem information twice (3.1.2.11.7)", v5, "@17 01 17 01", protocol_error},
    {"request problem information 2 (3.1.2.11.7)", v5, "@17 02", protocol_error},
    {"authentication method twice (3.1.2.11.9)", v5, "@15 <'m'> 15 <'m'>", protocol_error},
    {"authentication data without a method (3.1.2.11.10)", v5, "@16 <'d'>", protocol_error},
    {"authentication data twice (3.1.2.11.10)", v5, "@15 <'m'> 16 <'d'> 16 <'d'>", protocol_error},
    {"session expiry cut short (1.5.3)", v5, "@11 000000", malformed_packet},
    {"receive maximum cut short (1.5.2)", v5, "@21 00", malformed_packet},
    {"property without value (2.2.2.2)", v5, "@17", malformed_packet},
    {"user property without value (1.5.7)", v5, "@26 <'k'>", malformed_packet},
    {"user property beyond the section (1.5.7)", v5, "@26 <'k'> 0009 'v'", malformed_packet},
    {"user property name not UTF-8 [MQTT-1.5.7-1]", v5, "@26 <80> <'v'>", malformed_packet},
    {"user property value with U+0000 [MQTT-1.5.7-1]", v5, "@26 <'k'> <00>", malformed_packet},
    {"authentication method not UTF-8 [MQTT-1.5.4-1]", v5, "@15 <C3 28>", malformed_packet},
};

// `@` stands for the properties of a will that is otherwise right.
const Cases kWillProperties = {
    {"unknown property (2.2.2.2)", v5, "@7E 00", malformed_packet},
    {"topic alias in a will (2.2.2.2)", v5, "@23 0001", malformed_packet},
    {"session expiry in a will (2.2.2.2)", v5, "@11 00000001", malformed_packet},
    {"subscription identifier in a will (2.2.2.2)", v5, "@0B 01", malformed_packet},
    {"will delay twice (3.1.3.2.2)", v5, "@18 00000001 18 00000001", protocol_error},
    {"payload format twice (3.1.3.2.3)", v5, "@01 01 01 01", protocol_error},
    {"payload format 2 (3.1.3.2.3)", v5, "@01 02", protocol_error},
    {"message expiry twice (3.1.3.2.4)", v5, "@02 00000001 02 00000001", protocol_error},
    {"content type twice (3.1.3.2.5)", v5, "@03 <'t'> 03 <'t'>", protocol_error},
    {"content type not UTF-8 [MQTT-1.5.4-1]", v5, "@03 <ED BF BF>", malformed_packet},
    {"response topic twice (3.1.3.2.6)", v5, "@08 <'r'> 08 <'r'>", protocol_error},
    {"response topic with a wildcard [MQTT-3.3.2-14]", v5, "@08 <'r/#'>", topic_name_invalid},
    {"correlation data twice (3.1.3.2.7)", v5, "@09 <'d'> 09 <'d'>", protocol_error},
    {"user property cut short (1.5.7)", v5, "@26 <'k'> 00", malformed_packet},
};

const Cases kPublish = {
    {"empty (3.3.2)", v3_1_1, "30 ()", malformed_packet},
    {"empty (3.3.2)", v5, "30 ()", malformed_packet},
    {"QoS 3 [MQTT-3.3.1-4]", v3_1_1, "36 (<'t'> 0001)", malformed_packet},
    {"QoS 3 [MQTT-3.3.1-4]", v5, "36 (<'t'> 0001 ())", malformed_packet},
    {"QoS 3 with everything [MQTT-3.3.1-4]", v5, "3F (<'t'> 0001 ())", malformed_packet},
    {"DUP with QoS 0 [MQTT-3.3.1-2]", v3_1_1, "38 (<'t'>)", malformed_packet},
    {"DUP with QoS 0 [MQTT-3.3.1-2]", v5, "39 (<'t'> ())", malformed_packet},
    {"empty topic [MQTT-4.7.3-1]", v3_1_1, "30 (<> 'x')", topic_name_invalid},
    {"empty topic without alias (3.3.2.1)", v5, "30 (<> () 'x')", protocol_error},
    {"topic with + [MQTT-3.3.2-2]", v3_1_1, "30 (<'a/+/b'>)", topic_name_invalid},
    {"topic with # [MQTT-3.3.2-2]", v5, "30 (<'a/#'> ())", topic_name_invalid},
    {"long topic with # [MQTT-3.3.2-2]", v5, "30 (<'plant/hall-7/machine-12#'> ())", topic_name_invalid},
    {"topic with U+0000 [MQTT-1.5.4-2]", v3_1_1, "30 (<'a' 00>)", malformed_packet},
    {"long topic with U+0000 [MQTT-1.5.4-2]", v5, "30 (<'plant/hall' 00 '7/machine'> ())", malformed_packet},
    {"topic with an overlong slash [MQTT-1.5.4-1]", v5, "30 (<'a' C0 AF> ())", malformed_packet},
    {"topic with an overlong of three bytes [MQTT-1.5.4-1]", v5, "30 (<E0 80 80> ())", malformed_packet},
    {"topic with an overlong of four bytes [MQTT-1.5.4-1]", v5, "30 (<F0 80 80 AF> ())", malformed_packet},
    {"topic with the first surrogate [MQTT-1.5.4-1]", v5, "30 (<ED A0 80> ())", malformed_packet},
    {"topic with the last surrogate [MQTT-1.5.4-1]", v3_1_1, "30 (<ED BF BF>)", malformed_packet},
    {"topic with a pair of surrogates [MQTT-1.5.4-1]", v5, "30 (<ED A0 BD ED B8 80> ())", malformed_packet},
    {"topic above U+10FFFF [MQTT-1.5.4-1]", v5, "30 (<F4 90 80 80> ())", malformed_packet},
    {"topic with a byte F8 [MQTT-1.5.4-1]", v5, "30 (<F8 88 80 80 80> ())", malformed_packet},
    {"topic with a lone continuation [MQTT-1.5.4-1]", v5, "30 (<'a' 80> ())", malformed_packet},
    {"topic that ends inside a character [MQTT-1.5.4-1]", v5, "30 (<'a' E2 82> ())", malformed_packet},
    {"topic longer than the packet (1.5.4)", v3_1_1, "30 (0009 't')", malformed_packet},
    {"half a topic length (1.5.4)", v3_1_1, "30 (00)", malformed_packet},
    {"QoS 1 without packet id (2.2.1)", v3_1_1, "32 (<'t'>)", malformed_packet},
    {"QoS 2 with half a packet id (2.2.1)", v5, "34 (<'t'> 00)", malformed_packet},
    {"packet id 0 [MQTT-2.3.1-1]", v3_1_1, "32 (<'t'> 0000)", protocol_error},
    {"packet id 0 [MQTT-2.2.1-3]", v5, "34 (<'t'> 0000 ())", protocol_error},
    {"no properties (3.3.2.3)", v5, "30 (<'t'>)", malformed_packet},
    {"property length beyond the packet (2.2.2.1)", v5, "30 (<'t'> 05 0101)", malformed_packet},
    {"property length of five bytes (1.5.5)", v5, "30 (<'t'> 80 80 80 80 01)", malformed_packet},
    {"property length 0 in two bytes [MQTT-1.5.5-1]", v5, "30 (<'t'> 80 00)", malformed_packet},
    {"payload format 2 (3.3.2.3.2)", v5, "30 (<'t'> (01 02))", protocol_error},
    {"payload format twice (3.3.2.3.2)", v5, "30 (<'t'> (01 00 01 00))", protocol_error},
    {"message expiry twice (3.3.2.3.3)", v5, "30 (<'t'> (02 00000001 02 00000001))", protocol_error},
    {"message expiry cut short (1.5.3)", v5, "30 (<'t'> (02 0000))", malformed_packet},
    {"topic alias 0 [MQTT-3.3.2-8]", v5, "30 (<'t'> (23 0000))", topic_alias_invalid},
    {"topic alias 0 without topic [MQTT-3.3.2-8]", v5, "30 (<> (23 0000))", topic_alias_invalid},
    {"topic alias twice (3.3.2.3.4)", v5, "30 (<'t'> (23 0001 23 0001))", protocol_error},
    {"response topic twice (3.3.2.3.5)", v5, "30 (<'t'> (08 <'r'> 08 <'r'>))", protocol_error},
    {"response topic with + [MQTT-3.3.2-14]", v5, "30 (<'t'> (08 <'+/r'>))", topic_name_invalid},
    {"response topic with # [MQTT-3.3.2-14]", v5, "30 (<'t'> (08 <'#'>))", topic_name_invalid},
    {"empty response topic [MQTT-4.7.3-1]", v5, "30 (<'t'> (08 <>))", topic_name_invalid},
    {"response topic not UTF-8 [MQTT-3.3.2-13]", v5, "30 (<'t'> (08 <C1 81>))", malformed_packet},
    {"correlation data twice (3.3.2.3.6)", v5, "30 (<'t'> (09 <'d'> 09 <'d'>))", protocol_error},
    {"correlation data beyond the section (1.5.6)", v5, "30 (<'t'> (09 0004 'd'))", malformed_packet},
    {"user property not UTF-8 [MQTT-1.5.7-1]", v5, "30 (<'t'> (26 <'k'> <FE>))", malformed_packet},
    {"user property without value (1.5.7)", v5, "30 (<'t'> (26 <'k'>))", malformed_packet},
    {"subscription identifier from a client [MQTT-3.3.4-6]", v5, "30 (<'t'> (0B 01))", protocol_error},
    {"content type twice (3.3.2.3.9)", v5, "30 (<'t'> (03 <'c'> 03 <'c'>))", protocol_error},
    {"content type not UTF-8 [MQTT-3.3.2-19]", v5, "30 (<'t'> (03 <'c' FF>))", malformed_packet},
    {"session expiry in PUBLISH (2.2.2.2)", v5, "30 (<'t'> (11 00000001))", malformed_packet},
    {"reason string in PUBLISH (2.2.2.2)", v5, "30 (<'t'> (1F <'r'>))", malformed_packet},
    {"will delay in PUBLISH (2.2.2.2)", v5, "30 (<'t'> (18 00000001))", malformed_packet},
    {"unknown property (2.2.2.2)", v5, "30 (<'t'> (7D 00))", malformed_packet},
};

// `@` stands for the first byte of PUBACK, PUBREC, PUBREL and PUBCOMP, one after the other.
const Cases kAcknowledgements = {
    {"empty (3.4.2)", v3_1_1, "@ ()", malformed_packet},
    {"half a packet id (3.4.2)", v5, "@ (00)", malformed_packet},
    {"packet id 0 [MQTT-2.2.1-3]", v3_1_1, "@ (0000)", protocol_error},
    {"packet id 0 [MQTT-2.2.1-3]", v5, "@ (0000)", protocol_error},
    {"bytes left over (3.4.2)", v3_1_1, "@ (0001 00)", malformed_packet},
    {"unknown reason [MQTT-3.4.2-1]", v5, "@ (0001 42)", protocol_error},
    {"reason of another packet [MQTT-3.4.2-1]", v5, "@ (0001 8E ())", protocol_error},
    {"granted QoS as reason [MQTT-3.4.2-1]", v5, "@ (0001 01)", protocol_error},
    {"property length beyond the packet (2.2.2.1)", v5, "@ (0001 00 05)", malformed_packet},
    {"bytes behind the properties (3.4.2)", v5, "@ (0001 00 () 00)", malformed_packet},
    {"unknown property (2.2.2.2)", v5, "@ (0001 00 (05 00))", malformed_packet},
    {"session expiry (2.2.2.2)", v5, "@ (0001 00 (11 00000001))", malformed_packet},
    {"server reference (2.2.2.2)", v5, "@ (0001 00 (1C <'s'>))", malformed_packet},
    {"reason string twice (3.4.2.2.2)", v5, "@ (0001 00 (1F <'r'> 1F <'r'>))", protocol_error},
    {"reason string not UTF-8 [MQTT-1.5.4-1]", v5, "@ (0001 00 (1F <'r' C0>))", malformed_packet},
    {"reason string cut short (1.5.4)", v5, "@ (0001 00 (1F 0003 'r'))", malformed_packet},
    {"user property cut short (1.5.7)", v5, "@ (0001 00 (26 <'k'> 00))", malformed_packet},
    {"user property with a surrogate [MQTT-1.5.7-1]", v5, "@ (0001 00 (26 <'k'> <ED A0 80>))",
     malformed_packet},
};

const Cases kAcknowledgementReasons = {
    {"PUBACK with PUBREL's reason [MQTT-3.4.2-1]", v5, "40 (0001 92)", protocol_error},
    {"PUBREC with PUBCOMP's reason [MQTT-3.5.2-1]", v5, "50 (0001 92)", protocol_error},
    {"PUBREL with PUBREC's reason [MQTT-3.6.2-1]", v5, "62 (0001 10)", protocol_error},
    {"PUBCOMP with PUBACK's reason [MQTT-3.7.2-1]", v5, "70 (0001 97)", protocol_error},
};

// `@` stands for the filter and option byte of a SUBSCRIBE in 5.0 that is otherwise right.
const Cases kSubscriptions = {
    {"reserved option bit 6 [MQTT-3.8.3-5]", v5, "@<'a'> 40", malformed_packet},
    {"reserved option bit 7 [MQTT-3.8.3-5]", v5, "@<'a'> 80", malformed_packet},
    {"QoS 3 (3.8.3.1)", v5, "@<'a'> 03", protocol_error},
    {"retain handling 3 (3.8.3.1)", v5, "@<'a'> 30", protocol_error},
    {"no-local on a shared subscription [MQTT-3.8.3-4]", v5, "@<'$share/g/t'> 04", protocol_error},
    {"no options (3.8.3)", v5, "@<'a'>", malformed_packet},
    {"filter longer than the packet (1.5.4)", v5, "@0009 'a' 00", malformed_packet},
    {"one stray byte (3.8.3)", v5, "@<'a'> 00 00", malformed_packet},
    {"no options for the second filter (3.8.3)", v5, "@<'a'> 00 <'b'>", malformed_packet},
    {"empty filter [MQTT-4.7.3-1]", v5, "@<> 00", topic_filter_invalid},
    {"# inside a level [MQTT-4.7.1-1]", v5, "@<'a#'> 00", topic_filter_invalid},
    {"# not last [MQTT-4.7.1-1]", v5, "@<'a/#/b'> 00", topic_filter_invalid},
    {"+ inside a level [MQTT-4.7.1-2]", v5, "@<'a/b+'> 00", topic_filter_invalid},
    {"second filter wrong [MQTT-4.7.1-2]", v5, "@<'a'> 00 <'+b'> 00", topic_filter_invalid},
    {"filter with U+0000 [MQTT-1.5.4-2]", v5, "@<'a' 00> 00", malformed_packet},
    {"filter with an overlong form [MQTT-1.5.4-1]", v5, "@<C0 AF> 00", malformed_packet},
    {"filter above U+10FFFF [MQTT-1.5.4-1]", v5, "@<F4 90 80 80> 00", malformed_packet},
    {"share name empty [MQTT-4.8.2-1]", v5, "@<'$share//t'> 00", topic_filter_invalid},
    {"share without filter [MQTT-4.8.2-2]", v5, "@<'$share/g'> 00", topic_filter_invalid},
    {"share with empty filter [MQTT-4.8.2-2]", v5, "@<'$share/g/'> 00", topic_filter_invalid},
    {"share without name [MQTT-4.8.2-1]", v5, "@<'$share/'> 00", topic_filter_invalid},
    {"share name + [MQTT-4.8.2-2]", v5, "@<'$share/+/t'> 00", topic_filter_invalid},
    {"share name with # [MQTT-4.8.2-2]", v5, "@<'$share/g#/t'> 00", topic_filter_invalid},
    {"share with a wrong filter [MQTT-4.7.1-1]", v5, "@<'$share/g/t#'> 00", topic_filter_invalid},
};

const Cases kSubscribe = {
    {"empty (3.8.2)", v5, "82 ()", malformed_packet},
    {"half a packet id (3.8.2)", v3_1_1, "82 (00)", malformed_packet},
    {"packet id 0 [MQTT-2.3.1-1]", v3_1_1, "82 (0000 <'a'> 00)", protocol_error},
    {"packet id 0 [MQTT-2.2.1-3]", v5, "82 (0000 () <'a'> 00)", protocol_error},
    {"no filter [MQTT-3.8.3-3]", v3_1_1, "82 (0001)", protocol_error},
    {"no filter [MQTT-3.8.3-2]", v5, "82 (0001 ())", protocol_error},
    {"no properties (3.8.2.1)", v5, "82 (0001)", malformed_packet},
    {"reserved bits [MQTT-3-8.3-4]", v3_1_1, "82 (0001 <'a'> 04)", malformed_packet},
    {"reserved high bit [MQTT-3-8.3-4]", v3_1_1, "82 (0001 <'a'> 80)", malformed_packet},
    {"QoS 3 [MQTT-3-8.3-4]", v3_1_1, "82 (0001 <'a'> 03)", malformed_packet},
    {"no QoS (3.8.3)", v3_1_1, "82 (0001 <'a'>)", malformed_packet},
    {"filter wrong [MQTT-4.7.1-3]", v3_1_1, "82 (0001 <'a+'> 00)", topic_filter_invalid},
    {"share name empty in 3.1.1 [MQTT-4.8.2-1]", v3_1_1, "82 (0001 <'$share//t'> 00)", topic_filter_invalid},
    {"subscription identifier 0 (3.8.2.1.2)", v5, "82 (0001 (0B 00) <'a'> 00)", protocol_error},
    {"subscription identifier twice (3.8.2.1.2)", v5, "82 (0001 (0B 01 0B 02) <'a'> 00)", protocol_error},
    {"subscription identifier too long (1.5.5)", v5, "82 (0001 (0B 8080808001) <'a'> 00)", malformed_packet},
    {"subscription identifier padded [MQTT-1.5.5-1]", v5, "82 (0001 (0B 8100) <'a'> 00)", malformed_packet},
    {"subscription identifier missing (3.8.2.1.2)", v5, "82 (0001 (0B) <'a'> 00)", malformed_packet},
    {"reason string in SUBSCRIBE (2.2.2.2)", v5, "82 (0001 (1F <'r'>) <'a'> 00)", malformed_packet},
    {"topic alias in SUBSCRIBE (2.2.2.2)", v5, "82 (0001 (23 0001) <'a'> 00)", malformed_packet},
    {"property length beyond the packet (2.2.2.1)", v5, "82 (0001 7F <'a'> 00)", malformed_packet},
};

const Cases kUnsubscribe = {
    {"empty (3.10.2)", v5, "A2 ()", malformed_packet},
    {"packet id 0 [MQTT-2.3.1-1]", v3_1_1, "A2 (0000 <'a'>)", protocol_error},
    {"packet id 0 [MQTT-2.2.1-3]", v5, "A2 (0000 () <'a'>)", protocol_error},
    {"no filter [MQTT-3.10.3-2]", v3_1_1, "A2 (0001)", protocol_error},
    {"no filter [MQTT-3.10.3-2]", v5, "A2 (0001 ())", protocol_error},
    {"no properties (3.10.2.1)", v5, "A2 (0001)", malformed_packet},
    {"half a filter length (3.10.3)", v3_1_1, "A2 (0001 00)", malformed_packet},
    {"filter longer than the packet (1.5.4)", v5, "A2 (0001 () 0003 'a')", malformed_packet},
    {"one stray byte (3.10.3)", v5, "A2 (0001 () <'a'> 00)", malformed_packet},
    {"empty filter [MQTT-4.7.3-1]", v5, "A2 (0001 () <>)", topic_filter_invalid},
    {"filter wrong [MQTT-4.7.1-1]", v3_1_1, "A2 (0001 <'#/a'>)", topic_filter_invalid},
    {"filter with U+0000 [MQTT-1.5.4-2]", v5, "A2 (0001 () <00>)", malformed_packet},
    {"share without filter [MQTT-4.8.2-2]", v5, "A2 (0001 () <'$share/g'>)", topic_filter_invalid},
    {"subscription identifier (2.2.2.2)", v5, "A2 (0001 (0B 01) <'a'>)", malformed_packet},
    {"user property cut short (1.5.7)", v5, "A2 (0001 (26 <'k'>) <'a'>)", malformed_packet},
};

const Cases kEnd = {
    {"PINGREQ with a body (3.12.2)", v3_1_1, "C0 (00)", malformed_packet},
    {"PINGREQ with a body (3.12.2)", v5, "C0 (00)", malformed_packet},
    {"DISCONNECT with a body (3.14.2)", v3_1_1, "E0 (00)", malformed_packet},
    {"DISCONNECT with an unknown reason [MQTT-3.14.2-1]", v5, "E0 (05)", protocol_error},
    {"DISCONNECT as not authorized (3.14.2.1)", v5, "E0 (87)", protocol_error},
    {"DISCONNECT as taken over (3.14.2.1)", v5, "E0 (8E ())", protocol_error},
    {"DISCONNECT as server moved (3.14.2.1)", v5, "E0 (9D)", protocol_error},
    {"DISCONNECT with CONNACK's reason [MQTT-3.14.2-1]", v5, "E0 (84)", protocol_error},
    {"DISCONNECT with a server reference (3.14.2.2.5)", v5, "E0 (00 (1C <'s'>))", protocol_error},
    {"DISCONNECT with session expiry twice (3.14.2.2.2)", v5, "E0 (00 (11 00000001 11 00000001))",
     protocol_error},
    {"DISCONNECT with reason string twice (3.14.2.2.3)", v5, "E0 (00 (1F <'r'> 1F <'r'>))", protocol_error},
    {"DISCONNECT with session expiry cut short (1.5.3)", v5, "E0 (00 (11 0000))", malformed_packet},
    {"DISCONNECT with a receive maximum (2.2.2.2)", v5, "E0 (00 (21 0001))", malformed_packet},
    {"DISCONNECT with an unknown property (2.2.2.2)", v5, "E0 (00 (06 00))", malformed_packet},
    {"DISCONNECT with a reason not UTF-8 [MQTT-1.5.4-1]", v5, "E0 (00 (1F <F0 82 82 AC>))", malformed_packet},
    {"DISCONNECT with properties beyond it (2.2.2.1)", v5, "E0 (00 01)", malformed_packet},
    {"DISCONNECT with bytes left over (3.14.2)", v5, "E0 (00 () 00)", malformed_packet},
    {"AUTH in 3.1.1, where its type is reserved (2.2.1)", v3_1_1, "F0 ()", malformed_packet},
    {"AUTH without reason, from a client (3.15.2.1)", v5, "F0 ()", protocol_error},
    {"AUTH with the server's reason (3.15.2.1)", v5, "F0 (00 (15 <'m'>))", protocol_error},
    {"AUTH with an unknown reason [MQTT-3.15.2-1]", v5, "F0 (1A (15 <'m'>))", protocol_error},
    {"AUTH without properties (3.15.2.2)", v5, "F0 (18)", malformed_packet},
    {"AUTH without method (3.15.2.2.2)", v5, "F0 (18 ())", protocol_error},
    {"AUTH with data but no method (3.15.2.2.3)", v5, "F0 (19 (16 <'d'>))", protocol_error},
    {"AUTH with method twice (3.15.2.2.2)", v5, "F0 (18 (15 <'m'> 15 <'m'>))", protocol_error},
    {"AUTH with data twice (3.15.2.2.3)", v5, "F0 (18 (15 <'m'> 16 <'d'> 16 <'d'>))", protocol_error},
    {"AUTH with session expiry (2.2.2.2)", v5, "F0 (18 (15 <'m'> 11 00000001))", malformed_packet},
    {"AUTH with method not UTF-8 [MQTT-1.5.4-1]", v5, "F0 (18 (15 <ED A0 80>))", malformed_packet},
    {"AUTH with bytes left over (3.15.2)", v5, "F0 (18 (15 <'m'>) 00)", malformed_packet},
};

// Adds `cases` to `corpus`, with `what` before each name and `@` in each packet replaced: `before` what
// follows it, and `after` at the end.
void add(Cases& corpus, const std::string& what, const Cases& cases, const std::string& before = "",
         const std::string& after = "") {
  std::ranges::transform(cases, std::back_inserter(corpus), [&](MalformedCase each) {
    each.name = what + each.name;
    if (each.packet.starts_with('@')) each.packet = before + each.packet.substr(1) + after;
    return each;
  });
}

}  // namespace

std::vector<MalformedCase> malformed_corpus() {
  Cases corpus;
  add(corpus, "", kFixedHeader);
  add(corpus, "CONNECT: ", kConnect);
  add(corpus, "CONNECT properties: ", kConnectProperties, "10 (<'MQTT'> 05 02 003C (", ") <'c'>)");
  add(corpus, "will properties: ", kWillProperties, "10 (<'MQTT'> 05 06 003C () <'c'> (", ") <'w'> <>)");
  add(corpus, "PUBLISH: ", kPublish);
  for (const auto& [what, first_byte] :
       {std::pair{"PUBACK: ", "40"}, {"PUBREC: ", "50"}, {"PUBREL: ", "62"}, {"PUBCOMP: ", "70"}})
    add(corpus, what, kAcknowledgements, first_byte);
  add(corpus, "", kAcknowledgementReasons);
  add(corpus, "SUBSCRIBE: ", kSubscribe);
  add(corpus, "SUBSCRIBE: ", kSubscriptions, "82 (0001 () ", ")");
  add(corpus, "UNSUBSCRIBE: ", kUnsubscribe);
  add(corpus, "", kEnd);
  return corpus;
}

}  // namespace headgate::testing
