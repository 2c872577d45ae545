#include "io/aws/aws_credentials.h"

#include <memory>
#include <string>

#include <arrow/filesystem/s3fs.h>
#include <arrow/status.h>

namespace calve::io {
namespace {

/// The SDK, once a process: it can't be started again after its end, and must be ended
/// before the libraries' own static objects are.
class Sdk {
 public:
  Sdk() {
    arrow::fs::S3GlobalOptions options;
    options.log_level = arrow::fs::S3LogLevel::Off;
    started_ = arrow::fs::InitializeS3(options);
    if (started_.ok()) {
      chain_ = std::make_unique<arrow::fs::S3Options>(arrow::fs::S3Options::Defaults());
    }
  }
  Sdk(const Sdk&) = delete;
  Sdk& operator=(const Sdk&) = delete;
  ~Sdk() {
    chain_.reset();
    (void)arrow::fs::EnsureS3Finalized();
  }

  Result<S3Credentials> Get() const {
    if (!started_.ok()) {
      return Error{ErrorKind::kUnavailable,
                   "AWS's SDK does not start: " + started_.message()};
    }
    while (true) {
      S3Credentials credentials{
          .access_key = chain_->GetAccessKey(),
          .secret_key = secrets::Secret(chain_->GetSecretKey()),
          .session_token = secrets::Secret(chain_->GetSessionToken())};
      if (credentials.access_key.empty() || credentials.secret_key.empty()) {
        return Error{ErrorKind::kInvalidArgument,
                     "no credentials for S3: set landing.access_key and "
                     "landing.secret_key, or AWS_ACCESS_KEY_ID and "
                     "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"};
      }
      // They may have been renewed between the calls.
      if (chain_->GetAccessKey() == credentials.access_key &&
          chain_->GetSessionToken() == credentials.session_token.Reveal()) {
        return credentials;
      }
    }
  }

 private:
  arrow::Status started_;
  std::unique_ptr<arrow::fs::S3Options> chain_;
};

}  // namespace

S3CredentialsSource MakeAwsCredentials() {
  return []() -> Result<S3Credentials> {
    static const Sdk sdk;
    return sdk.Get();
  };
}

}  // namespace calve::io
