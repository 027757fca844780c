// Bytes and CPU of batches made of readings in a file: layout_bench FILE [ZSTD_LEVEL]. A line is a topic, a tab and a
// body. With 64 readings to a millisecond of arrival, as a backlog that came at full speed.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "upstream/payload/batch_codec.h"

namespace headgate::bench {
namespace {

std::vector<store::Entry> entries_of(const char* path) {
  std::vector<store::Entry> entries;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t tab = line.find('\t');
    auto message = std::make_shared<core::Message>();
    message->topic = line.substr(0, tab);
    message->body = line.substr(tab + 1);
    message->arrived_ms = 1787000000000 + static_cast<int64_t>(entries.size() / 64);
    entries.push_back({entries.size() + 1, std::move(message), 0, ""});
  }
  return entries;
}

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void measure(const std::vector<store::Entry>& entries, size_t per_batch, const upstream::BatchForm& form) {
  upstream::BatchEncoder encoder(9);
  size_t bytes = 0, messages = 0;
  double best_s = 1e9;
  for (int round = 0; round < 5; ++round) {
    bytes = messages = 0;
    const double start_s = cpu_s();
    for (size_t at = 0; at + per_batch <= entries.size(); at += per_batch) {
      const auto batch =
          encoder.encode({"site-42", "01J8ZQ4M5N6P7Q8R9S0T1V2W3X", "upstream", 10, 1787000123456, {}},
                         {&entries[at], per_batch}, form);
      bytes += batch->payload.size();
      messages += per_batch;
    }
    best_s = std::min(best_s, cpu_s() - start_s);
  }
  if (messages == 0) return;
  std::printf("%-8s %-5s level %2d %5zu a batch %8.2f B %7.3f us a message\n",
              form.layout == upstream::BatchLayout::rows ? "rows" : "columns",
              form.compression == upstream::BatchCompression::zstd ? "zstd" : "none", form.zstd_level,
              per_batch, static_cast<double>(bytes) / static_cast<double>(messages),
              best_s * 1e6 / static_cast<double>(messages));
}

}  // namespace
}  // namespace headgate::bench

int main(int count, char** arguments) {
  using namespace headgate;
  if (count < 2) return 2;
  const auto entries = bench::entries_of(arguments[1]);
  const int level = count > 2 ? std::atoi(arguments[2]) : 9;
  for (const auto layout : {upstream::BatchLayout::rows, upstream::BatchLayout::columns}) {
    for (const size_t per_batch : {size_t{100}, size_t{1000}}) {
      bench::measure(entries, per_batch, {layout, upstream::BatchCompression::zstd, level});
      bench::measure(entries, per_batch, {layout, upstream::BatchCompression::none, level});
    }
  }
}
