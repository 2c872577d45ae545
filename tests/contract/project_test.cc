#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "contract/contract.h"
#include "contract/project_fixture.h"

namespace calve::contract {
namespace {

std::vector<ProjectFile> ReadFolder(const std::filesystem::path& root) {
  std::vector<ProjectFile> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) {
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files.push_back(
          {std::filesystem::relative(entry.path(), root).string(), text.str()});
    }
  }
  return files;
}

/// A column as `name type !unique [accepted] <- member`.
std::string Show(const Column& column) {
  std::string out = column.name + " " + ColumnTypeName(column.type);
  out += column.not_null ? " !" : "";
  out += column.unique ? " unique" : "";
  if (!column.accepted_values.empty()) {
    out += fmt::format(" [{}]", fmt::join(column.accepted_values, ","));
  }
  return out + (column.source_field == column.name ? "" : " <- " + column.source_field);
}

std::string Show(const Model& model) {
  std::string out =
      fmt::format("{} from {} table '{}' key [{}]\n", model.table(), model.from,
                  model.source_table, fmt::join(model.key, ","));
  for (const Column& column : model.columns) {
    out += Show(column) + "\n";
  }
  return out;
}

Project Parsed(const std::vector<ProjectFile>& files) {
  auto project = ParseProject(files);
  EXPECT_TRUE(project) << project.error().message;
  return project ? *std::move(project) : Project{};
}

/// The fixture's only flatten model's columns, with one text replaced.
Column ColumnWith(const std::string& from, const std::string& to,
                  const std::string& column) {
  const Project project = Parsed(ProjectWith(from, to));
  const Model* flat = project.Find("flat");
  return flat != nullptr && flat->Find(column) != nullptr ? *flat->Find(column)
                                                          : Column{};
}

TEST(ProjectTest, TheReferenceProjectReadsAsDesigned) {
  const Project project = Parsed(
      ReadFolder(std::filesystem::path(CALVE_SOURCE_DIR) / "examples/ecommerce/dbt_dwh"));
  ASSERT_EQ(project.models.size(), 4U);
  EXPECT_EQ(project.sources.at(0).table(), "landing.ecomm_audit_log_dml");
  const std::string ts = " timestamp(6) with time zone";
  const std::string meta = "ingested_at" + ts + "\nsource_file varchar\n";
  EXPECT_EQ(Show(project.models[0]),
            "staging.stg_ecomm_audit_log_dml from ecomm_audit_log_dml table '' key []\n" +
                meta +
                "audit_event_id bigint ! unique\naudit_operation varchar\n"
                "audit_timestamp" +
                ts + "\ntbl_schema varchar\ntbl_name varchar\nraw_data varchar\n");
  const std::string payload = "order_timestamp" + ts + "\ncreated_at" + ts +
                              "\nupdated_at" + ts + "\norder_sum double";
  EXPECT_EQ(Show(project.models[1]),
            "staging.stg_ecomm_audit_log_dml_orders_flattened from "
            "stg_ecomm_audit_log_dml table 'public.orders' key []\n" +
                meta +
                "audit_event_id bigint ! unique\naudit_operation varchar [I,U,D]\n"
                "audit_timestamp" +
                ts + "\ntbl_schema varchar\ntbl_name varchar\norder_id integer !\n" +
                payload + " <- sum\ndescription varchar\n");
  const std::string flat =
      " from stg_ecomm_audit_log_dml_orders_flattened table '' key "
      "[order_id]\n";
  EXPECT_EQ(Show(project.models[2]),
            "marts.orders" + flat + meta +
                "audit_event_id bigint\naudit_operation varchar\naudit_timestamp" + ts +
                "\ntbl_schema varchar\ntbl_name varchar\norder_id integer ! unique\n" +
                payload + "\ndescription varchar\n");
  EXPECT_EQ(Show(project.models[3]),
            "marts.orders_history_scd2" + flat + meta +
                "audit_event_id bigint\naudit_operation varchar\nvalid_from" + ts +
                " !\ntbl_schema varchar\ntbl_name varchar\norder_id integer !\n" +
                payload + "\ndescription varchar\nvalid_to" + ts +
                "\nis_current boolean !\nis_deleted boolean !\n");
  for (const Model& model : project.models) {
    for (const Column& column : model.columns) {
      EXPECT_FALSE(column.description.empty()) << model.name << "." << column.name;
    }
  }
}

TEST(ProjectTest, TestsAreReadInEverySpelling) {
  const std::string plain = "{name: order_id, data_type: integer}";
  const auto with = [&](const std::string& more) {
    return Show(ColumnWith(plain, "{name: order_id, data_type: integer, " + more + "}",
                           "order_id"));
  };
  EXPECT_EQ(with("tests: [not_null, unique]"), "order_id integer ! unique");
  EXPECT_EQ(with("data_tests: [not_null: {config: {tags: [a]}}]"), "order_id integer !");
  EXPECT_EQ(with("data_tests: [{accepted_values: {values: [1, 2]}}]"),
            "order_id integer [1,2]");
  EXPECT_EQ(with("data_tests: [{accepted_values: {arguments: {values: [1, 2]}}}]"),
            "order_id integer [1,2]");
  EXPECT_EQ(with("tests: [{name: mine, test_name: accepted_values, values: [7]}]"),
            "order_id integer [7]");
  EXPECT_EQ(with("constraints: [{type: not_null}]"), "order_id integer !");
  EXPECT_EQ(with("tests: [{relationships: {to: x, field: y}}, my.own]"),
            "order_id integer");
}

