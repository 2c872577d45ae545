#pragma once

/// \file io/s3/s3_input_internal.h
/// An object of S3 that is read.

#include <memory>
#include <string>

#include "core/result.h"
#include "io/object_store.h"
#include "io/s3/s3_client.h"

namespace calve::io {

/// What Calve writes in one request; larger objects go in parts of this size. S3 allows
/// 10,000 of them: 80 GB.
inline constexpr uint64_t kS3PartBytes = uint64_t{8} * 1024 * 1024;

/// The user metadata of each object that Calve writes: the SHA-256, in hex, of its first
/// kS3PartBytes. Unlike S3's own checksums it comes with every reply, of every server.
inline constexpr const char* kS3HashHeader = "x-amz-meta-calve-sha256";

/// Opens an object and reads its first bytes, which is all of a small one.
///
/// Bytes come in blocks, which are kept (32 MiB a file), and no block is given out that
/// is not what was written, as far as that can be known: the first by kS3HashHeader or,
/// where the object is another writer's and small, by its ETag; later ones of Calve's by
/// the checksums that S3 keeps of its parts.
///
/// \return kNotFound; kUnavailable; kCorrupt if the bytes stay wrong
Result<std::unique_ptr<InputFile>> OpenS3Input(const S3Client& client, S3Object object);

}  // namespace calve::io
