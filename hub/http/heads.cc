#include "hub/http/heads.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

namespace headgate::hub {
namespace {

namespace http = boost::beast::http;
using Field = std::pair<std::string_view, std::string_view>;

constexpr std::array<Field, 3> kOfEveryAnswer = {{{"X-Content-Type-Options", "nosniff"},
                                                  {"Referrer-Policy", "no-referrer"},
                                                  {"Cross-Origin-Resource-Policy", "same-origin"}}};

// A page runs scripts of this server alone, talks to this server alone, makes nothing of markup, and is in nobody's frame.
constexpr std::array<Field, 2> kOfPages = {
    {{"Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
      "trusted-types 'none'"},
     {"Cross-Origin-Opener-Policy", "same-origin"}}};

void add(HttpAnswer& answer, const Field& field) { answer.set(field.first, field.second); }

// A browser asks each time whether its copy is that of the hub that answers now.
HttpAnswer page_head(const Page& page, const std::string& tag, bool as_gzip, bool is_known) {
  HttpAnswer answer;
  answer.result(is_known ? http::status::not_modified : http::status::ok);
  answer.set(http::field::etag, tag);
  answer.set(http::field::cache_control, "no-cache");
  answer.set(http::field::vary, "Accept-Encoding");
  if (!is_known) answer.set(http::field::content_type, page.content_type);
  if (!is_known && as_gzip) answer.set(http::field::content_encoding, "gzip");
  for (const Field& field : kOfEveryAnswer) add(answer, field);
  for (const Field& field : kOfPages) add(answer, field);
  return answer;
}

// A field that comes twice does not count: whoever stands before this server may have read the other.
std::string_view only(const HttpRequest& request, http::field field) {
  return request.count(field) == 1 ? std::string_view(request[field]) : std::string_view();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> fields_of(const HttpRequest& request) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& field : request) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name == "content-type" || name == "idempotency-key" || name.starts_with("headgate-"))
      fields.emplace_back(std::move(name), std::string(field.value()));
  }
  return fields;
}

Knock knock_of(const HttpRequest& request) {
  return {request.method_string(),
          request.target(),
          only(request, http::field::host),
          request[http::field::origin],
          request[http::field::authorization],
          only(request, http::field::content_type),
          only(request, http::field::cookie)};
}

std::string_view why_unclear(const HttpRequest& request) {
  if (request.count(http::field::authorization) > 1) return "there are several tokens";
  if (request.count(http::field::origin) > 1) return "there are several origins";
  return {};
}

bool has_unclear_body(const HttpRequest& request) {
  return request.count(http::field::transfer_encoding) > 0 && !request.chunked();
}

bool wants_events(const HttpRequest& request) {
  return std::string_view(request[http::field::accept]).find("text/event-stream") != std::string_view::npos;
}

HttpAnswer head_of(const AdminResponse& response) {
  HttpAnswer answer;
  answer.result(response.status);
  answer.set(http::field::content_type, response.content_type);
  answer.set(http::field::cache_control, "no-store");
  if (response.status == 429) answer.set(http::field::retry_after, "1");
  if (response.status == 401) answer.set(http::field::www_authenticate, "Bearer");
  for (const Field& field : kOfEveryAnswer) add(answer, field);
  return answer;
}

std::string stream_head(std::string_view content_type) {
  std::string head("HTTP/1.1 200 OK\r\nContent-Type: ");
  head.append(content_type).append("\r\nCache-Control: no-store\r\n");
  for (const auto& [name, value] : kOfEveryAnswer)
    head.append(name).append(": ").append(value).append("\r\n");
  return head.append("Transfer-Encoding: chunked\r\n\r\n");
}

std::string chunk_of(std::string_view bytes) {
  char size[2 * sizeof(size_t) + 3];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size).append(bytes).append("\r\n");
}

PageAnswer answer_of(const Page& page, const HttpRequest& request) {
  const bool as_gzip = accepts_gzip(request[http::field::accept_encoding]);
  const std::string tag = entity_tag(page, as_gzip);
  const bool is_known = names_tag(request[http::field::if_none_match], tag);
  PageAnswer answer{page_head(page, tag, as_gzip, is_known)};
  if (is_known) return answer;
  if (as_gzip)
    answer.there = page.gzip;
  else
    answer.made = inflated(page);
  return answer;
}

}  // namespace headgate::hub
