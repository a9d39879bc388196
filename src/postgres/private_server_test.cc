// Against the real PostgreSQL of this machine; without one these tests are skipped.
#include "postgres/private_server.h"

#include <csignal>
#include <fstream>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cdviz::postgres {
namespace {

namespace fs = std::filesystem;

/// A directory that everybody may enter, removed at the end. Short, so that a socket fits.
struct TemporaryDirectory {
  fs::path path;
  TemporaryDirectory() {
    // In memory, where there is enough of it: initdb and recovery write and sync a thousand files.
    std::error_code none;
    const bool roomy = fs::space("/dev/shm", none).available > (512U << 20) && !none;
    std::string name = roomy ? "/dev/shm/cdviz-XXXXXX" : "/tmp/cdviz-XXXXXX";
    path = ::mkdtemp(name.data());
    ::chmod(path.c_str(), 0711);
  }
  ~TemporaryDirectory() {
    std::error_code none;
    fs::remove_all(path, none);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
};

/// The answer's first field, or the error.
std::string ask(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()),
                                                                &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) return PQerrorMessage(connection.get());
  const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) return "done";
  if (PQntuples(answer.get()) > 0) return PQgetvalue(answer.get(), 0, 0);
  return PQresultErrorMessage(answer.get());
}

std::string ask(const PrivateServer& server, const std::string& sql) {
  return ask(server.url(server.superuser("postgres")), sql);
}

class PrivateServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { made_once = new TemporaryDirectory; }
  static void TearDownTestSuite() {
    delete made_once;
    made_once = nullptr;
  }
  void SetUp() override {
    if (find_installations().empty()) GTEST_SKIP() << "no PostgreSQL server is installed";
  }
  void TearDown() override {
    if (server) {
      EXPECT_TRUE(server->stop());
    }
  }
  PrivateServerSettings settings() {
    return {.directory = directory, .machine = machine, .progress = [this](std::string_view line) {
              said += std::string(line) + "\n";
            }};
  }
  void start() {
    auto started = PrivateServer::start(settings());
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  std::string failure() {
    auto started = PrivateServer::start(settings());
    if (!started) return started.error().message;
    server = std::move(*started);
    return "it started";
  }

  /// A copy of a stopped cluster: making one takes seconds.
  void have_cluster() {
    if (!fs::exists(made_once->path / "data")) {
      auto first = PrivateServer::start({.directory = made_once->path / "data"});
      ASSERT_TRUE(first) << first.error().message;
      ASSERT_TRUE((*first)->stop());
    }
    ASSERT_TRUE(run(
        {.arguments = {"/bin/cp", "-a", (made_once->path / "data").string(), directory.string()}}));
  }

  static TemporaryDirectory* made_once;
  TemporaryDirectory temporary;
  fs::path directory = temporary.path / "data";
  Machine machine;
  std::string said;
  std::unique_ptr<PrivateServer> server;
};

TemporaryDirectory* PrivateServerTest::made_once = nullptr;

TEST_F(PrivateServerTest, KeepsItsDataPasswordsAndPortFromOneStartToTheNext) {
  start();
  EXPECT_TRUE(server->made());
  EXPECT_EQ(ask(*server, "create table kept (n int); insert into kept values (7)"), "done");
  EXPECT_EQ(ask(*server, "show data_checksums"), "on");
  EXPECT_EQ(ask(*server, "show listen_addresses"), "127.0.0.1");
  const int port = server->port();
  ASSERT_TRUE(server->stop());
  start();
  EXPECT_FALSE(server->made());
  EXPECT_FALSE(server->was_running());
  EXPECT_EQ(server->port(), port);
  EXPECT_EQ(ask(*server, "select n from kept"), "7");
  EXPECT_EQ(ask(server->local_url(server->superuser("postgres")), "select n from kept"), "7");
}

