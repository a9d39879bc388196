#include "sources/folder/folder_source.h"

#include <array>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "sources/folder/folder_fixture.h"

namespace cdviz::sources::folder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

void gzip(const fs::path& path, const std::string& text, const char* mode = "wb") {
  gzFile file = gzopen(path.c_str(), mode);
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

TEST_F(FolderTest, WhatIsThereAndWhatComesIsReadOnce) {
  write("a.json", R"({"n":1})");
  write("deep/er/b.jsonl", "{\"n\":2}\n{\"n\":3}\n");
  start();
  ASSERT_TRUE(wait_for(3));
  write("c.json", R"([{"n":4},{"n":5}])");
  ASSERT_TRUE(wait_for(5));
  ASSERT_TRUE(wait_for_looks());
  restart();
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), UnorderedElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}",
                                             "{\"n\":5}"));
}

TEST_F(FolderTest, AppendedLinesAreReadFromWhereItStopped) {
  write("a.jsonl", "{\"n\":1}\n{\"n\":");
  start();
  ASSERT_TRUE(wait_for(1));
  append("a.jsonl", "2}\n");
  ASSERT_TRUE(wait_for(2));
  stop();
  append("a.jsonl", "{\"n\":3}\n");
  start();
  ASSERT_TRUE(wait_for(3));
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"));
  EXPECT_THAT(inlet_.messages()[2].metadata, HasSubstr("\"index\":2}"));
}

TEST_F(FolderTest, ALastLineWithoutALineEndIsTakenWhenItIsWholeAndQuiet) {
  write("a.jsonl", "{\"n\":1}\n{\"n\":2}");
  write("b.jsonl", "{\"n\":3}\n{\"cut\":");
  start();
  ASSERT_TRUE(wait_for(3));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), UnorderedElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"));
  append("a.jsonl", "\n{\"n\":4}\n");
  append("b.jsonl", "5}\n");
  ASSERT_TRUE(wait_for(5));
  EXPECT_THAT(bodies(), UnorderedElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}",
                                             "{\"cut\":5}"));
}

TEST_F(FolderTest, AFileThatWasRotatedIsReadToItsEndUnderItsNewName) {
  settings_.patterns = *PathPatterns::parse({"*.jsonl"});
  write("a.jsonl", "{\"n\":1}\n");
  start();
  ASSERT_TRUE(wait_for(1));
  stop();
  append("a.jsonl", "{\"n\":2}\n");
  fs::rename(at("a.jsonl"), at("a.jsonl.1"));
  write("a.jsonl", "{\"n\":3}\n");
  write("other.log", "{\"n\":0}\n");
  start();
  ASSERT_TRUE(wait_for(3));
  append("a.jsonl.1", "{\"n\":4}\n");
  ASSERT_TRUE(wait_for(4));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), UnorderedElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}"));
}

TEST_F(FolderTest, AFileThatWasCutOrWrittenAnewIsReadFromItsStart) {
  write("a.jsonl", "{\"n\":1}\n{\"n\":2}\n");
  start();
  ASSERT_TRUE(wait_for(2));
  ASSERT_EQ(::truncate(at("a.jsonl").c_str(), 0), 0);  // as logrotate's copytruncate does
  append("a.jsonl", "{\"n\":3}\n");
  ASSERT_TRUE(wait_for(3));
  ASSERT_TRUE(wait_for_looks());
  // Longer than before at once: only its bytes say that it is another one.
  write("a.jsonl", "{\"n\":4}\n{\"n\":5}\n{\"n\":6}\n");
  ASSERT_TRUE(wait_for(6));
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}", "{\"n\":5}",
                                    "{\"n\":6}"));
}

