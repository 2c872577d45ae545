// Fuzzes the reader of table metadata: any bytes are refused, or come back as they were
// read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/metadata/table_metadata_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using calve::table::TableMetadataFromJson;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto metadata = TableMetadataFromJson(text)) {
    const auto again =
        TableMetadataFromJson(calve::table::TableMetadataToJson(*metadata));
    if (!again || !(*again == *metadata)) {
      std::abort();
    }
  }
  return 0;
}
