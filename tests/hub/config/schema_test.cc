// Files that are made from the table of keys.
#include "hub/config/schema/schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace headgate::hub {
namespace {

std::string committed(const std::string& name) {
  std::ifstream file(std::filesystem::path(HEADGATE_CONF_FILE).replace_filename(name));
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Generated, SchemaIsThatOfTheKeys) {
  EXPECT_EQ(committed("headgate.schema.json"), config_schema()) << "tools/dev generate writes it anew";
}

TEST(Generated, ExampleIsThatOfTheKeys) {
  EXPECT_EQ(committed("headgate.json"), config_example()) << "tools/dev generate writes it anew";
}

TEST(Generated, SchemaHasTheFormOfEachKindOfKey) {
  const nlohmann::json schema = nlohmann::json::parse(config_schema());
  const nlohmann::json& keys = schema["properties"];
  EXPECT_EQ(keys["log"]["properties"]["level"]["enum"], nlohmann::json({"debug", "info", "warn", "error"}));
  EXPECT_EQ(keys["admin"]["properties"]["http"]["properties"]["port"]["maximum"], 65535);
  EXPECT_EQ(keys["store"]["properties"]["bytes_max"]["oneOf"][1]["$ref"], "#/$defs/size");
  EXPECT_EQ(keys["upstream"]["properties"]["password"]["$ref"], "#/$defs/secret");
  EXPECT_EQ(keys["links"]["additionalProperties"]["required"], nlohmann::json({"host"}));
  EXPECT_EQ(keys["listeners"]["items"]["additionalProperties"], false);
}

}  // namespace
}  // namespace headgate::hub