TEST_F(FolderTest, WhatWasWrittenBeforeAFileWasDeletedOrMovedAwayIsRead) {
  const TemporaryFolder other;
  write("a.jsonl", "{\"n\":1}\n");
  write("b.jsonl", "{\"n\":2}\n");
  start();
  ASSERT_TRUE(wait_for(2));
  ASSERT_TRUE(wait_for_looks());
  std::ofstream a(at("a.jsonl"), std::ios::app);
  std::ofstream b(at("b.jsonl"), std::ios::app);
  fs::remove(at("a.jsonl"));
  fs::rename(at("b.jsonl"), other.path() / "b");
  a << "{\"n\":3}\n" << std::flush;
  b << "{\"n\":4}\n" << std::flush;
  ASSERT_TRUE(wait_for(4));
  write("a.jsonl", "{\"n\":5}\n");
  ASSERT_TRUE(wait_for(5));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), UnorderedElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}",
                                             "{\"n\":5}"));
}

TEST_F(FolderTest, AReplacedFileIsReadAgainAndATouchedOneIsNot) {
  write("a.json", "{\"n\":1}");
  start();
  ASSERT_TRUE(wait_for(1));
  set_time("a.json", 10s);
  ASSERT_TRUE(wait_for_looks());
  fs::rename(at("a.json"), at("renamed.json"));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}"));
  write("renamed.json", "{\"n\":2}");
  ASSERT_TRUE(wait_for(2));
  // The same size and time, by rename: another inode.
  write("new.json.tmp", "{\"n\":3}");
  fs::last_write_time(at("new.json.tmp"), fs::last_write_time(at("renamed.json")));
  fs::rename(at("new.json.tmp"), at("renamed.json"));
  ASSERT_TRUE(eventually([&] { return bodies().back() == "{\"n\":3}"; }));
}

