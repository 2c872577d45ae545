#include "contract/add_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calve::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kProject =
    "name: shop\nmodels:\n  shop:\n    +contract: {enforced: true}\n";

const std::string kSources =
    "sources:\n  - name: landing\n    tables:\n      - name: audit\n";

/// Two spaces more than needed before each dash, comments, and another section behind.
const std::string kStaging = R"yml(# Staging.
models:
    - name: stg   # every event
      config: {meta: {calve: {kind: dedupe, from: audit}}}
      columns:
        - {name: ingested_at, data_type: timestamp(6) with time zone}
        - {name: source_file, data_type: varchar}
        - {name: audit_event_id, data_type: bigint}
        - {name: audit_operation, data_type: varchar}
        - {name: audit_timestamp, data_type: timestamp(6) with time zone}
        - {name: tbl_schema, data_type: varchar}
        - {name: tbl_name, data_type: varchar}
        - {name: raw_data, data_type: varchar}

# Behind it.
version: 2
)yml";

std::vector<ProjectFile> Files(const std::string& staging = kStaging) {
  return {{"dbt_project.yml", kProject},
          {"models/sources.yml", kSources},
          {"models/staging/shop/schema.yml", staging}};
}

DraftTable Customers() {
  return {.source_table = "public.customers",
          .name = "customers",
          .description = "Who \"buys\".",
          .key = {"tenant", "id"},
          .columns = {{.name = "tenant",
                       .source_field = "tenant",
                       .type = {TypeKind::kInteger},
                       .description = "Whose."},
                      {.name = "id",
                       .source_field = "ID",
                       .type = {TypeKind::kBigint},
                       .not_null = true,
                       .description = "Which."},
                      {.name = "on",
                       .source_field = "on",
                       .type = {TypeKind::kVarchar},
                       .description = "A word\nof YAML's.",
                       .accepted_values = {"yes", "it's"}}}};
}

/// The project with the files in their places.
Project Read(std::vector<ProjectFile> files, const std::vector<ProjectFile>& added) {
  for (const ProjectFile& file : added) {
    std::erase_if(files, [&](const ProjectFile& one) { return one.path == file.path; });
    files.push_back(file);
  }
  auto project = ParseProject(files);
  EXPECT_TRUE(project) << project.error().message;
  return project ? *std::move(project) : Project{};
}

std::string TextOf(const AddedTable& added, const std::string& path) {
  for (const ProjectFile& file : added.files) {
    if (file.path == path) {
      return file.text;
    }
  }
  return "no such file";
}

std::string ErrorOf(const std::vector<ProjectFile>& files, const DraftTable& table) {
  const auto added = AddTable(files, table);
  return added ? "" : added.error().message;
}

TEST(AddTableTest, ThreeModelsStandInTheProjectAsDrafted) {
  const auto added = AddTable(Files(), Customers());
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_THAT(added->models, ElementsAre("stg_customers_flattened", "customers",
                                         "customers_history_scd2"));
  const Project project = Read(Files(), added->files);
  const Model* flattened = project.Find("stg_customers_flattened");
  ASSERT_NE(flattened, nullptr);
  EXPECT_EQ(flattened->source_table, "public.customers");
  EXPECT_EQ(flattened->from, "stg");
  const Column* id = flattened->Find("id");
  ASSERT_NE(id, nullptr);
  EXPECT_EQ(id->source_field, "ID");
  EXPECT_TRUE(id->not_null);
  EXPECT_TRUE(flattened->Find("tenant")->not_null) << "a key is never null";
  EXPECT_EQ(flattened->Find("on")->description, "A word\nof YAML's.");
  EXPECT_THAT(flattened->Find("on")->accepted_values, ElementsAre("yes", "it's"));
  for (const char* mart : {"customers", "customers_history_scd2"}) {
    ASSERT_NE(project.Find(mart), nullptr);
    EXPECT_EQ(project.Find(mart)->layer, "marts");
    EXPECT_THAT(project.Find(mart)->key, ElementsAre("tenant", "id"));
    EXPECT_FALSE(project.Find(mart)->Find("id")->unique) << "only both together are";
  }
  EXPECT_EQ(project.Find("customers")->description, "Who \"buys\".");
}

TEST(AddTableTest, AKeyOfOneColumnIsUniqueInTheCurrentMart) {
  DraftTable table = Customers();
  table.key = {"id"};
  const auto added = AddTable(Files(), table);
  ASSERT_TRUE(added) << added.error().message;
  const Project project = Read(Files(), added->files);
  EXPECT_TRUE(project.Find("customers")->Find("id")->unique);
  EXPECT_FALSE(project.Find("customers_history_scd2")->Find("id")->unique);
}

