#include "broker/net/http_side.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <string_view>
#include <utility>

#include "core/text.h"

namespace headgate::broker {
namespace http = boost::beast::http;

namespace {

constexpr std::chrono::seconds kBetweenRequests{60};
constexpr std::chrono::seconds kBodyOrAnswer{30};  // for one that arrives, or is taken by the client
constexpr std::chrono::seconds kForHandler{
    11 * 60};  // longer than a method may take to connect and to be answered

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_of_http(const boost::system::error_code& failed) {
  return failed.category() == http::make_error_code(http::error::bad_method).category();
}

HttpRequest request_of(http::request<http::string_body> message, std::string peer) {
  HttpRequest request;
  request.method = view_of(message.method_string());
  request.target = view_of(message.target());
  for (const auto& field : message)
    request.headers.emplace_back(core::ascii_lowered(view_of(field.name_string())), view_of(field.value()));
  request.body = std::move(message.body());
  request.peer = std::move(peer);
  return request;
}

}  // namespace

class HttpSide::Pending {
 public:
  Pending(std::weak_ptr<HttpSide> side, uint64_t number) : side_(std::move(side)), number_(number) {}
  ~Pending() { give({500, R"({"message":"nobody has answered"})"}); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  void give(HttpAnswer answer) {
    if (const auto side = std::exchange(side_, {}).lock()) side->answer(number_, std::move(answer));
  }

 private:
  std::weak_ptr<HttpSide> side_;  // empty: answered
  uint64_t number_;
};

std::unique_ptr<HttpParser> HttpSide::make_parser() {
  auto parser = std::make_unique<HttpParser>();
  parser->header_limit(kHttpHeaderBytesMax);
  parser->body_limit(kHttpBodyBytesMax);
  return parser;
}

void HttpSide::start(std::unique_ptr<HttpParser> parser) {
  parser_ = std::move(parser);
  read_body();
}

void HttpSide::limit(std::chrono::seconds time) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this()](const Code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->owner_.is_finished()) return;
    if (self->is_waiting_) return self->fail(504, "nobody has answered in time");
    if (self->is_amid_request()) self->owner_.report("the request did not come in time");
    self->owner_.finish();
  });
}

bool HttpSide::is_amid_request() const {
  return parser_ && !parser_->is_done() && (parser_->is_header_done() || buffer_.size() > 0);
}

void HttpSide::read_header() {
  parser_ = make_parser();
  limit(kBetweenRequests);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](const Code& failed, size_t) {
                            if (self->owner_.is_finished()) return;
                            if (!failed) return self->read_body();
                            if (failed == http::error::body_limit)
                              return self->fail(413, "the body is too large");
                            if (is_of_http(failed) && failed != http::error::end_of_stream)
                              return self->fail(400, "this is no HTTP request");
                            self->owner_.finish();
                          });
}

void HttpSide::read_body() {
  limit(kBodyOrAnswer);
  version_ = parser_->get().version();
  keep_alive_ = parser_->get().keep_alive() && parser_->get().method() != http::verb::head;
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](const Code& failed, size_t) { self->on_body(failed); });
}

void HttpSide::on_body(const Code& failed) {
  if (owner_.is_finished()) return;
  if (failed == http::error::body_limit) return fail(413, "the body is too large");
  if (failed && is_of_http(failed)) return fail(400, "this is no HTTP request");
  if (failed) return owner_.finish();
  // Where the body ends is not known with any other coding (RFC 9112 section 6.3).
  const auto& request = parser_->get();
  if (request.find(http::field::transfer_encoding) != request.end() && !request.chunked())
    return fail(400, "this is no HTTP request");
  hand_over();
}

void HttpSide::hand_over() {
  const auto self = shared_from_this();
  is_waiting_ = true;
  limit(kForHandler);
  const auto pending = std::make_shared<Pending>(weak_from_this(), ++number_);
  if (!handler_) return pending->give({404, R"({"message":"there is nothing here"})"});
  handler_(request_of(parser_->release(), owner_.peer), owner_.now(),
           [pending](HttpAnswer answer) { pending->give(std::move(answer)); });
}

void HttpSide::fail(unsigned status, const char* message) {
  keep_alive_ = false;
  if (!std::exchange(is_waiting_, true)) owner_.report("HTTP " + std::to_string(status));
  answer(number_, {status, R"({"message":")" + std::string(message) + "\"}"});
}

void HttpSide::answer(uint64_t number, HttpAnswer answer) {
  if (!is_waiting_ || number != number_ || owner_.is_finished()) return;
  is_waiting_ = false;
  limit(kBodyOrAnswer);
  response_ = {};
  response_.version(version_);
  response_.result(answer.status);
  response_.set(http::field::content_type, answer.content_type);
  response_.keep_alive(keep_alive_);
  response_.body() = std::move(answer.body);
  response_.prepare_payload();
  http::async_write(stream_, response_,
                    [self = shared_from_this()](const Code& failed, size_t) { self->on_answered(failed); });
}

void HttpSide::on_answered(const Code& failed) {
  if (owner_.is_finished()) return;
  if (failed || !keep_alive_) return owner_.finish();
  read_header();
}

}  // namespace headgate::broker
