#include "table/manifest/avro_container.h"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "table/manifest/avro_container_builder.h"

namespace calve::table::avro {
namespace {

constexpr const char* kLongs = "\"long\"";

std::string Encoded(const std::vector<int64_t>& values) {
  Encoder encoder;
  for (const int64_t value : values) {
    encoder.WriteLong(value);
  }
  return encoder.bytes();
}

std::string Zstandard(const std::string& bytes) {
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  compressed.resize(
      ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), 3));
  return compressed;
}

Result<std::vector<int64_t>> ReadLongs(std::string_view file) {
  CALVE_ASSIGN(ContainerReader reader, ContainerReader::Open(file));
  std::vector<int64_t> values;
  CALVE_TRY(reader.ForEachRecord([&](ValueReader& in) {
    return in.Read(in.schema().root(), values.emplace_back());
  }));
  return values;
}

/// Skips every record.
Status SkipAll(std::string_view file) {
  CALVE_ASSIGN(ContainerReader reader, ContainerReader::Open(file));
  return reader.ForEachRecord(
      [](ValueReader& in) { return in.Skip(in.schema().root()); });
}

/// "kind: message" of an error, empty if there is none.
template <typename T>
std::string Failure(const Result<T>& result) {
  if (result) {
    return "";
  }
  const ErrorKind kind = result.error().kind;
  const std::string name = kind == ErrorKind::kCorrupt       ? "corrupt: "
                           : kind == ErrorKind::kUnsupported ? "unsupported: "
                                                             : "other: ";
  return name + result.error().message;
}

TEST(AvroContainerTest, ReadsBackWhatItWrote) {
  ContainerWriter writer(kLongs, {{"key", "value"}}, "seed");
  std::vector<int64_t> values;
  for (int64_t i = -50'000; i < 50'000; ++i) {
    values.push_back(i);
    writer.encoder().WriteLong(i);
    ASSERT_TRUE(writer.EndRecord());
  }
  const auto file = writer.Finish();
  ASSERT_TRUE(file);
  EXPECT_EQ(*ReadLongs(*file), values);
  EXPECT_EQ(*ContainerReader::Open(*file)->FindMetadata("key"), "value");
  EXPECT_EQ(ContainerReader::Open(*file)->FindMetadata("other"), nullptr);
}

TEST(AvroContainerTest, ReadsEveryCodecItKnows) {
  const std::string plain = Encoded({1, 2, 3});
  const std::vector<int64_t> expected = {1, 2, 3};
  EXPECT_EQ(*ReadLongs(MakeContainer(kLongs, "null", {{3, plain}})), expected);
  EXPECT_EQ(*ReadLongs(MakeContainer(kLongs, "", {{3, plain}})), expected);
  EXPECT_EQ(*ReadLongs(MakeContainer(kLongs, "deflate", {{3, *Deflate(plain)}})),
            expected);
  EXPECT_EQ(*ReadLongs(MakeContainer(kLongs, "zstandard", {{3, Zstandard(plain)}})),
            expected);
}

TEST(AvroContainerTest, BytesBehindADeflateStreamAreIgnored) {
  const std::string block = *Deflate(Encoded({1, 2, 3})) + "abc";
  EXPECT_EQ(ReadLongs(MakeContainer(kLongs, "deflate", {{3, block}}))->size(), 3U);
}

TEST(AvroContainerTest, ACodecItDoesNotKnowIsNamed) {
  EXPECT_EQ(
      Failure(ReadLongs(MakeContainer(kLongs, "snappy", {}))),
      "unsupported: header: Avro codec 'snappy': only null, deflate and zstandard can "
      "be read; rewrite the manifests with one of them");
}

TEST(AvroContainerTest, NamesWhatIsWrongWithABlock) {
  const std::string plain = Encoded({1, 2, 3});
  std::string file = MakeContainer(kLongs, "null", {{3, plain}});
  file.back() = 'x';
  EXPECT_EQ(
      Failure(ReadLongs(file)),
      "corrupt: block at byte 57: another sync marker than the header's at byte 21 of "
      "21");
  EXPECT_EQ(Failure(ReadLongs(MakeContainer(kLongs, "null", {{-3, plain}}))),
            "corrupt: block at byte 57: a block of -3 records at byte 1 of 21");
  EXPECT_EQ(Failure(ReadLongs(MakeContainer(kLongs, "null", {{4, plain}}))),
            "corrupt: block at byte 57: record 3: a number is cut off at byte 3 of 3");
  EXPECT_EQ(
      Failure(ReadLongs(MakeContainer(kLongs, "null", {{2, plain}}))),
      "corrupt: block at byte 57: a block goes on behind its last record at byte 2 of "
      "3");
  const std::string deflated = *Deflate(plain);
  EXPECT_EQ(
      Failure(ReadLongs(MakeContainer(kLongs, "deflate", {{3, deflated.substr(0, 3)}}))),
      "corrupt: block at byte 60: a deflate stream that is broken or cut off");
  EXPECT_EQ(Failure(ReadLongs(MakeContainer(kLongs, "zstandard",
                                            {{3, Zstandard(plain).substr(0, 8)}}))),
            "corrupt: block at byte 62: a zstandard stream that is broken or cut off");
  EXPECT_EQ(Failure(ReadLongs("")), "corrupt: header: not an Avro container file");
}

