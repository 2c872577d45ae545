// Fuzzes the reader of Avro container files: any bytes end in records, each read to its
// end, or in a named error.

#include "fuzz_input.h"
#include "table/manifest/avro_container.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using calve::ErrorKind;
  using calve::table::avro::ContainerReader;
  auto reader = ContainerReader::Open(calve::fuzz::TextOf(data, size));
  const auto honest = [](const calve::Error& error) {
    calve::fuzz::Require(
        error.kind == ErrorKind::kCorrupt || error.kind == ErrorKind::kUnsupported,
        "bytes are corrupt or unsupported, nothing else");
  };
  if (!reader) {
    honest(reader.error());
    return 0;
  }
  const auto root = reader->schema().root();
  const auto status =
      reader->ForEachRecord([&](auto& values) { return values.Skip(root); });
  if (!status) {
    honest(status.error());
  }
  return 0;
}
