#include <csignal>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sinks/stdout/line_writer.h"

namespace cdviz::sinks::standard_output {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(fds), 0); }
  ~Pipe() {
    close_reader();
    close(fds[1]);
  }
  void close_reader() {
    if (fds[0] >= 0) close(fds[0]);
    fds[0] = -1;
  }
  std::string read_some() {
    std::string text(65536, '\0');
    text.resize(
        static_cast<std::size_t>(std::max<ssize_t>(0, read(fds[0], text.data(), text.size()))));
    return text;
  }
  int fds[2]{};
};

TEST(LineWriter, WritesWholeLines) {
  Pipe pipe;
  LineWriter writer(pipe.fds[1]);
  ASSERT_TRUE(writer.write("{\"a\":1}\n{\"b\":2}\n", {}));
  EXPECT_EQ(pipe.read_some(), "{\"a\":1}\n{\"b\":2}\n");
}

TEST(LineWriter, AReaderThatHasGoneStopsTheSink) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  LineWriter writer(pipe.fds[1]);
  const auto written = writer.write("x\n", {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::stop);
}

TEST(LineWriter, ASlowReaderDoesNotHoldUpAStopAndTheBrokenLineIsEnded) {
  Pipe pipe;
  LineWriter writer(pipe.fds[1]);
  std::stop_source stop;
  const std::string large(1 << 20, 'x');  // more than a pipe holds
  Result<void> written;
  {
    std::jthread thread([&] { written = writer.write(large + "\n", stop.get_token()); });
    std::string first = pipe.read_some();  // it has begun
    EXPECT_FALSE(first.empty());
    stop.request_stop();
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);

  std::string rest;
  std::jthread reader([&] {
    while (rest.find("next\n") == std::string::npos) rest += pipe.read_some();
  });
  ASSERT_TRUE(writer.write("next\n", {}));
  reader.join();
  EXPECT_EQ(rest.substr(rest.find_first_not_of('x')), "\nnext\n");
}

}  // namespace
}  // namespace cdviz::sinks::standard_output
