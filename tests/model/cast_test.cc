// The grammar of docs/casts.md.

#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/timestamp.h"
#include "model/cast_internal.h"
#include "model/flatten_fixture.h"
#include "model/law_check.h"

namespace calve::model {
namespace {

/// The cell of a text payload, or the rule it breaks.
std::string Cast(const std::string& type, const std::string& text) {
  return Cell(type, "\"" + text + "\"");
}

void ExpectRejected(const std::string& type, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    EXPECT_EQ(Cast(type, text), "cast") << type << " `" << text << "`";
  }
}

TEST(CastTest, Booleans) {
  for (const char* text : {"true", "TRUE", "t", "T", "1", " tRuE "}) {
    EXPECT_EQ(Cast("boolean", text), "true") << text;
  }
  for (const char* text : {"false", "False", "f", "F", "0"}) {
    EXPECT_EQ(Cast("boolean", text), "false") << text;
  }
  EXPECT_EQ(Cell("boolean", "true"), "true");
  EXPECT_EQ(Cell("boolean", "0"), "false");
  ExpectRejected("boolean", {"", " ", "yes", "no", "on", "tr", "10", "\\ttrue", "t rue"});
}

TEST(CastTest, Integers) {
  EXPECT_EQ(Cast("integer", "2147483647"), "2147483647");
  EXPECT_EQ(Cast("integer", "-2147483648"), "-2147483648");
  EXPECT_EQ(Cast("integer", " +007 "), "7");
  EXPECT_EQ(Cell("integer", "-0"), "0");
  ExpectRejected("integer",
                 {"2147483648", "-2147483649", "", "+", "-", "+-1", "--1", "1.0", "1e2",
                  "1 2", "0x1", "1,000", "\\t1", "\\u0661", "null"});
  EXPECT_EQ(Cell("integer", "1.0"), "cast");
  EXPECT_EQ(Cell("integer", "1e2"), "cast");
  EXPECT_EQ(Cell("integer", "true"), "cast");
  EXPECT_EQ(Cell("integer", "[1]"), "cast");
}

TEST(CastTest, Bigints) {
  EXPECT_EQ(Cast("bigint", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Cell("bigint", "-9223372036854775808"), "-9223372036854775808");
  ExpectRejected("bigint", {"9223372036854775808", "-9223372036854775809", "1.5"});
}

TEST(CastTest, Doubles) {
  for (const auto& [text, value] : std::vector<std::pair<std::string, double>>{
           {"12.50", 12.5},
           {" +1 ", 1},
           {"5.", 5},
           {".5", 0.5},
           {"-1.5E+3", -1500},
           {"1e-3", 0.001},
           {"0.30000000000000004", 0.1 + 0.2},
           {"9007199254740993", 9007199254740992.0},
           {"1.7976931348623157e308", std::numeric_limits<double>::max()},
           {"4.9e-324", std::numeric_limits<double>::denorm_min()},
           {"1e-400", 0},
           {"0e999999999999999999999", 0},
           {"0." + std::string(400, '0') + "1e401", 1},
           {"Infinity", std::numeric_limits<double>::infinity()},
           {"-Infinity", -std::numeric_limits<double>::infinity()}}) {
    EXPECT_EQ(CastDouble(text), value) << text;
  }
  EXPECT_TRUE(std::isnan(CastDouble("NaN").value()));
  EXPECT_TRUE(std::isnan(CastDouble(" -NaN").value()));
  EXPECT_TRUE(std::signbit(CastDouble("-0.0").value()));
  EXPECT_TRUE(std::signbit(CastDouble("-1e-400").value()));
  EXPECT_EQ(Cell("double", "12.50"), "12.5");
  ExpectRejected("double",
                 {"",     "+",    ".",        "e5",     "1e",
                  "1e+",  "1e5.", "1d",       "1f",     "0x1p3",
                  "inf",  "nan",  "INFINITY", "+-1",    "1_0",
                  "1,5",  "$1.5", "1e400",    "-1e400", "1e99999999999999999999",
                  "1 e5", "\\t1"});
  EXPECT_EQ(Cell("double", "1e400"), "cast");
  EXPECT_EQ(Cell("double", "false"), "cast");
}

TEST(CastTest, Reals) {
  EXPECT_EQ(CastReal("0.1"), 0.1F);
  EXPECT_EQ(CastReal("16777217"), 16777216.0F);
  EXPECT_EQ(CastReal("1e-50"), 0.0F);
  EXPECT_EQ(CastReal("1e39"), std::nullopt);
  EXPECT_EQ(CastReal("-Infinity"), -std::numeric_limits<float>::infinity());
}

TEST(CastTest, Decimals) {
  EXPECT_EQ(Cast("decimal(12,2)", "12.5"), "12.50");
  EXPECT_EQ(Cast("decimal(12,2)", "-9999999999.99"), "-9999999999.99");
  EXPECT_EQ(Cell("decimal(12,2)", "1e3"), "1000.00");
  EXPECT_EQ(Cast("decimal(12,2)", " +.125 "), "0.13");
  EXPECT_EQ(Cast("decimal(12,2)", "-0.125"), "-0.13");
  EXPECT_EQ(Cast("decimal(12,2)", "0.1249999999999999999999999999999999999999"), "0.12");
  EXPECT_EQ(Cast("decimal(12,2)", "0.005"), "0.01");
  EXPECT_EQ(Cast("decimal(12,2)", "0.0049"), "0.00");
  EXPECT_EQ(Cast("decimal(12,2)", "1e-99999999999999999999"), "0.00");
  EXPECT_EQ(Cast("decimal(12,2)", "0e99999999999999999999"), "0.00");
  EXPECT_EQ(Cast("decimal(4,2)", "0000000000000000000000000000000000000000099.99"),
            "99.99");
  EXPECT_EQ(Cast("decimal(38,0)", std::string(38, '9')), std::string(38, '9'));
  EXPECT_EQ(Cast("decimal(38,38)", "." + std::string(38, '9')),
            "0." + std::string(38, '9'));
  EXPECT_EQ(Cast("decimal(38,0)", "-1e37"), "-1" + std::string(37, '0'));
  ExpectRejected("decimal(4,2)",
                 {"100", "99.995", "-99.995", "1e2", "1e99999999999999999", "NaN",
                  "Infinity", "", ".", "1.2.3", "1e", "$1"});
  ExpectRejected("decimal(38,0)",
                 {"1" + std::string(38, '0'), std::string(38, '9') + ".5"});
}

TEST(CastTest, Dates) {
  EXPECT_EQ(Cast("date", "2024-02-29"), "2024-02-29");
  EXPECT_EQ(Cast("date", " 2024-2-9 "), "2024-02-09");
  EXPECT_EQ(CastDate("1969-12-31"), -1);
  EXPECT_EQ(CastDate("294276-12-31"), 106762939);
  ExpectRejected("date",
                 {"2023-02-29", "2024-13-01", "2024-00-01",    "2024-01-00",
                  "2024-01-32", "24-01-01",   "2024-01",       "2024-01-01T00:00:00",
                  "2024/01/01", "2024--1-1",  "-2024-01-01",   "+2024-01-01",
                  "2024-+1-01", "2024- 1-01", "1234567-01-01", "",
                  "-",          "--",         "2024-01-001",   "0044-03-15 BC"});
}

TEST(CastTest, Timestamps) {
  const std::string ts = "timestamp(6) with time zone";
  const std::string moment = "2024-01-31 23:59:59.123456Z";
  for (const char* text :
       {"2024-01-31T23:59:59.123456Z", "2024-01-31 23:59:59.123456",
        "2024-01-31 23:59:59.123456+00", "2024-01-31T23:59:59.123456+00:00",
        "2024-02-01 05:29:59.1234564+05:30", "2024-01-31 15:59:59.123456-0800",
        "2024-01-31  23:59:59.123456 UTC", " 2024-01-31T23:59:59.1234555Z "}) {
    EXPECT_EQ(Cast(ts, text), moment) << text;
  }
  EXPECT_EQ(Cast(ts, "2024-01-31 24:00:00"), "2024-02-01 00:00:00.000000Z");
  EXPECT_EQ(Cast(ts, "2024-01-31T10:20Z"), "2024-01-31 10:20:00.000000Z");
  EXPECT_EQ(Cast("timestamp(6)", "2024-01-31T23:59:59+01"), "2024-01-31 22:59:59.000000");
  ExpectRejected(ts, {"infinity", "2024-02-30 00:00:00", "2024-01-31 23:59:60", "now",
                      "2024-01-31 25:00:00", "2024-01-31T10:20:30.", "1706745599", "",
                      "2024-01-31 10:20:30 PST", "2024-1-31 10:20:30"});
}

TEST(CastLawsTest, TheFastPathOfTimestampsAgreesWithTheGrammar) {
  const auto law = [] {
    const auto digits = [](int length) {
      const auto value = *rc::gen::inRange(0, 100);
      return fmt::format("{:0{}}", value, length);
    };
    std::string text =
        *rc::gen::element<std::string>("2024", "1969", "0000", "9999") + "-" + digits(2) +
        "-" + digits(2) + *rc::gen::element<std::string>(" ", "T", "t", "") + digits(2) +
        ":" + digits(2) + ":" + digits(2) +
        *rc::gen::element<std::string>("", ".1", ".123456", ".1234567", ".") +
        *rc::gen::element<std::string>("", "Z", "+00", "+00:00", "-05", "x");
    const bool mutate = *rc::gen::element(false, false, true);
    if (mutate) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      text[at] = *rc::gen::element(' ', '-', ':', '0', '9', 'Z');
    }
    const auto expected = ParseTimestamp(text);
    const auto found = CastTimestamp(text);
    RC_ASSERT(found == (expected ? std::optional(expected->value) : std::nullopt));
  };
  EXPECT_EQ(Counterexample(law, {.cases = 5000}), "");
}

TEST(CastLawsTest, DecimalsAgreeWithIntegersAtScaleZero) {
  const auto law = [] {
    const auto value = *rc::gen::arbitrary<int64_t>();
    const auto exponent = *rc::gen::inRange(0, 10);
    const auto text = fmt::format("{}e-{}", value, exponent);
    Int128 unit = 1;
    for (int i = 0; i < exponent; ++i) {
      unit *= 10;
    }
    const Int128 magnitude = value < 0 ? -Int128{value} : Int128{value};
    const Int128 rounded = (magnitude + unit / 2) / unit;
    RC_ASSERT(CastDecimal(text, 38, 0) == (value < 0 ? -rounded : rounded));
    RC_ASSERT(CastDecimal(text, 38, exponent) == Int128{value});
    RC_ASSERT(CastBigint(std::to_string(value)) == value);
  };
  EXPECT_EQ(Counterexample(law, {.cases = 2000}), "");
}

TEST(CastLawsTest, DoublesRoundTrip) {
  const auto law = [] {
    const auto value = *rc::gen::arbitrary<double>();
    RC_ASSERT(CastDouble(fmt::format("{}", value)) == value);
  };
  EXPECT_EQ(Counterexample(law, {.cases = 2000}), "");
}

}  // namespace
}  // namespace calve::model
