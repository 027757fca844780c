// A load generator that speaks MQTT 3.1.1: `loadgen MODE --name value…`, one line of JSON on success.
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>

#include "tests/bench/loadgen/generator.h"
#include "tests/bench/loadgen/options.h"
#include "tests/bench/loadgen/report.h"

namespace {

using headgate::bench::Generator;
using headgate::bench::Mode;
using headgate::bench::Options;
using headgate::bench::Report;

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void wait_for_end_of_input() {
  char ignored[256];
  while (::read(STDIN_FILENO, ignored, sizeof(ignored)) > 0) continue;
}

}  // namespace

int main(int argc, char** argv) {
  const headgate::core::Result<Options> options = headgate::bench::parse_options(argc, argv);
  if (!options) {
    std::cerr << "loadgen: " << options.error().what << "\n" << headgate::bench::usage();
    return 2;
  }
  raise_file_limit();
  Generator generator(*options);
  const headgate::core::Result<Report> report = generator.run();
  if (!report) {
    std::cerr << "loadgen: " << report.error().what << "\n";
    return 1;
  }
  std::cout << headgate::bench::to_json(argv[1], *report) << std::endl;
  if (options->mode == Mode::idle) wait_for_end_of_input();
  return 0;
}
