#include "model/flatten.h"

#include <string>

#include <gtest/gtest.h>

#include "model/flatten_fixture.h"

namespace calve::model {
namespace {

using contract::SchemaEvolution;

const std::string kOrder =
    R"({"order_id": 7, "created_at": "2024-01-31 23:59:59.123456+00", "sum": 12.50,)"
    R"( "description": "a \"b\" ü\n"})";
const std::string kOrderAsTexts =
    R"({"order_id": "7", "created_at": "2024-01-31T23:59:59.123456Z", "sum": "12.50",)"
    R"( "description": "a \"b\" \u00fc\u000a"})";

constexpr int kOwnColumns = 4;  // of OrdersModel(), before those of the payload

TEST(FlattenTest, JsonTypedAndTextPayloadsGiveTheSameTypedRow) {
  const auto plan = Flattened({{.id = 1, .time = 5, .raw = kOrder, .ingested = 9},
                               {.id = 1, .time = 5, .raw = kOrderAsTexts, .ingested = 9}},
                              OrdersModel());
  ASSERT_EQ(plan.rows->num_rows(), 2) << Show(plan.violations);
  EXPECT_EQ(
      ShowRow(*plan.rows, 0),
      "ingested_at=1970-01-01 00:00:00.000009Z | audit_event_id=1 | "
      "audit_operation=I | audit_timestamp=1970-01-01 00:00:00.000005Z | order_id=7 | "
      "created_at=2024-01-31 23:59:59.123456Z | order_sum=12.5 | "
      "description=a \"b\" ü\n");
  EXPECT_EQ(ShowRow(*plan.rows, 1), ShowRow(*plan.rows, 0));
}

TEST(FlattenTest, EventsOfOtherTablesAreLeftOut) {
  const auto plan = Flattened({{.table = "customers", .raw = "broken"},
                               {.id = 2, .raw = R"({"v":1})"},
                               {.schema = "archive"},
                               {.schema = std::nullopt},
                               {.id = 4, .raw = R"({"v":2})"}},
                              OneColumnModel("integer"));
  EXPECT_EQ(plan.rows->num_rows(), 2);
  EXPECT_TRUE(plan.violations.empty());
}

TEST(FlattenTest, CopiedColumnsFollowTheKeptRows) {
  contract::Model model = OneColumnModel("integer");
  model.columns.push_back(ColumnOf("audit_event_id", "bigint"));
  const auto plan = Flattened({{.id = 1, .raw = R"({"v":1})"},
                               {.id = 2, .raw = R"({"v":"x"})"},
                               {.id = 3, .raw = R"({"v":3})"}},
                              model);
  ASSERT_EQ(plan.rows->num_rows(), 2);
  EXPECT_EQ(ShowRow(*plan.rows, 0), "v=1 | audit_event_id=1");
  EXPECT_EQ(ShowRow(*plan.rows, 1), "v=3 | audit_event_id=3");
  EXPECT_EQ(Show(plan.violations), "1 cast v: `x` is no integer\n");
}

TEST(FlattenTest, MissingMembersAndNullsAreNull) {
  EXPECT_EQ(Cell("integer", "null"), "null");
  EXPECT_EQ(Cell("varchar", "null"), "null");
  EXPECT_EQ(Cell("varchar", "\"null\""), "null");  // The text, shown like no value.
  const auto plan = Flattened({{.raw = "{}"}}, OneColumnModel("varchar"));
  EXPECT_EQ(plan.rows->column(0)->null_count(), 1);
  const auto text = Flattened({{.raw = R"({"v":"null"})"}}, OneColumnModel("varchar"));
  EXPECT_EQ(text.rows->column(0)->null_count(), 0);
}

TEST(FlattenTest, OfRepeatedMembersTheLastCounts) {
  const auto plan = Flattened(
      {{.raw = R"({"v":"x","w":"1","v":2,"w":null})"}, {.raw = R"({"v":1,"v":null})"}},
      OneColumnModel("integer"));
  EXPECT_EQ(ShowRow(*plan.rows, 0), "v=2 | w=null");
  EXPECT_EQ(ShowRow(*plan.rows, 1), "v=null | w=null");
}

TEST(FlattenTest, VarcharColumnsTakeAnyJson) {
  EXPECT_EQ(Cell("varchar", R"("a\u0000b")"), std::string("a\0b", 3));
  EXPECT_EQ(Cell("varchar", R"("\ud83d\ude00")"), "😀");
  EXPECT_EQ(Cell("varchar", R"("")"), "");
  EXPECT_EQ(Cell("varchar", "12.50 "), "12.50");
  EXPECT_EQ(Cell("varchar", "1e400"), "1e400");
  EXPECT_EQ(Cell("varchar", "123456789012345678901234567890"),
            "123456789012345678901234567890");
  EXPECT_EQ(Cell("varchar", "true"), "true");
  EXPECT_EQ(Cell("varchar", R"({ "a" : [ 1e400 , "x \" y" , { } , [ ] , null ] })"),
            R"({"a":[1e400,"x \" y",{},[],null]})");
  EXPECT_EQ(Cell("varchar", "[]"), "[]");
}