TEST(ProjectTest, NarrowedAndWarningTestsAreNoRules) {
  const std::string plain = "{name: order_id, data_type: integer}";
  for (const char* test :
       {"{not_null: {config: {where: a = 1}}}", "{not_null: {config: {severity: warn}}}",
        "{not_null: {where: a = 1}}"}) {
    EXPECT_EQ(Show(ColumnWith(plain,
                              "{name: order_id, data_type: integer, tests: [" +
                                  std::string(test) + "]}",
                              "order_id")),
              "order_id integer")
        << test;
  }
}

TEST(ProjectTest, PathsAndMetaAreReadFromBothPlaces) {
  EXPECT_EQ(ColumnWith("$.sum", "$.sum", "total").source_field, "sum");
  EXPECT_EQ(ColumnWith("{path: $.sum}", "{path: \"$['a sum']\"}", "total").source_field,
            "a sum");
  EXPECT_EQ(ColumnWith("meta: {calve: {path: $.sum}}",
                       "config: {meta: {calve: {path: '$[\"it.s\"]'}}}", "total")
                .source_field,
            "it.s");
  const Project older = Parsed(ProjectWith(
      "      meta: {calve: {kind: dedupe, from: events}}\n",
      "    meta: {calve: {kind: dedupe, from: landing.events, on_violation: fail}}\n"));
  EXPECT_EQ(older.Find("stg")->on_violation, OnViolation::kFail);
}

TEST(ProjectTest, SettingsOfAMartAreRead) {
  const Project project =
      Parsed(ProjectWith("key: order_id",
                         "key: [order_id], order_by: [audit_event_id], schema_evolution: "
                         "contract, format_version: 3"));
  const Model& orders = *project.Find("orders");
  EXPECT_EQ(orders.order, EventOrder::kId);
  EXPECT_EQ(orders.schema_evolution, SchemaEvolution::kContract);
  EXPECT_EQ(orders.format_version, 3);
  EXPECT_EQ(orders.line, 2);
  EXPECT_EQ(orders.columns.at(1).line, 8);
  EXPECT_EQ(orders.tags, std::vector<std::string>{"nightly"});
}

TEST(ProjectTest, TheLayerComesFromTheModelThenItsFolderThenThePath) {
  EXPECT_EQ(Parsed(ValidProject()).Find("orders")->layer, "marts");
  EXPECT_EQ(Parsed(ProjectWith("{+tags: [nightly]}", "{shop: {+schema: gold}}"))
                .Find("orders")
                ->layer,
            "gold");
  EXPECT_EQ(Parsed(ProjectWith("meta: {calve: {kind: current",
                               "schema: silver\n      meta: {calve: {kind: current"))
                .Find("orders")
                ->layer,
            "silver");
}

TEST(ProjectTest, WhatIsDbtsBusinessIsIgnored) {
  std::vector<ProjectFile> files = ValidProject();
  files.push_back({"models/marts/shop/orders.sql", "{{ not: yaml"});
  files.push_back({"macros/macros.yml", "macros: [{"});
  files.push_back({"models/marts/other.yml",
                   "models:\n  - name: plain\n    colour: red\n"
                   "exposures: [{name: x}]\n"});
  files.push_back({"models/empty.yml", ""});
  EXPECT_EQ(Parsed(files).models.size(), 3U);
}

std::string Selected(const Project& project, const std::string& selection) {
  const auto models = Select(project, selection);
  if (!models) {
    EXPECT_EQ(models.error().kind, ErrorKind::kInvalidArgument);
    return models.error().message;
  }
  std::string names;
  for (const Model* model : *models) {
    names += (names.empty() ? "" : " ") + model->name;
  }
  return names;
}

TEST(SelectTest, NamesLayersFoldersAndTagsSelect) {
  const Project project = Parsed(ValidProject());
  EXPECT_EQ(Selected(project, ""), "stg flat orders");
  EXPECT_EQ(Selected(project, " "), "stg flat orders");
  EXPECT_EQ(Selected(project, "orders"), "orders");
  EXPECT_EQ(Selected(project, "staging"), "stg flat");
  EXPECT_EQ(Selected(project, "shop"), "stg flat orders");
  EXPECT_EQ(Selected(project, "nightly"), "orders");
  EXPECT_EQ(Selected(project, "tag:nightly"), "orders");
  EXPECT_EQ(Selected(project, "orders,stg"), "stg orders");
}

TEST(SelectTest, PlusAddsUpstreamOrDownstream) {
  const Project project = Parsed(ValidProject());
  EXPECT_EQ(Selected(project, "+orders"), "stg flat orders");
  EXPECT_EQ(Selected(project, "+flat"), "stg flat");
  EXPECT_EQ(Selected(project, "flat+"), "flat orders");
  EXPECT_EQ(Selected(project, "+flat+"), "stg flat orders");
  EXPECT_EQ(Selected(project, "stg+"), "stg flat orders");
}

TEST(SelectTest, AWordThatSelectsNothingNamesTheNearest) {
  const Project project = Parsed(ValidProject());
  EXPECT_EQ(Selected(project, "orders +oders"),
            "selection `+oders` names no model, layer, folder or tag; the nearest is "
            "`orders`");
}

}  // namespace
}  // namespace calve::contract
