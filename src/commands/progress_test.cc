#include "commands/progress.h"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// What is written while the count goes from 0 to `total`.
std::string written(std::size_t total, bool terminal) {
  const std::unique_ptr<std::FILE, Close> file(std::tmpfile());
  {
    Progress progress(file.get(), "demo story", "events", total, terminal);
    for (std::size_t done = 0; done <= total; ++done) progress.update(done);
    progress.update(total / 2);  // late news do not turn it back
  }
  std::rewind(file.get());
  std::string text;
  for (int c = std::fgetc(file.get()); c != EOF; c = std::fgetc(file.get())) {
    text += static_cast<char>(c);
  }
  return text;
}

TEST(Progress, IsAFewPlainLinesInAFile) {
  EXPECT_EQ(written(2000, false),
            "▸ demo story: 25 % (500 of 2000 events)\n"
            "▸ demo story: 50 % (1000 of 2000 events)\n"
            "▸ demo story: 75 % (1500 of 2000 events)\n"
            "▸ demo story: 100 % (2000 of 2000 events)\n");
}

TEST(Progress, IsOneLineOnATerminal) {
  const std::string text = written(400, true);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 101);
  EXPECT_NE(text.find("░░░   0 %  0 of 400 events"), std::string::npos);
  EXPECT_NE(text.find("███ 100 %  400 of 400 events\x1b[K\n"), std::string::npos);
}

TEST(Progress, OfNothingIsSilent) {
  EXPECT_EQ(written(0, true), "");
  EXPECT_EQ(written(0, false), "");
}

}  // namespace
}  // namespace cdviz::commands
