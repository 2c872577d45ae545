#include "table/manifest/avro_codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

namespace calve::table::avro {
namespace {

constexpr size_t kMaxBlockBytes = size_t{512} << 20U;
/// Small blocks may have any ratio: their size does no harm.
constexpr size_t kRatioMattersBytes = size_t{16} << 20U;
constexpr size_t kFirstGuess = 4;
constexpr size_t kSmallestBufferBytes = 4096;
/// Negative: without a zlib header and checksum.
constexpr int kRawWindowBits = -15;
constexpr int kMemoryLevel = 8;

Error BadBlock(std::string_view what) {
  return Error{ErrorKind::kCorrupt, std::string(what)};
}

size_t LargestHonestBlock(size_t compressed_bytes) {
  return std::min(kMaxBlockBytes,
                  std::max(kRatioMattersBytes, compressed_bytes * kMaxInflation));
}

/// The output of a decompression: grows up to the largest block that is allowed.
class Output {
 public:
  Output(std::string& bytes, size_t compressed_bytes)
      : bytes_(bytes), limit_(LargestHonestBlock(compressed_bytes)) {
    bytes_.resize(
        std::clamp(compressed_bytes * kFirstGuess, kSmallestBufferBytes, limit_));
  }

  char* next() { return bytes_.data() + used_; }
  size_t room() const { return bytes_.size() - used_; }
  void Advance(size_t bytes) { used_ += bytes; }
  void Finish() { bytes_.resize(used_); }

  /// Makes room if there is none.
  Status MakeRoom() {
    if (room() > 0) {
      return {};
    }
    if (bytes_.size() >= limit_) {
      return BadBlock(fmt::format(
          "a block inflates to more than {} bytes, as no honest one does", limit_));
    }
    bytes_.resize(std::min(limit_, bytes_.size() * 2));
    return {};
  }

 private:
  std::string& bytes_;
  size_t limit_;
  size_t used_ = 0;
};

/// Owns an inflating stream once it is initialized.
struct InflateStream {
  InflateStream() : ok(inflateInit2(&stream, kRawWindowBits) == Z_OK) {}
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;
  InflateStream(InflateStream&&) = delete;
  InflateStream& operator=(InflateStream&&) = delete;
  ~InflateStream() {
    if (ok) {
      inflateEnd(&stream);
    }
  }

  z_stream stream = {};
  bool ok;
};

Bytef* ZlibBytes(std::string_view bytes) {
  // zlib reads its input through a pointer to non-const.
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
}

Status Inflate(std::string_view bytes, std::string& block) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return BadBlock("a compressed block of more than 4 GiB");
  }
  InflateStream inflating;
  if (!inflating.ok) {
    return Error{ErrorKind::kInternal, "zlib cannot start inflating"};
  }
  z_stream& stream = inflating.stream;
  stream.next_in = ZlibBytes(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  Output output(block, bytes.size());
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    CALVE_TRY(output.MakeRoom());
    stream.next_out =
        reinterpret_cast<Bytef*>(output.next());  // NOLINT(*-reinterpret-cast)
    stream.avail_out = static_cast<uInt>(output.room());
    code = inflate(&stream, Z_NO_FLUSH);
    output.Advance(output.room() - stream.avail_out);
    const bool stuck = code == Z_BUF_ERROR && stream.avail_out > 0;
    if ((code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) || stuck) {
      return BadBlock("a deflate stream that is broken or cut off");
    }
  }
  output.Finish();
  return {};
}

struct FreeZstd {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

Status InflateZstd(std::string_view bytes, std::string& block) {
  const std::unique_ptr<ZSTD_DStream, FreeZstd> stream(ZSTD_createDStream());
  if (stream == nullptr || ZSTD_isError(ZSTD_initDStream(stream.get())) != 0U) {
    return Error{ErrorKind::kInternal, "zstd cannot start decompressing"};
  }
  ZSTD_inBuffer in = {.src = bytes.data(), .size = bytes.size(), .pos = 0};
  Output output(block, bytes.size());
  size_t hint = 1;  // 0 once a frame is complete
  while (hint != 0 || in.pos < in.size) {
    CALVE_TRY(output.MakeRoom());
    ZSTD_outBuffer out = {.dst = output.next(), .size = output.room(), .pos = 0};
    const size_t read_before = in.pos;
    hint = ZSTD_decompressStream(stream.get(), &out, &in);
    const bool stuck = in.pos == read_before && out.pos == 0;
    if (ZSTD_isError(hint) != 0U || (stuck && hint != 0)) {
      return BadBlock("a zstandard stream that is broken or cut off");
    }
    output.Advance(out.pos);
  }
  output.Finish();
  return {};
}

}  // namespace

Result<Codec> ParseCodec(std::string_view name) {
  if (name.empty() || name == "null") {
    return Codec::kNull;
  }
  if (name == "deflate") {
    return Codec::kDeflate;
  }
  if (name == "zstandard") {
    return Codec::kZstandard;
  }
  return Error{
      ErrorKind::kUnsupported,
      fmt::format("Avro codec '{:.32}': only null, deflate and zstandard can be read; "
                  "rewrite the manifests with one of them",
                  name)};
}

Status Decompress(Codec codec, std::string_view bytes, std::string& block) {
  switch (codec) {
    case Codec::kNull:
      block.assign(bytes);
      return {};
    case Codec::kDeflate:
      return Inflate(bytes, block);
    case Codec::kZstandard:
      return InflateZstd(bytes, block);
  }
  return Error{ErrorKind::kInternal, "no such Avro codec"};
}

Result<std::string> Deflate(std::string_view block) {
  z_stream stream = {};
  if (block.size() > std::numeric_limits<uInt>::max() ||
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindowBits,
                   kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error{ErrorKind::kInternal, "zlib cannot start compressing"};
  }
  std::string compressed(deflateBound(&stream, static_cast<uLong>(block.size())), '\0');
  stream.next_in = ZlibBytes(block);
  stream.avail_in = static_cast<uInt>(block.size());
  stream.next_out =
      reinterpret_cast<Bytef*>(compressed.data());  // NOLINT(*-reinterpret-cast)
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int code = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) {
    return Error{ErrorKind::kInternal, "zlib cannot compress a block"};
  }
  return compressed;
}

}  // namespace calve::table::avro
