#include "table/manifest/avro_schema.h"

#include <array>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace calve::table::avro {

using nlohmann::json;

namespace {

constexpr int kMaxDepth = 64;
/// A fixed type is a hash or a number; larger sizes can only be meant to do harm.
constexpr int64_t kMaxFixedSizeBytes = int64_t{1} << 30U;

constexpr std::array<std::pair<std::string_view, Kind>, 14> kKindNames = {{
    {"null", Kind::kNull},
    {"boolean", Kind::kBoolean},
    {"int", Kind::kInt},
    {"long", Kind::kLong},
    {"float", Kind::kFloat},
    {"double", Kind::kDouble},
    {"bytes", Kind::kBytes},
    {"string", Kind::kString},
    {"fixed", Kind::kFixed},
    {"enum", Kind::kEnum},
    {"record", Kind::kRecord},
    {"array", Kind::kArray},
    {"map", Kind::kMap},
    {"union", Kind::kUnion},
}};

std::optional<Kind> FindKind(std::string_view name) {
  for (const auto& [kind_name, kind] : kKindNames) {
    if (kind_name == name && kind != Kind::kUnion) {
      return kind;
    }
  }
  return std::nullopt;
}

Error BadSchema(std::string message) {
  return Error{ErrorKind::kCorrupt, "Avro schema: " + std::move(message)};
}

/// The text under a key; empty if there is none.
std::string TextOf(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// The 32-bit number under a key, if there is one.
std::optional<int32_t> IdOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_integer()) {
    return std::nullopt;
  }
  const auto value = it->get<int64_t>();
  if (value < std::numeric_limits<int32_t>::min() ||
      value > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(value);
}

/// The namespace part of a full name.
std::string NamespaceOf(const std::string& full_name) {
  const size_t dot = full_name.rfind('.');
  return dot == std::string::npos ? std::string() : full_name.substr(0, dot);
}

/// A name in the namespace around it.
std::string FullName(const std::string& name, const std::string& space) {
  return name.find('.') != std::string::npos || space.empty() ? name : space + "." + name;
}

}  // namespace

std::string_view KindName(Kind kind) {
  return kKindNames[static_cast<size_t>(kind)].first;
}

/// Builds a schema's nodes by walking its JSON.
class SchemaParser {
 public:
  Result<WriterSchema> Parse(const json& document) {
    CALVE_ASSIGN(schema_.root_, ParseType(document, ""));
    return std::move(schema_);
  }

 private:
  Result<TypeRef> ParseType(const json& type, const std::string& space) {
    if (depth_ >= kMaxDepth) {
      return BadSchema(fmt::format("nested deeper than {}", kMaxDepth));
    }
    ++depth_;
    Result<TypeRef> parsed = ParseAnyType(type, space);
    --depth_;
    return parsed;
  }

  Result<TypeRef> ParseAnyType(const json& type, const std::string& space) {
    if (type.is_string()) {
      return ParseNamed(type.get<std::string>(), space);
    }
    if (type.is_array()) {
      return ParseUnion(type, space);
    }
    if (type.is_object()) {
      return ParseObject(type, space);
    }
    return BadSchema("a type that is neither name, list nor object");
  }

  /// A primitive type or a named type defined before.
  Result<TypeRef> ParseNamed(const std::string& name, const std::string& space) {
    if (const std::optional<Kind> kind = FindKind(name); kind && *kind < Kind::kFixed) {
      return Add({.kind = *kind});
    }
    for (const std::string& candidate : {FullName(name, space), name}) {
      if (const auto it = names_.find(candidate); it != names_.end()) {
        return it->second;
      }
    }
    return BadSchema(fmt::format("unknown type '{:.64}'", name));
  }

  Result<TypeRef> ParseUnion(const json& branches, const std::string& space) {
    Node node{.kind = Kind::kUnion};
    for (const json& branch : branches) {
      CALVE_ASSIGN(const TypeRef ref, ParseType(branch, space));
      if (schema_.node(ref).kind == Kind::kUnion) {
        return BadSchema("a union directly inside a union");
      }
      node.branches.push_back(ref);
    }
    return Add(std::move(node));
  }

