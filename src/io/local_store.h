#pragma once

/// \file io/local_store.h
/// Objects as local files.

#include "io/object_store.h"

namespace calve::io {

/// Local files, by `file://` URI or absolute path. A file is written under a temporary
/// name in its folder (a leading dot, which List leaves out), synced, then renamed;
/// PutIfAbsent links instead of renaming (link(2) fails where a name exists). Folders are
/// synced too, so that what Close or PutIfAbsent acknowledged survives a power cut.
class LocalStore final : public ObjectStore {
 public:
  Result<std::unique_ptr<InputFile>> Open(const std::string& location) override;
  Result<std::unique_ptr<OutputFile>> Create(const std::string& location) override;
  Status PutIfAbsent(const std::string& location, std::string_view bytes) override;
  Result<std::vector<ObjectInfo>> List(const std::string& folder) override;
  Result<std::vector<ObjectInfo>> ListUnfinished(const std::string& folder) override;
  Status Delete(const std::string& location) override;
};

/// The path of a `file:///x` or `file:/x` URI, percent-decoding nothing (Iceberg writes
/// locations raw), or of an absolute path; kInvalidArgument for any other location.
Result<std::string> LocalPath(const std::string& location);

}  // namespace calve::io
