#include "secrets/secret_record.h"

#include <algorithm>
#include <array>

#include "core/foreign_json.h"
#include "secrets/secret_record_internal.h"

namespace calve::secrets {

SecretRecord RecordOf(const nlohmann::json& object) {
  SecretRecord record;
  for (const auto& [field, value] : object.items()) {
    if (value.is_string()) {
      record.insert_or_assign(field, Secret(value.get_ref<const std::string&>()));
    } else if (!value.is_null()) {
      record.insert_or_assign(
          field, Secret(value.dump(/*indent=*/-1, /*indent_char=*/' ',
                                   /*ensure_ascii=*/false,
                                   nlohmann::json::error_handler_t::replace)));
    }
  }
  return record;
}

Result<SecretRecord> ParseRecord(std::string_view json) {
  const auto object = ParseForeignJson(json);
  if (!object.is_object()) {
    return Error{ErrorKind::kInvalidArgument, "holds no JSON object"};
  }
  return RecordOf(object);
}

bool IsSensitive(std::string_view field) {
  constexpr std::array<std::string_view, 12> kPlain{
      "host", "port",   "database", "dbname", "user", "username",
      "type", "bucket", "endpoint", "region", "name", "catalog"};
  return std::find(kPlain.begin(), kPlain.end(), field) == kPlain.end();
}

}  // namespace calve::secrets
