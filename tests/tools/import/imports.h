// A directory with another broker's files, and what their import says and gives.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json_fwd.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/daemon/in_process.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"

namespace headgate::tools {

class ImportTest : public ::testing::Test {
 protected:
  explicit ImportTest(std::string broker) : broker_(std::move(broker)) {}

  std::string file(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    return dir_.write(name, text);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_.path() + "/" + name; }

  int import(const std::string& path, std::vector<std::string> more = {}) {
    out_.str("");
    err_.str("");
    std::vector<std::string> args = {"import", broker_, path};
    args.insert(args.end(), more.begin(), more.end());
    return run_headgate(std::move(args), out_, err_);
  }

  // The configuration as text; it has to pass the daemon's check.
  std::string imported(const std::string& text, std::vector<std::string> more = {}) {
    EXPECT_EQ(import(file("in.conf", text), std::move(more)), 0) << err_.str();
    const auto check = testing::answer_in_process({"--check", file("out.json", out_.str())});
    EXPECT_TRUE(check && check->exit_code == 0) << check->out << out_.str();
    return out_.str();
  }

  const testing::TempDir dir_;
  std::string broker_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace headgate::tools
