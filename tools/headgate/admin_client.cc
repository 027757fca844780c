#include "tools/headgate/admin_client.h"

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "core/text.h"

namespace headgate::tools {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Generic = asio::generic::stream_protocol;
using Local = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kSocketPathBytesMax = 107;  // sun_path holds 108 with its final zero
constexpr std::chrono::seconds kAnswerTimeout{15};
constexpr size_t kStreamBufferBytes = 64 * 1024;
constexpr uint64_t kErrorBodyBytesMax = 64 * 1024;

core::Error connect_error(const HubAddress& at, const error_code& error) {
  if (at.socket.empty()) {
    return {core::Errc::unavailable,
            "no hub answers on " + at.name() + " (" + error.message() +
                "): is admin.http.port set there, and is the address reached from here?"};
  }
  if (error == asio::error::access_denied) {
    return {core::Errc::io, "the admin socket " + at.socket + " may not be opened (" + error.message() +
                                "): run as the hub's user"};
  }
  return {core::Errc::unavailable, "no hub answers on " + at.socket + " (" + error.message() +
                                       "): start headgated, or name its admin socket with --socket PATH or "
                                       "$HEADGATE_SOCKET"};
}

core::Error handshake_error(const HubAddress& at, const error_code& error) {
  if (error == beast::error::timeout)
    return {core::Errc::unavailable, at.name() + " does not end a TLS handshake within 15 s: is it a hub?"};
  return {
      core::Errc::unavailable,
      "no TLS with " + at.name() + " (" + error.message() +
          "): is the certificate for that name, is its authority named with --ca-file, and does the hub want a "
          "certificate of yours (--cert-file, --key-file)?"};
}

core::Error broken(const HubAddress& at, const error_code& error) {
  if (error == beast::error::timeout) {
    return {core::Errc::unavailable,
            "the hub on " + at.name() + " does not answer within 15 s: is it overloaded or stopped?"};
  }
  return {core::Errc::unavailable,
          "the hub on " + at.name() + " ended the conversation (" + error.message() + ")"};
}

core::Errc code_of(unsigned status) {
  switch (status) {
    case 400:
    case 401:
    case 403:
    case 405:
    case 413:
    case 415:
    case 421:
      return core::Errc::invalid;
    case 404:
      return core::Errc::not_found;
    case 503:
      return core::Errc::unavailable;
    default:
      return core::Errc::io;
  }
}

// Reads the error in an answer that is not 200.
core::Error refusal(unsigned status, const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("error") && json["error"].is_string()) {
    return {code_of(status), json["error"].get<std::string>()};
  }
  return {code_of(status), "the hub answered with HTTP status " + std::to_string(status)};
}

class Connection {
 public:
  explicit Connection(const HubAddress& at) : at_(at), stream_(io_) {}

  core::Status open() {
    if (at_.socket.size() > kSocketPathBytesMax) {
      return core::fail(core::Errc::invalid, "the admin socket's path " + at_.socket + " has " +
                                                 std::to_string(at_.socket.size()) + " bytes; allowed: 107");
    }
    error_code error;
    if (!at_.socket.empty())
      stream_.socket().connect(Generic::endpoint(Local::endpoint(at_.socket)), error);
    else
      open_tcp(error);
    if (error) return core::fail(connect_error(at_, error));
    return at_.encrypted ? encrypt() : core::Status();
  }

