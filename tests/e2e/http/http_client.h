// One HTTP request on a connection of its own, byte for byte as it is told to.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/e2e/http/contract.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {

struct HttpAnswer {
  int status = 0;  // 0: there was none
  std::string head;
  std::string body;
};

[[nodiscard]] inline HttpAnswer parse_answer(const std::string& text) {
  HttpAnswer answer;
  if (!text.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::atoi(text.substr(9, 3).c_str());
  const size_t end = text.find("\r\n\r\n");
  answer.head = text.substr(0, end);
  if (end != std::string::npos) answer.body = text.substr(end + 4);
  return answer;
}

// Sends `bytes` and reads until the server closes; `Connection: close` is the caller's. What comes has to be as
// conf/openapi.json describes it.
[[nodiscard]] inline HttpAnswer ask(uint16_t port, std::string_view bytes,
                                    std::chrono::milliseconds patience = kPatience) {
  RawSocket socket(port);
  socket.send(bytes);
  (void)socket.is_closed_by_peer(patience);
  expect_as_described(bytes, socket.received());
  return parse_answer(socket.received());
}

struct HttpHead {
  std::string method = "GET";
  std::string target = "/v1/status";
  std::string token = {};
  std::string host = "localhost";
  std::string more = {};  // further lines, each with its end
};

[[nodiscard]] inline std::string request(const HttpHead& head, std::string_view body = {}) {
  std::string text = head.method + " " + head.target + " HTTP/1.1\r\nConnection: close\r\n";
  if (!head.host.empty()) text += "Host: " + head.host + "\r\n";
  if (!head.token.empty()) text += "Authorization: Bearer " + head.token + "\r\n";
  text += head.more;
  if (!body.empty() || head.method == "POST")
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

}  // namespace headgate::e2e
