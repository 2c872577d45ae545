#pragma once

/// \file io/aws/aws_credentials.h
/// Credentials where nobody gives keys: AWS's own chain, as AWS's own SDK walks it.

#include "io/s3/s3_client.h"

namespace calve::io {

/// Credentials of the SDK's chain: environment, profile (role, process and SSO too), web
/// identity, container and instance. The SDK starts with the first request, and fetches
/// new credentials before the old ones expire. \return from the source: kInvalidArgument
/// if the chain has none
S3CredentialsSource MakeAwsCredentials();

}  // namespace calve::io
