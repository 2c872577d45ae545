// The contract on a real server, where the environment names one;
// tests/interop/test_s3.py starts MinIO and sees that nothing is skipped.

#include <cstdlib>

#include "io/s3/s3_store.h"
#include "support/object_store_contract.h"

namespace calve::io::testing {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// A store and what it borrows; deletes what the test wrote.
struct RealS3 {
  std::unique_ptr<HttpClient> http = MakeHttpClient({});
  SystemClock clock;
  SystemUuids uuids;
  std::unique_ptr<ObjectStore> store;
  std::string root;

  RealS3() {
    const S3Credentials credentials{Variable("AWS_ACCESS_KEY_ID"),
                                    secrets::Secret(Variable("AWS_SECRET_ACCESS_KEY")),
                                    secrets::Secret(Variable("AWS_SESSION_TOKEN"))};
    store = MakeS3Store(
        {.endpoint = Variable("CALVE_TEST_S3_ENDPOINT"), .path_style = true},
        [credentials] { return credentials; }, *http, clock, uuids);
    root = "s3://" + Variable("CALVE_TEST_S3_BUCKET") + "/" + uuids.Next();
  }
  RealS3(const RealS3&) = delete;
  RealS3& operator=(const RealS3&) = delete;
  ~RealS3() {
    if (const auto left = store->List(root)) {
      for (const ObjectInfo& object : *left) {
        (void)store->Delete(object.location);
      }
    }
  }
};

StoreUnderTest S3() {
  if (Variable("CALVE_TEST_S3_ENDPOINT").empty()) {
    return {};
  }
  auto real = std::make_shared<RealS3>();
  return {.store = std::shared_ptr<ObjectStore>(real, real->store.get()),
          .root = real->root,
          .fixture = real};
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract,
                         ::testing::Values(StoreMaker{"s3", S3}), NameOfStore);

}  // namespace
}  // namespace calve::io::testing
