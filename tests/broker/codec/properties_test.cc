#include "broker/codec/properties.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/broker/codec/wire_text.h"

namespace headgate::broker {
namespace {

using testing::wire;
using enum PropertyPlace;

const std::set<PropertyPlace> kAllPlaces = {connect, will,        connack,  publish,    ack, subscribe,
                                            suback,  unsubscribe, unsuback, disconnect, auth};

struct Row {
  const char* bytes;  // one well-formed property
  std::set<PropertyPlace> places;
};

// MQTT 5.0 table 2-4, typed again.
const std::map<int, Row> kTable = {
    {0x01, {"01 01", {publish, will}}},
    {0x02, {"02 00000001", {publish, will}}},
    {0x03, {"03 <'t'>", {publish, will}}},
    {0x08, {"08 <'t'>", {publish, will}}},
    {0x09, {"09 <'t'>", {publish, will}}},
    {0x0B, {"0B 01", {publish, subscribe}}},
    {0x11, {"11 00000001", {connect, connack, disconnect}}},
    {0x12, {"12 <'t'>", {connack}}},
    {0x13, {"13 0001", {connack}}},
    {0x15, {"15 <'t'>", {connect, connack, auth}}},
    {0x16, {"16 <'t'>", {connect, connack, auth}}},
    {0x17, {"17 01", {connect}}},
    {0x18, {"18 00000001", {will}}},
    {0x19, {"19 01", {connect}}},
    {0x1A, {"1A <'t'>", {connack}}},
    {0x1C, {"1C <'t'>", {connack, disconnect}}},
    {0x1F, {"1F <'t'>", {connack, ack, suback, unsuback, disconnect, auth}}},
    {0x21, {"21 0001", {connect, connack}}},
    {0x22, {"22 0001", {connect, connack}}},
    {0x23, {"23 0001", {publish}}},
    {0x24, {"24 01", {connack}}},
    {0x25, {"25 01", {connack}}},
    {0x26, {"26 <'k'> <'v'>", kAllPlaces}},
    {0x27, {"27 00000001", {connect, connack}}},
    {0x28, {"28 01", {connack}}},
    {0x29, {"29 01", {connack}}},
    {0x2A, {"2A 01", {connack}}},
};

ReasonCode read(const std::string& properties, PropertyPlace place, Sender sender) {
  const std::string packet = wire("(" + properties + ")");
  Reader reader(packet);
  PropertyReader section(reader, place, sender);
  for (Property property; section.next(property);) continue;
  return section.status();
}

// With the one of the two senders that may use the property there.
ReasonCode read_from_either(const std::string& properties, PropertyPlace place) {
  const ReasonCode from_client = read(properties, place, Sender::client);
  return from_client == ReasonCode::success ? from_client : read(properties, place, Sender::server);
}

TEST(Properties, StandOnlyWhereTheTableAllows) {  // MQTT 5.0 table 2-4, section 2.2.2.2
  for (const auto& [id, row] : kTable) {
    for (const PropertyPlace place : kAllPlaces) {
      const auto expected = row.places.contains(place) ? ReasonCode::success : ReasonCode::malformed_packet;
      EXPECT_EQ(read_from_either(row.bytes, place), expected) << id << " in " << static_cast<int>(place);
    }
  }
}

TEST(Properties, StandOnceButForUserPropertiesAndABrokersSubscriptionIdentifiers) {
  for (const auto& [id, row] : kTable) {
    for (const PropertyPlace place : row.places) {
      const bool repeats = id == 0x26 || (id == 0x0B && place == publish);
      const auto expected = repeats ? ReasonCode::success : ReasonCode::protocol_error;
      const std::string twice = std::string(row.bytes) + row.bytes;
      EXPECT_EQ(read_from_either(twice, place), expected) << id << " in " << static_cast<int>(place);
    }
  }
}

TEST(Properties, OfUnknownKindsAreMalformedEverywhere) {
  for (int id = 0; id < 256; ++id) {
    if (kTable.contains(id)) continue;
    std::string section(1, static_cast<char>(id));
    section += std::string(8, '\1');
    const std::string packet = std::string(1, static_cast<char>(section.size())) + section;
    for (const PropertyPlace place : kAllPlaces) {
      Reader reader(packet);
      EXPECT_NE(skip_properties(reader, place, nullptr), ReasonCode::success) << id;
    }
  }
}

TEST(Properties, HaveASender) {  // [MQTT-3.3.4-6] [MQTT-3.14.2-2]
  EXPECT_EQ(read("0B 01", publish, Sender::client), ReasonCode::protocol_error);
  EXPECT_EQ(read("0B 01 0B 02", publish, Sender::server), ReasonCode::success);
  EXPECT_EQ(read("1C <'s'>", disconnect, Sender::client), ReasonCode::protocol_error);
  EXPECT_EQ(read("11 00000001", disconnect, Sender::server), ReasonCode::protocol_error);
}

TEST(Properties, KeepToTheirValues) {
  for (const char* zero : {"21 0000", "27 00000000", "17 02", "19 02"})
    EXPECT_EQ(read(zero, connect, Sender::client), ReasonCode::protocol_error) << zero;
  for (const char* flag : {"24 02", "25 02", "28 FF", "29 02", "2A 02"})
    EXPECT_EQ(read(flag, connack, Sender::server), ReasonCode::protocol_error) << flag;
  EXPECT_EQ(read("0B 00", publish, Sender::server), ReasonCode::protocol_error);
  EXPECT_EQ(read("01 02", publish, Sender::client), ReasonCode::protocol_error);
}

TEST(Properties, LeaveThePacketBehindTheSection) {
  const std::string packet = wire("(1F <'why'>) 'next'");
  Reader reader(packet);
  std::string_view why;
  EXPECT_EQ(skip_properties(reader, ack, &why), ReasonCode::success);
  EXPECT_EQ(why, "why");
  EXPECT_EQ(reader.rest(), "next");
}

TEST(MessageProperties, BecomeTheCoresOnlyIfThereAreAny) {
  MessageProperties properties;
  properties.expiry_s = 60;
  EXPECT_EQ(to_core(properties), nullptr) << "the expiry is the message's own";
  properties.content_type = "text/plain";
  properties.user = {{"b", "1"}, {"a", "2"}, {"b", "3"}};
  const auto copy = to_core(properties);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->content_type, "text/plain");
  EXPECT_EQ(copy->user, (std::vector<core::UserProperty>{{"b", "1"}, {"a", "2"}, {"b", "3"}}));
}

}  // namespace
}  // namespace headgate::broker
