#include "postgres/testing/server.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "postgres/connection.h"
#include "postgres/migrations.h"

namespace cdviz::postgres::testing {
namespace {

namespace fs = std::filesystem;

// PostgreSQL refuses to run as root: then it runs as the user that the package made.
const passwd* other_user() {
  return geteuid() == 0 ? getpwnam("postgres") : nullptr;  // NOLINT(concurrency-mt-unsafe)
}

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || bind(fd, generic, size) != 0 || getsockname(fd, generic, &size) != 0) {
    throw std::runtime_error("no free port on the loopback");
  }
  close(fd);
  return ntohs(address.sin_port);
}

// Runs a program as the server's user, its output into `log`. The child ends with us.
pid_t launch(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = other_user();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  setpgid(0, 0);  // Ctrl-C is for the tests, which then stop the server
  if (user != nullptr && (initgroups(user->pw_name, user->pw_gid) != 0 ||
                          setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(125);
  if (chdir("/") != 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string content_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

fs::path Server::programs() {
  // Debian puts each major version into a folder of its own; the newest that is there.
  fs::path newest;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin/initdb") && version.path() > newest) {
      newest = version.path();
    }
  }
  return newest.empty() ? fs::path{} : newest / "bin";
}

std::string Server::missing() {
  if (programs().empty()) return "PostgreSQL is not installed (package postgresql): skipped";
  if (geteuid() == 0 && other_user() == nullptr) {
    return "there is no user postgres to run the server as: skipped";
  }
  return {};
}

Server::Server(Settings settings) : settings_(settings) {
  if (const std::string why = missing(); !why.empty()) throw std::runtime_error(why);
  std::string name = "/tmp/cdviz-pg-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory under /tmp");
  directory_ = name;
  if (const passwd* user = other_user();
      user != nullptr && chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("chown failed");
  }
  initialise();
  port_ = free_port();
  start();
}

Server::~Server() {
  stop(SIGINT);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Server& Server::shared() {
  static Server server;
  return server;
}

void Server::initialise() {
  const pid_t pid =
      launch({(programs() / "initdb").string(), "-D", (directory_ / "data").string(), "-U",
              "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"},
             directory_ / "log");
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error("initdb failed: " + content_of(directory_ / "log"));
  std::ofstream hba(directory_ / "data/pg_hba.conf", std::ios::trunc);
  hba << "local all all trust\n"
         "host all needs_password 127.0.0.1/32 scram-sha-256\n"
         "host all all 127.0.0.1/32 trust\n";
}

void Server::start() {
  const std::string settings[] = {settings_.fsync ? "fsync=on" : "fsync=off",
                                  "listen_addresses=127.0.0.1", "max_connections=50",
                                  "unix_socket_directories=" + directory_.string()};
  std::vector<std::string> command{(programs() / "postgres").string(), "-D",
                                   (directory_ / "data").string(), "-p", std::to_string(port_)};
  for (const std::string& setting : settings) command.insert(command.end(), {"-c", setting});
  pid_ = launch(command, directory_ / "log");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    if (Connection::open({.url = url()})) return;
    int status = 0;
    const bool ended = waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("PostgreSQL does not start: " + content_of(directory_ / "log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // between two looks at a condition
  }
}

void Server::stop(int signal) {
  if (pid_ <= 0) return;
  kill(pid_, signal);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
}

void Server::stop_immediately() { stop(SIGQUIT); }

std::string Server::url(const std::string& database, const std::string& user,
                        const std::string& password) const {
  return fmt::format("postgresql://{}{}@127.0.0.1:{}/{}", user,
                     password.empty() ? "" : ":" + password, port_, database);
}

std::string Server::make_database(const std::string& from_template) {
  auto connection = Connection::open({.url = url()});
  if (!connection) throw std::runtime_error(connection.error().message);
  std::string name = fmt::format("test_{}", ++databases_);
  const auto made = connection.value().execute(
      fmt::format("create database {} template {}", name, from_template));
  if (!made) throw std::runtime_error(made.error().message);
  return name;
}

std::string Server::new_database() { return make_database("template0"); }

std::string Server::new_migrated_database() {
  if (!template_made_) {
    auto connection = Connection::open({.url = url("template1")});
    if (!connection) throw std::runtime_error(connection.error().message);
    const auto migrated = migrate(connection.value(), {});
    if (!migrated) throw std::runtime_error(migrated.error().message);
    template_made_ = true;
  }
  return make_database("template1");
}

}  // namespace cdviz::postgres::testing
