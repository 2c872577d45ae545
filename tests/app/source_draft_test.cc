#include "app/source_draft.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calve::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

capture::TableShape Shape(const std::vector<std::string>& columns) {
  capture::TableShape shape{.ref = {"public", "things"},
                            .comment = "",
                            .key = {columns.front()},
                            .columns = {},
                            .refusal = ""};
  for (const std::string& name : columns) {
    shape.columns.push_back({.name = name,
                             .type = "integer",
                             .not_null = false,
                             .comment = "",
                             .accepted_values = {}});
  }
  return shape;
}

/// The columns as `name<-field`.
std::vector<std::string> Names(const SourceDraft& draft) {
  std::vector<std::string> names;
  for (const contract::DraftColumn& column : draft.table.columns) {
    names.push_back(column.name + "<-" + column.source_field);
  }
  return names;
}

std::string ErrorOf(const capture::TableShape& shape,
                    const std::vector<std::string>& key = {}) {
  const auto draft = DraftContract(shape, key);
  return draft ? "" : draft.error().message;
}

TEST(SourceDraftTest, PlainNamesStayAndOthersNeverTakeThem) {
  const auto draft = DraftContract(Shape({"ID", "Colour", "colour", "valid_from"}), {});
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_THAT(Names(*draft),
              ElementsAre("id<-ID", "colour_fd5460f8<-Colour", "colour<-colour",
                          "valid_from_7bd7dfb6<-valid_from"));
  EXPECT_THAT(draft->table.key, ElementsAre("id"));
  EXPECT_THAT(draft->left_out, IsEmpty());
  EXPECT_EQ(draft->table.columns[1].description,
            "The column Colour of public.things, integer.");
}

TEST(SourceDraftTest, FieldsThatNoPathNamesAreLeftOut) {
  const auto draft = DraftContract(Shape({"id", "a\"b", "a'b", "a\\b"}), {});
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_THAT(Names(*draft), ElementsAre("id<-id"));
  EXPECT_THAT(draft->left_out, ElementsAre("a\"b", "a'b", "a\\b"));
}

TEST(SourceDraftTest, AGivenKeyIsTheSourcesAndReplacesThePrimaryKey) {
  const auto draft = DraftContract(Shape({"id", "Tenant"}), {"Tenant", "id"});
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_THAT(draft->table.key, ElementsAre("tenant", "id"));
  EXPECT_THAT(ErrorOf(Shape({"id", "Tenant"}), {"tenant"}),
              HasSubstr("has no column tenant for a key; it has: id, Tenant"));
}

TEST(SourceDraftTest, OnlyPublicTablesGoWithoutTheirSchemasName) {
  capture::TableShape shape = Shape({"id"});
  EXPECT_EQ(DraftContract(shape, {})->table.name, "things");
  shape.ref.schema = "Sales";
  EXPECT_EQ(DraftContract(shape, {})->table.name, "sales_things");
  EXPECT_EQ(DraftContract(shape, {})->table.source_table, "Sales.things");
  shape.ref.schema = "a.b";
  EXPECT_THAT(ErrorOf(shape), HasSubstr("has a dot in its name"));
}

TEST(SourceDraftTest, WhatCannotBeCapturedOrHasNoKeyIsRefused) {
  capture::TableShape shape = Shape({"id"});
  shape.key = {};
  EXPECT_THAT(ErrorOf(shape), HasSubstr("has no primary key"));
  shape.refusal = "it is a view";
  EXPECT_EQ(ErrorOf(shape), "public.things can't be captured: it is a view");
}

}  // namespace
}  // namespace calve::app
