#include "tools/bench/command.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "tools/bench/generator.h"
#include "tools/bench/options.h"
#include "tools/bench/progress.h"
#include "tools/bench/report.h"
#include "tools/interrupt.h"

namespace headgate::tools {
namespace {

constexpr int kFailed = 1;

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// A line on the terminal that is written over; nothing where standard error is something else.
class ProgressBar {
 public:
  ProgressBar(std::ostream& err, bool wanted)
      : err_(err), shown_(wanted && &err == &std::cerr && ::isatty(STDERR_FILENO) == 1) {}

  void show(const bench::Progress& progress) {
    if (!shown_) return;
    winsize window{};
    ::ioctl(STDERR_FILENO, TIOCGWINSZ, &window);
    const size_t columns = window.ws_col > 1 ? window.ws_col - 1U : 79;
    err_ << kClearLine << bench::progress_line(progress, columns) << std::flush;
  }
  void clear() {
    if (shown_) err_ << kClearLine << std::flush;
  }

 private:
  static constexpr const char* kClearLine = "\r\x1b[K";
  std::ostream& err_;
  const bool shown_;
};

}  // namespace

int run_bench(const std::vector<std::string>& args, std::ostream& out, std::ostream& err) {
  const auto process_id = static_cast<uint32_t>(::getpid());
  const bench::Parsed parsed = bench::parse_options(args, process_id, out, err);
  if (!parsed.options) return parsed.exit_code;
  const bench::Options& options = *parsed.options;
  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets whose peer may be gone

  const Interrupt interrupt;
  ProgressBar bar(err, options.progress);
  bench::Generator generator(options, process_id,
                             {Interrupt::requested, [&](const auto& progress) { bar.show(progress); }});
  const core::Result<bench::Report> report = generator.run();
  bar.clear();
  if (!report) {
    err << "headgate bench: " << address_of(options) << ": " << report.error().what << '\n';
    return kFailed;
  }
  const bool told = !options.json && report->connected > 0;
  if (options.json) out << to_json(options, *report) << std::endl;
  if (told) print_report(out, options, *report);
  for (const auto& [what, count] : report->errors) {
    if (told) break;
    err << "headgate bench: " << address_of(options) << ": " << what << " (" << count << " of "
        << report->clients << " clients)\n";
  }
  return report->complete ? 0 : kFailed;
}

}  // namespace headgate::tools
