// A twin: what is desired of a device or module, and what it reports, each with a version. Pure; changes are whole or none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

class TwinDocument {
 public:
  // Holds nothing, in version 1.
  TwinDocument();
  // Reads what text() wrote. Error: corrupt.
  [[nodiscard]] static core::Result<TwinDocument> read(std::string_view text);
  TwinDocument(TwinDocument&&) noexcept;
  TwinDocument& operator=(TwinDocument&&) noexcept;
  ~TwinDocument();

  // {"desired":{…,"$version":n},"reported":{…,"$version":n}}
  [[nodiscard]] std::string text() const;
  [[nodiscard]] int64_t reported_version() const;

  // Merges a patch of a client into what is reported. Error: invalid, for its sender to read.
  core::Status report(std::string_view patch);
  // Replaces what is reported. False: it says that already. Error: invalid.
  core::Result<bool> set_reported(std::string_view properties);

  // Tells a client what it is to be.
  struct Push {
    int64_t version = 0;
    std::string body;  // the patch with "$version"
  };
  // Merges a patch of an operator into what is desired. Error: invalid.
  core::Result<Push> patch_desired(std::string_view patch);
  // Replaces what is desired. Nothing is told if nothing is another. Error: invalid.
  core::Result<std::optional<Push>> set_desired(std::string_view properties);

 private:
  struct Sections;
  std::unique_ptr<Sections> sections_;
};

}  // namespace headgate::hub
