// The parts of `up` that need no server; the whole of it is in tests/end_to_end/test_up.py.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/connection_file.h"
#include "commands/directory_lock.h"
#include "commands/listen_address.h"

namespace cdviz::commands {
namespace {

struct TemporaryDirectory {
  std::filesystem::path path;
  TemporaryDirectory() {
    std::string name = "/tmp/cdviz-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
};

TEST(ListenAddress, IsAHostAndAPort) {
  for (const auto& [text, host, port] : {std::tuple{"127.0.0.1:8080", "127.0.0.1", 8080},
                                         {"[::1]:80", "::1", 80},
                                         {"localhost:0", "localhost", 0},
                                         {":9000", "127.0.0.1", 9000},
                                         {"0.0.0.0:65535", "0.0.0.0", 65535}}) {
    const auto address = parse_listen_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->host, host) << text;
    EXPECT_EQ(address->port, port) << text;
  }
}

TEST(ListenAddress, OfAnotherFormIsRefusedWithTheRightForms) {
  for (const char* text :
       {"", "8080", "host", "host:", "host:port", "host:70000", "host:-1", "host:80x", "::1:80"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().message.find("127.0.0.1:8080"), std::string::npos);
  }
}

TEST(ListenAddress, ThatIsTakenIsSaidByWhomAndWithTheOptionThatChangesIt) {
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(other, generic, size), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  ASSERT_EQ(::getsockname(other, generic, &size), 0);
  const auto checked = check_free({"127.0.0.1", ntohs(address.sin_port)});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("up_test"), std::string::npos) << checked.error().message;
  EXPECT_NE(checked.error().message.find("--listen"), std::string::npos);
  ::close(other);
  EXPECT_TRUE(check_free({"127.0.0.1", ntohs(address.sin_port)}));
  EXPECT_TRUE(check_free({"127.0.0.1", 0}));
}

TEST(TomlString, EscapesWhatTomlOrAVariableCouldMean) {
  EXPECT_EQ(toml_string("/a b/c"), "\"/a b/c\"");
  EXPECT_EQ(toml_string("a\"b\\c\n${X}"), "\"a\\\"b\\\\c\\u000a$${X}\"");
}

TEST(ConnectionFile, IsReadableByItsOwnerOnlyAndNamesThePage) {
  TemporaryDirectory directory;
  EXPECT_EQ(read_connection_url(directory.path), "");
  ASSERT_TRUE(write_connection_file(
      directory.path, {"http://a", "http://a/webhook/000", "postgresql://r", "postgresql://o"}));
  struct stat info {};
  ASSERT_EQ(::stat((directory.path / "connection.env").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  std::stringstream text;
  text << std::ifstream(directory.path / "connection.env").rdbuf();
  EXPECT_EQ(text.str(),
            "CDVIZ_URL=http://a\nCDVIZ_WEBHOOK_URL=http://a/webhook/"
            "000\nCDVIZ_READER_URL=postgresql://r\n"
            "CDVIZ_OWNER_URL=postgresql://o\n");
  EXPECT_EQ(read_connection_url(directory.path), "http://a");
}

TEST(DirectoryLock, IsHeldByOneAtATimeAndSaysByWhom) {
  TemporaryDirectory directory;
  {
    auto first = DirectoryLock::take(directory.path);
    ASSERT_TRUE(first);
    ASSERT_TRUE(write_connection_file(directory.path, {"http://127.0.0.1:1234", "", "", ""}));
    const auto second = DirectoryLock::take(directory.path);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
    EXPECT_NE(second.error().message.find("http://127.0.0.1:1234"), std::string::npos);
  }
  EXPECT_TRUE(DirectoryLock::take(directory.path));
}

TEST(DirectoryLock, OfADirectoryThatCannotBeWrittenIsAnErrorWithItsPath) {
  const auto lock = DirectoryLock::take("/nonexistent");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().message.find("/nonexistent/up.lock"), std::string::npos);
}

}  // namespace
}  // namespace cdviz::commands
