// Messages as rows of an SQLite database, for people who want to look at data. A batch is one transaction, and a message
// that is there already changes nothing: so each is there once, whatever is killed in between.
#pragma once

#include <memory>
#include <string>

#include "tools/unbatch/sink/sink.h"

namespace headgate::tools {

class Rows : public Sink {
 public:
  // Opens the file or makes it, with its tables. Errors: io, with what SQLite says.
  [[nodiscard]] static core::Result<std::unique_ptr<Rows>> open(const std::string& path);
  ~Rows() override;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  core::Status put(const Message& message) override;
  core::Status put(const LostEntries& lost) override;
  core::Status flush() override;
  [[nodiscard]] bool is_durable() const override { return true; }

 private:
  struct State;  // hides SQLite
  explicit Rows(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace headgate::tools
