// Heads of the HTTP server's requests and answers. Pure.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/admin/api.h"
#include "hub/http/door.h"
#include "hub/http/pages.h"

namespace headgate::hub {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpAnswer = boost::beast::http::response<boost::beast::http::span_body<const char>>;

// Fields that the API looks at, with names in lower case.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fields_of(const HttpRequest& request);
// Points into `request`.
[[nodiscard]] Knock knock_of(const HttpRequest& request);
// Empty: the request is clear about who asks.
[[nodiscard]] std::string_view why_unclear(const HttpRequest& request);
// Nobody knows where its body ends, for its last coding is not chunked (RFC 9112 section 6.1): what comes behind it is no request.
[[nodiscard]] bool has_unclear_body(const HttpRequest& request);
[[nodiscard]] bool wants_events(const HttpRequest& request);

// Answers without their bodies. Every answer has fields that keep browsers from what other origins could do with it.
[[nodiscard]] HttpAnswer head_of(const AdminResponse& response);
// A stream of chunks begins so; with the empty line.
[[nodiscard]] std::string stream_head(std::string_view content_type);
// Chunk of such a stream. REQUIRES: !bytes.empty().
[[nodiscard]] std::string chunk_of(std::string_view bytes);

// A page, or that the browser has it already. Its body is either the page's own, or was made for this answer.
struct PageAnswer {
  HttpAnswer head;
  std::string made = {};
  std::string_view there = {};
};
[[nodiscard]] PageAnswer answer_of(const Page& page, const HttpRequest& request);

}  // namespace headgate::hub
