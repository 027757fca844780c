#include "routing/evaluation/message_fields.h"

#include <gtest/gtest.h>

#include "tests/support/content_types.h"

namespace headgate::routing {
namespace {

using ValueKind = Value::Kind;

class MessageView : public ::testing::Test {
 protected:
  MessageView() {
    message_.topic = "plant/7";
    message_.body =
        R"({"t":5,"s":"a","b":true,"n":null,"o":{"x":1},"l":[{"y":2}],"dup":1,"dup":2,"big":18446744073709551615})";
  }

  void set_source(core::Source source) {
    message_.source = std::make_shared<core::Source>(std::move(source));
  }
  void set_content(std::string type, std::string encoding) {
    properties_.content_type = std::move(type);
    properties_.content_encoding = std::move(encoding);
  }
  MessageFields& fields() {
    message_.properties = std::make_shared<core::Properties>(properties_);
    fields_.bind(message_);
    return fields_;
  }
  std::string system(std::string_view name) {
    const Value value = fields().system_property(name);
    return value.is(ValueKind::string) ? std::string(value.text) : "(none)";
  }
  Value body(std::string_view path, BodyMode mode = BodyMode::auto_detect) {
    return fields().body(*parse_body_path(path), mode);
  }
  bool sees_body(BodyMode mode) { return body("t", mode).is(ValueKind::number); }

