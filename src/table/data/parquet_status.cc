#include "table/data/parquet_status.h"

#include <exception>

#include <fmt/format.h>
#include <parquet/exception.h>

#include "table/data/arrow_stream.h"

namespace calve::table {
namespace {

arrow::Status Caught(const std::function<arrow::Status()>& body) {
  try {
    return body();
  } catch (const parquet::ParquetStatusException& error) {
    return error.status();
  } catch (const std::exception& error) {
    return arrow::Status::Invalid(error.what());
  }
}

}  // namespace

Status GuardParquetRead(const std::string& location, const ArrowInput& input,
                        const std::function<arrow::Status()>& body) {
  const arrow::Status status = Caught(body);
  if (status.ok()) {
    return {};
  }
  if (std::optional<Error> failure = input.failure()) {
    return *std::move(failure);
  }
  const ErrorKind kind =
      status.IsNotImplemented() ? ErrorKind::kUnsupported : ErrorKind::kCorrupt;
  return Error{kind,
               fmt::format("cannot read Parquet: {}: {}", status.message(), location)};
}

Status GuardParquetWrite(const std::string& location, const ArrowOutput& output,
                         const std::function<arrow::Status()>& body) {
  const arrow::Status status = Caught(body);
  if (status.ok()) {
    return {};
  }
  if (output.failure()) {
    return *output.failure();
  }
  return Error{ErrorKind::kInternal,
               fmt::format("cannot write Parquet: {}: {}", status.message(), location)};
}

}  // namespace calve::table
