#include "table/manifest/avro_container.h"

#include <utility>

#include <fmt/format.h>

#include "io/system.h"
#include "table/manifest/avro_decoder.h"

namespace calve::table::avro {
namespace {

constexpr std::string_view kMagic("Obj\1", 4);
constexpr size_t kSyncMarkerBytes = 16;
constexpr size_t kBlockBytes = size_t{64} << 10U;
/// What records hold is kept, so all blocks together are limited, too, as each one is.
constexpr size_t kSizeMattersBytes = size_t{64} << 20U;
constexpr const char* kSchemaKey = "avro.schema";
constexpr const char* kCodecKey = "avro.codec";

Result<std::map<std::string, std::string>> ReadMetadata(Decoder& decoder) {
  std::map<std::string, std::string> metadata;
  while (true) {
    CALVE_ASSIGN(const int64_t count, decoder.ReadItemCount());
    if (count == 0) {
      return metadata;
    }
    for (int64_t i = 0; i < count; ++i) {
      CALVE_ASSIGN(const std::string_view key, decoder.ReadBytes());
      CALVE_ASSIGN(const std::string_view value, decoder.ReadBytes());
      metadata.insert_or_assign(std::string(key), std::string(value));
    }
  }
}

}  // namespace

Result<ContainerReader> ContainerReader::Open(std::string_view file) {
  ContainerReader reader;
  reader.file_ = file;
  if (Status status = reader.ReadHeader(); !status) {
    return Within("header", status.error());
  }
  return reader;
}

Status ContainerReader::ReadHeader() {
  if (!file_.starts_with(kMagic)) {
    return Error{ErrorKind::kCorrupt, "not an Avro container file"};
  }
  Decoder decoder(file_.substr(kMagic.size()));
  CALVE_ASSIGN(metadata_, ReadMetadata(decoder));
  CALVE_ASSIGN(sync_marker_, decoder.ReadFixed(kSyncMarkerBytes));
  position_ = kMagic.size() + decoder.position();
  CALVE_ASSIGN(codec_, ParseCodec(metadata_[kCodecKey]));
  CALVE_ASSIGN(schema_, WriterSchema::Parse(metadata_[kSchemaKey]));
  return {};
}

const std::string* ContainerReader::FindMetadata(const std::string& key) const {
  const auto it = metadata_.find(key);
  return it == metadata_.end() ? nullptr : &it->second;
}

Status ContainerReader::ForEachRecord(const std::function<Status(ValueReader&)>& read) {
  std::string block;
  while (position_ < file_.size()) {
    const size_t start = position_;
    if (Status status = ReadBlock(read, block); !status) {
      return Within(fmt::format("block at byte {}", start), status.error());
    }
  }
  return {};
}

Status ContainerReader::ReadBlock(const std::function<Status(ValueReader&)>& read,
                                  std::string& block) {
  Decoder framing(file_.substr(position_));
  CALVE_ASSIGN(const int64_t records, framing.ReadLong());
  if (records < 0) {
    return framing.Corrupt(fmt::format("a block of {} records", records));
  }
  CALVE_ASSIGN(const std::string_view compressed, framing.ReadBytes());
  CALVE_ASSIGN(const std::string_view marker, framing.ReadFixed(kSyncMarkerBytes));
  if (marker != sync_marker_) {
    return framing.Corrupt("another sync marker than the header's");
  }
  CALVE_TRY(Decompress(codec_, compressed, block));
  inflated_bytes_ += block.size();
  if (inflated_bytes_ > kSizeMattersBytes &&
      inflated_bytes_ / kMaxInflation > file_.size()) {
    return framing.Corrupt(
        fmt::format("blocks inflate to more than {} bytes of a file "
                    "of {}, as no honest ones do",
                    inflated_bytes_, file_.size()));
  }
  position_ += framing.position();
  Decoder decoder(block);
  ValueReader values(schema_, decoder);
  for (int64_t i = 0; i < records; ++i) {
    CALVE_TRY(decoder.PayStep());
    if (Status status = read(values); !status) {
      return Within(fmt::format("record {}", i), status.error());
    }
  }
  if (decoder.remaining() != 0) {
    return decoder.Corrupt("a block goes on behind its last record");
  }
  return {};
}

ContainerWriter::ContainerWriter(std::string_view schema,
                                 std::map<std::string, std::string> metadata,
                                 std::string_view seed)
    : sync_marker_(io::Sha256Hex(seed).substr(0, kSyncMarkerBytes)) {
  metadata[kSchemaKey] = schema;
  metadata[kCodecKey] = "deflate";
  file_.WriteFixed(kMagic);
  file_.WriteLong(static_cast<int64_t>(metadata.size()));
  for (const auto& [key, value] : metadata) {
    file_.WriteBytes(key);
    file_.WriteBytes(value);
  }
  file_.WriteLong(0);
  file_.WriteFixed(sync_marker_);
}

Status ContainerWriter::EndRecord() {
  ++block_records_;
  return block_.bytes().size() < kBlockBytes ? Status{} : EndBlock();
}

Status ContainerWriter::EndBlock() {
  CALVE_ASSIGN(const std::string compressed, Deflate(block_.bytes()));
  file_.WriteLong(block_records_);
  file_.WriteBytes(compressed);
  file_.WriteFixed(sync_marker_);
  block_.Clear();
  block_records_ = 0;
  return {};
}

Result<std::string> ContainerWriter::Finish() {
  if (block_records_ > 0) {
    CALVE_TRY(EndBlock());
  }
  return std::move(file_).TakeBytes();
}

}  // namespace calve::table::avro
