// Prints messages, one line of JSON each.
#pragma once

#include <ostream>

#include "tools/unbatch/sink/sink.h"

namespace headgate::tools {

class Lines : public Sink {
 public:
  // `out` must outlive it. `gaps`: print those too.
  Lines(std::ostream& out, bool gaps) : out_(out), gaps_(gaps) {}

  core::Status put(const Message& message) override {
    out_ << line_of(message) << '\n';
    return {};
  }
  core::Status put(const LostEntries& lost) override {
    if (gaps_) out_ << line_of(lost) << '\n';
    return {};
  }
  core::Status flush() override {
    out_.flush();
    return {};
  }
  [[nodiscard]] bool is_durable() const override { return false; }

 private:
  std::ostream& out_;
  const bool gaps_;
};

}  // namespace headgate::tools