  core::Message message_;
  core::Properties properties_;
  MessageFields fields_;
};

TEST_F(MessageView, FindsTheFirstApplicationPropertyInAnyCase) {
  properties_.user = {{"Temp", "1"}, {"temp", "2"}, {"empty", ""}};
  EXPECT_EQ(fields().property("TEMP").text, "1");
  EXPECT_TRUE(fields().property("empty").is(ValueKind::string));
  EXPECT_TRUE(fields().property("other").is(ValueKind::undefined));
}

TEST_F(MessageView, NamesItsSender) {
  EXPECT_EQ(system("connectionDeviceId"), "(none)");
  set_source({"client-1", "", ""});
  EXPECT_EQ(system("connectionDeviceId"), "client-1");
  EXPECT_EQ(system("connectionModuleId"), "(none)");
  set_source({"client-1", "edge", "sensor"});
  EXPECT_EQ(system("CONNECTIONDEVICEID"), "edge");
  EXPECT_EQ(system("connectionModuleId"), "sensor");
}

TEST_F(MessageView, TakesModuleAndOutputFromTheTopic) {
  message_.topic = "modules/sensor/outputs/raw/fast";
  EXPECT_EQ(system("connectionModuleId"), "sensor");
  EXPECT_EQ(system("outputName"), "raw/fast");
  EXPECT_EQ(system("topic"), "modules/sensor/outputs/raw/fast");
}

TEST_F(MessageView, NeverTrustsASenderWhoNamesHimself) {
  properties_.user = {{"$.cdid", "other"}, {"$.cmid", "other"}, {"connectionDeviceId", "other"}};
  EXPECT_EQ(system("connectionDeviceId"), "(none)");
  EXPECT_EQ(system("connectionModuleId"), "(none)");
}

TEST_F(MessageView, ReadsSystemPropertiesOfTheBag) {
  properties_.user = {
      {"$.mid", "m-1"}, {"$.cid", "c-1"}, {"$.uid", "u"}, {"$.schema", "s"}, {"$.ct", "application/json"},
      {"$.ce", "utf-8"}};
  EXPECT_EQ(system("messageId"), "m-1");
  EXPECT_EQ(system("correlationId"), "c-1");
  EXPECT_EQ(system("cid"), "c-1");
  EXPECT_EQ(system("userId"), "u");
  EXPECT_EQ(system("messageSchema"), "s");
  EXPECT_EQ(system("contentType"), "application/json");
  EXPECT_EQ(system("nothing"), "(none)");
  EXPECT_TRUE(sees_body(BodyMode::declared));
}

TEST_F(MessageView, FallsBackToCorrelationData) {
  properties_.correlation_data = "abc";
  EXPECT_EQ(system("correlationId"), "abc");
}

TEST_F(MessageView, WritesTheTimeOfArrivalInUtc) {
  message_.arrived_ms = 1'785'585'600'007;
  EXPECT_EQ(system("enqueuedTime"), "2026-08-01T12:00:00.007Z");
  message_.arrived_ms = 0;
  EXPECT_EQ(system("enqueuedTime"), "1970-01-01T00:00:00.000Z");
}

struct Declaration {
  const char* type;
  const char* encoding;
  bool declared;
  bool automatic;
};

TEST_F(MessageView, ShowsBodiesByTheirDeclaration) {
  constexpr Declaration kDeclarations[] = {{"application/json", "utf-8", true, true},
                                           {"Application/JSON", "UTF-8", true, true},
                                           {"application/json", "", false, true},
                                           {"", "", false, true},
                                           {"", "utf-8", false, true},
                                           {"application/json; charset=utf-8", "utf-8", false, true},
                                           {"application/senml+json", "", false, true},
                                           {"text/plain", "", false, false},
                                           {"text/plain", "utf-8", false, false},
                                           {"application/json", "gzip", false, false},
                                           {"application/json", "us-ascii", false, false}};
  for (const Declaration& d : kDeclarations) {
    set_content(d.type, d.encoding);
    EXPECT_EQ(sees_body(BodyMode::declared), d.declared) << d.type << ' ' << d.encoding;
    EXPECT_EQ(sees_body(BodyMode::auto_detect), d.automatic) << d.type << ' ' << d.encoding;
  }
}

TEST_F(MessageView, ShowsBodiesThatTheirContentTypeCallsJson) {
  for (const auto& [type, is_json] : testing::kContentTypes) {
    set_content(std::string(type), "");
    EXPECT_EQ(sees_body(BodyMode::auto_detect), is_json) << type;
  }
}

TEST_F(MessageView, TakesTheFormatIndicatorForAnEncoding) {
  set_content("application/json", "");
  properties_.payload_is_utf8 = true;
  EXPECT_TRUE(sees_body(BodyMode::declared));
}

TEST_F(MessageView, GivesBodyValuesTheirTypes) {
  EXPECT_EQ(body("t").number, 5);
  EXPECT_EQ(body("s").text, "a");
  EXPECT_TRUE(body("b").truth);
  EXPECT_TRUE(body("n").is(ValueKind::null));
  EXPECT_TRUE(body("o").is(ValueKind::undefined));
  EXPECT_TRUE(body("l").is(ValueKind::undefined));
  EXPECT_EQ(body("l[0].y").number, 2);
  EXPECT_EQ(body("dup").number, 2);
  EXPECT_EQ(body("big").number, 18446744073709551615.0);
  for (const char* missing : {"x", "T", "t.x", "l[1].y", "o[0]", "l.y", "n.x"})
    EXPECT_TRUE(body(missing).is(ValueKind::missing)) << missing;
}

TEST_F(MessageView, ReadsUtf16AndUtf32) {
  const auto widen = [](std::string_view text, size_t width, bool big) {
    std::string out;
    for (const char c : text) {
      std::string unit(width, '\0');
      unit[big ? width - 1 : 0] = c;
      out += unit;
    }
    return out;
  };
  for (const size_t width : {2u, 4u}) {
    set_content("application/json", width == 2 ? "utf-16" : "utf-32");
    message_.body = widen(R"({"t":5})", width, false);
    EXPECT_TRUE(sees_body(BodyMode::declared)) << width;
    message_.body = (width == 2 ? std::string("\xFE\xFF") : std::string("\0\0\xFE\xFF", 4)) +
                    widen(R"({"t":5})", width, true);
    EXPECT_TRUE(sees_body(BodyMode::declared)) << width;
  }
  set_content("application/json", "utf-16");
  message_.body = std::string("{\0\"\0s\0\"\0:\0\"\0\x3D\xD8\x00\xDE\"\0}\0", 20);
  EXPECT_EQ(body("s").text, "😀");
}

TEST_F(MessageView, ForgetsTheLastMessage) {
  EXPECT_TRUE(sees_body(BodyMode::auto_detect));
  message_.body = "no json";
  EXPECT_FALSE(sees_body(BodyMode::auto_detect));
  message_.body = "\xEF\xBB\xBF{\"t\":1}";
  EXPECT_TRUE(sees_body(BodyMode::auto_detect));
}

TEST(BodyPath, IsNamesWithAnIndexEach) {
  EXPECT_EQ(parse_body_path("a.b[2].c"), (BodyPath{{"a", {}}, {"b", 2}, {"c", {}}}));
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a[]", "a[x]", "a[-1]", "a[1][2]", "[1]", "a[1]b",
                          "a]", "a[1:2]", "a[99999999999]"}) {
    EXPECT_FALSE(parse_body_path(bad)) << bad;
  }
}

