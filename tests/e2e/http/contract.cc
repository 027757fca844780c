#include "tests/e2e/http/contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace headgate::e2e {
namespace {

using Described = nlohmann::json;
using Problems = std::vector<std::string>;

// Of what is wrong before anybody knows which operation is meant.
constexpr int kOfTheDoor[] = {413, 421, 431};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_of(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "{topic}") return path.size() > i;
    if (i >= path.size() || (pattern[i] != "{name}" && pattern[i] != path[i])) return false;
  }
  return pattern.size() == path.size();
}

// Bytes of chunks, as far as they have come.
std::string without_chunks(std::string_view text) {
  std::string body;
  for (;;) {
    size_t size = 0;
    const size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return body;
    std::from_chars(text.data(), text.data() + end, size, 16);
    body.append(text.substr(end + 2, size));
    if (size == 0 || text.size() < end + 4 + size) return body;
    text.remove_prefix(end + 4 + size);
  }
}

// Files for browsers are no operations.
bool is_page(const std::string& target) {
  const std::string path = target.substr(0, target.find('?'));
  return path == "/" || path.starts_with("/console/");
}

// A request or an answer.
struct Parsed {
  std::string first;  // line
  std::map<std::string, std::string> fields;
  std::string body;
};

std::optional<Parsed> parse(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  Parsed parsed;
  for (const std::string& line : split(std::string(text.substr(0, end)), '\n')) {
    const std::string whole = line.substr(0, line.find('\r'));
    const size_t colon = whole.find(": ");
    if (parsed.first.empty())
      parsed.first = whole;
    else if (colon != std::string::npos)
      parsed.fields[lower(whole.substr(0, colon))] = whole.substr(colon + 2);
  }
  parsed.body = text.substr(end + 4);
  if (parsed.fields["transfer-encoding"] == "chunked") parsed.body = without_chunks(parsed.body);
  return parsed;
}

}  // namespace

// Compiled schemas, by their text.
struct ApiContract::Schemas {
  std::map<std::string, std::unique_ptr<valijson::Schema>> compiled;

  const valijson::Schema& of(const Described& schema, const Described& components) {
    std::unique_ptr<valijson::Schema>& known = compiled[schema.dump()];
    if (known) return *known;
    known = std::make_unique<valijson::Schema>();
    const Described whole = {{"allOf", {schema}}, {"components", components}};
    const valijson::adapters::NlohmannJsonAdapter adapter(whole);
    valijson::SchemaParser().populateSchema(adapter, *known);
    return *known;
  }
};

ApiContract::ApiContract(Described description)
    : description_(std::move(description)), schemas_(std::make_unique<Schemas>()) {}

ApiContract::~ApiContract() = default;

ApiContract& ApiContract::of_the_hub() {
  static ApiContract contract = [] {
    std::ifstream file(HEADGATE_E2E_SOURCE_DIR "/../../conf/openapi.json");
    return ApiContract(Described::parse(file));
  }();
  return contract;
}

const Described& ApiContract::resolved(const Described& node) const {
  const auto ref = node.find("$ref");
  return ref == node.end() ? node
                           : description_.at(Described::json_pointer(ref->get<std::string>().substr(1)));
}

// The one with the fewest places for names, as the hub prefers it.
ApiContract::Found ApiContract::find(const Exchange& exchange) const {
  const auto path = split(exchange.target.substr(0, exchange.target.find('?')), '/');
  const std::string method = lower(exchange.method);
  Found best;
  ptrdiff_t fewest = 0;
  for (const auto& [pattern, methods] : description_["paths"].items()) {
    if (!is_of(split(pattern, '/'), path) || !methods.contains(method)) continue;
    const ptrdiff_t names = std::ranges::count(pattern, '{');
    if (!best.path.empty() && names >= fewest) continue;
    best = {pattern, &methods[method]};
    fewest = names;
  }
  return best;
}

Problems ApiContract::problems(const Exchange& exchange) {
  const Found found = find(exchange);
  Problems problems;
  if (found.operation == nullptr) {
    if (exchange.status < 400 && !is_page(exchange.target))
      problems.push_back("it is answered, and is no operation that is described");
    return problems;
  }
  const std::string status = std::to_string(exchange.status);
  const Described& responses = (*found.operation)["responses"];
  if (!responses.contains(status)) {
    if (std::ranges::find(kOfTheDoor, exchange.status) == std::end(kOfTheDoor))
      problems.push_back("no status " + status + " is described: " + exchange.answer.substr(0, 200));
    return problems;
  }
  seen_.insert(exchange.method + " " + found.path + " " + status);
  check_answer(exchange, resolved(responses[status]), problems);
  if (exchange.status != 200) return problems;
  check_parameters(exchange, *found.operation, problems);
  check_request(exchange, *found.operation, problems);
  return problems;
}

