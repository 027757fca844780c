// A Headgate configuration made of another broker's, as far as it has come.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace headgate::tools {

// A line of the other broker's files.
struct Place {
  std::string file;
  size_t line = 0;

  [[nodiscard]] std::string text() const { return file + ":" + std::to_string(line); }
};

struct ImportNote {
  std::string place;  // "mosquitto.conf:12"
  std::string what;   // the line, without secrets
  std::string why;    // it has no counterpart, or what is different here
};

// A secret of the other broker's file, which a hub reads from a file of its own.
struct ImportSecret {
  std::string link;
  std::string text;
};

struct Imported {
  std::string config;  // JSON text; empty after errors
  std::vector<ImportNote> notes;
  std::vector<ImportNote> errors;  // lines that the other broker would refuse, too
  std::vector<ImportSecret> secrets;

  void note(const Place& place, std::string what, std::string why) {
    notes.push_back({place.text(), std::move(what), std::move(why)});
  }
  void error(const Place& place, std::string what, std::string why) {
    errors.push_back({place.text(), std::move(what), std::move(why)});
  }
};

// The outside, for tests to be in its place.
struct ImportFiles {
  std::function<core::Result<std::string>(const std::string& path)> read;
  // Names of the files in a directory.
  std::function<core::Result<std::vector<std::string>>(const std::string& dir)> list;
  // Where the password of a link is going to be; "": nowhere, and the link is written without it.
  std::function<std::string(const std::string& link)> password_file;
};

}  // namespace headgate::tools
