#include "io/object_store.h"

namespace calve::io {

Result<std::string> ReadObject(ObjectStore& store, const std::string& location) {
  CALVE_ASSIGN(const auto file, store.Open(location));
  std::string bytes(file->size_bytes(), '\0');
  CALVE_ASSIGN(const size_t read, file->ReadAt(/*offset=*/0, bytes));
  if (read != bytes.size()) {
    return Error{ErrorKind::kUnavailable, "file shrank while it was read: " + location};
  }
  return bytes;
}

Status WriteObject(ObjectStore& store, const std::string& location,
                   std::string_view bytes) {
  CALVE_ASSIGN(const auto file, store.Create(location));
  CALVE_TRY(file->Write(bytes));
  return file->Close();
}

}  // namespace calve::io