  // Makes one exchange, with a time limit on the whole of it, or none.
  template <typename Body>
  core::Result<std::string> exchange(const http::request<Body>& request, bool limited) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<uint64_t>::max());
    error_code failed;
    if (limited) stream_.expires_after(kAnswerTimeout);
    on_stream([&](auto& stream) {
      http::async_write(stream, request, [&](error_code write_error, size_t) {
        failed = write_error;
        if (failed) return;
        http::async_read(stream, buffer_, parser,
                         [&](error_code read_error, size_t) { failed = read_error; });
      });
    });
    io_.run();
    if (failed) return core::fail(broken(at_, failed));
    const unsigned status = parser.get().result_int();
    if (status != 200) return core::fail(refusal(status, parser.get().body()));
    return std::move(parser.get().body());
  }

  // Sends the request and reads up to the head of the answer. The stream that follows has no time limit.
  core::Status begin_stream(const http::request<http::empty_body>& request) {
    error_code error;
    head_.body_limit(kErrorBodyBytesMax);
    on_stream([&](auto& stream) {
      http::write(stream, request, error);
      if (!error) http::read_header(stream, buffer_, head_, error);
    });
    if (error) return core::fail(broken(at_, error));
    if (head_.get().result_int() == 200) return {};
    http::response_parser<http::string_body> refused(std::move(head_));
    on_stream([&](auto& stream) { http::read(stream, buffer_, refused, error); });
    return core::fail(refusal(refused.get().result_int(), refused.get().body()));
  }

  core::Status read_lines(const AdminClient::OnLine& on_line) {
    http::response_parser<http::buffer_body> body(std::move(head_));
    body.body_limit(boost::none);
    std::array<char, kStreamBufferBytes> part{};
    std::string text;
    while (!body.is_done()) {
      body.get().body().data = part.data();
      body.get().body().size = part.size();
      error_code error;
      on_stream([&](auto& stream) { http::read_some(stream, buffer_, body, error); });
      if (error && error != http::error::need_buffer) return core::fail(broken(at_, error));
      text.append(part.data(), part.size() - body.get().body().size);
      if (!take_lines(text, on_line)) return {};
    }
    return core::fail(core::Errc::unavailable, "the hub on " + at_.name() + " ended the stream");
  }

 private:
  template <typename Use>
  void on_stream(Use use) {
    if (tls_)
      use(*tls_);
    else
      use(stream_);
  }

  core::Status encrypt() {
    error_code error;
    const auto take = [&error](const std::string& file, auto load) {
      if (error || file.empty()) return core::Status();
      load(file);
      return error ? core::Status(core::fail(core::Errc::invalid, file + ": " + error.message()))
                   : core::Status();
    };
    const core::TlsFiles& files = at_.files;
    context_.set_verify_mode(asio::ssl::verify_peer);
    if (files.ca_file.empty()) context_.set_default_verify_paths(error);
    for (const core::Status& taken :
         {take(files.ca_file, [&](const auto& file) { context_.load_verify_file(file, error); }),
          take(files.cert_file, [&](const auto& file) { context_.use_certificate_chain_file(file, error); }),
          take(files.key_file, [&](const auto& file) {
            context_.use_private_key_file(file, asio::ssl::context::pem, error);
          })})
      if (!taken) return taken;
    tls_.emplace(stream_, context_);
    tls_->set_verify_callback(asio::ssl::host_name_verification(at_.host));
    error_code not_an_address;
    asio::ip::make_address(at_.host, not_an_address);
    if (not_an_address) SSL_set_tlsext_host_name(tls_->native_handle(), at_.host.c_str());
    stream_.expires_after(kAnswerTimeout);
    tls_->async_handshake(asio::ssl::stream_base::client, [&error](error_code failed) { error = failed; });
    io_.run();
    io_.restart();
    stream_.expires_never();
    return error ? core::Status(core::fail(handshake_error(at_, error))) : core::Status();
  }

  // Tries each address of the host.
  void open_tcp(error_code& error) {
    Tcp::resolver resolver(io_);
    const auto found = resolver.resolve(at_.host, at_.port, error);
    if (error) return;
    for (const auto& entry : found) {
      error_code ignored;
      stream_.socket().close(ignored);
      stream_.socket().connect(Generic::endpoint(entry.endpoint()), error);
      if (!error) return;
    }
  }

  // Hands out the whole lines of `text` and keeps the rest.
  static bool take_lines(std::string& text, const AdminClient::OnLine& on_line) {
    size_t start = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
      if (!on_line(std::string_view(text).substr(start, end - start))) return false;
      start = end + 1;
    }
    text.erase(0, start);
    return true;
  }

  HubAddress at_;
  asio::io_context io_;
  beast::basic_stream<Generic> stream_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  std::optional<asio::ssl::stream<beast::basic_stream<Generic>&>> tls_;
  beast::flat_buffer buffer_;
  http::response_parser<http::empty_body> head_;
};

