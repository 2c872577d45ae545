#pragma once

/// \file tests/table/manifest/avro_container_builder.h
/// Container files put together by hand, right or wrong.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "table/manifest/avro_codec.h"
#include "table/manifest/avro_decoder.h"
#include "table/manifest/avro_encoder.h"

namespace calve::table::avro {

constexpr std::string_view kTestMarker = "0123456789abcdef";

struct RawBlock {
  int64_t records = 0;
  std::string bytes;  // as they stand in the file
};

inline std::string MakeContainer(std::string_view schema, std::string_view codec,
                                 const std::vector<RawBlock>& blocks) {
  Encoder file;
  file.WriteFixed(std::string_view("Obj\1", 4));
  file.WriteLong(2);
  file.WriteBytes("avro.schema");
  file.WriteBytes(schema);
  file.WriteBytes("avro.codec");
  file.WriteBytes(codec);
  file.WriteLong(0);
  file.WriteFixed(kTestMarker);
  for (const RawBlock& block : blocks) {
    file.WriteLong(block.records);
    file.WriteBytes(block.bytes);
    file.WriteFixed(kTestMarker);
  }
  return file.bytes();
}

/// A deflated container file, uncompressed. Requires: it is one.
inline std::string Uncompressed(std::string_view file) {
  Decoder decoder(file);
  (void)decoder.ReadFixed(4);
  std::string schema;
  for (int64_t left = *decoder.ReadItemCount(); left > 0; --left) {
    const std::string_view key = *decoder.ReadBytes();
    const std::string_view value = *decoder.ReadBytes();
    schema = key == "avro.schema" ? value : schema;
  }
  (void)decoder.ReadLong();
  (void)decoder.ReadFixed(kTestMarker.size());
  std::vector<RawBlock> blocks;
  while (decoder.remaining() > 0) {
    RawBlock& block = blocks.emplace_back();
    block.records = *decoder.ReadLong();
    (void)Decompress(Codec::kDeflate, *decoder.ReadBytes(), block.bytes);
    (void)decoder.ReadFixed(kTestMarker.size());
  }
  return MakeContainer(schema, "null", blocks);
}

}  // namespace calve::table::avro
