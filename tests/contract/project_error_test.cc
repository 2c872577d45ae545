#include <string>

#include <gtest/gtest.h>

#include "contract/contract.h"
#include "contract/project_fixture.h"

namespace calve::contract {
namespace {

/// The error of the valid project with one text replaced.
std::string ErrorWith(const std::string& from, const std::string& to) {
  const std::vector<ProjectFile> files = ProjectWith(from, to);
  if (files.empty()) {
    return "the fixture lacks: " + from;
  }
  const auto project = ParseProject(files);
  if (project) {
    return "no error";
  }
  EXPECT_EQ(project.error().kind, ErrorKind::kInvalidArgument);
  return project.error().message;
}

const std::string kStagingFile = "models/staging/shop/schema.yml";
const std::string kMarts = "models/marts/shop/schema.yml";

TEST(ProjectErrorTest, TheFixtureItselfIsValid) {
  EXPECT_EQ(ErrorWith("models:", "models:"), "no error");
}

TEST(ProjectErrorTest, BrokenYamlNamesTheLine) {
  EXPECT_EQ(
      ErrorWith("{name: order_id, data_type: integer}\n", "{name: order_id\n"),
      kStagingFile + ":25: not valid YAML (end of map flow not found); correct the file");
}

TEST(ProjectErrorTest, AnyBytesGiveAProjectOrAnError) {
  for (const std::string& text :
       {std::string(100'000, '['), std::string(100'000, '{'), std::string("\0\xff", 2),
        std::string("models: &a [*a, *a]"), std::string("models: [[], 1, {}, null]"),
        std::string("a: &a {<<: *a}\nmodels: {name: x}"), std::string("- models")}) {
    std::vector<ProjectFile> files = ValidProject();
    files.push_back({"models/odd.yml", text});
    const auto project = ParseProject(files);
    EXPECT_TRUE(project || project.error().kind == ErrorKind::kInvalidArgument);
  }
  for (size_t cut = 0; cut + 1 < kStagingYml.size(); cut += 7) {
    std::vector<ProjectFile> files = ValidProject();
    files[2].text.resize(cut);
    EXPECT_FALSE(ParseProject(files)) << cut;
  }
}

TEST(ProjectErrorTest, AProjectNeedsItsFileAndName) {
  const auto project = ParseProject({{"models/sources.yml", kSourcesYml}});
  ASSERT_FALSE(project);
  EXPECT_EQ(project.error().message,
            "dbt_project.yml: not found; point `models` at the folder of a dbt project");
  EXPECT_EQ(ErrorWith("name: shop\n", "nome: shop\n"),
            "dbt_project.yml:1: the project has no name; give it `name`");
}

TEST(ProjectErrorTest, UnknownKeysOfMetaCalveNameTheNearest) {
  EXPECT_EQ(
      ErrorWith("source_table: public", "source_tabel: public"),
      kStagingFile +
          ":18: model flat: meta.calve has no key `source_tabel` here; the nearest is "
          "`source_table`, valid are kind, from, on_violation, format_version, "
          "schema_evolution, source_table");
  EXPECT_EQ(ErrorWith("{path: $.sum}", "{pth: $.sum}"),
            kStagingFile +
                ":25: column total of model flat: meta.calve has no key `pth` here; the "
                "nearest is `path`, valid are path");
  EXPECT_EQ(ErrorWith("{kind: dedupe, from", "{kind: dedupe, key: a, from"),
            kStagingFile +
                ":5: model stg: meta.calve has no key `key` here; the nearest is `kind`, "
                "valid are kind, from, on_violation, format_version");
  EXPECT_EQ(ErrorWith("{kind: dedupe, from", "{kind: dedupe, from: a, from"),
            kStagingFile + ":5: model stg: meta.calve has `from` twice; keep one");
}

TEST(ProjectErrorTest, ValuesOfMetaCalveAreChecked) {
  EXPECT_EQ(ErrorWith("kind: dedupe", "kind: dedup"),
            kStagingFile +
                ":5: `dedup` is none of dedupe | flatten | current | history; the "
                "nearest is `dedupe`");
  EXPECT_EQ(ErrorWith("kind: dedupe, ", ""),
            kStagingFile +
                ":5: model stg: meta.calve has no kind; give it `kind: dedupe | "
                "flatten | current | history`");
  EXPECT_EQ(ErrorWith(", from: events", ""),
            kStagingFile + ":5: model stg: meta.calve has no `from`; name the upstream");
  EXPECT_EQ(
      ErrorWith("from: events", "from: events, on_violation: ignore"),
      kStagingFile + ":5: `ignore` is none of quarantine | fail; the nearest is `fail`");
  EXPECT_EQ(ErrorWith("from: events", "from: events, format_version: 4"),
            kStagingFile + ":5: format_version must be 2 or 3, and is `4`");
  EXPECT_EQ(ErrorWith("public.orders", "orders"),
            kStagingFile +
                ":18: model flat: source_table must be schema.table, as in "
                "`public.orders`, and is `orders`");
  EXPECT_EQ(ErrorWith(", key: order_id", ""),
            kMarts + ":5: model orders: meta.calve has no `key`; name the key columns");
  EXPECT_EQ(ErrorWith("key: order_id", "key: order_id, order_by: [audit_event_ids]"),
            kMarts +
                ":5: `audit_event_ids` is none of audit_timestamp, audit_event_id | "
                "audit_event_id; the nearest is `audit_event_id`");
  EXPECT_EQ(ErrorWith("$.sum", "$.a.sum"),
            kStagingFile +
                ":25: column total of model flat: path must name one member of the "
                "payload, as in `$.sum` or `$['sum']`, and is `$.a.sum`");
}

TEST(ProjectErrorTest, ColumnsAreChecked) {
  EXPECT_EQ(ErrorWith("{name: order_id, data_type: integer}", "{name: order_id}"),
            kStagingFile +
                ":24: column order_id of model flat has no type; give it "
                "`data_type`");
  EXPECT_EQ(
      ErrorWith("{name: order_id, data_type: integer}",
                "{name: order_id, data_type: smallint}"),
      kStagingFile +
          ":24: column order_id of model flat: type `smallint` cannot be kept; use "
          "boolean, integer, bigint, real, double, decimal(p,s) with p up to 38, date, "
          "timestamp(6), timestamp(6) with time zone or varchar");
  EXPECT_EQ(ErrorWith("{name: order_id,", "{name: orderId,"),
            kStagingFile +
                ":24: column orderId of model flat: the name must be in lower case, "
                "as Trino writes it");
  EXPECT_EQ(ErrorWith("{name: order_id,", "{name: audit_event_id,"),
            kStagingFile +
                ":24: model flat: column audit_event_id stands twice, first in line "
                "21; keep one");
  EXPECT_EQ(
      ErrorWith("{name: order_id, data_type: integer}",
                "{name: order_id, data_type: integer, tests: [{accepted_values: {}}]}"),
      kStagingFile +
          ":24: accepted_values of column order_id lists no values; give "
          "`values: [...]`");
}

TEST(ProjectErrorTest, AContractMustBeEnforced) {
  EXPECT_EQ(ErrorWith("contract: {enforced: true}", "contract: {enforced: false}"),
            kStagingFile +
                ":2: model stg: its contract is not enforced; set `config: "
                "{contract: {enforced: true}}`");
}

TEST(ProjectErrorTest, EachKindNeedsItsColumns) {
  EXPECT_EQ(
      ErrorWith("      - {name: raw_data, data_type: varchar}\n", ""),
      kStagingFile + ":2: model stg: column raw_data is missing; add it as varchar");
  EXPECT_EQ(
      ErrorWith("name: raw_data", "name: row_data"),
      kStagingFile + ":2: model stg: column raw_data is missing; add it as varchar");
  EXPECT_EQ(
      ErrorWith("{name: raw_data, data_type: varchar}",
                "{name: raw_data, data_type: integer}"),
      kStagingFile + ":14: model stg: column raw_data must be varchar, and is integer");
  EXPECT_EQ(
      ErrorWith("      - {name: raw_data, data_type: varchar}\n",
                "      - {name: raw_data, data_type: varchar}\n"
                "      - {name: lsn, data_type: bigint}\n"),
      kStagingFile + ":15: model stg: column lsn is not in the landing table; remove it");
  EXPECT_EQ(ErrorWith("kind: current", "kind: history"),
            kMarts +
                ":2: model orders: column valid_from is missing; add it as "
                "timestamp(6) with time zone");
}

TEST(ProjectErrorTest, MartsTakeTheirColumnsFromTheFlattenModel) {
  EXPECT_EQ(ErrorWith("{name: total, data_type: \"decimal(12,2)\"}",
                      "{name: totals, data_type: \"decimal(12,2)\"}"),
            kMarts +
                ":10: model orders: column totals is not in flat; the nearest there is "
                "`total`");
  EXPECT_EQ(ErrorWith("{name: total, data_type: \"decimal(12,2)\"}",
                      "{name: total, data_type: double}"),
            kMarts +
                ":10: model orders: column total is double here and decimal(12,2) in "
                "flat; make them equal");
  EXPECT_EQ(ErrorWith("{name: total, data_type: \"decimal(12,2)\"}",
                      "{name: total, data_type: \"decimal(12,2)\", meta: {calve: {path: "
                      "$.sum}}}"),
            kMarts +
                ":10: model orders: column total has a path, which only a flatten "
                "model reads; remove it here");
}

TEST(ProjectErrorTest, KeysMustExistOnceAndBeComparable) {
  EXPECT_EQ(ErrorWith("key: order_id", "key: order_ids"),
            kMarts +
                ":2: model orders: key column order_ids is not among its columns; the "
                "nearest is `order_id`");
  EXPECT_EQ(ErrorWith("key: order_id", "key: [order_id, order_id]"),
            kMarts + ":2: model orders: key column order_id stands twice; keep one");
  std::vector<ProjectFile> files =
      ProjectWith("order_id, data_type: integer", "order_id, data_type: double");
  files[3].text.replace(files[3].text.find("integer"), 7, "double");
  const auto project = ParseProject(files);
  ASSERT_FALSE(project);
  EXPECT_EQ(project.error().message,
            kMarts +
                ":9: model orders: key column order_id is double, which cannot be a "
                "key; use an integer, decimal, date, timestamp or varchar");
}

TEST(ProjectErrorTest, EveryMemberHasOneColumn) {
  EXPECT_EQ(ErrorWith("$.sum", "$.order_id"),
            kStagingFile +
                ":25: model flat: columns order_id and total hold the same member "
                "`order_id`; keep one");
  EXPECT_EQ(ErrorWith("{name: total,", "{name: tbl_name,"),
            kStagingFile +
                ":25: model flat: column tbl_name must be varchar, and is "
                "decimal(12,2)");
  EXPECT_EQ(ErrorWith("{name: total, data_type: \"decimal(12,2)\",",
                      "{name: tbl_name, data_type: varchar,"),
            kStagingFile +
                ":25: model flat: column tbl_name is the event's own and cannot have "
                "a path; remove it");
}

TEST(ProjectErrorTest, UpstreamsMustExistAndBeOfTheRightKind) {
  EXPECT_EQ(ErrorWith("from: events", "from: event"),
            kStagingFile +
                ":2: model stg: there is no source table event; the nearest is "
                "`events`");
  EXPECT_EQ(ErrorWith("from: flat", "from: flatt"),
            kMarts +
                ":2: model orders: there is no model flatt with meta.calve; the nearest "
                "is `flat`");
  EXPECT_EQ(ErrorWith("from: flat", "from: stg"),
            kMarts +
                ":2: model orders: a current model is made from a flatten model, and "
                "stg is dedupe");
  EXPECT_EQ(ErrorWith("from: stg", "from: orders"),
            kStagingFile +
                ":15: model flat: it is made from itself: flat → orders → flat; "
                "break the cycle");
  EXPECT_EQ(
      ErrorWith("      - name: events\n",
                "      - name: events\n  - name: b\n    tables: [{name: events}]\n"),
      kStagingFile +
          ":2: model stg: from names several sources; write it as "
          "<schema>.events");
}

TEST(ProjectErrorTest, ModelNamesAreUsedOnce) {
  EXPECT_EQ(ErrorWith("name: orders", "name: flat"),
            kMarts +
                ":2: model flat: it stands twice, first in "
                "models/staging/shop/schema.yml:15; keep one");
}

}  // namespace
}  // namespace calve::contract