TEST(FlattenTest, PayloadsThatAreNotOneObjectAreViolations) {
  const std::vector<std::pair<std::optional<std::string>, std::string>> cases{
      {std::nullopt, "it is null"},
      {"", "it is empty"},
      {"  ", "it is empty"},
      {"7", "it is another JSON value"},
      {"\"{}\"", "it is another JSON value"},
      {"[{}]", "it is another JSON value"},
      {"null", "it is another JSON value"},
      {R"({"v":1)", "it ends too early"},
      {R"({"v":")", "it ends too early"},
      {R"({"v":1}})", "its syntax is wrong"},
      {R"({"v":1} {})", "its syntax is wrong"},
      {R"({"v":1,})", "its syntax is wrong"},
      {R"({"v" 1})", "its syntax is wrong"},
      {R"({v:1})", "its syntax is wrong"},
      {R"({"v":01})", "its syntax is wrong"},
      {R"({"v":1.})", "its syntax is wrong"},
      {R"({"v":+1})", "its syntax is wrong"},
      {R"({"v":NaN})", "its syntax is wrong"},
      {R"({"v":tru})", "its syntax is wrong"},
      {R"({"v":nul})", "its syntax is wrong"},
      {R"({"w":{"x":[tru]}})", "its syntax is wrong"},
      {R"({"w":[1 2]})", "its syntax is wrong"},
      {R"({"w":[1,]})", "its syntax is wrong"},
      {R"({"v":"\ud800"})", "a string holds a wrong escape"},
      {R"({"v":"\udc00"})", "a string holds a wrong escape"},
      {R"({"v":"\ud800\u0041"})", "a string holds a wrong escape"},
      {R"({"v":"\q"})", "a string holds a wrong escape"},
      {R"({"v":"\u12g4"})", "a string holds a wrong escape"},
      {R"({"\ud800":1})", "a string holds a wrong escape"},
      {R"({"w":["\ud800"]})", "a string holds a wrong escape"},
      {R"({"w":["\udc00"]})", "a string holds a wrong escape"},
      {R"({"w":{"\ud800":1}})", "a string holds a wrong escape"},
      {"{\"v\":\"a\nb\"}", "a string holds a bare control character"},
      {"{\"v\":\"\xff\"}", "it is not UTF-8"},
      {"{\"v\":\"\xed\xa0\x80\"}", "it is not UTF-8"},
      {"{\"w\":" + std::string(1000, '[') + std::string(1000, ']') + "}",
       "it is nested too deep"},
      {"{\"w\":" + std::string(100'000, '['), "it ends too early"}};
  for (const auto& [payload, reason] : cases) {
    const auto plan = Flattened({{.raw = payload}, {.raw = R"({"v":"kept"})"}},
                                OneColumnModel("varchar"));
    EXPECT_EQ(Show(plan.violations),
              "0 payload : raw_data is not one JSON object: " + reason + "\n")
        << payload.value_or("null").substr(0, 80);
    EXPECT_EQ(plan.rows->num_rows(), 1);
    EXPECT_EQ(plan.rows->num_columns(), 1);
  }
}

TEST(FlattenTest, AThousandLevelsOfNestingAreRead) {
  const std::string deep = std::string(999, '[') + std::string(999, ']');
  EXPECT_EQ(Cell("varchar", deep), deep);
}

TEST(FlattenTest, ALongPayloadAfterShortOnesIsRead) {
  std::vector<LandedRow> rows;
  for (size_t size = 10; size <= 1'000'000; size *= 10) {
    rows.push_back({.raw = "{\"v\":\"" + std::string(size, 'x') + "\"}"});
  }
  const FlattenPlan plan = Flattened(rows, OneColumnModel("varchar"));
  ASSERT_EQ(plan.rows->num_rows(), 6);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*plan.rows->column(0)).GetString(5),
            std::string(1'000'000, 'x'));
}

TEST(FlattenTest, EveryRuleOfARowIsChecked) {
  contract::Model model = OrdersModel();
  model.columns[2].accepted_values = {"I", "U", "D"};
  model.columns[6].accepted_values = {"1.50", "2"};
  model.columns[7].not_null = true;
  const auto plan = Flattened(
      {{.raw = R"({"order_id":1,"sum":1.5,"description":""})"},
       {.operation = "X", .raw = R"({"order_id":1,"description":"a"})"},
       {.operation = std::nullopt, .raw = R"({"order_id":1,"description":"a"})"},
       {.raw = R"({"order_id":1,"sum":3,"description":"a"})"},
       {.raw = R"({"order_id":1})"},
       {.raw = R"({"order_id":1,"description":null})"},
       {.raw = R"({"order_id":2147483648,"sum":"x"})"},
       {.operation = "D", .raw = R"({"order_id":null,"description":"a"})"},
       {.time = std::nullopt, .raw = R"({"order_id":1,"description":"a"})"},
       {.operation = "D", .raw = R"({"order_id":1,"sum":"2.0","description":"a"})"}},
      model, {"order_id", "audit_timestamp"});
  EXPECT_EQ(Show(plan.violations),
            "1 accepted_values audit_operation: `X` is none of I, U, D\n"
            "2 not_null audit_operation: audit_operation is null\n"
            "3 accepted_values order_sum: `3` is none of 1.50, 2\n"
            "4 not_null description: description is null\n"
            "5 not_null description: description is null\n"
            "6 cast order_id: `2147483648` is no integer\n"
            "7 not_null order_id: order_id is null\n"
            "8 not_null audit_timestamp: audit_timestamp is null\n");
  EXPECT_EQ(plan.rows->num_rows(), 2);
}

TEST(FlattenTest, TheOperationIsCheckedWithoutAContractForIt) {
  const auto plan = Flattened({{.operation = "T", .raw = "{}"}}, OrdersModel());
  EXPECT_EQ(Show(plan.violations),
            "0 accepted_values audit_operation: `T` is none of I, U, D\n");
}

TEST(FlattenTest, KeysAreJudgedBeforeOtherColumns) {
  contract::Model model = OrdersModel();
  std::rotate(model.columns.begin() + 4, model.columns.begin() + 5, model.columns.end());
  const auto plan =
      Flattened({{.raw = R"({"order_id":"x","sum":"y"})"}}, model, {"order_id"});
  EXPECT_EQ(Show(plan.violations), "0 cast order_id: `x` is no integer\n");
}

TEST(FlattenTest, LongValuesAreShortenedInReasonsByWholeCharacters) {
  std::string umlauts;
  for (int i = 0; i < 40; ++i) {
    umlauts += "ü";
  }
  const auto plan =
      Flattened({{.raw = "{\"v\":\"x" + umlauts + "\"}"}}, OneColumnModel("date"));
  EXPECT_EQ(Show(plan.violations),
            "0 cast v: `x" + umlauts.substr(0, 58) + "…` is no date\n");
}

TEST(FlattenTest, NewMembersBecomeTextColumnsWithTheFirstKeptRow) {
  const auto plan = Flattened({{.raw = R"({"v":1})"},
                               {.raw = R"({"v":"broken","never":1})"},
                               {.raw = R"({"v":2,"colour":"red","Big Name":{"a": 1}})"},
                               {.raw = R"({"colour":null,"v":3,"done":true})"},
                               {.raw = R"({"v":4,"colour":7.50})"}},
                              OneColumnModel("integer"));
  const std::string big = ExtraColumnName("Big Name");
  EXPECT_EQ(plan.extra_columns, (std::vector<std::string>{"colour", big, "done"}));
  EXPECT_EQ(ShowRow(*plan.rows, 0), "v=1 | colour=null | " + big + "=null | done=null");
  EXPECT_EQ(ShowRow(*plan.rows, 1),
            "v=2 | colour=red | " + big + "={\"a\":1} | done=null");
  EXPECT_EQ(ShowRow(*plan.rows, 2), "v=3 | colour=null | " + big + "=null | done=true");
  EXPECT_EQ(ShowRow(*plan.rows, 3), "v=4 | colour=7.50 | " + big + "=null | done=null");
}

TEST(FlattenTest, UnderContractEvolutionNewMembersAreLeftOut) {
  contract::Model model = OneColumnModel("integer");
  model.schema_evolution = SchemaEvolution::kContract;
  const auto plan = Flattened({{.raw = R"({"new":1,"v":2,"New":3})"}}, model);
  EXPECT_EQ(ShowRow(*plan.rows, 0), "v=2");
  EXPECT_TRUE(plan.extra_columns.empty());
}

TEST(FlattenTest, UnderFailEvolutionANewMemberOfAGoodRowFails) {
  contract::Model model = OneColumnModel("integer");
  model.schema_evolution = SchemaEvolution::kFail;
  EXPECT_EQ(Show(Flattened({{.raw = R"({"new":1,"v":"x"})"}}, model).violations),
            "0 cast v: `x` is no integer\n");
  const auto plan = Flatten(*LandedBatch({{.raw = R"({"new":1,"v":2})"}}), model, {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::kContractViolation);
  EXPECT_EQ(plan.error().message,
            "new_field: model flat has `schema_evolution: fail`, and its source has the "
            "field `new`, which its contract does not name; add it to models/schema.yml, "
            "or let it propagate");
}

TEST(FlattenTest, AMemberNamedLikeAnotherMembersColumnGetsASuffix) {
  const auto plan = Flattened({{.raw = R"({"order_sum":"x","sum":1})"}}, OrdersModel());
  const std::string name = plan.extra_columns.at(0);
  EXPECT_EQ(name.substr(0, 10), "order_sum_");
  EXPECT_EQ(ShowRow(*plan.rows, 0, kOwnColumns),
            "order_id=null | created_at=null | order_sum=1 | description=null | " + name +
                "=x");
}

TEST(FlattenTest, MembersOfOneRowThatMapToOneColumnAreAViolation) {
  const std::string twin = ExtraColumnName("Twin");
  const auto plan = Flattened({{.raw = R"({"Twin":1,")" + twin + R"(":2})"},
                               {.raw = R"({"Twin":1})"},
                               {.raw = R"({")" + twin + R"(":2})"}},
                              OneColumnModel("integer"));
  EXPECT_EQ(Show(plan.violations), "0 unmapped_field : the column of the field `" + twin +
                                       "` is taken by another\n");
  EXPECT_EQ(plan.extra_columns, std::vector<std::string>{twin});
  EXPECT_EQ(plan.rows->num_rows(), 2);
}

TEST(FlattenTest, ARowWithMoreNewMembersThanATableMayGetColumnsIsAViolation) {
  std::string most;
  for (size_t i = 0; i < kMaxExtraColumns; ++i) {
    most += fmt::format("\"f{}\":{},", i, i);
  }
  const auto plan =
      Flattened({{.raw = "{" + most + "\"v\":1}"}, {.raw = "{" + most + "\"w\":1}"}},
                OneColumnModel("integer"));
  EXPECT_EQ(
      Show(plan.violations),
      "1 too_many_fields : 2001 fields are not in the contract, and at most 2000 can "
      "become columns\n");
  EXPECT_EQ(plan.extra_columns.size(), kMaxExtraColumns);
}

TEST(ExtraColumnNameTest, NamesThatTablesUseThemselvesGetTheirCrc) {
  for (const std::string name :
       {"ingested_at_day", "audit_event_id", "raw_data", "_pos"}) {
    EXPECT_EQ(ExtraColumnName(name), SuffixedColumnName(name));
  }
}

TEST(ExtraColumnNameTest, PlainNamesStayAndOthersGetTheirCrc) {
  EXPECT_EQ(ExtraColumnName("colour_2"), "colour_2");
  EXPECT_EQ(ExtraColumnName("__proto__"), "__proto__");
  EXPECT_EQ(ExtraColumnName("Colour"), "colour_fd5460f8");
  EXPECT_EQ(ExtraColumnName("colour "), "colour_954ad897");
  EXPECT_EQ(ExtraColumnName("2nd"), "_2nd_690f0b84");
  EXPECT_EQ(ExtraColumnName(""), "_00000000");
  EXPECT_EQ(ExtraColumnName("größe"), "gr_e_5bd3a989");
  EXPECT_EQ(ExtraColumnName("valid_from").substr(0, 11), "valid_from_");
  EXPECT_EQ(ExtraColumnName(std::string(500, 'A')).size(), 49U);
}

TEST(ModelSchemaTest, TypesAreArrowsAndOnlyNotNullColumnsAreRequired) {
  contract::Model model = OneColumnModel("integer");
  model.columns = {ColumnOf("a", "boolean"),
                   ColumnOf("b", "integer"),
                   ColumnOf("c", "bigint"),
                   ColumnOf("d", "real"),
                   ColumnOf("e", "double"),
                   ColumnOf("f", "decimal(12,2)"),
                   ColumnOf("g", "date"),
                   ColumnOf("h", "timestamp(6)"),
                   ColumnOf("i", "timestamp(6) with time zone"),
                   ColumnOf("j", "varchar")};
  model.columns[1].not_null = true;
  EXPECT_EQ(ModelSchema(model)->ToString(),
            "a: bool\nb: int32 not null\nc: int64\nd: float\ne: double\n"
            "f: decimal128(12, 2)\ng: date32[day]\nh: timestamp[us]\n"
            "i: timestamp[us, tz=UTC]\nj: string");
}

}  // namespace
}  // namespace calve::model
