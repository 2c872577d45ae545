#include "table/manifest/manifest_object.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <fmt/format.h>

namespace calve::table {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30U;

}  // namespace

Result<std::string> ReadManifestObject(io::ObjectStore& store,
                                       const std::string& location) {
  CALVE_ASSIGN(const std::unique_ptr<io::InputFile> file, store.Open(location));
  if (file->size_bytes() > kMaxBytes) {
    return Error{
        ErrorKind::kUnsupported,
        fmt::format("{}: a manifest of {} bytes; the largest that can be read has "
                    "{}, so rewrite the table's manifests",
                    location, file->size_bytes(), kMaxBytes)};
  }
  std::string bytes(static_cast<size_t>(file->size_bytes()), '\0');
  CALVE_ASSIGN(const size_t read, file->ReadAt(0, std::span(bytes)));
  bytes.resize(read);
  return bytes;
}

}  // namespace calve::table
