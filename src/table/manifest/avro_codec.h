#pragma once

/// \file table/manifest/avro_codec.h
/// How the blocks of an Avro file are compressed. Spec: Avro "Required Codecs".

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::table::avro {

enum class Codec { kNull, kDeflate, kZstandard };

/// Blocks never grow more than this by decompression, unless they are small.
inline constexpr size_t kMaxInflation = 500;

/// \param name  as in `avro.codec`; empty means null
/// \return kUnsupported, which names the codec, for snappy, bzip2, xz and unknown ones
Result<Codec> ParseCodec(std::string_view name);

/// Decompresses a block into `block`, which is replaced; its memory is reused.
///
/// Bytes behind the end of a deflate stream are ignored, since some writers leave part of
/// a zlib checksum there.
///
/// \return kCorrupt if the bytes are no such stream or end early, or if the block is
///         larger than any honest one: over 512 MiB, or over 16 MiB and 500 times its
///         compressed size
Status Decompress(Codec codec, std::string_view bytes, std::string& block);

/// Compresses a block as `deflate`: a raw stream without zlib's frame.
Result<std::string> Deflate(std::string_view block);

}  // namespace calve::table::avro
