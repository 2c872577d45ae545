#pragma once

/// \file io/s3/s3_upload_internal.h
/// An object on its way to S3.

#include <memory>

#include "io/object_store.h"
#include "io/s3/s3_client.h"

namespace calve::io {

/// Gathers bytes, and sends them by one PUT at Close() or, once there are more than
/// kS3PartBytes, in parts. Memory: one part.
std::unique_ptr<OutputFile> MakeS3Upload(const S3Client& client, S3Object object);

}  // namespace calve::io
