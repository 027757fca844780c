// The description of the API (conf/openapi.json) is of this API: each operation, its parameters and its role, both ways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using Described = nlohmann::json;

Described description() {
  std::ifstream file(HEADGATE_OPENAPI_FILE);
  return Described::parse(file);
}

std::string operation_line(const AdminOperation& operation) {
  std::string line =
      std::string(operation.method) + " " + operation.path + " " + std::string(name_of(operation.role));
  std::set<std::string_view> sorted(operation.parameters.begin(), operation.parameters.end());
  for (const std::string_view parameter : sorted) line.append(" ").append(parameter);
  return line;
}

TEST(OpenApi, DescribesEachOperationOfTheServerAndNoOther) {
  std::set<std::string> served;
  for (const AdminOperation& operation : admin_operations()) served.insert(operation_line(operation));
  std::set<std::string> described;
  const Described all = description();
  for (const auto& [path, methods] : all["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string line =
          (method == "get" ? "GET " : "POST ") + path + " " + operation["x-role"].get<std::string>();
      std::set<std::string> parameters;
      for (const auto& parameter : operation.value("parameters", Described::array()))
        if (parameter["in"] == "query") parameters.insert(parameter["name"].get<std::string>());
      for (const std::string& parameter : parameters) line += " " + parameter;
      described.insert(line);
    }
  }
  EXPECT_EQ(described, served);
}

class Roles : public ::testing::Test {
 protected:
  [[nodiscard]] unsigned status_for(const AdminOperation& operation, Role role) {
    std::string target = operation.path;
    if (const size_t at = target.find("{name}"); at != std::string::npos) target.replace(at, 6, "1");
    const AdminReply reply = api_.handle(
        {std::string(operation.method), target + "?unknown=1", "", Caller{role, "anna", "127.0.0.1:1"}});
    return std::get<AdminResponse>(reply).status;
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

// An unknown parameter is refused behind the door of roles, and nothing is done.
TEST_F(Roles, ComeBeforeEverythingElseOfEachOperation) {
  for (const AdminOperation& operation : admin_operations()) {
    for (const Role role : {Role::none, Role::read, Role::operate, Role::admin}) {
      const unsigned expected = role >= operation.role ? 400 : role == Role::none ? 401 : 403;
      EXPECT_EQ(status_for(operation, role), expected) << operation.path << " as " << name_of(role);
    }
  }
  EXPECT_THAT(log_.lines(), ::testing::IsEmpty());
}

TEST_F(Roles, HealthAndReadinessSayWhatIsWrong) {
  const auto ask = [this](const std::string& target) {
    return std::get<AdminResponse>(api_.handle({"GET", target, "", Caller{Role::none, "", "x"}}));
  };
  EXPECT_EQ(ask("/healthz").status, 200u);
  EXPECT_EQ(ask("/readyz").body, R"({"ready":true,"reasons":[]})");
  hub_.stuck_ = {"writer"};
  hub_.unready_ = {{"not_writing", "no space left"}, {"stopping", "the hub was asked to end"}};
  EXPECT_EQ(ask("/healthz").status, 503u);
  EXPECT_EQ(ask("/healthz").body, R"({"stuck":["writer"]})");
  EXPECT_EQ(ask("/readyz").status, 503u);
  EXPECT_EQ(ask("/readyz").body,
            R"({"ready":false,"reasons":[{"reason":"not_writing","why":"no space left"},)"
            R"({"reason":"stopping","why":"the hub was asked to end"}]})");
}

TEST_F(Roles, TailsAreOfTopicsThatTheUserMayReceive) {
  std::vector<std::string> lines;
  const AdminReply reply = api_.handle({"GET", "/v1/tail?payload=1", "", Caller{Role::read, "anna", "x"}});
  const auto following =
      std::get<AdminStream>(reply).open([&lines](std::string line) { lines.push_back(std::move(line)); });
  hub_.publish(testing::CannedHubView::message("secret/1", "body"));
  hub_.publish(testing::CannedHubView::message("plant/1", "body"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("plant/1"));
}

TEST_F(Roles, PayloadsOfQueuesAreHiddenByTopic) {
  std::vector<std::string> lines;
  hub_.append("q", testing::CannedHubView::message("plant/0", "body"), store::kDefaultLane);
  const AdminReply reply =
      api_.handle({"GET", "/v1/queues/q/tail?payload=1", "", Caller{Role::read, "anna", "x"}});
  const auto following =
      std::get<AdminStream>(reply).open([&lines](std::string line) { lines.push_back(std::move(line)); });
  hub_.append("q", testing::CannedHubView::message("secret/1", "body"), store::kDefaultLane);
  hub_.append("q", testing::CannedHubView::message("plant/1", "body"), store::kDefaultLane);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], ::testing::AllOf(::testing::HasSubstr("secret/1"),
                                         ::testing::Not(::testing::HasSubstr("\"payload\""))));
  EXPECT_THAT(lines[1], ::testing::HasSubstr("\"payload\":\"body\""));
}

TEST_F(Roles, ChangesAreLoggedWithWhoMadeThem) {
  (void)api_.handle({"POST", "/v1/clients/pump/kick", "", Caller{Role::operate, "anna", "127.0.0.1:7"}});
  (void)api_.handle({"POST", "/v1/clients/pump/kick", ""});
  EXPECT_THAT(log_.lines(),
              ::testing::ElementsAre("admin_change who=anna from=127.0.0.1:7 what=POST /v1/clients/pump/kick",
                                     "admin_change who=owner from=socket what=POST /v1/clients/pump/kick"));
}

}  // namespace
}  // namespace headgate::hub
