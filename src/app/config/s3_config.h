#pragma once

/// \file app/config/s3_config.h
/// How to reach object storage: what `landing.` and `catalog.s3.` say of it, and the
/// variables of AWS's own tools.

#include <optional>
#include <string>
#include <string_view>

#include "app/config/interpolate.h"
#include "app/config/settings.h"
#include "core/result.h"
#include "secrets/secret.h"

namespace calve::app {

/// What somebody says of a storage; what is empty is left to others.
struct S3Config {
  std::string endpoint;  // scheme, host and port
  std::string region;
  std::string access_key;
  secrets::Secret secret_key;  // set where access_key is, and the other way round
  secrets::Secret session_token;
  std::optional<bool> path_style;
  std::string ca_file;

  /// Fills from `weaker` what is empty; the keys as one, since a token of another key is
  /// worth nothing.
  void FillFrom(const S3Config& weaker);
};

/// Reads the keys `<section>endpoint` and its like.
/// \param section  `landing.` or `catalog.s3.`
/// \return kInvalidArgument: a whole sentence with where it stands and the remedy
Result<S3Config> ReadS3Keys(const Settings& settings, std::string_view section);

/// Reads AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION,
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_CA_BUNDLE.
/// \return as ReadS3Keys
Result<S3Config> ReadS3Variables(const Environment& environment);

/// Reads a profile (AWS_PROFILE, else `default`) of AWS_SHARED_CREDENTIALS_FILE and
/// AWS_CONFIG_FILE, else those in ~/.aws: its region, its endpoint and keys that stand in
/// it. Where it gets its keys in another way, they are left empty. A file that is not
/// there says nothing.
Result<S3Config> ReadAwsProfile(const Environment& environment);

}  // namespace calve::app
