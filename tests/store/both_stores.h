// Tests over both kinds of store, the one in memory and the one on disk: they must behave alike.
#pragma once

#include <memory>
#include <string>

#include "tests/store/rocks/fixture.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::store {

enum class StoreKind { mem, rocks };

// For INSTANTIATE_TEST_SUITE_P.
inline const auto kBothStores = ::testing::Values(StoreKind::mem, StoreKind::rocks);
inline std::string name_of_store(const ::testing::TestParamInfo<StoreKind>& kind) {
  return kind.param == StoreKind::mem ? "Mem" : "Rocks";
}

class BothStores : public ::testing::TestWithParam<StoreKind>, protected RocksDriver {
 protected:
  BothStores() {
    if (GetParam() == StoreKind::rocks) {
      open();
    } else {
      store = std::make_unique<testing::MemQueueStore>(executor);
      store->set_events(&events);
    }
  }
  ~BothStores() override {
    if (GetParam() == StoreKind::rocks)
      expect_sound();
    else
      testing::expect_accounts_balance(*store);
  }
};

}  // namespace headgate::store
