#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include <simdjson.h>

#include "model/json_text_internal.h"
#include "model/payload_reader_internal.h"

namespace calve::model {
namespace {

namespace json = simdjson::ondemand;

constexpr int kMaxDepth = 1000;
constexpr size_t kMinCapacity = 4096;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// What the parser's code means to somebody who looks at the payload.
std::string_view Reason(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "it is not UTF-8";
    case simdjson::EMPTY:
      return "it is empty";
    case simdjson::UNESCAPED_CHARS:
      return "a string holds a bare control character";
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "it ends too early";
    case simdjson::INCORRECT_TYPE:
      return "it is another JSON value";
    case simdjson::DEPTH_ERROR:
      return "it is nested too deep";
    case simdjson::STRING_ERROR:
      return "a string holds a wrong escape";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return "it is too large";
    default:
      return "its syntax is wrong";
  }
}

/// The token of a scalar, without the space after it.
std::string_view TokenOf(json::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && IsJsonSpace(token.back())) {
    token.remove_suffix(1);
  }
  return token;
}

/// A string as it is written between its quotes; nullopt if it has a wrong escape.
std::optional<std::string_view> RawString(std::string_view token) {
  if (token.size() < 2 || token.back() != '"') {
    return std::nullopt;
  }
  const std::string_view raw = token.substr(1, token.size() - 2);
  return HasValidEscapes(raw) ? std::optional(raw) : std::nullopt;
}

/// A key as it is written; `field` outlives nothing of it, the payload does.
std::optional<std::string_view> RawKey(json::field& field, const char* end) {
  const char* begin = field.key().raw();
  const char* close = begin;
  do {
    close = static_cast<const char*>(
        std::memchr(close, '"', static_cast<size_t>(end - close)));
    if (close == nullptr) {
      return std::nullopt;
    }
    ++close;
  } while (IsEscaped({begin, static_cast<size_t>(close - 1 - begin)}));
  const std::string_view raw(begin, static_cast<size_t>(close - 1 - begin));
  return HasValidEscapes(raw) ? std::optional(raw) : std::nullopt;
}

/// Writes nested values anew, without the spaces, and checks them on the way.
class NestedWriter {
 public:
  /// \param end  of the payload
  NestedWriter(std::string& out, const char* end) : out_(out), end_(end) {}

  simdjson::error_code Write(json::value value, int depth) {
    if (depth > kMaxDepth) {
      return simdjson::DEPTH_ERROR;
    }
    json::json_type type{};
    if (const auto error = value.type().get(type)) {
      return error;
    }
    switch (type) {
      case json::json_type::object:
        return WriteObject(value, depth);
      case json::json_type::array:
        return WriteArray(value, depth);
      case json::json_type::string:
        return WriteString(TokenOf(value));
      default:
        return WriteLiteral(TokenOf(value));
    }
  }

 private:
  simdjson::error_code WriteObject(json::value& value, int depth) {
    json::object object;
    if (const auto error = value.get_object().get(object)) {
      return error;
    }
    out_ += '{';
    bool first = true;
    for (auto member : object) {
      json::field field;
      if (const auto error = std::move(member).get(field)) {
        return error;
      }
      const auto key = RawKey(field, end_);
      if (!key) {
        return simdjson::STRING_ERROR;
      }
      out_ += first ? "\"" : ",\"";
      out_ += *key;
      out_ += "\":";
      first = false;
      if (const auto error = Write(field.value(), depth + 1)) {
        return error;
      }
    }
    out_ += '}';
    return simdjson::SUCCESS;
  }

  simdjson::error_code WriteArray(json::value& value, int depth) {
    json::array array;
    if (const auto error = value.get_array().get(array)) {
      return error;
    }
    out_ += '[';
    bool first = true;
    for (auto item : array) {
      json::value element;
      if (const auto error = item.get(element)) {
        return error;
      }
      out_ += first ? "" : ",";
      first = false;
      if (const auto error = Write(element, depth + 1)) {
        return error;
      }
    }
    out_ += ']';
    return simdjson::SUCCESS;
  }

