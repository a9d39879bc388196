#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "commands/output.h"
#include "commands/print.h"

namespace cdviz::commands {
namespace {

TEST(Output, AFileThatCannotBeMadeIsNamed) {
  const auto made = Output::make("/nowhere/to be found\x1b");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message,
            "cannot make /nowhere/to be found\\x1b: No such file or directory");
}

TEST(Output, NeverWritesOverAFile) {
  std::string name = testing::TempDir() + "cdviz-print-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::string path = name + "/lines";
  {
    auto made = Output::make(path);
    ASSERT_TRUE(made);
    made->write("one\n");
    made->flush();
  }
  EXPECT_FALSE(Output::make(path));
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "one\n");
  std::filesystem::remove_all(name);
}

TEST(WriteTo, AFullDiskIsAnErrorThatNamesTheFile) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  std::setvbuf(full, nullptr, _IONBF, 0);
  try {
    write_to(full, "lost", "the report");
    ADD_FAILURE() << "it was written";
  } catch (const OutputFailed& failed) {
    EXPECT_STREQ(failed.what(), "cannot write to the report: No space left on device");
    EXPECT_FALSE(failed.reader_gone());
  }
  std::fclose(full);
}

TEST(ExitCodeOf, TellsAReaderThatHasGoneFromAFullDisk) {
  EXPECT_EQ(exit_code_of([] { return 3; }), 3);
  testing::internal::CaptureStderr();
  EXPECT_EQ(exit_code_of([]() -> int { throw OutputFailed("standard output", EPIPE); }),
            kExitReaderGone);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  EXPECT_EQ(exit_code_of([]() -> int { throw OutputFailed("story.ndjson", ENOSPC); }),
            kExitNoOutput);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "cdviz-collector: cannot write to story.ndjson: No space left on device\n");
}

}  // namespace
}  // namespace cdviz::commands
