#include "app/object_storage.h"

#include <mutex>
#include <utility>

#include "io/aws/aws_credentials.h"
#include "io/local_store.h"
#include "io/s3/s3_store.h"
#include "io/system.h"

namespace calve::app {
namespace {

constexpr const char* kDefaultRegion = "us-east-1";

/// An S3 store with what it borrows.
class OwnedS3 {
 public:
  explicit OwnedS3(const S3Config& config)
      : http_(io::MakeHttpClient({.ca_file = config.ca_file})),
        store_(io::MakeS3Store(OptionsOf(config), CredentialsOf(config), *http_, clock_,
                               uuids_)) {}

  io::ObjectStore& store() { return *store_; }

 private:
  static io::S3Options OptionsOf(const S3Config& config) {
    io::S3Options options;
    options.endpoint = config.endpoint;
    options.region = config.region.empty() ? kDefaultRegion : config.region;
    options.path_style = config.path_style.value_or(!config.endpoint.empty());
    return options;
  }

  static io::S3CredentialsSource CredentialsOf(const S3Config& config) {
    if (config.access_key.empty()) {
      return io::MakeAwsCredentials();
    }
    return
        [credentials = io::S3Credentials{config.access_key, config.secret_key,
                                         config.session_token}] { return credentials; };
  }

  std::unique_ptr<io::HttpClient> http_;
  io::SystemClock clock_;
  io::SystemUuids uuids_;
  std::unique_ptr<io::ObjectStore> store_;
};

/// Whether a location is a folder or below it. Both on S3, by any of its schemes.
bool IsWithin(const io::S3Object& location, const io::S3Object& folder) {
  return location.bucket == folder.bucket &&
         (folder.key.empty() || location.key == folder.key ||
          location.key.starts_with(folder.key + "/"));
}

class ObjectStorage final : public io::ObjectStore {
 public:
  ObjectStorage(const Config& config, Environment environment)
      : landing_s3_(config.landing_s3),
        catalog_s3_(config.catalog_s3),
        environment_(std::move(environment)) {
    const auto landing = io::ParseS3Location(
        config.landing_root +
        (config.landing_prefix.empty() ? "" : "/" + config.landing_prefix));
    if (landing) {
      landing_ = *landing;
    }
    const auto warehouse =
        io::ParseS3Location(config.catalog ? config.catalog->warehouse : "");
    if (warehouse) {
      warehouse_ = *warehouse;
    }
  }

  Result<std::unique_ptr<io::InputFile>> Open(const std::string& location) override {
    CALVE_ASSIGN(io::ObjectStore* const store, StoreOf(location));
    return store->Open(location);
  }
  Result<std::unique_ptr<io::OutputFile>> Create(const std::string& location) override {
    CALVE_ASSIGN(io::ObjectStore* const store, StoreOf(location));
    return store->Create(location);
  }
  Status PutIfAbsent(const std::string& location, std::string_view bytes) override {
    CALVE_ASSIGN(io::ObjectStore* const store, StoreOf(location));
    return store->PutIfAbsent(location, bytes);
  }
  Result<std::vector<io::ObjectInfo>> List(const std::string& folder) override {
    CALVE_ASSIGN(io::ObjectStore* const store, StoreOf(folder));
    return store->List(folder);
  }
  Result<std::vector<io::ObjectInfo>> ListUnfinished(const std::string& folder) override {
    CALVE_ASSIGN(io::ObjectStore* const store, StoreOf(folder));
    return store->ListUnfinished(folder);
  }
  Status Delete(const std::string& location) override {
    CALVE_ASSIGN(io::ObjectStore* const store, StoreOf(location));
    return store->Delete(location);
  }

 private:
  Result<io::ObjectStore*> StoreOf(const std::string& location) {
    if (!io::IsS3Location(location)) {
      return &local_;
    }
    CALVE_ASSIGN(const io::S3Object object, io::ParseS3Location(location));
    const std::lock_guard lock(mutex_);
    return IsLanding(object) ? Started(landing_s3_, landing_store_)
                             : Started(catalog_s3_, catalog_store_);
  }

  /// Of two folders, one in the other, the inner one decides.
  bool IsLanding(const io::S3Object& object) const {
    if (!IsWithin(object, landing_)) {
      return false;
    }
    return !IsWithin(object, warehouse_) || IsWithin(landing_, warehouse_);
  }

  /// Requires: mutex_ is held.
  Result<io::ObjectStore*> Started(S3Config config, std::unique_ptr<OwnedS3>& owned) {
    if (owned == nullptr) {
      CALVE_ASSIGN(const S3Config profile, ReadAwsProfile(environment_));
      config.FillFrom(profile);
      owned = std::make_unique<OwnedS3>(config);
    }
    return &owned->store();
  }

  S3Config landing_s3_;
  S3Config catalog_s3_;
  Environment environment_;
  io::S3Object landing_;  // no bucket: not on S3
  io::S3Object warehouse_;
  io::LocalStore local_;
  std::mutex mutex_;  // Guards the two below.
  std::unique_ptr<OwnedS3> landing_store_;
  std::unique_ptr<OwnedS3> catalog_store_;
};

}  // namespace

std::unique_ptr<io::ObjectStore> MakeObjectStorage(const Config& config,
                                                   const Environment& environment) {
  return std::make_unique<ObjectStorage>(config, environment);
}

}  // namespace calve::app