template <typename Body = http::empty_body>
http::request<Body> make_request(const HubAddress& at, http::verb verb, const std::string& target) {
  http::request<Body> request(verb, target, 11);
  request.set(http::field::host, at.socket.empty() ? at.host + ":" + at.port : "headgate");
  if (!at.token.empty()) request.set(http::field::authorization, "Bearer " + at.token);
  request.keep_alive(false);
  return request;
}

}  // namespace

std::string HubAddress::name() const {
  return socket.empty() ? (encrypted ? "https://" : "http://") + host + ":" + port : socket;
}

core::Result<HubAddress> parse_hub_url(std::string_view url) {
  const auto wrong = [url](std::string_view why) {
    return core::fail(core::Errc::invalid, "the hub's URL \"" + std::string(url) + "\" " + std::string(why));
  };
  static constexpr std::string_view kPlain = "http://";
  static constexpr std::string_view kEncrypted = "https://";
  HubAddress at;
  at.encrypted = url.starts_with(kEncrypted);
  if (!at.encrypted && !url.starts_with(kPlain)) return wrong("is not http://HOST:PORT or https://HOST:PORT");
  std::string_view rest = url.substr(at.encrypted ? kEncrypted.size() : kPlain.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  at.host = rest.substr(0, has_port ? colon : std::string_view::npos);
  at.port = has_port ? rest.substr(colon + 1) : at.encrypted ? "443" : "80";
  if (at.host.starts_with('[') && at.host.ends_with(']')) at.host = at.host.substr(1, at.host.size() - 2);
  if (at.host.empty() || at.host.find_first_of("/?#@ ") != std::string::npos)
    return wrong("is not http://HOST:PORT or https://HOST:PORT");
  if (!core::parse_whole<uint16_t>(at.port)) return wrong("has no port of 1 to 65535");
  return at;
}

core::Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    const int error = errno;
    return core::fail(error == ENOENT ? core::Errc::not_found : core::Errc::io,
                      "the file of tokens " + path + " cannot be read (" + std::strerror(error) +
                          "): is admin.http.port set, or headgated started with --http?");
  }
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> found{std::istream_iterator<std::string>(words), {}};
    if (found.empty() || found.front().starts_with('#') || found.back().starts_with("sha256:")) continue;
    return found.back();
  }
  return core::fail(core::Errc::invalid, "the file of tokens " + path + " has none that is no hash");
}

core::Result<std::string> HttpAdminClient::get(const std::string& target) {
  Connection connection(at_);
  if (const core::Status opened = connection.open(); !opened) return core::fail(opened.error());
  return connection.exchange(make_request(at_, http::verb::get, target), true);
}

core::Result<std::string> HttpAdminClient::post(const std::string& target, const std::string& body) {
  Connection connection(at_);
  if (const core::Status opened = connection.open(); !opened) return core::fail(opened.error());
  auto request = make_request<http::string_body>(at_, http::verb::post, target);
  request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  return connection.exchange(request, false);
}

core::Status HttpAdminClient::stream(const std::string& target, const OnLine& on_line) {
  Connection connection(at_);
  if (const core::Status opened = connection.open(); !opened) return opened;
  if (const core::Status begun = connection.begin_stream(make_request(at_, http::verb::get, target)); !begun)
    return begun;
  return connection.read_lines(on_line);
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4u], kHex[byte & 15u]};
    }
  }
  return encoded;
}

}  // namespace headgate::tools
