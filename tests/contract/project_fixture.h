#pragma once

/// \file contract/project_fixture.h
/// A small valid dbt project, to be broken in one place by a test.

#include <string>
#include <vector>

#include "contract/contract.h"

namespace calve::contract {

inline const std::string kProjectYml =
    "name: shop\nmodels:\n  shop:\n    marts: {+tags: [nightly]}\n";

inline const std::string kSourcesYml =
    R"yml(sources:
  - name: landing
    tables:
      - name: events
)yml";

inline const std::string kStagingYml =
    R"yml(models:
  - name: stg
    config:
      contract: {enforced: true}
      meta: {calve: {kind: dedupe, from: events}}
    columns:
      - {name: ingested_at, data_type: timestamp(6) with time zone}
      - {name: source_file, data_type: varchar}
      - {name: audit_event_id, data_type: bigint, tests: [not_null, unique]}
      - {name: audit_operation, data_type: varchar}
      - {name: audit_timestamp, data_type: timestamp(6) with time zone}
      - {name: tbl_schema, data_type: varchar}
      - {name: tbl_name, data_type: varchar}
      - {name: raw_data, data_type: varchar}
  - name: flat
    config:
      contract: {enforced: true}
      meta: {calve: {kind: flatten, from: stg, source_table: public.orders}}
    columns:
      - {name: ingested_at, data_type: timestamp(6) with time zone}
      - {name: audit_event_id, data_type: bigint}
      - {name: audit_operation, data_type: varchar}
      - {name: audit_timestamp, data_type: timestamp(6) with time zone}
      - {name: order_id, data_type: integer}
      - {name: total, data_type: "decimal(12,2)", meta: {calve: {path: $.sum}}}
)yml";

inline const std::string kMartsYml =
    R"yml(models:
  - name: orders
    config:
      contract: {enforced: true}
      meta: {calve: {kind: current, from: flat, key: order_id}}
    columns:
      - {name: audit_event_id, data_type: bigint}
      - {name: audit_timestamp, data_type: timestamp(6) with time zone}
      - {name: order_id, data_type: integer}
      - {name: total, data_type: "decimal(12,2)"}
)yml";

/// The four files above.
inline std::vector<ProjectFile> ValidProject() {
  return {{"dbt_project.yml", kProjectYml},
          {"models/sources.yml", kSourcesYml},
          {"models/staging/shop/schema.yml", kStagingYml},
          {"models/marts/shop/schema.yml", kMartsYml}};
}

/// The valid project with `from` replaced by `to` wherever it first stands; the text must
/// be there.
inline std::vector<ProjectFile> ProjectWith(const std::string& from,
                                            const std::string& to) {
  std::vector<ProjectFile> files = ValidProject();
  for (ProjectFile& file : files) {
    if (const size_t at = file.text.find(from); at != std::string::npos) {
      file.text.replace(at, from.size(), to);
      return files;
    }
  }
  return {};
}

}  // namespace calve::contract
