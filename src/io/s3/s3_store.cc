#include "io/s3/s3_store.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "io/failpoint.h"
#include "io/s3/s3_input_internal.h"
#include "io/s3/s3_upload_internal.h"
#include "io/system.h"

namespace calve::io {
namespace {

constexpr std::array<std::string_view, 3> kSchemes{"s3://", "s3a://", "s3n://"};

/// Between the key and the id of an upload.
constexpr std::string_view kUploadId = "?uploadId=";

/// An object's place; a bucket alone is none.
Result<S3Object> ParseObject(const std::string& location) {
  CALVE_ASSIGN(S3Object object, ParseS3Location(location));
  if (object.key.empty() || object.key.ends_with('/')) {
    return Error{ErrorKind::kInvalidArgument, "a folder, not an object: " + location};
  }
  return object;
}

class S3Store final : public ObjectStore {
 public:
  S3Store(S3Options options, S3CredentialsSource credentials, HttpClient& http,
          Clock& clock, UuidSource& uuids)
      : client_(std::move(options), std::move(credentials), http, clock, uuids) {}

  Result<std::unique_ptr<InputFile>> Open(const std::string& location) override {
    CALVE_ASSIGN(S3Object object, ParseObject(location));
    return OpenS3Input(client_, std::move(object));
  }

  Result<std::unique_ptr<OutputFile>> Create(const std::string& location) override {
    CALVE_ASSIGN(S3Object object, ParseObject(location));
    return MakeS3Upload(client_, std::move(object));
  }

  Status PutIfAbsent(const std::string& location, std::string_view bytes) override {
    CALVE_ASSIGN(S3Object object, ParseObject(location));
    CALVE_TRY(Failpoint("store.publish", object.text()));
    const std::string sha256 =
        Sha256Hex(bytes.substr(0, std::min<size_t>(bytes.size(), kS3PartBytes)));
    const S3Client::Request request{
        .method = "PUT",
        .object = object,
        .headers = {{"if-none-match", "*"}, {kS3HashHeader, sha256}},
        .body = bytes};
    CALVE_ASSIGN(const S3Client::Reply reply, client_.Send(request));
    if (reply.http.status == kHttpOk) {
      return Failpoint("store.published", object.text());
    }
    if (reply.http.status != kHttpPreconditionFailed) {
      return S3Client::ErrorOf(request, reply.http);
    }
    if (reply.repeated) {
      CALVE_ASSIGN(const std::string there, ReadObject(*this, location));
      if (there == bytes) {
        return Failpoint("store.published", object.text());
      }
    }
    return Error{ErrorKind::kConflict, "already exists: " + location};
  }

  Result<std::vector<ObjectInfo>> List(const std::string& folder) override {
    CALVE_ASSIGN(const S3Object prefix, ParseS3Location(folder + "/"));
    S3Client::Request request{
        .method = "GET",
        .object = {prefix.bucket, ""},
        .query = {{"list-type", "2"}, {"prefix", prefix.key}, {"encoding-type", "url"}}};
    std::vector<ObjectInfo> objects;
    do {
      CALVE_ASSIGN(const std::string body, BodyOf(request));
      CALVE_ASSIGN(const S3Listing page, ParseS3Listing(body));
      for (const S3Listing::Object& object : page.objects) {
        // Consoles make empty objects to show folders.
        if (object.key.starts_with(prefix.key) && !object.key.ends_with('/')) {
          objects.push_back(
              {.location = folder + "/" + object.key.substr(prefix.key.size()),
               .size_bytes = object.size_bytes,
               .modified_ms = object.modified_ms});
        }
      }
      request.query["continuation-token"] = page.continuation;
    } while (!request.query["continuation-token"].empty());
    // S3 lists by bytes of the key; not every server does.
    std::ranges::sort(objects, {}, &ObjectInfo::location);
    return objects;
  }

  Result<std::vector<ObjectInfo>> ListUnfinished(const std::string& folder) override {
    CALVE_ASSIGN(const S3Object prefix, ParseS3Location(folder + "/"));
    // Without a prefix: MinIO would take it for the key of one object.
    S3Client::Request request{.method = "GET",
                              .object = {prefix.bucket, ""},
                              .query = {{"uploads", ""}, {"encoding-type", "url"}}};
    std::vector<ObjectInfo> objects;
    while (true) {
      CALVE_ASSIGN(const std::string body, BodyOf(request));
      CALVE_ASSIGN(const S3Uploads page, ParseS3Uploads(body));
      for (const S3Uploads::Upload& upload : page.uploads) {
        if (upload.key.starts_with(prefix.key)) {
          objects.push_back({.location = folder + "/" +
                                         upload.key.substr(prefix.key.size()) +
                                         std::string(kUploadId) + upload.id,
                             .size_bytes = 0,
                             .modified_ms = upload.begun_ms});
        }
      }
      if (page.next_key.empty()) {
        break;
      }
      request.query["key-marker"] = page.next_key;
      request.query["upload-id-marker"] = page.next_id;
    }
    std::ranges::sort(objects, {}, &ObjectInfo::location);
    return objects;
  }

  Status Delete(const std::string& location) override {
    CALVE_ASSIGN(S3Object object, ParseObject(location));
    S3Client::Request request{.method = "DELETE", .object = std::move(object)};
    std::string& key = request.object.key;
    if (const size_t mark = key.rfind(kUploadId); mark != key.npos) {
      request.query["uploadId"] = key.substr(mark + kUploadId.size());
      key.resize(mark);
    }
    return Remove(request);
  }

 private:
  /// What a request that must be answered by 200 is answered.
  Result<std::string> BodyOf(const S3Client::Request& request) const {
    CALVE_ASSIGN(S3Client::Reply reply, client_.Send(request));
    if (reply.http.status != kHttpOk) {
      return S3Client::ErrorOf(request, reply.http);
    }
    return std::move(reply.http.body);
  }

  Status Remove(const S3Client::Request& request) const {
    CALVE_TRY(Failpoint("store.delete", request.object.text()));
    CALVE_ASSIGN(const S3Client::Reply reply, client_.Send(request));
    const int status = reply.http.status;
    const bool gone =
        status == kHttpOk || status == kHttpNoContent ||
        (status == kHttpNotFound && ParseS3Error(reply.http.body).code != "NoSuchBucket");
    return gone ? Status{} : S3Client::ErrorOf(request, reply.http);
  }

  S3Client client_;
};

}  // namespace

bool IsS3Location(const std::string& location) {
  return std::ranges::any_of(
      kSchemes, [&](std::string_view scheme) { return location.starts_with(scheme); });
}

Result<S3Object> ParseS3Location(const std::string& location) {
  for (const std::string_view scheme : kSchemes) {
    if (location.starts_with(scheme)) {
      const std::string rest = location.substr(scheme.size());
      const size_t slash = std::min(rest.find('/'), rest.size());
      if (slash > 0) {
        return S3Object{rest.substr(0, slash),
                        slash < rest.size() ? rest.substr(slash + 1) : ""};
      }
    }
  }
  return Error{ErrorKind::kInvalidArgument,
               "not a location on S3 (s3://bucket/key): " + location};
}

std::unique_ptr<ObjectStore> MakeS3Store(S3Options options,
                                         S3CredentialsSource credentials,
                                         HttpClient& http, Clock& clock,
                                         UuidSource& uuids) {
  return std::make_unique<S3Store>(std::move(options), std::move(credentials), http,
                                   clock, uuids);
}

}  // namespace calve::io