TEST_F(MessageView, CountsTopicLevelsFromBothEnds) {
  message_.topic = "plant//7/temp";
  const auto level = [&](int count) {
    const Value value = fields().topic_level(count);
    return value.is(ValueKind::string) ? std::string(value.text) : "(none)";
  };
  EXPECT_EQ(level(1), "plant");
  EXPECT_EQ(level(2), "");
  EXPECT_EQ(level(4), "temp");
  EXPECT_EQ(level(5), "(none)");
  EXPECT_EQ(level(-1), "temp");
  EXPECT_EQ(level(-2), "7");
  EXPECT_EQ(level(-4), "plant");
  EXPECT_EQ(level(-5), "(none)");
  EXPECT_EQ(level(0), "(none)");
  message_.topic = "one";
  EXPECT_EQ(level(1), "one");
  EXPECT_EQ(level(-1), "one");
}

class Payload : public MessageView {
 protected:
  Value payload(std::string bytes) {
    message_.body = std::move(bytes);
    return fields().payload(BodyMode::auto_detect);
  }
};

TEST_F(Payload, IsTheValueOfABodyThatIsNoObject) {
  EXPECT_EQ(payload("23.5").number, 23.5);
  EXPECT_EQ(payload(" -4\r\n").number, -4);
  EXPECT_EQ(payload("123456789012345678901234567890").number, 123456789012345678901234567890.0);
  EXPECT_TRUE(payload("true").truth);
  EXPECT_TRUE(payload("null").is(ValueKind::null));
  EXPECT_EQ(payload("\"on\"").text, "on");
}

TEST_F(Payload, IsTextWhereItIsNoJson) {
  for (const char* text :
       {"ON", "23,5", "+5", "NaN", "007", "-", "{not json", "[INFO] started", "\xEF\xBC\x91"})
    EXPECT_EQ(payload(text).text, text);
}

TEST_F(Payload, HasNoValueForObjectsArraysNothingAndBytes) {
  for (const char* text : {"{\"a\":1}", "[1,2]", "", "  ", "\xFF\xFE"})
    EXPECT_TRUE(payload(text).is(ValueKind::undefined)) << text;
}

TEST_F(Payload, DoesNotCareForTheContentTypeButForTheEncoding) {
  set_content("text/plain", "");
  EXPECT_EQ(payload("23.5").number, 23.5);
  set_content("text/plain", "utf-16");
  EXPECT_EQ(payload(std::string("7\0.\0005\0", 6)).number, 7.5);
  set_content("text/plain", "gzip");
  EXPECT_TRUE(payload("23.5").is(ValueKind::undefined));
}

class BodyText : public MessageView {
 protected:
  std::string json(std::string_view path) {
    return std::string(fields().body_json(*parse_body_path(path), BodyMode::auto_detect));
  }
};

TEST_F(BodyText, IsJsonOfAnyValue) {
  message_.body =
      R"({"s":"a\"b\u0001","o":{"x": 1, "y": [true, null]},"n":null,"big":18446744073709551615,"d":21.10,"s":"c"})";
  EXPECT_EQ(json("s"), R"("c")");
  EXPECT_EQ(json("o"), R"({"x":1,"y":[true,null]})");
  EXPECT_EQ(json("o.y[0]"), "true");
  EXPECT_EQ(json("n"), "null");
  EXPECT_EQ(json("big"), "18446744073709551615");
  EXPECT_EQ(json("d"), "21.10");
  EXPECT_EQ(json("nothing"), "");
}

TEST_F(BodyText, EscapesWhatJsonDemands) {
  message_.body = R"({"s":"a\"b\\c\u0001\n"})";
  EXPECT_EQ(json("s"), R"("a\"b\\c\u0001\n")");
}

TEST_F(BodyText, IsTheBodyItselfWithoutAPath) {
  message_.body = " {\"a\": 1.50 }\n";
  EXPECT_EQ(fields().body_json({}, BodyMode::auto_detect), "{\"a\": 1.50 }");
  message_.body = "[1]";
  EXPECT_EQ(fields().body_json({}, BodyMode::auto_detect), "");
}

TEST_F(BodyText, StaysGoodUntilTheNextMessage) {
  MessageFields& view = fields();
  const std::string_view first = view.body_json(*parse_body_path("s"), BodyMode::auto_detect);
  const std::string_view second = view.body_json(*parse_body_path("o"), BodyMode::auto_detect);
  EXPECT_EQ(first, "\"a\"");
  EXPECT_EQ(second, "{\"x\":1}");
}

}  // namespace
}  // namespace headgate::routing
