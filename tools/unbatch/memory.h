// Memory of a reader over its runs: which messages were passed on, the chain they came in, and what is acknowledged. A
// snapshot in a few files, replaced now and then, and a journal with a line for each batch since; so a batch costs what it is, however much is
// remembered. Blocks.
#pragma once

#include <string>

#include "core/result.h"
#include "tools/unbatch/acks/acknowledger.h"
#include "tools/unbatch/chain/verifier.h"
#include "tools/unbatch/seen.h"

namespace headgate::tools {

class Memory {
 public:
  // In `path`, and beside it in `path`.chain, `path`.journal and, of a reader that acknowledges, `path`.ack; empty: nothing is
  // kept. The others are borrowed.
  Memory(std::string path, Seen& seen, ChainVerifier& verifier, Acknowledger& acknowledger);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Errors: corrupt, with the file and what to do; io.
  [[nodiscard]] core::Status load();
  // The batch is done with: remembered on return, synced. Errors: io.
  [[nodiscard]] core::Status note(const ChainLink& link);
  // Writes the snapshot and empties the journal. Errors: io.
  [[nodiscard]] core::Status save();

 private:
  [[nodiscard]] core::Status load_chain();
  [[nodiscard]] core::Status load_acknowledged();
  [[nodiscard]] core::Status replay();
  [[nodiscard]] std::string chain_path() const { return path_ + ".chain"; }
  [[nodiscard]] std::string ack_path() const { return path_ + ".ack"; }
  [[nodiscard]] std::string journal_path() const { return path_ + ".journal"; }

  const std::string path_;
  Seen& seen_;
  ChainVerifier& verifier_;
  Acknowledger& acknowledger_;
  int journal_ = -1;  // its descriptor
};

}  // namespace headgate::tools