  Result<TypeRef> ParseObject(const json& object, const std::string& space) {
    const auto it = object.find("type");
    if (it == object.end()) {
      return BadSchema("a type object without `type`");
    }
    if (!it->is_string()) {
      return ParseType(*it, space);
    }
    switch (FindKind(it->get<std::string>()).value_or(Kind::kUnion)) {
      case Kind::kRecord:
        return ParseRecord(object, space);
      case Kind::kFixed:
        return ParseFixed(object, space);
      case Kind::kEnum:
        return Define({.kind = Kind::kEnum}, object, space);
      case Kind::kArray:
        return ParseContainer(Kind::kArray, object, space);
      case Kind::kMap:
        return ParseContainer(Kind::kMap, object, space);
      default:
        return ParseAnnotated(it->get<std::string>(), object, space);
    }
  }

  /// A primitive type or a reference, written as an object to carry a logical type.
  Result<TypeRef> ParseAnnotated(const std::string& name, const json& object,
                                 const std::string& space) {
    CALVE_ASSIGN(const TypeRef ref, ParseNamed(name, space));
    Node& node = schema_.nodes_[ref.index];
    if (node.kind < Kind::kFixed) {
      node.logical_type = TextOf(object, "logicalType");
    }
    return ref;
  }

  Result<TypeRef> ParseContainer(Kind kind, const json& object,
                                 const std::string& space) {
    const auto items = object.find(kind == Kind::kArray ? "items" : "values");
    if (items == object.end()) {
      return BadSchema(fmt::format("{} without the type of its items", KindName(kind)));
    }
    Node node{.kind = kind, .logical_type = TextOf(object, "logicalType")};
    CALVE_ASSIGN(node.items, ParseType(*items, space));
    node.item_id = IdOf(object, kind == Kind::kArray ? "element-id" : "value-id");
    node.key_id = IdOf(object, "key-id");
    return Add(std::move(node));
  }

  Result<TypeRef> ParseFixed(const json& object, const std::string& space) {
    const auto size = object.find("size");
    if (size == object.end() || !size->is_number_integer() || size->get<int64_t>() < 0 ||
        size->get<int64_t>() > kMaxFixedSizeBytes) {
      return BadSchema("a fixed type without a proper size");
    }
    return Define({.kind = Kind::kFixed, .fixed_size_bytes = size->get<size_t>()}, object,
                  space);
  }

  Result<TypeRef> ParseRecord(const json& object, const std::string& space) {
    const auto fields = object.find("fields");
    if (fields == object.end() || !fields->is_array()) {
      return BadSchema("a record without fields");
    }
    // Defined before its fields are parsed: they may refer to it.
    CALVE_ASSIGN(const TypeRef ref, Define({.kind = Kind::kRecord}, object, space));
    const std::string inner = NamespaceOf(schema_.node(ref).name);
    std::vector<RecordField> parsed;
    for (const json& field : *fields) {
      CALVE_ASSIGN(RecordField record_field, ParseField(field, inner));
      parsed.push_back(std::move(record_field));
    }
    schema_.nodes_[ref.index].fields = std::move(parsed);
    return ref;
  }

  Result<RecordField> ParseField(const json& field, const std::string& space) {
    const bool typed = field.is_object() && field.contains("type");
    if (!typed) {
      return BadSchema("a record field without a type");
    }
    RecordField parsed{
        .name = TextOf(field, "name"), .field_id = IdOf(field, "field-id"), .type = {}};
    CALVE_ASSIGN(parsed.type, ParseType(field["type"], space));
    return parsed;
  }

  /// Adds a type under its name, if it has one.
  Result<TypeRef> Define(Node node, const json& object, const std::string& space) {
    const std::string own_space = TextOf(object, "namespace");
    const std::string name = TextOf(object, "name");
    node.name = FullName(name, own_space.empty() ? space : own_space);
    node.logical_type = TextOf(object, "logicalType");
    const TypeRef ref = Add(std::move(node));
    if (!name.empty()) {
      names_[schema_.node(ref).name] = ref;
    }
    return ref;
  }

  TypeRef Add(Node node) {
    schema_.nodes_.push_back(std::move(node));
    return {schema_.nodes_.size() - 1};
  }

  WriterSchema schema_;
  std::map<std::string, TypeRef> names_;
  int depth_ = 0;
};

Result<WriterSchema> WriterSchema::Parse(std::string_view json_text) {
  const json document =
      json::parse(json_text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return BadSchema("not JSON");
  }
  return SchemaParser().Parse(document);
}

}  // namespace calve::table::avro
