#include "hub/http/pages.h"

#include <algorithm>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <cctype>

namespace headgate::hub {
namespace {

namespace zlib = boost::beast::zlib;

// RFC 1952: what stands before and behind the compressed bytes, where there is neither a name nor a comment.
constexpr size_t kGzipHead = 10;
constexpr size_t kGzipTail = 8;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view cut_up_to(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return trimmed(part);
}

// "q=0", "q=0.000": not at all.
bool is_weightless(std::string_view parameter) {
  if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) return false;
  return parameter.size() > 2 && parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

bool is_named(std::string_view coding, std::string_view name) {
  return std::ranges::equal(
      coding, name, [](unsigned char one, unsigned char other) { return std::tolower(one) == other; });
}

}  // namespace

const Page* find_page(std::span<const Page> pages, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const auto found = std::ranges::find(pages, path, &Page::path);
  return found == pages.end() ? nullptr : &*found;
}

std::string inflated(const Page& page) {
  std::string bytes(page.bytes, '\0');
  if (page.gzip.size() < kGzipHead + kGzipTail) return {};
  const std::string_view deflated = page.gzip.substr(kGzipHead, page.gzip.size() - kGzipHead - kGzipTail);
  zlib::z_params step;
  step.next_in = deflated.data();
  step.avail_in = deflated.size();
  step.next_out = bytes.data();
  step.avail_out = bytes.size();
  zlib::inflate_stream stream;
  boost::system::error_code error;
  stream.write(step, zlib::Flush::finish, error);
  bytes.resize(step.total_out);
  return bytes;
}

std::string entity_tag(const Page& page, bool as_gzip) {
  return "\"" + std::string(page.hash) + (as_gzip ? "-gzip\"" : "\"");
}

// Whether "gzip" is named decides; only where it is not, "*" does.
bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    std::string_view parameters = cut_up_to(accept_encoding, ',');
    const std::string_view coding = cut_up_to(parameters, ';');
    bool is_accepted = true;
    while (!parameters.empty()) is_accepted = !is_weightless(cut_up_to(parameters, ';')) && is_accepted;
    if (is_named(coding, "gzip") || is_named(coding, "x-gzip")) return is_accepted;
    if (coding == "*") any = is_accepted;
  }
  return any;
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    std::string_view one = cut_up_to(if_none_match, ',');
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

}  // namespace headgate::hub