TEST_F(FolderTest, AFileWithAnOldTimeThatIsMovedInIsSeen) {
  const TemporaryFolder other;
  start();
  ASSERT_TRUE(wait_for_looks());
  std::ofstream(other.path() / "old.json") << "{\"old\":1}";
  fs::last_write_time(other.path() / "old.json",
                      fs::file_time_type::clock::now() - std::chrono::hours(10'000));
  fs::rename(other.path() / "old.json", at("old.json"));
  ASSERT_TRUE(eventually([&] { return bodies() == std::vector<std::string>{"{\"old\":1}"}; }));
}

TEST_F(FolderTest, AFileFromTheFutureSettlesToo) {
  write("future.json", "{\"n\":1}");
  set_time("future.json", -std::chrono::hours(1000));
  write("far.json", "{\"n\":2}");
  const std::array<timespec, 2> far{{{20'000'000'000, 0}, {20'000'000'000, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("far.json").c_str(), far.data(), 0), 0);
  start();
  ASSERT_TRUE(wait_for(2));
}

TEST_F(FolderTest, AHalfWrittenFileWaitsUntilItHasSettled) {
  settings_.settle = 1h;
  start();
  write("a.json", "{\"half\":");
  for (int i = 0; i < 5; ++i) {  // writing goes on for longer than it takes to be seen
    ASSERT_TRUE(wait_for_looks());
    append("a.json", " ");
  }
  append("a.json", "1}");
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), IsEmpty());
  clock_.advance(1h);
  ASSERT_TRUE(wait_for(1));
  EXPECT_THAT(bodies(), ElementsAre("{\"half\":     1}"));
}

TEST_F(FolderTest, CompressedLinesGoOnBehindTheDocumentsThatWereGiven) {
  gzip(at("a.jsonl.gz"), "{\"n\":1}\n{\"n\":2}\n");
  start();
  ASSERT_TRUE(wait_for(2));
  gzip(at("a.jsonl.gz"), "{\"n\":3}\n", "ab");
  ASSERT_TRUE(wait_for(3));
  fs::rename(at("a.jsonl.gz"), at("b.jsonl.gz"));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"));
}

TEST_F(FolderTest, ACompressedFileThatIsCutShortGivesWhatIsWholeAndThenTheRest) {
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += "{\"n\":" + std::to_string(i * 7919 % 10007) + "}\n";
  gzip(at("whole"), lines);
  std::ifstream in(at("whole"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  fs::remove(at("whole"));
  write("a.jsonl.gz", std::string_view(bytes).substr(0, bytes.size() / 2));
  settings_.patterns = *PathPatterns::parse({"*.gz"});
  start();
  ASSERT_TRUE(eventually([&] { return !bodies().empty() && bodies().back() == "compression!"; }));
  const auto before = bodies().size() - 1;
  EXPECT_GT(before, 100U);
  append("a.jsonl.gz", std::string_view(bytes).substr(bytes.size() / 2));
  ASSERT_TRUE(wait_for(3001));
  ASSERT_TRUE(wait_for_looks());
  std::string all;
  for (const auto& body : bodies()) {
    if (body != "compression!") all += body + "\n";
  }
  EXPECT_EQ(all, lines);
}

TEST_F(FolderTest, LargeFilesGoInBatchesAndAFailureLosesNothing) {
  settings_.batch.messages = 100;
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "{\"n\":" + std::to_string(i) + "}\n";
  write("a.jsonl", lines);
  inlet_.fail_next(1);
  start();
  ASSERT_TRUE(wait_for(5000));
  ASSERT_TRUE(wait_for_looks());
  std::string all;
  for (const auto& body : bodies()) all += body + "\n";
  EXPECT_TRUE(all.ends_with(lines));  // some may have come twice, before the failure was known
  EXPECT_LE(inlet_.largest(), 100U);
  EXPECT_THAT(errors(), ElementsAre("no disk"));
}

TEST_F(FolderTest, AnEntryNeverSaysMoreThanIsOnDisk) {
  settings_.batch.messages = 10;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "{\"n\":" + std::to_string(1000 + i) + "}\n";
  write("a.jsonl", lines);
  inlet_.hold();
  start();
  ASSERT_TRUE(wait_for(30));  // three batches are under way
  ASSERT_EQ(inlet_.ledger().size(), 1U);
  const auto entry = parse_entry(inlet_.ledger().begin()->second);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->documents, 10U);
  EXPECT_EQ(entry->offset, 110U);
  inlet_.let_go();
  ASSERT_TRUE(wait_for(1000));
  ASSERT_TRUE(eventually([&] {
    const auto last = parse_entry(inlet_.ledger().begin()->second);
    return last && last->complete && last->documents == 1000;
  }));
  EXPECT_EQ(bodies().size(), 1000U);
}

TEST_F(FolderTest, FilesAreDeletedOrMovedOnlyOnceTheirEventsAreOnDisk) {
  settings_.after = After::remove;
  write("d/a.json", "{\"n\":1}");
  write("d/a.headers.json", R"({"traceparent":"00-1"})");
  write("b.jsonl", "{\"n\":2}\n");
  inlet_.hold();
  start();
  ASSERT_TRUE(wait_for(2));
  ASSERT_TRUE(wait_for_looks());  // they go on, and ask for nothing that was asked for before
  ASSERT_TRUE(wait_for_looks());
  EXPECT_LE(inlet_.puts(), 3U);
  EXPECT_TRUE(fs::exists(at("d/a.json")));
  EXPECT_TRUE(fs::exists(at("b.jsonl")));
  inlet_.let_go();
  ASSERT_TRUE(eventually([&] {
    return !fs::exists(at("d/a.json")) && !fs::exists(at("b.jsonl")) &&
           !fs::exists(at("d/a.headers.json"));
  }));
  ASSERT_TRUE(eventually([&] { return inlet_.ledger().empty(); }));
  EXPECT_EQ(inlet_.messages()[1].headers.find("traceparent"), "00-1");
}

TEST_F(FolderTest, MovedFilesKeepTheirPathAndReplaceNothing) {
  const TemporaryFolder done;
  settings_.after = After::move;
  settings_.move_to = done.path().string();
  write("d/a.json", "{\"n\":1}");
  start();
  ASSERT_TRUE(eventually([&] { return fs::exists(done.path() / "d/a.json"); }));
  write("d/a.json", "{\"n\":2}");
  ASSERT_TRUE(eventually([&] { return fs::exists(done.path() / "d/a.json.1"); }));
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}", "{\"n\":2}"));
}

