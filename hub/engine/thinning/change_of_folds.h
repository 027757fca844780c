// Folds of one window as one Change of the store: their entries end, their rows are appended, and one gap tells that the
// first went on in the second. A value that owns what the Change borrows.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/thinning/sweep.h"
#include "store/change.h"

namespace headgate::hub {

class ChangeOfFolds {
 public:
  // Entries that end with one Change: bounds how long the loop is kept (docs/adr/0068).
  static constexpr size_t kEndsMax = OpenWindow::kKeyEntriesMax;

  // REQUIRES: the window's folds are of this lane. `after`: see ClosedWindow.
  ChangeOfFolds(store::QueueId queue, uint8_t lane, store::Seq after)
      : queue_(queue), lane_(lane), after_(after) {}

  // False: there is no room for it in this Change. A fold that is not worth a row is passed over.
  [[nodiscard]] bool add(const Fold& fold);

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] size_t entries() const { return ends_.size(); }
  [[nodiscard]] size_t rows() const { return rows_.size(); }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }  // of the entries, as stored

  // Errors: those of QueueStore::commit(); not_found if an entry has ended meanwhile. Nothing has happened then.
  [[nodiscard]] core::Status commit(store::QueueStore& store);

 private:
  struct Row {
    core::MessagePtr message;
    store::Target target;
  };

  store::QueueId queue_;
  uint8_t lane_;
  store::Seq after_;
  std::vector<store::End> ends_;
  std::vector<Row> rows_;
  uint64_t bytes_ = 0;
};

}  // namespace headgate::hub
