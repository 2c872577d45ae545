#include "io/local_store.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/descriptor_internal.h"
#include "io/failpoint.h"

namespace calve::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScheme = "file://";

Error Failure(std::string_view what, const std::string& path) {
  const int error = errno;
  const ErrorKind kind = error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable;
  return Error{kind, fmt::format("{} {}: {}", what, path, std::strerror(error))};
}

Descriptor OpenRetrying(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);  // NOLINT(*-vararg)
  } while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

Status SyncFolder(const fs::path& folder) {
  const Descriptor fd = OpenRetrying(folder.string(), O_RDONLY | O_DIRECTORY);
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    return Failure("cannot sync folder", folder.string());
  }
  return {};
}

class LocalInputFile final : public InputFile {
 public:
  LocalInputFile(Descriptor fd, uint64_t size_bytes, std::string path)
      : fd_(std::move(fd)), size_bytes_(size_bytes), path_(std::move(path)) {}

  uint64_t size_bytes() const override { return size_bytes_; }

  Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return Failure("cannot read", path_);
      }
      if (n == 0) {
        break;
      }
      done += static_cast<size_t>(n);
    }
    return done;
  }

 private:
  Descriptor fd_;
  uint64_t size_bytes_;
  std::string path_;
};

/// A name beside `path` that nothing else in this process uses. One that was killed, or
/// runs in another container, may have had the same process id, and used it.
std::string TemporaryName(const fs::path& path) {
  static std::atomic<uint64_t> counter = 0;
  return (path.parent_path() / fmt::format(".{}.{}.{}.tmp", path.filename().string(),
                                           ::getpid(), counter.fetch_add(1)))
      .string();
}

enum class Publish { kReplace, kRefuse };

class LocalOutputFile final : public OutputFile {
 public:
  LocalOutputFile(Descriptor fd, std::string temporary, std::string path, Publish publish)
      : fd_(std::move(fd)),
        temporary_(std::move(temporary)),
        path_(std::move(path)),
        publish_(publish) {}
  LocalOutputFile(const LocalOutputFile&) = delete;
  LocalOutputFile& operator=(const LocalOutputFile&) = delete;

  ~LocalOutputFile() override {
    if (!temporary_.empty()) {
      ::unlink(temporary_.c_str());
    }
  }

  Status Write(std::string_view bytes) override {
    bytes_written_ += bytes.size();
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return Failure("cannot write", path_);
      }
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }

  uint64_t bytes_written() const override { return bytes_written_; }

  Status Close() override {
    CALVE_TRY(Failpoint("store.sync", path_));
    // A failed fsync may have dropped the pages: never retried, the file is abandoned.
    if (::fsync(fd_.get()) != 0 || fd_.Close() != 0) {
      return Failure("cannot sync", path_);
    }
    CALVE_TRY(Failpoint("store.publish", path_));
    CALVE_TRY(PublishName());
    CALVE_TRY(Failpoint("store.published", path_));
    return SyncFolder(fs::path(path_).parent_path());
  }

 private:
  Status PublishName() {
    if (publish_ == Publish::kReplace) {
      if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return Failure("cannot rename to", path_);
      }
      temporary_.clear();
      return {};
    }
    if (::link(temporary_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) {
        return Error{ErrorKind::kConflict, "already exists: " + path_};
      }
      return Failure("cannot link to", path_);
    }
    return {};  // The temporary name goes with the destructor.
  }

  Descriptor fd_;
  std::string temporary_;  // empty once renamed
  std::string path_;
  Publish publish_;
  uint64_t bytes_written_ = 0;
};

/// Makes a folder and those above it, and syncs each folder that got a new one.
Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) {
    return {};
  }
  const fs::path above = folder.parent_path();
  if (above != folder) {
    CALVE_TRY(MakeFolder(above));
  }
  if (::mkdir(folder.c_str(), 0777) != 0 && !fs::is_directory(folder, error)) {
    return Failure("cannot make folder", folder.string());
  }
  return SyncFolder(above);
}