TEST(AvroContainerTest, BombsAreNotInflated) {
  const std::string zeros(size_t{64} << 20U, '\0');
  const std::string expected =
      "a block inflates to more than 16777216 bytes, as no honest one does";
  std::string block;
  const Status deflated = Decompress(Codec::kDeflate, *Deflate(zeros), block);
  const Status compressed = Decompress(Codec::kZstandard, Zstandard(zeros), block);
  EXPECT_EQ(Failure(compressed), "corrupt: " + expected);
  ASSERT_FALSE(deflated);
  EXPECT_EQ(deflated.error().kind, ErrorKind::kCorrupt);
  EXPECT_LE(block.size(), size_t{16} << 20U);
}

TEST(AvroContainerTest, ManySmallBombsAreOneLargeOne) {
  Encoder record;
  record.WriteBytes(std::string(size_t{15} << 20U, '\0'));
  const RawBlock block = {1, Zstandard(record.bytes())};
  EXPECT_TRUE(SkipAll(MakeContainer("\"bytes\"", "zstandard", std::vector(4, block))));
  const Status skipped =
      SkipAll(MakeContainer("\"bytes\"", "zstandard", std::vector(5, block)));
  ASSERT_FALSE(skipped);
  EXPECT_EQ(skipped.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(skipped.error().message, ::testing::HasSubstr("as no honest ones do"));
}

TEST(AvroContainerTest, ValuesWithoutBytesCannotKeepAReaderBusy) {
  const std::string many = Encoded({std::numeric_limits<int64_t>::max()});
  const std::string nulls = R"({"type":"array","items":"null"})";
  EXPECT_FALSE(SkipAll(MakeContainer(nulls, "null", {{1, many}})));
  EXPECT_FALSE(SkipAll(
      MakeContainer("\"null\"", "null", {{std::numeric_limits<int64_t>::max(), ""}})));
  std::string doubling = "\"null\"";
  for (int i = 0; i < 20; ++i) {
    const std::string name = "r" + std::to_string(i);
    doubling = R"({"type":"record","name":")" + name +
               R"(","fields":[{"name":"a","type":)" + doubling +
               R"(},{"name":"b","type":")" +
               (i == 0 ? std::string("null") : "r" + std::to_string(i - 1)) + R"("}]})";
  }
  EXPECT_FALSE(SkipAll(MakeContainer(doubling, "null", {{1, ""}})));
}

TEST(AvroContainerTest, ValuesThatNestWithoutEndAreCorrupt) {
  const std::string self =
      R"({"type":"record","name":"r","fields":[{"name":"r","type":"r"}]})";
  EXPECT_EQ(
      Failure(SkipAll(MakeContainer(self, "null", {{1, ""}}))),
      "corrupt: block at byte 114: record 0: values nested deeper than 64 at byte 0 of "
      "0");
  const std::string list =
      R"({"type":"record","name":"r","fields":[{"name":"r","type":["null","r"]}]})";
  const std::string deep(100'000, '\2');
  EXPECT_FALSE(SkipAll(MakeContainer(list, "null", {{1, deep}})));
}

TEST(AvroContainerTest, SkipsEveryType) {
  const std::string schema = R"({"type":"record","name":"r","fields":[
      {"name":"a","type":"boolean"},{"name":"b","type":"float"},{"name":"c","type":"double"},
      {"name":"d","type":{"type":"fixed","name":"f","size":3}},{"name":"e","type":"bytes"},
      {"name":"f","type":{"type":"enum","name":"e","symbols":["X","Y"]}},
      {"name":"g","type":{"type":"map","values":"int"}},
      {"name":"h","type":{"type":"array","items":["null","string"]}},
      {"name":"i","type":"null"}]})";
  Encoder encoder;
  encoder.WriteBoolean(true);
  encoder.WriteFloat(1);
  encoder.WriteDouble(2);
  encoder.WriteFixed("abc");
  encoder.WriteBytes("bytes");
  encoder.WriteInt(1);
  encoder.WriteLong(1);
  encoder.WriteBytes("key");
  encoder.WriteInt(7);
  encoder.WriteLong(0);
  encoder.WriteLong(-2);  // with the block's size
  encoder.WriteLong(4);
  encoder.WriteIsPresent(false);
  encoder.WriteIsPresent(true);
  encoder.WriteBytes("x");
  encoder.WriteLong(0);
  const Status skipped = SkipAll(MakeContainer(schema, "null", {{1, encoder.bytes()}}));
  EXPECT_TRUE(skipped) << skipped.error().message;
}

}  // namespace
}  // namespace calve::table::avro
