// Fuzzes the reader of landing files: any bytes end in rows or in a named error.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <arrow/record_batch.h>

#include "io/object_store.h"
#include "landing/csv_reader.h"

namespace {

class BytesFile final : public calve::io::InputFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size_bytes() const override { return bytes_.size(); }
  calve::Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    return offset >= bytes_.size() ? 0 : bytes_.copy(into.data(), into.size(), offset);
  }

 private:
  std::string bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes =
      "audit_event_id,audit_operation,audit_timestamp,tbl_schema,tbl_name,raw_data\n";
  bytes.append(reinterpret_cast<const char*>(data), size);
  calve::landing::CsvReader reader(std::make_unique<BytesFile>(std::move(bytes)), "fuzz");
  for (auto batch = reader.Next(); batch && *batch != nullptr; batch = reader.Next()) {
  }
  return 0;
}
