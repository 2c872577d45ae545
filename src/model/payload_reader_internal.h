#pragma once

/// \file model/payload_reader_internal.h
/// Payloads as flat lists of members, whatever JSON types their values have.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace calve::model {

/// A member of a payload. A string's text is its value; a number's or boolean's the one
/// that is written; an object's or array's its JSON, without the spaces around tokens.
struct PayloadMember {
  std::string_view name;
  std::string_view text;
  bool is_null = false;  // JSON null; `text` is empty
};

/// Reads payloads, one after the other. Not thread-safe.
class PayloadReader {
 public:
  PayloadReader();
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;
  PayloadReader(PayloadReader&&) = delete;
  PayloadReader& operator=(PayloadReader&&) = delete;
  ~PayloadReader();

  /// Reads a payload, all of which is checked: UTF-8, escapes (a surrogate has its twin),
  /// numbers, at most 1,000 levels of nesting.
  ///
  /// \param readable  how many bytes may be read from the payload's begin on, at least
  /// its
  ///        size; the payload is copied if that is too few for vectors of bytes
  /// \return why it is not one JSON object, or nothing if it is
  std::optional<std::string_view> Read(std::string_view payload, size_t readable);

  /// The members of the payload that was read last, in its order, repeated names too.
  /// Texts are valid until the next read and as long as the payload is.
  const std::vector<PayloadMember>& members() const { return members_; }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<PayloadMember> members_;
};

}  // namespace calve::model
