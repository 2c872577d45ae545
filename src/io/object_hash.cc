#include "io/object_hash.h"

#include "io/system.h"

namespace calve::io {

Result<std::string> Sha256OfObject(ObjectStore& store, const std::string& location) {
  CALVE_ASSIGN(const auto file, store.Open(location));
  Sha256 hash;
  std::string chunk(1 << 20, '\0');
  for (uint64_t offset = 0;;) {
    CALVE_ASSIGN(const size_t read, file->ReadAt(offset, chunk));
    if (read == 0) {
      return hash.Finish();
    }
    hash.Update({chunk.data(), read});
    offset += read;
  }
}

}  // namespace calve::io