TEST_F(FolderTest, WhatIsTooLargeGoesToTheDeadLettersAndItsFileStays) {
  settings_.after = After::remove;
  settings_.limits.document_bytes = 2000;
  write("a.jsonl", "{\"n\":1}\n" + std::string(5000, 'x') + "\n{\"n\":2}\n");
  write("b.json", std::string(5000, 'y'));
  write("c.json", "{}");
  start();
  ASSERT_TRUE(eventually([&] { return !fs::exists(at("c.json")); }));
  ASSERT_TRUE(wait_for(5));
  EXPECT_THAT(bodies(),
              UnorderedElementsAre("{\"n\":1}", "too_large!" + std::string(1024, 'x'), "{\"n\":2}",
                                   "too_large!" + std::string(1024, 'y'), "{}"));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_TRUE(fs::exists(at("a.jsonl")));
  EXPECT_TRUE(fs::exists(at("b.json")));
}

TEST_F(FolderTest, PatternsHiddenFilesSideFilesAndLinks) {
  settings_.patterns = *PathPatterns::parse({"**/*.json", "!out/**"});
  write("a.json", "1");
  write(".hidden.json", "2");
  write(".d/b.json", "3");
  write("out/c.json", "4");
  write("d.txt", "5");
  write("a.headers.json", "{}");
  write("a.metadata.json", R"({"team":"blue","name":"not this"})");
  fs::create_symlink(at("a.json"), at("link.json"));
  fs::create_directory_symlink(".", at("loop"));
  ASSERT_EQ(::mkfifo(at("pipe.json").c_str(), 0600), 0);
  start();
  ASSERT_TRUE(wait_for(1));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), ElementsAre("1"));
  const std::string metadata = inlet_.messages()[0].metadata;
  EXPECT_THAT(metadata, HasSubstr("\"name\":\"a.json\",\"path\":\"a.json\",\"last_modified\":\"2"));
  EXPECT_THAT(metadata, HasSubstr("\"root\":\"" + settings_.path + "\""));
  EXPECT_THAT(metadata, HasSubstr("\"team\":\"blue\""));
}

TEST_F(FolderTest, LoopsOfLinksEnd) {
  settings_.walk.follow_symlinks = true;
  const TemporaryFolder other;
  std::ofstream(other.path() / "x.json") << "1";
  fs::create_directory_symlink(other.path(), at("away"));
  fs::create_directories(at("d/e"));
  fs::create_directory_symlink("../..", at("d/e/up"));
  fs::create_directory_symlink(".", at("d/self"));
  fs::create_symlink("nowhere", at("broken.json"));
  start();
  ASSERT_TRUE(wait_for(1));
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), ElementsAre("1"));
}

TEST_F(FolderTest, NamesAreBytes) {
  const std::string name = "caf\xe9 \"%\n.json";
  write(name, "{\"n\":1}");
  start();
  ASSERT_TRUE(wait_for(1));
  ASSERT_TRUE(wait_for_looks());
  restart();
  ASSERT_TRUE(wait_for_looks());
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}"));
  EXPECT_THAT(inlet_.messages()[0].metadata,
              HasSubstr("\"name\":\"caf\xEF\xBF\xBD \\\"%\\n.json\""));
}