Result<std::unique_ptr<OutputFile>> StartFile(const std::string& location,
                                              Publish publish) {
  CALVE_ASSIGN(const std::string path, LocalPath(location));
  CALVE_TRY(MakeFolder(fs::path(path).parent_path()));
  while (true) {
    std::string temporary = TemporaryName(path);
    Descriptor fd = OpenRetrying(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (fd.valid()) {
      return std::make_unique<LocalOutputFile>(std::move(fd), std::move(temporary), path,
                                               publish);
    }
    if (errno != EEXIST) {
      return Failure("cannot create", temporary);
    }
  }
}

/// Whether TemporaryName may have given this name.
bool IsTemporaryName(std::string_view name) {
  return name.starts_with('.') && name.ends_with(".tmp");
}

int64_t ModifiedMs(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

Result<std::vector<ObjectInfo>> ListFiles(const std::string& folder, bool unfinished) {
  CALVE_ASSIGN(const std::string root, LocalPath(folder));
  std::vector<ObjectInfo> objects;
  std::error_code error;
  fs::recursive_directory_iterator entry(root, error);
  if (error == std::errc::no_such_file_or_directory) {
    return objects;
  }
  for (const fs::recursive_directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;  // A file that vanishes while we look is simply not listed.
    const std::string name = entry->path().filename().string();
    const bool listed = unfinished ? IsTemporaryName(name) : !name.starts_with('.');
    if (!listed || !entry->is_regular_file(gone)) {
      continue;
    }
    struct stat info = {};
    if (::stat(entry->path().c_str(), &info) == 0) {
      objects.push_back({folder + entry->path().string().substr(root.size()),
                         static_cast<uint64_t>(info.st_size), ModifiedMs(info)});
    }
  }
  if (error) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("cannot list {}: {}", root, error.message())};
  }
  std::sort(objects.begin(), objects.end(), [](const ObjectInfo& a, const ObjectInfo& b) {
    return a.location < b.location;
  });
  return objects;
}

}  // namespace

Result<std::string> LocalPath(const std::string& location) {
  if (location.starts_with(kScheme) && location.size() > kScheme.size() &&
      location[kScheme.size()] == '/') {
    return location.substr(kScheme.size());
  }
  // As Hadoop writes it, and with it Spark and Trino.
  if (location.starts_with("file:/") && !location.starts_with(kScheme)) {
    return location.substr(std::string_view("file:").size());
  }
  if (location.starts_with('/')) {
    return location;
  }
  return Error{ErrorKind::kInvalidArgument,
               "not a local location (file:///… or an absolute path): " + location};
}

Result<std::unique_ptr<InputFile>> LocalStore::Open(const std::string& location) {
  CALVE_ASSIGN(const std::string path, LocalPath(location));
  // A pipe would otherwise be waited for.
  Descriptor fd = OpenRetrying(path, O_RDONLY | O_NONBLOCK);
  struct stat info = {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return Failure("cannot open", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorKind::kInvalidArgument, "not a regular file: " + path};
  }
  return std::make_unique<LocalInputFile>(std::move(fd),
                                          static_cast<uint64_t>(info.st_size), path);
}

Result<std::unique_ptr<OutputFile>> LocalStore::Create(const std::string& location) {
  return StartFile(location, Publish::kReplace);
}

Status LocalStore::PutIfAbsent(const std::string& location, std::string_view bytes) {
  CALVE_ASSIGN(const auto file, StartFile(location, Publish::kRefuse));
  CALVE_TRY(file->Write(bytes));
  return file->Close();
}

Result<std::vector<ObjectInfo>> LocalStore::List(const std::string& folder) {
  return ListFiles(folder, /*unfinished=*/false);
}

Result<std::vector<ObjectInfo>> LocalStore::ListUnfinished(const std::string& folder) {
  return ListFiles(folder, /*unfinished=*/true);
}

Status LocalStore::Delete(const std::string& location) {
  CALVE_ASSIGN(const std::string path, LocalPath(location));
  CALVE_TRY(Failpoint("store.delete", path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Failure("cannot delete", path);
  }
  return {};
}

}  // namespace calve::io
