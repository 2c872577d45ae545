#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "table/scan/scan_fixture.h"

namespace calve::table::testing {
namespace {

using ::testing::HasSubstr;

/// Files whose bytes were changed.
class CorruptFileTest : public ScanTest {
 protected:
  void SetUp() override {
    const BatchPtr batch = FromJson(schema_, R"([
      [true, 1, 2, 1.5, 2.5, "1.00", "1.0000", "1.0000000000", 1, 1, 1, 1, "some text",
       "0123456789abcdef", "abc", "bytes"],
      [null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null]])");
    WriteOptions options;
    options.row_group_rows = 1;
    file_ = WriteAll(TargetOf(schema_), {batch}, options)[0];
    bytes_ = *io::ReadObject(store_, file_.file_path);
  }

  Result<std::vector<BatchPtr>> ReadBytes(const std::string& bytes) {
    EXPECT_TRUE(io::WriteObject(store_, file_.file_path, bytes));
    ReadOptions options = Reading(schema_);
    options.filters = {{.column = FieldId{3},
                        .lower = Literal(int64_t{0}),
                        .upper = std::nullopt,
                        .values = {}}};
    return ReadBatches(TaskOf(file_), options);
  }

  const Schema schema_ = EveryTypeSchema();
  DataFile file_;
  std::string bytes_;
};

TEST_F(CorruptFileTest, AFileCutAnywhereIsCorrupt) {
  for (size_t size = 0; size < bytes_.size(); size += size < bytes_.size() / 2 ? 97 : 1) {
    SCOPED_TRACE(size);
    const auto read = ReadBytes(bytes_.substr(0, size));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr(file_.file_path));
  }
}

TEST_F(CorruptFileTest, NoChangedBytesCrash) {
  EXPECT_TRUE(rc::check([&] {
    std::string bytes = bytes_;
    const auto changes = *rc::gen::inRange(1, 4);
    for (int change = 0; change < changes; ++change) {
      // The footer, at the end, is where lengths and offsets lie.
      const auto from_end = *rc::gen::inRange<size_t>(0, bytes.size());
      bytes[bytes.size() - 1 - from_end] = *rc::gen::arbitrary<char>();
    }
    const auto read = ReadBytes(bytes);
    if (!read) {
      const ErrorKind kind = read.error().kind;
      RC_ASSERT((kind == ErrorKind::kCorrupt || kind == ErrorKind::kUnsupported));
    }
  }));
}

TEST_F(CorruptFileTest, AChangedPageFailsItsChecksum) {
  Schema schema;
  schema.fields = {Column(1, "s", TypeOf(TypeId::kString))};
  const std::string text = "a text that is there only once";
  file_ = WriteAll(TargetOf(schema), {FromJson(schema, "[[\"" + text + "\"]]")})[0];
  std::string bytes = *io::ReadObject(store_, file_.file_path);
  const size_t at = bytes.find("only once");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'X';
  EXPECT_TRUE(io::WriteObject(store_, file_.file_path, bytes));
  const auto read = ReadBatches(TaskOf(file_), Reading(schema));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("CRC"));
}

}  // namespace
}  // namespace calve::table::testing