TEST_F(PrivateServerTest, LetsNobodyInWithoutThePassword) {
  have_cluster();
  start();
  const std::string answer = ask(server->url({kSuperuser, "guess", "postgres"}), "select 1");
  EXPECT_NE(answer.find("password authentication failed"), std::string::npos) << answer;
  struct stat info {};
  ASSERT_EQ(::stat((directory / "postgres.secrets").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((directory / "postgres").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(PrivateServerTest, IsFoundAgainWhenItsStarterHasDied) {
  have_cluster();
  start();
  const pid_t pid = server->pid();
  EXPECT_NE(getsid(pid), getsid(0)) << "Ctrl-C in our terminal would reach it";
  server.reset();
  start();
  EXPECT_TRUE(server->was_running());
  EXPECT_EQ(server->pid(), pid);
}

TEST_F(PrivateServerTest, RecoversAfterItWasKilled) {
  have_cluster();
  start();
  EXPECT_EQ(ask(*server, "create table kept (n int); insert into kept values (7)"), "done");
  ASSERT_EQ(::kill(server->pid(), SIGKILL), 0);
  ASSERT_TRUE(server->wait_ended(std::chrono::seconds(10)));
  start();
  EXPECT_FALSE(server->was_running());
  EXPECT_EQ(ask(*server, "select n from kept"), "7");
}

TEST_F(PrivateServerTest, StartsWhenItsOldProcessIdBelongsToAnotherProgram) {
  have_cluster();
  // Of the server's own user, because PostgreSQL believes in a process id only then.
  auto other = spawn({.arguments = {"/bin/sleep", "600"}, .user = find_user("postgres")});
  ASSERT_TRUE(other);
  std::ofstream(directory / "postgres/data/postmaster.pid")
      << other->pid() << "\n"
      << (directory / "postgres/data").string() << "\n1\n1\n\n\n  1 -1\nready\n";
  start();
  EXPECT_FALSE(server->was_running());
  EXPECT_FALSE(other->wait(std::chrono::milliseconds(0)))
      << "the other program must not be touched";
  other->signal(SIGKILL);
  EXPECT_TRUE(other->wait(std::chrono::seconds(10)));
}

TEST_F(PrivateServerTest, TakesAnotherPortWhenItsOwnIsTaken) {
  have_cluster();
  start();
  const int port = server->port();
  ASSERT_TRUE(server->stop());
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ASSERT_EQ(::bind(other, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  start();
  EXPECT_NE(server->port(), port);
  EXPECT_EQ(ask(*server, "select 1"), "1");
  ::close(other);
}

TEST_F(PrivateServerTest, WorksWithoutASocketWhenThePathIsTooLongForOne) {
  directory = temporary.path / std::string(60, 'a') / std::string(60, 'b');
  fs::create_directories(directory.parent_path());
  have_cluster();
  start();
  EXPECT_EQ(server->local_url({"u", "p", "d"}), server->url({"u", "p", "d"}));
  EXPECT_EQ(ask(*server, "select 1"), "1");
}

TEST_F(PrivateServerTest, SetsNewPasswordsWhenTheirFileIsLost) {
  have_cluster();
  fs::remove(directory / "postgres.secrets");
  start();
  EXPECT_EQ(ask(*server, "select 1"), "1");
  EXPECT_NE(said.find("setting a new password"), std::string::npos) << said;
}

TEST_F(PrivateServerTest, RefusesDataOfAnotherMajorVersion) {
  have_cluster();
  std::ofstream(directory / "postgres/data/PG_VERSION") << "9\n";
  const std::string said_now = failure();
  EXPECT_NE(said_now.find("was made by PostgreSQL 9"), std::string::npos) << said_now;
  EXPECT_NE(said_now.find("postgresql-9"), std::string::npos) << said_now;
}

TEST_F(PrivateServerTest, ShowsWhatTheServerSaysWhenItDoesNotStart) {
  have_cluster();
  std::ofstream(directory / "postgres/data/postgresql.conf", std::ios::app)
      << "no_such_setting = 1\n";
  const std::string said_now = failure();
  EXPECT_NE(said_now.find("no_such_setting"), std::string::npos) << said_now;
}

TEST_F(PrivateServerTest, LeavesADirectoryThatIsNoClusterAlone) {
  have_cluster();
  fs::remove(directory / "postgres/data/PG_VERSION");
  const std::string said_now = failure();
  EXPECT_NE(said_now.find("no PG_VERSION"), std::string::npos) << said_now;
  EXPECT_TRUE(fs::exists(directory / "postgres/data/base"));
}

TEST_F(PrivateServerTest, ItsUrlsTakeAnyNameAndPassword) {
  have_cluster();
  start();
  ask(*server, "create role \"o'dd /%\" login password 'it''s @:/?#'");
  ask(*server, "create database \"a b?\"");
  const Login login{"o'dd /%", "it's @:/?#", "a b?"};
  EXPECT_EQ(ask(server->url(login), "select current_user"), login.user);
  EXPECT_EQ(ask(server->local_url(login), "select current_database()"), login.database);
}

TEST_F(PrivateServerTest, StartsAgainAtTheSamePort) {
  have_cluster();
  start();
  const int port = server->port();
  ASSERT_EQ(::kill(server->pid(), SIGKILL), 0);
  ASSERT_TRUE(server->wait_ended(std::chrono::seconds(10)));
  const auto restarted = server->restart();
  ASSERT_TRUE(restarted) << restarted.error().message;
  EXPECT_EQ(server->port(), port);
  EXPECT_EQ(ask(*server, "select 1"), "1");
}

TEST_F(PrivateServerTest, StopsWhatItStartedWhenItIsCancelled) {
  have_cluster();
  auto cancelled = settings();
  cancelled.cancelled = [] { return true; };
  auto started = PrivateServer::start(cancelled);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().fault, Fault::retry);
  EXPECT_FALSE(fs::exists(directory / "postgres/data/postmaster.pid"));
}

TEST_F(PrivateServerTest, AsRootItPutsItsFilesElsewhereWhenItsUserMayNotEnter) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root changes its user";
  ::chmod(temporary.path.c_str(), 0700);
  TemporaryDirectory elsewhere;
  machine.fallback = elsewhere.path / "lib";
  start();
  EXPECT_TRUE(fs::is_symlink(directory / "postgres"));
  EXPECT_NE(said.find("is closed to the user postgres"), std::string::npos) << said;
  ASSERT_TRUE(server->stop());
  start();
  EXPECT_FALSE(server->made());
  ASSERT_TRUE(server->stop());
  server.reset();
  fs::remove_all(machine.fallback);
  const std::string said_now = failure();
  EXPECT_NE(said_now.find("which is gone"), std::string::npos) << said_now;
}

TEST(PrivateServer, SaysWhatToInstallWhenThereIsNoPostgres) {
  TemporaryDirectory temporary;
  auto started = PrivateServer::start(
      {.directory = temporary.path / "data",
       .machine = {.versions = temporary.path / "none", .search_path = "/nonexistent"}});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().fault, Fault::stop);
  EXPECT_NE(started.error().message.find("apt-get install postgresql"), std::string::npos)
      << started.error().message;
}

TEST(PrivateServer, AsRootSaysThatItNeedsAUserToRunAs) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root changes its user";
  TemporaryDirectory temporary;
  auto started = PrivateServer::start(
      {.directory = temporary.path / "data", .machine = {.server_user = "cdviz-no-such-user"}});
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("no user 'cdviz-no-such-user'"), std::string::npos)
      << started.error().message;
}

TEST(MajorVersion, IsReadFromTheAnswerOfPostgres) {
  EXPECT_EQ(major_version_of("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), 15);
  EXPECT_EQ(major_version_of("postgres (PostgreSQL) 19devel"), 19);
  EXPECT_EQ(major_version_of("mysqld 8"), 0);
}

}  // namespace
}  // namespace cdviz::postgres