  simdjson::error_code WriteString(std::string_view token) {
    if (!RawString(token)) {
      return simdjson::STRING_ERROR;
    }
    out_ += token;
    return simdjson::SUCCESS;
  }

  simdjson::error_code WriteLiteral(std::string_view token) {
    if (!IsJsonLiteral(token)) {
      return simdjson::TAPE_ERROR;
    }
    out_ += token;
    return simdjson::SUCCESS;
  }

  std::string& out_;  // Outlives this object.
  const char* end_;
};

}  // namespace

/// The parser and what the texts of one payload lie in.
struct PayloadReader::Parser {
  json::parser parser;
  std::string padded;  // a copy of a payload that has too little after it
  std::string nested;  // JSON of nested values

  simdjson::error_code Read(std::string_view payload, size_t readable,
                            std::vector<PayloadMember>& members) {
    if (payload.starts_with(kByteOrderMark)) {
      return simdjson::TAPE_ERROR;  // The parser would skip it; PostgreSQL does not.
    }
    if (readable < payload.size() + simdjson::SIMDJSON_PADDING) {
      padded.assign(payload);
      padded.resize(payload.size() + simdjson::SIMDJSON_PADDING);
      payload = std::string_view(padded).substr(0, payload.size());
      readable = padded.size();
    }
    if (parser.capacity() < payload.size()) {
      const size_t capacity = std::bit_ceil(std::max(payload.size(), kMinCapacity));
      if (const auto error = parser.allocate(capacity)) {
        return error;
      }
    }
    nested.clear();
    nested.reserve(payload.size());  // Texts point into it, so it must not move.
    json::document document;
    if (const auto error =
            parser.iterate(payload.data(), payload.size(), readable).get(document)) {
      return error;
    }
    return ReadObject(document, payload.data() + payload.size(), members);
  }

 private:
  simdjson::error_code ReadObject(json::document& document, const char* end,
                                  std::vector<PayloadMember>& members) {
    json::object object;
    if (const auto error = document.get_object().get(object)) {
      return error;
    }
    for (auto member : object) {
      json::field field;
      if (const auto error = std::move(member).get(field)) {
        return error;
      }
      if (const auto error = ReadMember(field, end, members.emplace_back())) {
        return error;
      }
    }
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

  simdjson::error_code ReadMember(json::field& field, const char* end,
                                  PayloadMember& member) {
    const auto key = RawKey(field, end);
    if (!key) {
      return simdjson::STRING_ERROR;
    }
    member.name = *key;
    if (key->find('\\') != std::string_view::npos) {
      if (const auto error = field.unescaped_key().get(member.name)) {
        return error;
      }
    }
    return ReadValue(field.value(), end, member);
  }

  simdjson::error_code ReadValue(json::value& value, const char* end,
                                 PayloadMember& member) {
    json::json_type type{};
    if (const auto error = value.type().get(type)) {
      return error;
    }
    if (type == json::json_type::object || type == json::json_type::array) {
      const size_t begin = nested.size();
      const auto error = NestedWriter(nested, end).Write(value, /*depth=*/2);
      member.text = std::string_view(nested).substr(begin);
      return error;
    }
    const std::string_view token = TokenOf(value);
    if (type == json::json_type::string) {
      return ReadString(value, token, member);
    }
    member.is_null = type == json::json_type::null;
    member.text = member.is_null ? std::string_view() : token;
    return IsJsonLiteral(token) ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

  static simdjson::error_code ReadString(json::value& value, std::string_view token,
                                         PayloadMember& member) {
    const auto raw = RawString(token);
    if (!raw) {
      return simdjson::STRING_ERROR;
    }
    member.text = *raw;
    return raw->find('\\') == std::string_view::npos
               ? simdjson::SUCCESS
               : value.get_string().get(member.text);
  }
};

PayloadReader::PayloadReader() : parser_(std::make_unique<Parser>()) {}
PayloadReader::~PayloadReader() = default;

std::optional<std::string_view> PayloadReader::Read(std::string_view payload,
                                                    size_t readable) {
  members_.clear();
  const simdjson::error_code error = parser_->Read(payload, readable, members_);
  return error == simdjson::SUCCESS ? std::nullopt : std::optional(Reason(error));
}

}  // namespace calve::model
