#include "io/scratch_file.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace calve::io {
namespace {

TEST(ScratchFileTest, ReadsWhatWasAppendedAndLeavesNoName) {
  const calve::testing::TempFolder folder;
  const auto file = ScratchFile::Make(folder.path());
  ASSERT_TRUE(file) << file.error().message;
  const auto first = (*file)->Append("one");
  const auto second = (*file)->Append(std::string(100'000, 'x'));
  ASSERT_TRUE(first && second);
  std::string read = "> ";
  ASSERT_TRUE((*file)->Read(*second, 2, read));
  ASSERT_TRUE((*file)->Read(*first, 3, read));
  EXPECT_EQ(read, "> xxone");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ScratchFileTest, AFolderThatIsNotThereIsNamedWithTheRemedy) {
  const auto file = ScratchFile::Make("/no/such/folder");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(file.error().message.find("/no/such/folder"), std::string::npos);
  EXPECT_NE(file.error().message.find("TMPDIR"), std::string::npos);
}

TEST(ScratchFileTest, ReadingPastTheEndIsAnError) {
  const calve::testing::TempFolder folder;
  const auto file = ScratchFile::Make(folder.path());
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->Append("one"));
  std::string read;
  EXPECT_FALSE((*file)->Read(1, 3, read));
}

}  // namespace
}  // namespace calve::io
