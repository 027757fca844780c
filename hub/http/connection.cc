#include "hub/http/connection.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "hub/admin/call.h"
#include "hub/http/heads.h"
#include "hub/http/stream.h"

namespace headgate::hub {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Generic = asio::generic::stream_protocol;
using boost::system::error_code;

class Connection : public HttpConnection,
                   public broker::HandshakeOwner,
                   public std::enable_shared_from_this<Connection> {
 public:
  Connection(const std::shared_ptr<Entrance>& entrance, Generic::socket socket, std::string from)
      : entrance_(entrance),
        from_(std::move(from)),
        stream_(std::move(socket)),
        judge_(stream_.get_executor()),
        buffer_(kBufferBytes) {}

  void start() {
    const auto entrance = entrance_.lock();
    if (!entrance || !entrance->tls) return read();
    error_code failed;
    Generic::socket& socket = stream_.plain().socket();
    socket.non_blocking(true, failed);
    if (failed) return close();
    handshake_ = std::make_unique<broker::TlsHandshake>(entrance->tls->context(), socket.native_handle(),
                                                        broker::CertificateIdentity::none);
    end_handshake_in_time(entrance->limits);
    wait_for_handshake(Generic::socket::wait_read);
  }

  // While a worker takes a step of the handshake the socket is its own.
  void close() override {
    if (closed_) return;
    closed_ = true;
    subscription_.reset();
    if (const auto stop = std::exchange(stop_, nullptr)) stop();
    judge_.cancel();
    if (!stepping_) stream_.plain().close();
    const auto entrance = entrance_.lock();
    if (!entrance) return;
    leave_events(*entrance);
    entrance->connections.erase(shared_from_this());
  }

  [[nodiscard]] std::optional<int64_t> idle_since_ms() const override {
    return buffer_.size() == 0 ? idle_since_ms_ : std::nullopt;
  }

  void look_again(const Door& door) override {
    if ((subscription_ || followed_) && !door.still_knows(caller_)) close();
  }

  [[nodiscard]] bool wants_handshake() const override { return !closed_; }

  void on_handshake(std::unique_ptr<broker::TlsHandshake> handshake) override {
    stepping_ = false;
    if (closed_) return stream_.plain().close();
    handshake_ = std::move(handshake);
    switch (handshake_->then()) {
      case broker::TlsHandshake::Then::want_read:
        return wait_for_handshake(Generic::socket::wait_read);
      case broker::TlsHandshake::Then::want_write:
        return wait_for_handshake(Generic::socket::wait_write);
      case broker::TlsHandshake::Then::failed:
        complain_of_handshake(handshake_->error());
        return close();
      case broker::TlsHandshake::Then::done:
        judge_.cancel();
        stream_.encrypt(handshake_->take());
        handshake_.reset();
        return read();
    }
  }

 private:
  static constexpr size_t kBufferBytes = 64 * 1024;  // of input beyond the parser's own
  static constexpr size_t kEventBytesAtATime = 64 * 1024;

  void end_handshake_in_time(const AdminLimits& limits) {
    judge_.expires_after(std::chrono::seconds(limits.idle_timeout_s));
    judge_.async_wait([weak = weak_from_this()](error_code cancelled) {
      const auto self = weak.lock();
      if (!cancelled && self && !self->stream_.is_encrypted()) self->close();
    });
  }

  void wait_for_handshake(Generic::socket::wait_type what) {
    stream_.plain().socket().async_wait(what, [self = shared_from_this()](error_code failed) {
      const auto entrance = self->entrance_.lock();
      if (failed || !entrance || self->closed_) return self->close();
      self->stepping_ = true;
      entrance->tls->handshakes().step(std::move(self->handshake_), self);
    });
  }

  void complain_of_handshake(const std::string& why) {
    const auto entrance = entrance_.lock();
    if (!entrance) return;
    if (const auto left_out = entrance->failed_handshakes.admit(address(), entrance->api.now()))
      entrance->log.warn("http_handshake_failed",
                         {{"peer", from_}, {"reason", why}, {"left_out", *left_out}});
  }

  [[nodiscard]] std::string address() const { return from_.substr(0, from_.rfind(':')); }

  void read() {
    const auto entrance = entrance_.lock();
    if (!entrance) return;
    parser_.emplace();
    head_only_ = false;
    parser_->header_limit(entrance->limits.header_bytes_max);
    parser_->body_limit(entrance->limits.body_bytes_max);
    expect_progress(*entrance);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, size_t) { self->on_head(error); });
  }

  // Who asks is judged before the body is taken in: nobody's 4 MiB are held for whom nobody knows.
  void on_head(error_code error) {
    const auto entrance = entrance_.lock();
    if (!entrance || closed_) return;
    idle_since_ms_.reset();
    if (error) return on_request(error);
    const HttpRequest& request = parser_->get();
    head_only_ = request.method() == http::verb::head;
    if (has_unclear_body(request))
      return respond(failed(400, "Transfer-Encoding is none that ends with chunked"), false);
    if (const Page* page = find_page(entrance->pages, request.target()))
      return on_page_asked(*entrance, *page, request);
    auto caller = who_asks(*entrance, request);
    if (auto* refused = std::get_if<AdminResponse>(&caller)) return respond(std::move(*refused), false);
    caller_ = std::get<Caller>(std::move(caller));
    if (caller_.role == Role::none && !parser_->is_done()) return respond(nobody(caller_), false);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code failed, size_t) { self->on_request(failed); });
  }

  // Nobody is asked for a token, for a browser has none before it has the page that takes it.
  void on_page_asked(const Entrance& entrance, const Page& page, const HttpRequest& request) {
    auto turned_away = entrance.door ? entrance.door->turn_away(knock_of(request)) : std::nullopt;
    if (turned_away) return respond(*std::move(turned_away), false);
    const bool keep_alive = request.keep_alive() && parser_->is_done();
    if (!head_only_ && request.method() != http::verb::get)
      return respond(failed(405, "\"" + std::string(request.target()) + "\" takes GET or HEAD only"),
                     keep_alive);
    PageAnswer answer = answer_of(page, request);
    answer_ = std::move(answer.head);
    body_ = std::move(answer.made);
    write_answer(body_.empty() ? answer.there : body_, keep_alive);
  }

  void expect_progress(const Entrance& entrance) {
    stream_.plain().expires_after(std::chrono::seconds(entrance.limits.idle_timeout_s));
  }

  void on_request(error_code error) {
    const auto entrance = entrance_.lock();
    if (!entrance || closed_) return;
    if (error == http::error::body_limit || error == http::error::header_limit) {
      return respond(failed(error == http::error::body_limit ? 413 : 431, "the request is too large"), false);
    }
    if (error && error.category() == http::make_error_code(http::error::end_of_stream).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return respond(failed(400, "not HTTP: " + error.message()), false);
    }
    if (error) return close();
    dispatch(*entrance, parser_->release());
  }

  void dispatch(Entrance& entrance, HttpRequest request) {
    const bool keep_alive = request.keep_alive();
    AdminRequest asked{std::string(request.method_string()), std::string(request.target()),
                       std::move(request.body()), std::move(caller_)};
    asked.fields = fields_of(request);
    if (entrance.door) asked.caller.from = from_;
    AdminReply reply = entrance.api.handle(asked);
    if (auto* response = std::get_if<AdminResponse>(&reply)) {
      const std::string cookie = cookie_for(entrance, *response, asked.caller, request);
      return respond(std::move(*response), keep_alive, cookie);
    }
    if (const auto* later = std::get_if<AdminLater>(&reply)) return await(*later, keep_alive);
    auto& stream = std::get<AdminStream>(reply);
    caller_ = asked.caller;
    stream_.plain().expires_never();
    if (caller_.until_ms)
      stream_.plain().expires_after(
          std::chrono::milliseconds(*caller_.until_ms - entrance.api.now().wall_ms));
    if (wants_events(request)) return start_events(entrance, asked, request["Last-Event-ID"], stream);
    start_stream(std::move(stream));
  }

  std::string cookie_for(Entrance& entrance, const AdminResponse& response, const Caller& caller,
                         const HttpRequest& request) const {
    if (!entrance.door || response.session == SessionStep::none) return {};
    if (response.session == SessionStep::begin)
      entrance.log.info("http_signed_in", {{"who", caller.user}, {"peer", from_}});
    return entrance.door->cookie_for(response, request[http::field::authorization]);
  }

  [[nodiscard]] std::variant<Caller, AdminResponse> who_asks(Entrance& entrance,
                                                             const HttpRequest& request) const {
    if (!entrance.door) return Caller();
    if (const auto why = why_unclear(request); !why.empty()) return failed(400, why);
    auto answer = entrance.door->admit(knock_of(request), entrance.api.now().wall_ms);
    const auto* refused = std::get_if<AdminResponse>(&answer);
    if (refused != nullptr && refused->status == 401) complain(entrance);
    return answer;
  }

  void complain(Entrance& entrance) const {
    if (const auto left_out = entrance.wrong_tokens.admit(address(), entrance.api.now()))
      entrance.log.warn("http_token_refused", {{"peer", from_}, {"left_out", *left_out}});
  }

  void respond(AdminResponse response, bool keep_alive, const std::string& cookie = {}) {
    answer_ = head_of(response);
    if (!cookie.empty()) answer_.set(http::field::set_cookie, cookie);
    body_ = std::move(response.body);
    write_answer(body_, keep_alive);
  }

  // `body` lives as long as this connection, or longer.
  void write_answer(std::string_view body, bool keep_alive) {
    const auto entrance = entrance_.lock();
    if (!entrance) return;
    answer_.keep_alive(keep_alive);
    if (answer_.result() != http::status::not_modified) answer_.content_length(body.size());
    if (!head_only_) answer_.body() = {body.data(), body.size()};
    expect_progress(*entrance);
    http::async_write(stream_, answer_, [self = shared_from_this(), keep_alive](error_code error, size_t) {
      if (error) return self->close();
      if (!keep_alive) return self->say_good_bye();
      self->read_next();
    });
  }

  void read_next() {
    if (const auto entrance = entrance_.lock()) idle_since_ms_ = entrance->api.now().mono_ms;
    read();
  }

  void say_good_bye() {
    if (!stream_.is_encrypted() || closed_) return close();
    stream_.async_good_bye([self = shared_from_this()](error_code) { self->close(); });
  }

  // The work goes on though the client may go away meanwhile, unless it can be stopped: then its end is watched for, and the
  // answer is the last on this connection.
  void await(const AdminLater& later, bool keep_alive) {
    stream_.plain().expires_never();
    stop_ = later.stop;
    if (stop_) watch_for_end();
    later.start([weak = weak_from_this(), keep_alive = keep_alive && !stop_](AdminResponse response) {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      self->stop_ = nullptr;
      self->respond(std::move(response), keep_alive);
    });
  }

  // Chunks of whole lines (RFC 9112 section 7.1) until the client goes away.
  void begin_chunks(std::string_view content_type) {
    writing_ = stream_head(content_type);
    write_stream();
    watch_for_end();
  }

  void start_stream(AdminStream admin_stream) {
    begin_chunks("application/x-ndjson");
    subscription_ = admin_stream.open([weak = weak_from_this()](std::string line) {
      if (const auto self = weak.lock()) self->on_line(std::move(line));
    });
  }

  // Nothing is expected from the client any more, so a completed read is its end (or its misbehaviour).
  void watch_for_end() {
    stream_.async_read_some(asio::buffer(&ignored_byte_, 1),
                            [self = shared_from_this()](error_code, size_t) { self->close(); });
  }

  void on_line(std::string line) {
    const auto entrance = entrance_.lock();
    if (closed_ || overrun_ || !entrance) return;
    const AdminLimits& limits = entrance->limits;
    if (pending_.size() + line.size() > limits.stream_burst_bytes_max) return drop_slow_client(*entrance);
    pending_.append(line).push_back('\n');
    if (writing_.empty()) return write_pending();
    if (pending_.size() > limits.stream_bytes_max) judge_later(limits);
  }

  // Goes on with the stream that the reader has followed before, if it is still there.
  void start_events(Entrance& entrance, const AdminRequest& asked, std::string_view last_id,
                    AdminStream& stream) {
    followed_ = entrance.deserted.take(last_id, asked.target, asked.caller.user, entrance.api.now().mono_ms,
                                       read_up_to_);
    if (!followed_) {
      pending_ = EventStream::resumed(last_id);
      std::string name =
          std::to_string(entrance.api.now().wall_ms) + "-" + std::to_string(++entrance.streams_begun);
      followed_ = std::make_shared<Followed>(
          Followed{asked.target, asked.caller.user, {std::move(name), entrance.limits.stream_bytes_max}});
    }
    begin_chunks("text/event-stream");
    followed_->on_event = [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->writing_.empty()) self->write_events();
    };
    if (followed_->subscription) return;
    followed_->subscription = stream.open([weak = std::weak_ptr(followed_)](std::string line) {
      const auto followed = weak.lock();
      if (!followed) return;
      followed->events.add(std::move(line));
      followed->on_event();
    });
  }

  void write_events() {
    if (closed_ || !followed_) return;
    pending_ = followed_->events.take(read_up_to_, kEventBytesAtATime);
    if (!pending_.empty()) write_pending();
  }

  // A reader that knows the id of an event may come again.
  void leave_events(Entrance& entrance) {
    if (!followed_ || read_up_to_ == 0) return followed_.reset();
    entrance.deserted.add(std::move(followed_), entrance.api.now().mono_ms);
    if (!entrance.deserted_end) entrance.deserted_end = std::make_unique<asio::steady_timer>(entrance.io);
    entrance.deserted_end->expires_after(std::chrono::milliseconds(Deserted::kKeptMs));
    entrance.deserted_end->async_wait([weak = entrance_](error_code cancelled) {
      const auto still = weak.lock();
      if (still && !cancelled) still->deserted.end_due(still->api.now().mono_ms);
    });
  }

  // Much may come in one turn of the loop, before the socket was offered any of it: time tells who is slow.
  void judge_later(const AdminLimits& limits) {
    if (std::exchange(judging_, true)) return;
    judge_.expires_after(std::chrono::milliseconds(limits.stream_behind_ms));
    judge_.async_wait([weak = weak_from_this()](error_code cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->closed_) return;
      self->judging_ = false;
      const auto entrance = self->entrance_.lock();
      if (entrance && self->pending_.size() > entrance->limits.stream_bytes_max)
        self->drop_slow_client(*entrance);
    });
  }

  // The hub never waits for a client. Closing is posted: this runs inside the subscription's callback.
  void drop_slow_client(Entrance& entrance) {
    overrun_ = true;
    entrance.log.warn("admin_stream_dropped", {{"reason", "the client reads too slowly"},
                                               {"bytes_waiting", pending_.size()},
                                               {"bytes_max", entrance.limits.stream_bytes_max}});
    asio::post(entrance.io, [self = shared_from_this()] { self->close(); });
  }

  void write_pending() {
    writing_ = chunk_of(pending_);
    pending_.clear();
    write_stream();
  }

  void write_stream() {
    asio::async_write(stream_, asio::buffer(writing_), [self = shared_from_this()](error_code error, size_t) {
      self->writing_.clear();
      if (error) return self->close();
      if (!self->pending_.empty()) return self->write_pending();
      self->write_events();
    });
  }

  std::weak_ptr<Entrance> entrance_;
  std::string from_;
  HttpStream stream_;
  asio::steady_timer judge_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<int64_t> idle_since_ms_;
  Caller caller_;  // of the request that is being read, or of the stream
  bool head_only_ = false;
  HttpAnswer answer_;
  std::string body_;  // its own, unless it is a page's
  std::unique_ptr<Subscription> subscription_;
  std::function<void()> stop_;          // of an answer that is worked on
  std::shared_ptr<Followed> followed_;  // a stream of events
  uint64_t read_up_to_ = 0;             // number of the last of them that was sent
  std::string pending_;                 // whole lines that wait for the write in progress
  std::string writing_;                 // being written; empty when no write is in progress
  char ignored_byte_ = 0;
  std::unique_ptr<broker::TlsHandshake> handshake_;  // until it is done, and while no worker has it
  bool stepping_ = false;                            // a worker has it
  bool judging_ = false;                             // judge_ is running
  bool overrun_ = false;
  bool closed_ = false;
};

}  // namespace

void serve(const std::shared_ptr<Entrance>& entrance, asio::generic::stream_protocol::socket socket,
           std::string from) {
  const auto connection = std::make_shared<Connection>(entrance, std::move(socket), std::move(from));
  entrance->connections.insert(connection);
  connection->start();
}

}  // namespace headgate::hub