TEST_F(FolderTest, AFolderThatIsMissingIsWaitedForAlsoWhenItIsRemovedAndMadeAgain) {
  settings_.path = at("in").string();
  start();
  ASSERT_TRUE(eventually([&] { return !errors().empty(); }));
  EXPECT_THAT(errors()[0], HasSubstr("No such file or directory"));
  write("in/a.json", "{\"n\":1}");
  ASSERT_TRUE(wait_for(1));
  fs::remove_all(at("in"));
  write("in/a.json", "{\"n\":2}");
  ASSERT_TRUE(wait_for(2));
  append("in/b.jsonl", "{\"n\":3}\n");
  ASSERT_TRUE(wait_for(3));
  EXPECT_THAT(bodies(), ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"));
}

TEST_F(FolderTest, EntriesOfFilesThatAreGoneAreForgotten) {
  write("a.json", "1");
  write("b.json", "2");
  start();
  ASSERT_TRUE(eventually([&] { return inlet_.ledger().size() == 2; }));
  fs::remove(at("a.json"));
  ASSERT_TRUE(eventually([&] { return inlet_.ledger().size() == 1; }));
  fs::remove(at("b.json"));  // all gone: perhaps only not mounted
  ASSERT_TRUE(wait_for_looks());
  EXPECT_EQ(inlet_.ledger().size(), 1U);
}

TEST_F(FolderTest, MetadataAloneReadsNoFile) {
  settings_.parser = parsers::Format::metadata;
  settings_.metadata = R"({"kind":"report"})";
  write("a.bin", std::string(100, '\xff'));
  start();
  ASSERT_TRUE(wait_for(1));
  fs::rename(at("a.bin"), at("b.bin"));
  ASSERT_TRUE(wait_for(2));
  EXPECT_THAT(bodies(), ElementsAre("null", "null"));
  EXPECT_THAT(inlet_.messages()[1].metadata, HasSubstr("\"kind\":\"report\""));
  EXPECT_THAT(inlet_.messages()[1].metadata, HasSubstr("\"path\":\"b.bin\""));
}

TEST_F(FolderTest, RowsOfCsvThatAreAppendedHaveTheNamesOfTheFirstRow) {
  write("a.csv", "id,note\n1,\"two\nlines\"\n");
  start();
  ASSERT_TRUE(wait_for(1));
  append("a.csv", "2,x\n");
  ASSERT_TRUE(wait_for(2));
  EXPECT_THAT(bodies(),
              ElementsAre(R"({"id":"1","note":"two\nlines"})", R"({"id":"2","note":"x"})"));
}

TEST_F(FolderTest, WithoutTheKernelsHelpEverythingIsFoundByLooking) {
  settings_.watch = false;
  start();
  write("a.jsonl", "1\n");
  ASSERT_TRUE(wait_for(1));
  append("a.jsonl", "2\n");
  ASSERT_TRUE(wait_for(2));
  EXPECT_THAT(bodies(), ElementsAre("1", "2"));
}

TEST_F(FolderTest, WithItNothingHasToBeLookedFor) {
  settings_.polling_interval = 1h;
  write("before.json", "0");
  start();
  ASSERT_TRUE(wait_for(1));
  write("a.jsonl", "1\n");
  write("new/folder/b.json", "2");
  ASSERT_TRUE(wait_for(3));
  write("new/folder/c.json", "3");
  ASSERT_TRUE(wait_for(4));
  EXPECT_THAT(bodies(), UnorderedElementsAre("0", "1", "2", "3"));
}

TEST_F(FolderTest, ABrokenSideFileIsSaidOfItsEvents) {
  write("a.json", "{\"n\":1}");
  write("a.headers.json", "[]");
  start();
  ASSERT_TRUE(wait_for(1));
  EXPECT_THAT(bodies(), ElementsAre("side_file!{\"n\":1}"));
}

TEST_F(FolderTest, AFileThatCannotBeReadStopsNoOther) {
  if (::geteuid() == 0)
    GTEST_SKIP() << "skipped: root may read everything (the end-to-end test "
                    "does this as somebody else)";
  write("a.json", "1");
  write("b.json", "2");
  ::chmod(at("a.json").c_str(), 0);
  start();
  ASSERT_TRUE(wait_for(1));
  ::chmod(at("a.json").c_str(), 0600);
  ASSERT_TRUE(wait_for(2));
  EXPECT_THAT(bodies(), ElementsAre("2", "1"));
}

}  // namespace
}  // namespace cdviz::sources::folder
