// The description of the API (conf/openapi.json) as a judge: of what is asked and answered over HTTP, and of what never was.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::e2e {

// A request and its answer.
struct Exchange {
  std::string method = "GET";
  std::string target;
  std::string content_type = {};
  std::string body = {};
  int status = 200;
  std::string answer_type = "application/json";
  std::string answer = {};
};

class ApiContract {
 public:
  explicit ApiContract(nlohmann::json description);
  ~ApiContract();
  ApiContract(const ApiContract&) = delete;
  ApiContract& operator=(const ApiContract&) = delete;

  // Of conf/openapi.json: one for the process, so that missing() knows what all its tests have seen.
  [[nodiscard]] static ApiContract& of_the_hub();

  // In what an exchange is not as it is described. Its operation and status have been seen.
  [[nodiscard]] std::vector<std::string> problems(const Exchange& exchange);
  // Operations with statuses that are described and were not seen: "GET /v1/queues 403".
  [[nodiscard]] std::vector<std::string> missing() const;

  [[nodiscard]] const nlohmann::json& description() const { return description_; }

 private:
  struct Schemas;
  struct Found {
    std::string path;  // "/v1/queues/{name}"; empty: there is no such operation
    const nlohmann::json* operation = nullptr;
  };

  [[nodiscard]] Found find(const Exchange& exchange) const;
  void check_parameters(const Exchange& exchange, const nlohmann::json& operation,
                        std::vector<std::string>& problems) const;
  void check_request(const Exchange& exchange, const nlohmann::json& operation,
                     std::vector<std::string>& problems);
  void check_answer(const Exchange& exchange, const nlohmann::json& response,
                    std::vector<std::string>& problems);
  void check_text(const std::string& text, std::string_view type, const nlohmann::json& schema,
                  std::vector<std::string>& problems);
  [[nodiscard]] const nlohmann::json& resolved(const nlohmann::json& node) const;

  nlohmann::json description_;
  std::set<std::string> seen_;
  std::unique_ptr<Schemas> schemas_;
};

// Holds what was sent and came back, byte for byte, to the description; a test that fails otherwise.
void expect_as_described(std::string_view request, std::string_view answer);

}  // namespace headgate::e2e
