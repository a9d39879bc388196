#include "postgres/process.h"

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postgres/secrets.h"

namespace cdviz::postgres {
namespace {

namespace fs = std::filesystem;

struct TemporaryDirectory {
  fs::path path;
  TemporaryDirectory() {
    std::string name = "/tmp/cdviz-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
};

TEST(Run, GivesInputAndReturnsWhatTheProgramWrote) {
  const std::string input(300'000, 'x');
  auto output = run({.arguments = {"/bin/cat"}, .input = input});
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(*output, input);
}

TEST(Run, AnInputThatNobodyReadsIsNoFault) {
  EXPECT_TRUE(run({.arguments = {"/bin/true"}, .input = std::string(300'000, 'x')}));
}

TEST(Run, SaysHowItFailedWithTheLastLines) {
  auto output = run({.arguments = {"/bin/sh", "-c", "echo first; echo the reason >&2; exit 3"}});
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message.find("exit code 3"), std::string::npos)
      << output.error().message;
  EXPECT_NE(output.error().message.find("the reason"), std::string::npos) << output.error().message;
}

TEST(Run, AMissingProgramIsAnErrorWithItsName) {
  auto output = run({.arguments = {"/nonexistent/program"}});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "cannot run /nonexistent/program: No such file or directory");
}

TEST(Run, PassesNothingOfOurEnvironmentThatIsNotNeeded) {
  ::setenv("PGPASSWORD", "secret", 1);
  auto output = run({.arguments = {"/usr/bin/env"}});
  ::unsetenv("PGPASSWORD");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->find("PGPASSWORD"), std::string::npos);
}

TEST(Run, AsRootBecomesTheUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root changes its user";
  auto output = run({.arguments = {"/usr/bin/id", "-un"}, .user = find_user("nobody")});
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(*output, "nobody\n");
}

TEST(Spawn, HoldsTheProgramUntilItEnds) {
  TemporaryDirectory directory;
  auto process = spawn({.arguments = {"/bin/sh", "-c", "echo started; exec sleep 600"},
                        .output_file = directory.path / "log"});
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_FALSE(process->wait(std::chrono::milliseconds(0)));
  EXPECT_EQ(getsid(process->pid()), process->pid());
  process->signal(SIGTERM);
  EXPECT_TRUE(process->wait(std::chrono::seconds(10)));
}

TEST(Spawn, GivesItNoneOfOurFiles) {
  TemporaryDirectory directory;
  const int open_here = ::dup(0);
  auto process = spawn({.arguments = {"/bin/sh", "-c", "ls /proc/self/fd | wc -l"},
                        .output_file = directory.path / "log"});
  ASSERT_TRUE(process);
  ASSERT_TRUE(process->wait(std::chrono::seconds(10)));
  ::close(open_here);
  int count = 0;
  std::ifstream(directory.path / "log") >> count;
  EXPECT_EQ(count, 4) << "0, 1, 2, and the folder that ls reads";
}

TEST(FirstClosedTo, NamesTheParentThatIsInTheWay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root changes its user";
  const auto nobody = find_user("nobody");
  ASSERT_TRUE(nobody);
  TemporaryDirectory directory;
  fs::create_directories(directory.path / "a/b");
  ::chmod(directory.path.c_str(), 0700);
  EXPECT_EQ(first_closed_to(*nobody, directory.path / "a/b"), directory.path);
  ::chmod(directory.path.c_str(), 0711);
  EXPECT_EQ(first_closed_to(*nobody, directory.path / "a/b"), std::nullopt);
}

TEST(LastLines, AreTheEndWithoutEmptyLines) {
  EXPECT_EQ(last_lines("a\nb\nc\n\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a", 5), "a");
  EXPECT_EQ(last_lines("", 5), "");
}

TEST(Secrets, AreKeptInAFileThatOnlyItsOwnerReads) {
  TemporaryDirectory directory;
  const fs::path path = directory.path / "secrets";
  auto secrets = Secrets::load(path);
  ASSERT_TRUE(secrets);
  auto made = secrets->get_or_make("reader");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 48U);
  EXPECT_EQ(*secrets->get_or_make("reader"), *made);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(Secrets::load(path)->get("reader"), *made);
  EXPECT_NE(*secrets->get_or_make("other"), *made);
}

TEST(Secrets, ADirectoryThatCannotBeWrittenIsAnErrorWithItsPath) {
  auto secrets = Secrets::load("/nonexistent/secrets");
  ASSERT_TRUE(secrets);
  auto made = secrets->get_or_make("reader");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("/nonexistent/secrets"), std::string::npos);
}

}  // namespace
}  // namespace cdviz::postgres
