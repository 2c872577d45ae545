#pragma once

/// \file io/s3/s3_reply.h
/// What S3 says in XML: errors, listings, uploads. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace calve::io {

/// An `<Error>`; both empty if the text is none.
struct S3Error {
  std::string code;     // NoSuchKey
  std::string message;  // for people
};
S3Error ParseS3Error(const std::string& xml);

/// A page of ListObjectsV2, asked for with `encoding-type=url`.
struct S3Listing {
  struct Object {
    std::string key;  // decoded
    uint64_t size_bytes = 0;
    std::optional<int64_t> modified_ms;  // since the Unix epoch
  };
  std::vector<Object> objects;
  std::string continuation;  // empty: this was the last page
};
/// kCorrupt if the text is no listing.
Result<S3Listing> ParseS3Listing(const std::string& xml);

/// A page of ListMultipartUploads, asked for with `encoding-type=url`.
struct S3Uploads {
  struct Upload {
    std::string key;  // decoded
    std::string id;
    std::optional<int64_t> begun_ms;  // since the Unix epoch
  };
  std::vector<Upload> uploads;
  std::string next_key;  // decoded; empty: this was the last page
  std::string next_id;
};
/// kCorrupt if the text is no list of uploads.
Result<S3Uploads> ParseS3Uploads(const std::string& xml);

/// The upload's id in the reply to CreateMultipartUpload; kCorrupt.
Result<std::string> ParseS3UploadId(const std::string& xml);

/// Whether the text is the reply of a multipart upload that was completed: one that
/// failed may come with status 200 too.
bool IsS3UploadCompleted(const std::string& xml);

struct S3Part {
  std::string etag;
  std::string sha256;  // base64
};

/// The body of CompleteMultipartUpload. \param parts  1, 2, …
std::string S3UploadManifest(const std::vector<S3Part>& parts);

}  // namespace calve::io
