#pragma once

/// \file table/manifest/avro_value_reader.h
/// Reads values by the schema they were written with into C++ types: unions with null
/// become optionals, int and long, float and double, string, bytes and fixed are read
/// for each other where nothing is lost, and what is not asked for is skipped.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "table/manifest/avro_decoder.h"
#include "table/manifest/avro_schema.h"

namespace calve::table::avro {

/// Reads the values of one block. Borrows the schema and the decoder, which outlive it.
/// Every failure is kCorrupt. Not thread-safe.
class ValueReader {
 public:
  ValueReader(const WriterSchema& schema, Decoder& decoder)
      : schema_(schema), decoder_(decoder) {}

  const WriterSchema& schema() const { return schema_; }

  /// Reads a value that may not be null.
  Status Read(TypeRef type, bool& into);
  Status Read(TypeRef type, int32_t& into);
  Status Read(TypeRef type, int64_t& into);
  Status Read(TypeRef type, float& into);
  Status Read(TypeRef type, double& into);
  /// A string, bytes or fixed.
  Status Read(TypeRef type, std::string& into);

  /// Reads a value or null.
  template <typename T>
  Status Read(TypeRef type, std::optional<T>& into) {
    CALVE_ASSIGN(const Node* node, Resolve(type));
    if (node->kind == Kind::kNull) {
      into.reset();
      return {};
    }
    return ReadScalar(*node, into.emplace());
  }

  /// Reads an array of values that are not null; a null array is empty.
  template <typename T>
  Status Read(TypeRef type, std::vector<T>& into) {
    into.clear();
    return ReadItems(type, [&](TypeRef item) { return Read(item, into.emplace_back()); });
  }

  /// Reads a map, in either of its forms: Avro's own, or Iceberg's array of records of a
  /// key and a value. A null map is empty; of a repeated key the last value stays.
  template <typename K, typename V>
  Status Read(TypeRef type, std::map<K, V>& into) {
    into.clear();
    return ReadItems(type, [&](TypeRef item) -> Status {
      const Node& entry = schema_.node(item);
      if (entry.kind != Kind::kRecord || entry.fields.size() != 2) {
        return decoder_.Corrupt("a map whose entries are no pairs");
      }
      K key{};
      V value{};
      CALVE_TRY(Read(entry.fields[0].type, key));
      CALVE_TRY(Read(entry.fields[1].type, value));
      into.insert_or_assign(into.end(), std::move(key), std::move(value));
      return {};
    });
  }

  /// Reads a record that may not be null: calls `read_field(const RecordField&)` for each
  /// field, which has to Read or Skip its value.
  template <typename ReadField>
  Status ReadRecord(TypeRef type, ReadField read_field) {
    CALVE_ASSIGN(const Node* node, Resolve(type));
    if (node->kind != Kind::kRecord) {
      return Mismatch(*node, "a record");
    }
    for (const RecordField& field : node->fields) {
      if (Status status = read_field(field); !status) {
        return Within(field.name, status.error());
      }
    }
    return {};
  }

  /// Reads an array: calls `read_item(TypeRef)` for each item. A null array has none.
  template <typename ReadItem>
  Status ReadItems(TypeRef type, ReadItem read_item) {
    CALVE_ASSIGN(const Node* node, Resolve(type));
    if (node->kind == Kind::kNull) {
      return {};
    }
    if (node->kind != Kind::kArray) {
      return Mismatch(*node, "an array");
    }
    while (true) {
      CALVE_ASSIGN(const int64_t count, decoder_.ReadItemCount());
      if (count == 0) {
        return {};
      }
      CALVE_TRY(ReadBlock(count, node->items, read_item));
    }
  }

  /// Passes over a value of any type.
  Status Skip(TypeRef type);

  /// The type that follows: of a union, the branch that the bytes name.
  Result<const Node*> Resolve(TypeRef type);

  /// A kCorrupt error: the value is of another type than `wanted`.
  Error Mismatch(const Node& found, std::string_view wanted) const;

 private:
  template <typename ReadItem>
  Status ReadBlock(int64_t count, TypeRef item, ReadItem& read_item) {
    for (int64_t i = 0; i < count; ++i) {
      CALVE_TRY(decoder_.PayStep());
      CALVE_TRY(read_item(item));
    }
    return {};
  }

  Status ReadScalar(const Node& node, bool& into);
  Status ReadScalar(const Node& node, int32_t& into);
  Status ReadScalar(const Node& node, int64_t& into);
  Status ReadScalar(const Node& node, float& into);
  Status ReadScalar(const Node& node, double& into);
  Status ReadScalar(const Node& node, std::string& into);
  Status SkipScalar(const Node& node);
  Status SkipNested(const Node& node);
  Status SkipItems(const Node& node);
  Status SkipItem(const Node& node);

  const WriterSchema& schema_;
  Decoder& decoder_;
  int skip_depth_ = 0;
};

}  // namespace calve::table::avro
