#pragma once

/// \file io/s3/s3_store.h
/// Objects on S3, and on servers that speak its API. Locations: `s3://bucket/key`; `s3a`
/// and `s3n`, as Hadoop writes them, are the same.

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "io/object_store.h"
#include "io/s3/s3_client.h"

namespace calve::io {

/// A store whose objects become visible, whole, at Close(): by one PUT, or by the
/// completion of an upload in parts. An upload that is not closed is aborted; one whose
/// process died stays hidden on the server until the bucket's rules, or maintenance,
/// abort it. ListUnfinished names uploads `s3://bucket/key?uploadId=…`, and Delete aborts
/// what has such a name.
///
/// PutIfAbsent is a PUT with `If-None-Match: *`; a refusal after a reply was lost is held
/// against the object's bytes: the same bytes are ours.
///
/// `http`, `clock` and `uuids` outlive the store.
std::unique_ptr<ObjectStore> MakeS3Store(S3Options options,
                                         S3CredentialsSource credentials,
                                         HttpClient& http, Clock& clock,
                                         UuidSource& uuids);

/// Whether a location is one of S3, by its scheme.
bool IsS3Location(const std::string& location);

/// The bucket and key of a location; kInvalidArgument for any other scheme, or without a
/// bucket. The key may be empty.
Result<S3Object> ParseS3Location(const std::string& location);

}  // namespace calve::io
