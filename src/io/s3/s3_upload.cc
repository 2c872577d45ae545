#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/failpoint.h"
#include "io/s3/s3_digest.h"
#include "io/s3/s3_input_internal.h"
#include "io/s3/s3_upload_internal.h"
#include "io/system.h"

namespace calve::io {
namespace {

/// A server that fails after it has said 200 says so in the body.
Status CheckCompleted(const HttpResponse& reply) {
  if (IsS3UploadCompleted(reply.body)) {
    return {};
  }
  const S3Error said = ParseS3Error(reply.body);
  return Error{ErrorKind::kUnavailable,
               fmt::format("status {}, but the upload was not completed: {} {}",
                           reply.status, said.code, said.message)};
}

class S3Upload final : public OutputFile {
 public:
  S3Upload(const S3Client& client, S3Object object)
      : client_(client), object_(std::move(object)) {}
  S3Upload(const S3Upload&) = delete;
  S3Upload& operator=(const S3Upload&) = delete;

  ~S3Upload() override {
    if (!upload_id_.empty()) {
      // What cannot be aborted now stays hidden until maintenance aborts it.
      (void)client_
          .Send({.method = "DELETE",
                 .object = object_,
                 .query = {{"uploadId", upload_id_}}})
          .has_value();
    }
  }

  Status Write(std::string_view bytes) override {
    bytes_written_ += bytes.size();
    while (buffer_.size() + bytes.size() > kS3PartBytes) {
      const size_t fitting = kS3PartBytes - buffer_.size();
      buffer_.append(bytes.substr(0, fitting));
      bytes.remove_prefix(fitting);
      CALVE_TRY(SendPart());
    }
    buffer_.append(bytes);
    return {};
  }

  uint64_t bytes_written() const override { return bytes_written_; }

  Status Close() override {
    if (!upload_id_.empty()) {
      CALVE_TRY(SendPart());
    }
    CALVE_TRY(Failpoint("store.publish", object_.text()));
    CALVE_TRY(upload_id_.empty() ? PutWhole() : Complete());
    return Failpoint("store.published", object_.text());
  }

 private:
  /// Sends a request that must be answered by 200. \return the reply
  Result<HttpResponse> Expect(const S3Client::Request& request) {
    CALVE_ASSIGN(S3Client::Reply reply, client_.Send(request));
    if (reply.http.status != kHttpOk) {
      return S3Client::ErrorOf(request, reply.http);
    }
    return std::move(reply.http);
  }

  Status PutWhole() {
    const std::string sha256 = Sha256Hex(buffer_);
    const auto reply = Expect({.method = "PUT",
                               .object = object_,
                               .headers = {{kS3HashHeader, sha256}},
                               .body = buffer_,
                               .body_sha256 = sha256});
    return reply ? Status() : reply.error();
  }

  /// Requires: the buffer holds the first part.
  Status Start(const std::string& sha256) {
    CALVE_ASSIGN(const HttpResponse reply,
                 Expect({.method = "POST",
                         .object = object_,
                         .query = {{"uploads", ""}},
                         .headers = {{kS3HashHeader, sha256},
                                     {"x-amz-checksum-algorithm", "SHA256"}}}));
    CALVE_ASSIGN(upload_id_, ParseS3UploadId(reply.body));
    first_sha256_ = sha256;
    return {};
  }

  Status SendPart() {
    const std::string sha256 = Sha256Hex(buffer_);
    if (upload_id_.empty()) {
      CALVE_TRY(Start(sha256));
    }
    CALVE_TRY(Failpoint("store.part", object_.text()));
    const std::string checksum = Base64OfHex(sha256);
    CALVE_ASSIGN(const HttpResponse reply,
                 Expect({.method = "PUT",
                         .object = object_,
                         .query = {{"partNumber", std::to_string(parts_.size() + 1)},
                                   {"uploadId", upload_id_}},
                         .headers = {{"x-amz-checksum-sha256", checksum}},
                         .body = buffer_,
                         .body_sha256 = sha256}));
    parts_.push_back({.etag = reply.Header("etag"), .sha256 = checksum});
    buffer_.clear();
    return {};
  }

  Status Complete() {
    const std::string manifest = S3UploadManifest(parts_);
    const S3Client::Request request{.method = "POST",
                                    .object = object_,
                                    .query = {{"uploadId", upload_id_}},
                                    .body = manifest,
                                    .check = CheckCompleted};
    CALVE_ASSIGN(const S3Client::Reply reply, client_.Send(request));
    bool done = reply.http.status == kHttpOk;
    if (reply.http.status == kHttpNotFound && reply.repeated) {
      // An upload whose completion was carried out is not known any more.
      CALVE_ASSIGN(done, IsThere());
    }
    if (!done) {
      return S3Client::ErrorOf(request, reply.http);
    }
    upload_id_.clear();
    return {};
  }

  /// Whether the object is what was sent.
  Result<bool> IsThere() const {
    CALVE_ASSIGN(const S3Client::Reply reply,
                 client_.Send({.method = "HEAD", .object = object_}));
    return reply.http.status == kHttpOk &&
           reply.http.Header("content-length") == std::to_string(bytes_written_) &&
           reply.http.Header(kS3HashHeader) == first_sha256_;
  }

  const S3Client& client_;  // Outlives this upload.
  S3Object object_;
  std::string buffer_;
  std::string upload_id_;     // empty: not in parts, or over
  std::string first_sha256_;  // of the first part
  std::vector<S3Part> parts_;
  uint64_t bytes_written_ = 0;
};

}  // namespace

std::unique_ptr<OutputFile> MakeS3Upload(const S3Client& client, S3Object object) {
  return std::make_unique<S3Upload>(client, std::move(object));
}

}  // namespace calve::io
