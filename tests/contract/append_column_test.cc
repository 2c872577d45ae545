#include "contract/append_column.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "contract/project_fixture.h"

namespace calve::contract {
namespace {

const NewColumn kCoupon{.name = "coupon",
                        .type = {TypeKind::kInteger},
                        .description = "A \"coupon\".",
                        .source_field = "coupon"};

/// The changed files' texts, or the error.
std::string Appended(const std::vector<ProjectFile>& files, const NewColumn& column) {
  const auto changed = AppendColumns(files, "flat", {column});
  if (!changed) {
    return changed.error().message;
  }
  std::string text;
  for (const ProjectFile& file : *changed) {
    text += "== " + file.path + "\n" + file.text;
  }
  return text;
}

const std::string kFlat = R"yml(# Staging.
models:
  - name: flat   # the orders
    config:
      contract: {enforced: true}
      meta: {calve: {kind: flatten, from: stg, source_table: public.orders}}
    columns:
      # What the event says.
      -   name: ingested_at
          data_type: timestamp(6) with time zone
      - {name: audit_event_id, data_type: bigint}
      - {name: audit_operation, data_type: varchar}

      - name: audit_timestamp
        data_type: timestamp(6) with time zone
        description: |
          When it was.

          # Not a comment.
      # Before the last.
      -   name: order_id
          data_type: integer
          # The key.

# About the next model.
  - name: unrelated
)yml";

const std::string kOrders = R"yml(models:
- name: orders
  config: {contract: {enforced: true}, meta: {calve: {kind: current, from: flat, key: order_id}}}
  columns:
  - {name: audit_event_id, data_type: bigint}
  - {name: audit_timestamp, data_type: timestamp(6) with time zone}
  - {name: order_id, data_type: integer})yml";

/// The valid project's own dedupe model, and the two above.
std::vector<ProjectFile> Files(const std::string& flat, const std::string& orders) {
  const std::string dedupe = kStagingYml.substr(0, kStagingYml.find("  - name: flat\n"));
  return {{"dbt_project.yml", kProjectYml},
          {"models/sources.yml", kSourcesYml},
          {"models/staging/stg.yml", dedupe},
          {"models/staging/flat.yml", flat},
          {"models/marts/orders.yml", orders}};
}

TEST(AppendColumnsTest, ColumnsComeLastAndEverythingElseStays) {
  const std::string flat_before = "          # The key.\n";
  std::string flat = kFlat;
  flat.insert(flat.find(flat_before) + flat_before.size(),
              "      -   name: coupon\n"
              "          data_type: integer\n"
              "          description: \"A \\\"coupon\\\".\"\n");
  EXPECT_EQ(Appended(Files(kFlat, kOrders), kCoupon),
            "== models/staging/flat.yml\n" + flat + "== models/marts/orders.yml\n" +
                kOrders +
                "\n  - name: coupon\n    data_type: integer\n"
                "    description: \"A \\\"coupon\\\".\"");
}

TEST(AppendColumnsTest, LineEndsOfTheFileAreKept) {
  std::string crlf;
  for (const char c : kFlat) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
  }
  const std::string text = Appended(Files(crlf, kOrders), kCoupon);
  EXPECT_NE(text.find("      -   name: coupon\r\n          data_type: integer\r\n"),
            std::string::npos)
      << text;
}

TEST(AppendColumnsTest, AFieldOfAnotherNameGetsItsPath) {
  NewColumn column = kCoupon;
  column.name = "my_coupon_0a1b2c3d";
  column.source_field = "My coupon";
  const auto changed = AppendColumns(Files(kFlat, kOrders), "flat", {column});
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_NE(
      changed->at(0).text.find("config: {meta: {calve: {path: \"$['My coupon']\"}}}"),
      std::string::npos);
  EXPECT_EQ(changed->at(1).text.find("path"), std::string::npos);
  column.source_field = "it's";
  EXPECT_EQ(Appended(Files(kFlat, kOrders), column).substr(0, 35),
            "no path can name the field \"it's\", ");
}

TEST(AppendColumnsTest, WordsThatYamlTakesForBooleansAreQuoted) {
  NewColumn column = kCoupon;
  column.name = column.source_field = "no";
  EXPECT_NE(Appended(Files(kFlat, kOrders), column).find("name: \"no\""),
            std::string::npos);
}

TEST(AppendColumnsTest, ColumnsThatAreThereAlreadyAreLeftAlone) {
  std::string flat = kFlat;
  const std::string key = "          # The key.\n";
  flat.insert(flat.find(key) + key.size(),
              "      - {name: coupon, data_type: integer}\n");
  const auto changed = AppendColumns(Files(flat, kOrders), "flat", {kCoupon});
  ASSERT_TRUE(changed) << changed.error().message;
  ASSERT_EQ(changed->size(), 1U);
  EXPECT_EQ(changed->at(0).path, "models/marts/orders.yml");
}

TEST(AppendColumnsTest, ListsThatCannotBeEditedAreRefusedWithWhatToAdd) {
  const std::string flow = R"yml(models:
  - name: orders
    config: {contract: {enforced: true}, meta: {calve: {kind: current, from: flat, key: order_id}}}
    columns: [{name: audit_event_id, data_type: bigint}, {name: order_id, data_type: integer},
      {name: audit_timestamp, data_type: timestamp(6) with time zone}]
)yml";
  EXPECT_EQ(
      Appended(Files(kFlat, flow), kCoupon),
      "models/marts/orders.yml:4: the columns of model orders are not listed one entry "
      "below the other, so this one has to be added by hand: {name: coupon, data_type: "
      "integer, description: \"A \\\"coupon\\\".\"}");
  const std::string alias = R"yml(models:
  - name: other
    columns: &shared
      - {name: audit_event_id, data_type: bigint}
      - {name: order_id, data_type: integer}
      - {name: audit_timestamp, data_type: timestamp(6) with time zone}
  - name: orders
    config: {contract: {enforced: true}, meta: {calve: {kind: current, from: flat, key: order_id}}}
    columns: *shared
  - name: orders_too
    config: {contract: {enforced: true}, meta: {calve: {kind: current, from: flat, key: order_id}}}
    columns: *shared
)yml";
  EXPECT_NE(Appended(Files(kFlat, alias), kCoupon).find("by hand"), std::string::npos);
}

}  // namespace
}  // namespace calve::contract