TEST(AddTableTest, WhatStandsInTheFileStaysAndSqlIsOneLine) {
  const auto added = AddTable(Files(), Customers());
  ASSERT_TRUE(added) << added.error().message;
  const std::string text = TextOf(*added, "models/staging/shop/schema.yml");
  const std::string head = kStaging.substr(0, kStaging.find("\n# Behind it."));
  EXPECT_THAT(text, StartsWith(head + "\n    - name: stg_customers_flattened\n"));
  EXPECT_TRUE(text.ends_with("\n# Behind it.\nversion: 2\n"));
  const std::string marts = "models/marts/shop/";
  EXPECT_THAT(TextOf(*added, marts + "schema.yml"),
              StartsWith("version: 2\n\nmodels:\n"));
  EXPECT_EQ(TextOf(*added, "models/staging/shop/stg_customers_flattened.sql"),
            "{{ calve.flatten(ref('stg')) }}\n");
  EXPECT_EQ(TextOf(*added, marts + "customers.sql"),
            "{{ calve.current_state(ref('stg_customers_flattened')) }}\n");
  EXPECT_EQ(TextOf(*added, marts + "customers_history_scd2.sql"),
            "{{ calve.history_scd2(ref('stg_customers_flattened')) }}\n");
}

TEST(AddTableTest, AFileThatCannotBeAddedToGetsANeighbour) {
  std::string flow = kStaging;
  const size_t end = flow.find("\n# Behind it.");
  const std::string model =
      "models: [{name: stg, config: {meta: {calve: {kind: dedupe, "
      "from: audit}}}, columns: [";
  std::string columns;
  for (const char* column :
       {"ingested_at", "source_file", "audit_event_id", "audit_operation",
        "audit_timestamp", "tbl_schema", "tbl_name", "raw_data"}) {
    const std::string name = column;
    const bool is_time = name == "ingested_at" || name == "audit_timestamp";
    columns += (columns.empty() ? "{name: " : ", {name: ") + name + ", data_type: " +
               (is_time                    ? "timestamp(6) with time zone"
                : name == "audit_event_id" ? "bigint"
                                           : "varchar") +
               "}";
  }
  flow = model + columns + "]}]\n" + flow.substr(end);
  const auto added = AddTable(Files(flow), Customers());
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_THAT(TextOf(*added, "models/staging/shop/customers.yml"),
              HasSubstr("  - name: stg_customers_flattened\n"));
  EXPECT_EQ(TextOf(*added, "models/staging/shop/schema.yml"), "no such file");
}

TEST(AddTableTest, ASecondTableGoesWhereTheFirstOnesMartsAre) {
  const auto first = AddTable(Files(), Customers());
  ASSERT_TRUE(first) << first.error().message;
  std::vector<ProjectFile> files = Files();
  std::erase_if(files, [](const ProjectFile& file) {
    return file.path == "models/staging/shop/schema.yml";
  });
  std::copy_if(first->files.begin(), first->files.end(), std::back_inserter(files),
               [](const ProjectFile& file) { return file.path.ends_with(".yml"); });
  DraftTable items = Customers();
  items.source_table = "sales.items";
  items.name = "sales_items";
  const auto second = AddTable(files, items);
  ASSERT_TRUE(second) << second.error().message;
  const Project project = Read(files, second->files);
  EXPECT_EQ(project.models.size(), 7U);
  EXPECT_EQ(project.Find("sales_items")->file, "models/marts/shop/schema.yml");
  EXPECT_THAT(ErrorOf(files, Customers()),
              HasSubstr("is made from public.customers already"));
  items.source_table = "other.customers";
  items.name = "customers";
  EXPECT_THAT(ErrorOf(files, items),
              HasSubstr("has a model stg_customers_flattened already"));
}

TEST(AddTableTest, WhatTheProjectWouldRefuseIsRefused) {
  DraftTable table = Customers();
  table.key = {};
  EXPECT_THAT(ErrorOf(Files(), table), HasSubstr("has no primary key"));
  table.key = {"idd"};
  EXPECT_THAT(ErrorOf(Files(), table), HasSubstr("the nearest is `id`"));
  EXPECT_THAT(ErrorOf({{"dbt_project.yml", kProject}}, Customers()),
              HasSubstr("has 0 models of kind dedupe"));
}

TEST(AddTableTest, MembersWithQuotesHaveNoPath) {
  EXPECT_TRUE(HasPath("größe x"));
  for (const char* member : {"", "a\"b", "a'b", "a\\b"}) {
    EXPECT_FALSE(HasPath(member)) << member;
  }
}

}  // namespace
}  // namespace calve::contract
