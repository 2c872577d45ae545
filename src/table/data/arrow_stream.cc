#include "table/data/arrow_stream.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/status.h>

namespace calve::table {

arrow::Status ArrowOutput::Write(const void* data, int64_t nbytes) {
  const std::string_view bytes(static_cast<const char*>(data),
                               static_cast<size_t>(nbytes));
  if (Status written = file_.Write(bytes); !written) {
    if (!failure_) {
      failure_ = written.error();
    }
    return arrow::Status::IOError(written.error().message);
  }
  return arrow::Status::OK();
}

arrow::Status ArrowOutput::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

arrow::Result<int64_t> ArrowOutput::Tell() const {
  return static_cast<int64_t>(file_.bytes_written());
}

arrow::Result<int64_t> ArrowInput::GetSize() {
  return static_cast<int64_t>(file_->size_bytes());
}

arrow::Result<int64_t> ArrowInput::ReadAt(int64_t position, int64_t nbytes, void* out) {
  if (position < 0 || nbytes < 0) {
    return arrow::Status::Invalid("read outside the file");
  }
  Result<size_t> read =
      file_->ReadAt(static_cast<uint64_t>(position),
                    {static_cast<char*>(out), static_cast<size_t>(nbytes)});
  if (!read) {
    const std::lock_guard lock(mutex_);
    if (!failure_) {
      failure_ = read.error();
    }
    return arrow::Status::IOError(read.error().message);
  }
  return static_cast<int64_t>(*read);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::ReadAt(int64_t position,
                                                                 int64_t nbytes) {
  // A hostile length must not cost more memory than the object has bytes.
  const auto size = static_cast<int64_t>(file_->size_bytes());
  const int64_t most = std::max<int64_t>(0, size - std::max<int64_t>(0, position));
  ARROW_ASSIGN_OR_RAISE(
      auto buffer, arrow::AllocateResizableBuffer(std::clamp<int64_t>(nbytes, 0, most)));
  ARROW_ASSIGN_OR_RAISE(const int64_t read,
                        ReadAt(position, buffer->size(), buffer->mutable_data()));
  if (read < buffer->size()) {
    ARROW_RETURN_NOT_OK(buffer->Resize(read));
  }
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<int64_t> ArrowInput::Read(int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, nbytes, out));
  position_ += read;
  return read;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::Read(int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, nbytes));
  position_ += buffer->size();
  return buffer;
}

arrow::Status ArrowInput::Seek(int64_t position) {
  if (position < 0) {
    return arrow::Status::Invalid("seek before the file's start");
  }
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status ArrowInput::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

std::optional<Error> ArrowInput::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace calve::table
