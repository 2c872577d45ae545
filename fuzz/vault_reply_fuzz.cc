// Fuzzes the replies of a vault: any bytes are a reply or corrupt, no error shows a
// value, and what was read is what another reading gives.

#include <string>
#include <string_view>

#include "fuzz_input.h"
#include "secrets/vault_reply.h"

namespace {

using calve::ErrorKind;
using calve::fuzz::Require;

constexpr std::string_view kCanary = "canary-7f3a";

template <typename T>
void CheckError(const calve::Result<T>& result) {
  if (!result) {
    Require(result.error().kind == ErrorKind::kCorrupt, "another reply is corrupt");
    Require(result.error().message.find(kCanary) == std::string::npos,
            "an error shows nothing of the reply");
  }
}

void CheckSecret(std::string_view body, int version) {
  const auto secret = calve::secrets::ParseSecret(body, version);
  CheckError(secret);
  if (!secret) {
    return;
  }
  Require(secret->lease.count() >= 0 && secret->version >= 0, "no number is negative");
  const auto again = calve::secrets::ParseSecret(body, version);
  Require(again && again->record.size() == secret->record.size(), "the same twice");
  for (const auto& [field, value] : secret->record) {
    Require(again->record.at(field).Reveal() == value.Reveal(), "the same twice");
  }
}

void CheckErrors(std::string_view body) {
  const std::string line = calve::secrets::ErrorsOf(body);
  constexpr size_t kMostBytes = 300;
  Require(line.size() <= kMostBytes, "the server's reasons are short");
  for (const char c : line) {
    Require(static_cast<unsigned char>(c) >= ' ' && c != 0x7f, "and hold no control");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body = calve::fuzz::TextOf(data, size);
  CheckSecret(body, /*version=*/1);
  CheckSecret(body, /*version=*/2);
  CheckErrors(body);
  CheckError(calve::secrets::ParseMount(body));
  CheckError(calve::secrets::ParseAuth(body));
  CheckError(calve::secrets::ParseTokenState(body));
  CheckError(calve::secrets::ParseWrapPath(body));
  CheckError(calve::secrets::ParseSecretId(body));
  Require(calve::secrets::DeletedVersion(body) >= 0, "no version is negative");
  return 0;
}
