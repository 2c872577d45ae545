#include "flow/verify_spool.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace calve::flow {
namespace {

// Of all the buckets of a spool together.
constexpr size_t kBufferBytes = 8 << 20;
constexpr size_t kLeastFlushBytes = 4 << 10;

template <typename Number>
void PutNumber(std::string& bytes, Number number) {
  static_assert(std::is_trivially_copyable_v<Number>);
  char raw[sizeof(Number)];
  std::memcpy(raw, &number, sizeof(Number));
  bytes.append(raw, sizeof(Number));
}

template <typename Number>
Number TakeNumber(std::string_view& bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof(Number));
  bytes.remove_prefix(sizeof(Number));
  return number;
}

void Put(std::string& bytes, const RowPrint& print) {
  PutNumber(bytes, static_cast<uint32_t>(print.key.size()));
  bytes += print.key;
  PutNumber(bytes, print.event_id);
  PutNumber(bytes, print.time_us);
  PutNumber(bytes, print.flags);
  PutNumber(bytes, static_cast<uint32_t>(print.cells.size()));
  for (const uint64_t cell : print.cells) {
    PutNumber(bytes, cell);
  }
}

RowPrint Take(std::string_view& bytes) {
  RowPrint print;
  const auto key_bytes = TakeNumber<uint32_t>(bytes);
  print.key = bytes.substr(0, key_bytes);
  bytes.remove_prefix(key_bytes);
  print.event_id = TakeNumber<int64_t>(bytes);
  print.time_us = TakeNumber<int64_t>(bytes);
  print.flags = TakeNumber<uint8_t>(bytes);
  print.cells.resize(TakeNumber<uint32_t>(bytes));
  for (uint64_t& cell : print.cells) {
    cell = TakeNumber<uint64_t>(bytes);
  }
  return print;
}

}  // namespace

size_t BucketOf(const RowPrint& print, size_t buckets) {
  const uint64_t hash =
      print.key.empty() ? IntegerCell("", print.event_id) : TextCell("", print.key);
  return static_cast<size_t>((hash >> 1) % buckets);
}

PrintSpool::PrintSpool(io::ScratchFile& file, size_t buckets)
    : file_(file),
      flush_bytes_(std::max(kBufferBytes / buckets, kLeastFlushBytes)),
      buckets_(buckets) {}

Status PrintSpool::Add(const RowPrint& print) {
  Bucket& bucket = buckets_[BucketOf(print, buckets_.size())];
  ++bucket.rows;
  bucket.checksum += Checksum(print);
  Put(bucket.unwritten, print);
  return bucket.unwritten.size() < flush_bytes_ ? Status() : Flush(bucket);
}

Status PrintSpool::Flush(Bucket& bucket) {
  CALVE_ASSIGN(const uint64_t offset, file_.Append(bucket.unwritten));
  bucket.extents.push_back({offset, bucket.unwritten.size()});
  bucket.unwritten.clear();
  return {};
}

int64_t PrintSpool::rows() const {
  int64_t rows = 0;
  for (const Bucket& bucket : buckets_) {
    rows += bucket.rows;
  }
  return rows;
}

Result<std::vector<RowPrint>> PrintSpool::Load(size_t number) {
  const Bucket& bucket = buckets_[number];
  std::string bytes;
  for (const Extent& extent : bucket.extents) {
    CALVE_TRY(file_.Read(extent.offset, extent.size_bytes, bytes));
  }
  bytes += bucket.unwritten;
  std::vector<RowPrint> prints;
  prints.reserve(static_cast<size_t>(bucket.rows));
  for (std::string_view rest = bytes; !rest.empty();) {
    prints.push_back(Take(rest));
  }
  return prints;
}

}  // namespace calve::flow
