// conf/acknowledgement.schema.json, by which notices of consumers are judged.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "routing/schema/schema.h"

namespace headgate::testing {

class AcknowledgementSchema {
 public:
  // `conf`: the directory.
  explicit AcknowledgementSchema(const std::string& conf) {
    std::ifstream file(conf + "/acknowledgement.schema.json");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    compiled_ = routing::compile_schema(text, "acknowledgement.schema.json");
    EXPECT_TRUE(compiled_.schema) << (compiled_.findings.empty() ? "" : compiled_.findings.front().what);
  }
  [[nodiscard]] bool takes(std::string_view notice) {
    return compiled_.schema != nullptr &&
           checker_.check(*compiled_.schema, notice, &why_) == routing::Conformance::yes;
  }
  // Of the last one that it did not take.
  [[nodiscard]] std::string why() const { return why_.text(); }

 private:
  routing::CompiledSchema compiled_;
  routing::SchemaChecker checker_;
  routing::Violation why_;
};

}  // namespace headgate::testing
