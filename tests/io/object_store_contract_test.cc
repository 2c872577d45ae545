#include "support/object_store_contract.h"

#include "io/local_store.h"
#include "support/memory_store.h"
#include "support/temp_folder.h"

namespace calve::io::testing {
namespace {

StoreUnderTest Local() {
  auto folder = std::make_shared<calve::testing::TempFolder>();
  return {.store = std::make_shared<LocalStore>(),
          .root = "file://" + folder->path(),
          .fixture = folder};
}

StoreUnderTest Memory() {
  return {.store = std::make_shared<MemoryStore>(), .root = "memory://test"};
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract,
                         ::testing::Values(StoreMaker{"local", Local},
                                           StoreMaker{"memory", Memory}),
                         NameOfStore);

}  // namespace
}  // namespace calve::io::testing