void ApiContract::check_parameters(const Exchange& exchange, const Described& operation,
                                   Problems& problems) const {
  const size_t mark = exchange.target.find('?');
  if (mark == std::string::npos) return;
  std::map<std::string, Described> known;
  for (const Described& parameter : operation.value("parameters", Described::array()))
    if (parameter["in"] == "query") known[parameter["name"]] = parameter["schema"];
  for (const std::string& pair : split(exchange.target.substr(mark + 1), '&')) {
    const std::string name = pair.substr(0, pair.find('='));
    if (!known.contains(name)) {
      problems.push_back("the parameter " + name + " is taken, and is not described");
      continue;
    }
    if (known[name]["type"] != "integer") continue;
    const int64_t value = std::stoll(pair.substr(pair.find('=') + 1));
    if (value < known[name].value("minimum", value) || value > known[name].value("maximum", value))
      problems.push_back("the parameter " + pair + " is taken, and is out of its bounds");
  }
}

// Of many lines those that were taken.
void ApiContract::check_request(const Exchange& exchange, const Described& operation, Problems& problems) {
  if (!operation.contains("requestBody")) return;
  const Described& content = operation["requestBody"]["content"];
  const std::string type = exchange.content_type.substr(0, exchange.content_type.find(';'));
  if (!content.contains(type))
    return problems.push_back("a body of " + type + " is taken, and is not described");
  const Described& schema = content[type]["schema"];
  if (type == "application/json") {
    if (!schema.empty()) check_text(exchange.body, type, schema, problems);
    return;
  }
  const auto lines = split(exchange.body, '\n');
  const auto answers = split(exchange.answer, '\n');
  for (size_t i = 0; i < std::min(lines.size(), answers.size()); ++i)
    if (answers[i].find("\"error\"") == std::string::npos)
      check_text(lines[i], "application/json", schema, problems);
}

void ApiContract::check_answer(const Exchange& exchange, const Described& response, Problems& problems) {
  const std::string type = exchange.answer_type.substr(0, exchange.answer_type.find(';'));
  if (!response["content"].contains(type))
    return problems.push_back("an answer of " + type + " is not described");
  check_text(exchange.answer, type, response["content"][type]["schema"], problems);
}

void ApiContract::check_text(const std::string& text, std::string_view type, const Described& schema,
                             Problems& problems) {
  if (type == "application/x-ndjson") {
    for (const std::string& line : split(text, '\n')) check_text(line, "application/json", schema, problems);
    return;
  }
  if (type != "application/json") return;
  const Described document = Described::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return problems.push_back("it is no JSON: " + text.substr(0, 200));
  valijson::ValidationResults results;
  valijson::Validator validator;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (validator.validate(schemas_->of(schema, description_["components"]), adapter, &results)) return;
  for (const auto& error : results) {
    std::string place;
    for (const std::string& part : error.context) place += part;
    problems.push_back(place + ": " + error.description);
  }
}

std::vector<std::string> ApiContract::missing() const {
  Problems missing;
  for (const auto& [path, methods] : description_["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      for (const auto& [status, response] : operation["responses"].items()) {
        const std::string one = (method == "get" ? "GET " : "POST ") + path + " " + status;
        if (!seen_.contains(one)) missing.push_back(one);
      }
    }
  }
  return missing;
}

void expect_as_described(std::string_view request, std::string_view answer) {
  auto asked = parse(request);
  auto answered = parse(answer);
  if (!asked || !answered) return;
  const auto words = split(asked->first, ' ');
  if (words.size() != 3 || answered->first.size() < 12) return;
  const Exchange exchange{.method = words[0],
                          .target = words[1],
                          .content_type = asked->fields["content-type"],
                          .body = asked->body,
                          .status = std::atoi(answered->first.substr(9, 3).c_str()),
                          .answer_type = answered->fields["content-type"],
                          .answer = answered->body};
  const Problems problems = ApiContract::of_the_hub().problems(exchange);
  for (const std::string& problem : problems)
    ADD_FAILURE() << asked->first << " is not as conf/openapi.json describes it: " << problem;
}

}  // namespace headgate::e2e
