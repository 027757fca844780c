#include "tests/fuzz/columns_target.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/fuzz/must.h"
#include "tests/fuzz/script.h"
#include "tools/unbatch/columns/batch.h"
#include "upstream/payload/batch_codec.h"

namespace headgate::fuzz {
namespace {

constexpr size_t kRowsBytesMax = size_t{1} << 20;

void append_size(std::string& out, size_t size) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(size >> shift);
}

void read_batch(std::string_view input) {
  Script script(input);
  size_t head_bytes = script.byte() * size_t{256};
  head_bytes += script.byte();
  const std::string_view head = script.take(head_bytes);
  const std::string_view data = script.take(input.size());
  std::string content(tools::columns::kMagic);
  append_size(content, head.size());
  append_size(content, data.size());
  content.append(head).append(data);
  const auto rows = tools::columns::as_rows(content, kRowsBytesMax);
  must(rows ? rows->size() <= kRowsBytesMax : !rows.error().what.empty(),
       "a batch is bounded, or refused with words");
}

std::vector<store::Entry> entries_of(std::string_view bodies) {
  std::vector<store::Entry> entries;
  for (size_t at = 0; at <= bodies.size();) {
    const size_t end = std::min(bodies.find('\n', at), bodies.size());
    auto message = std::make_shared<core::Message>();
    message->topic = "t";
    message->body = bodies.substr(at, end - at);
    message->arrived_ms = static_cast<int64_t>(entries.size() * entries.size());
    entries.push_back({entries.size() + 1, std::move(message), 0, ""});
    at = end + 1;
  }
  return entries;
}

void send_through(std::string_view bodies) {
  upstream::BatchEncoder encoder(1);
  std::vector<store::Entry> entries = entries_of(bodies);
  while (entries.size() < 8) entries.push_back(entries.back());
  const upstream::BatchHeader header{"h", "e", "s", 0, 1, {}};
  const std::string rows(
      encoder.encode(header, entries, {upstream::BatchLayout::rows, upstream::BatchCompression::none})
          ->payload);
  const auto packed =
      encoder.encode(header, entries, {upstream::BatchLayout::columns, upstream::BatchCompression::none});
  const auto back = tools::columns::as_rows(packed->payload, rows.size());
  must(back && *back == rows, "a batch in columns is the same as in rows");
}

}  // namespace

void run_columns(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return choice < 0x80 ? read_batch(input) : send_through(input);
}

}  // namespace headgate::fuzz
