#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "core/arrow_status.h"
#include "model/digit_internal.h"
#include "model/extra_columns_internal.h"
#include "model/flatten.h"

namespace calve::model {
namespace {

constexpr size_t kMaxReadableLength = 40;

/// Names that tables have of their own, whatever the payload holds: columns of staging
/// and marts, the partition field, and what Iceberg reserves for metadata columns.
constexpr std::string_view kOwnNames[] = {"ingested_at",
                                          "source_file",
                                          "audit_event_id",
                                          "audit_operation",
                                          "audit_timestamp",
                                          "tbl_schema",
                                          "tbl_name",
                                          "raw_data",
                                          "valid_from",
                                          "valid_to",
                                          "is_current",
                                          "is_deleted",
                                          "ingested_at_day",
                                          "_file",
                                          "_pos",
                                          "_deleted",
                                          "_spec_id",
                                          "_partition",
                                          "_row_id",
                                          "_change_type",
                                          "_change_ordinal",
                                          "_commit_snapshot_id",
                                          "_last_updated_sequence_number"};

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsPlain(std::string_view name) {
  return !name.empty() && !IsDigit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
}

/// CRC-32 as in zlib: Trino's crc32() and Python's zlib.crc32 give the same.
uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    }
  }
  return ~crc;
}

/// Lower case, with one underscore for whatever is no letter or digit.
std::string Readable(std::string_view member) {
  std::string out;
  for (const char c : member) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (IsLower(lower) || (IsDigit(lower) && !out.empty())) {
      out += lower;
    } else if (!out.ends_with('_')) {
      out += '_';
      out += IsDigit(lower) ? std::string(1, lower) : "";
    }
    if (out.size() >= kMaxReadableLength) {
      break;
    }
  }
  return out;
}

}  // namespace

std::string SuffixedColumnName(std::string_view member) {
  std::string readable = Readable(member);
  readable += readable.ends_with('_') ? "" : "_";
  return fmt::format("{}{:08x}", readable, Crc32(member));
}

std::string ExtraColumnName(const std::string& member) {
  const bool own = std::find(std::begin(kOwnNames), std::end(kOwnNames), member) !=
                   std::end(kOwnNames);
  return IsPlain(member) && !own ? member : SuffixedColumnName(member);
}

size_t ExtraColumns::Add(std::string name) {
  names_.push_back(std::move(name));
  builders_.push_back(std::make_unique<arrow::StringBuilder>());
  return builders_.size() - 1;
}

Status ExtraColumns::FillUp(size_t column, int64_t rows) {
  arrow::StringBuilder& builder = *builders_[column];
  return FromArrow(builder.AppendNulls(rows - builder.length()));
}

Status ExtraColumns::Append(size_t column, int64_t row, std::string_view text,
                            bool is_null) {
  CALVE_TRY(FillUp(column, row));
  arrow::StringBuilder& builder = *builders_[column];
  return FromArrow(is_null ? builder.AppendNull() : builder.Append(text));
}

Result<arrow::ArrayVector> ExtraColumns::Finish(int64_t rows) {
  arrow::ArrayVector arrays;
  for (size_t column = 0; column < builders_.size(); ++column) {
    CALVE_TRY(FillUp(column, rows));
    CALVE_ASSIGN(arrays.emplace_back(), FromArrow(builders_[column]->Finish()));
  }
  return arrays;
}

}  // namespace calve::model
