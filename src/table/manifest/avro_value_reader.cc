#include "table/manifest/avro_value_reader.h"

#include <fmt/format.h>

namespace calve::table::avro {
namespace {

/// A type that contains itself could nest without end.
constexpr int kMaxSkipDepth = 64;

}  // namespace

Error ValueReader::Mismatch(const Node& found, std::string_view wanted) const {
  return decoder_.Corrupt(
      fmt::format("{} where {} should be", KindName(found.kind), wanted));
}

Result<const Node*> ValueReader::Resolve(TypeRef type) {
  const Node* node = &schema_.node(type);
  if (node->kind != Kind::kUnion) {
    return node;
  }
  CALVE_ASSIGN(const int64_t branch, decoder_.ReadLong());
  if (branch < 0 || static_cast<size_t>(branch) >= node->branches.size()) {
    return decoder_.Corrupt(
        fmt::format("branch {} of a union of {}", branch, node->branches.size()));
  }
  return &schema_.node(node->branches[static_cast<size_t>(branch)]);
}

Status ValueReader::Read(TypeRef type, bool& into) {
  CALVE_ASSIGN(const Node* node, Resolve(type));
  return ReadScalar(*node, into);
}

Status ValueReader::Read(TypeRef type, int32_t& into) {
  CALVE_ASSIGN(const Node* node, Resolve(type));
  return ReadScalar(*node, into);
}

Status ValueReader::Read(TypeRef type, int64_t& into) {
  CALVE_ASSIGN(const Node* node, Resolve(type));
  return ReadScalar(*node, into);
}

Status ValueReader::Read(TypeRef type, float& into) {
  CALVE_ASSIGN(const Node* node, Resolve(type));
  return ReadScalar(*node, into);
}

Status ValueReader::Read(TypeRef type, double& into) {
  CALVE_ASSIGN(const Node* node, Resolve(type));
  return ReadScalar(*node, into);
}

Status ValueReader::Read(TypeRef type, std::string& into) {
  CALVE_ASSIGN(const Node* node, Resolve(type));
  return ReadScalar(*node, into);
}

Status ValueReader::ReadScalar(const Node& node, bool& into) {
  if (node.kind != Kind::kBoolean) {
    return Mismatch(node, "a boolean");
  }
  CALVE_ASSIGN(into, decoder_.ReadBoolean());
  return {};
}

Status ValueReader::ReadScalar(const Node& node, int32_t& into) {
  if (node.kind != Kind::kInt && node.kind != Kind::kLong) {
    return Mismatch(node, "an int");
  }
  CALVE_ASSIGN(into, decoder_.ReadInt());
  return {};
}

Status ValueReader::ReadScalar(const Node& node, int64_t& into) {
  if (node.kind != Kind::kInt && node.kind != Kind::kLong) {
    return Mismatch(node, "a long");
  }
  CALVE_ASSIGN(into, decoder_.ReadLong());
  return {};
}

Status ValueReader::ReadScalar(const Node& node, float& into) {
  if (node.kind != Kind::kFloat) {
    return Mismatch(node, "a float");
  }
  CALVE_ASSIGN(into, decoder_.ReadFloat());
  return {};
}

Status ValueReader::ReadScalar(const Node& node, double& into) {
  if (node.kind == Kind::kFloat) {
    CALVE_ASSIGN(const float narrow, decoder_.ReadFloat());
    into = narrow;
    return {};
  }
  if (node.kind != Kind::kDouble) {
    return Mismatch(node, "a double");
  }
  CALVE_ASSIGN(into, decoder_.ReadDouble());
  return {};
}

Status ValueReader::ReadScalar(const Node& node, std::string& into) {
  if (node.kind == Kind::kFixed) {
    CALVE_ASSIGN(into, decoder_.ReadFixed(node.fixed_size_bytes));
    return {};
  }
  if (node.kind != Kind::kString && node.kind != Kind::kBytes) {
    return Mismatch(node, "a string or bytes");
  }
  CALVE_ASSIGN(into, decoder_.ReadBytes());
  return {};
}

Status ValueReader::Skip(TypeRef type) {
  CALVE_TRY(decoder_.PayStep());
  CALVE_ASSIGN(const Node* node, Resolve(type));
  if (node->kind < Kind::kRecord) {
    return SkipScalar(*node);
  }
  if (skip_depth_ >= kMaxSkipDepth) {
    return decoder_.Corrupt(fmt::format("values nested deeper than {}", kMaxSkipDepth));
  }
  ++skip_depth_;
  Status skipped = SkipNested(*node);
  --skip_depth_;
  return skipped;
}

Status ValueReader::SkipScalar(const Node& node) {
  switch (node.kind) {
    case Kind::kBoolean:
      CALVE_TRY(decoder_.ReadBoolean());
      return {};
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kEnum:
      CALVE_TRY(decoder_.ReadLong());
      return {};
    case Kind::kFloat:
      CALVE_TRY(decoder_.ReadFloat());
      return {};
    case Kind::kDouble:
      CALVE_TRY(decoder_.ReadDouble());
      return {};
    case Kind::kBytes:
    case Kind::kString:
      CALVE_TRY(decoder_.ReadBytes());
      return {};
    case Kind::kFixed:
      CALVE_TRY(decoder_.ReadFixed(node.fixed_size_bytes));
      return {};
    default:  // null takes no bytes
      return {};
  }
}

Status ValueReader::SkipNested(const Node& node) {
  if (node.kind != Kind::kRecord) {
    return SkipItems(node);
  }
  for (const RecordField& field : node.fields) {
    CALVE_TRY(Skip(field.type));
  }
  return {};
}

Status ValueReader::SkipItem(const Node& node) {
  if (node.kind == Kind::kMap) {
    CALVE_TRY(decoder_.ReadBytes());  // the key
  }
  return Skip(node.items);
}

Status ValueReader::SkipItems(const Node& node) {
  while (true) {
    CALVE_ASSIGN(const int64_t count, decoder_.ReadItemCount());
    if (count == 0) {
      return {};
    }
    for (int64_t i = 0; i < count; ++i) {
      CALVE_TRY(SkipItem(node));
    }
  }
}

}  // namespace calve::table::avro
