#include "io/scratch_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

namespace calve::io {
namespace {

Error Failed(const char* what, const std::string& folder, int code) {
  return {ErrorKind::kUnavailable,
          fmt::format("cannot {} a temporary file in {}: {}; set TMPDIR to a folder with "
                      "room",
                      what, folder, std::strerror(code))};
}

/// A file that is removed at once: O_TMPFILE is not there on every file system.
int MakeUnlinked(const std::string& folder) {
  std::string name = folder + "/.calve-scratch-XXXXXX";
  const int descriptor = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor >= 0) {
    unlink(name.c_str());
  }
  return descriptor;
}

}  // namespace

Result<std::unique_ptr<ScratchFile>> ScratchFile::Make(const std::string& folder) {
  const int descriptor = MakeUnlinked(folder);
  if (descriptor < 0) {
    return Failed("make", folder, errno);
  }
  return std::unique_ptr<ScratchFile>(new ScratchFile(descriptor, folder));
}

ScratchFile::~ScratchFile() {
  close(descriptor_);
}

Result<uint64_t> ScratchFile::Append(std::string_view bytes) {
  const uint64_t start = end_;
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(end_));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return Failed("write", folder_, errno);
    }
    end_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return start;
}

Status ScratchFile::Read(uint64_t offset, uint64_t size_bytes, std::string& into) const {
  size_t at = into.size();
  into.resize(at + size_bytes);
  while (at < into.size()) {
    const ssize_t read = pread(descriptor_, into.data() + at, into.size() - at,
                               static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) {
      continue;
    }
    if (read <= 0) {
      return Failed("read", folder_, read == 0 ? EIO : errno);
    }
    at += static_cast<size_t>(read);
    offset += static_cast<uint64_t>(read);
  }
  return {};
}

}  // namespace calve::io
