#include "postgres/private_server.h"

#include <array>
#include <charconv>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cdviz::postgres {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kPortAttempts = 5;
constexpr milliseconds kPause{20};              ///< between two questions whether it is ready
constexpr const char* kMemoryInUse = "memory";  ///< a server that was killed is not all gone
constexpr milliseconds kQuitTimeout{10'000};    ///< for an immediate stop
constexpr std::uintmax_t kLogBytesMax = 10U << 20;

int to_int(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// postmaster.pid, as src/include/utils/pidfile.h of PostgreSQL describes it.
struct PidFile {
  pid_t pid = 0;
  int port = 0;
  int shared_memory_id = -1;
};

std::optional<PidFile> read_pid_file(const fs::path& data) {
  std::ifstream file(data / "postmaster.pid");
  if (!file) return std::nullopt;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  lines.resize(8);
  PidFile result{.pid = to_int(lines[0]), .port = to_int(lines[3])};
  std::istringstream memory(lines[6]);
  long key = 0;
  if (!(memory >> key >> result.shared_memory_id)) result.shared_memory_id = -1;
  return result;
}

/// A postmaster's working directory is its data directory.
bool works_in(pid_t pid, const fs::path& data) {
  std::error_code failed;
  const fs::path directory = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), failed);
  return !failed && directory == data;
}

bool is_attached(int shared_memory_id) {
  shmid_ds info{};
  return shared_memory_id >= 0 && shmctl(shared_memory_id, IPC_STAT, &info) == 0 &&
         info.shm_nattch > 0;
}

/// The server that runs on `data`, if one does.
std::optional<Process> find_running(const fs::path& data) {
  const auto pid_file = read_pid_file(data);
  if (!pid_file || pid_file->pid <= 0) return std::nullopt;
  auto process =
      Process::open(pid_file->pid);  // first hold it, then look: so it cannot change in between
  if (!process) return std::nullopt;
  if (works_in(pid_file->pid, data)) return std::move(*process);
  // Its process id belongs to another program by now (a restarted container, a restarted machine).
  // PostgreSQL would take that for its old self and refuse to start; but never while an old backend
  // still uses its memory.
  std::error_code none;
  if (!is_attached(pid_file->shared_memory_id)) fs::remove(data / "postmaster.pid", none);
  return std::nullopt;
}

/// A TCP port of 127.0.0.1 that nobody uses now: `wanted` if that is free. 0 when there is none.
int free_port(int wanted) {
  for (const int port : {wanted, 0}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);  // as bind(2) wants it
    const bool bound = ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
    ::close(fd);
    if (bound) return ntohs(address.sin_port);
  }
  return 0;
}

std::string read_from(const fs::path& path, std::uintmax_t offset) {
  std::ifstream file(path);
  file.seekg(static_cast<std::streamoff>(offset));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::uintmax_t size_of_file(const fs::path& path) {
  std::error_code none;
  const std::uintmax_t size = fs::file_size(path, none);
  return none ? 0 : size;
}

class Server final : public PrivateServer {
 public:
  Server(PrivateServerSettings settings, Cluster cluster)
      : settings_(std::move(settings)), cluster_(std::move(cluster)) {}

  Result<void> find_or_start() {
    if (auto running = find_running(cluster_.data())) {
      process_ = std::move(*running);
      was_running_ = true;
      return wait_ready(Clock::now() + settings_.start_timeout);
    }
    const auto deadline = Clock::now() + settings_.start_timeout;
    const int remembered = to_int(cluster_.secrets.get("port"));
    Result<void> ready{};
    for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
      port_ = free_port(attempt == 0 ? remembered : 0);
      ready = launch_and_wait(deadline);
      // Somebody took the port between our look and the server's.
      if (ready || ready.error().code != "port") break;
    }
    if (ready) ready = cluster_.secrets.set("port", fmt::format("{}", port_));
    return ready;
  }

  std::string url(const Login& login) const override {
    return url_over_tcp(login, "127.0.0.1", port_);
  }
  std::string local_url(const Login& login) const override {
    const fs::path socket = cluster_.socket_directory();
    return socket.empty() ? url(login) : url_over_socket(login, socket, port_);
  }
  Login superuser(const std::string& database) const override {
    return {kSuperuser, cluster_.secrets.get("superuser"), database};
  }
  Result<std::string> password(const std::string& name) override {
    return cluster_.secrets.get_or_make(name);
  }
  pid_t pid() const override { return process_->pid(); }
  int port() const override { return port_; }
  int major_version() const override { return cluster_.installation.major; }
  bool made() const override { return cluster_.made; }
  bool was_running() const override { return was_running_; }
  bool wait_ended(milliseconds timeout) const override { return process_->wait(timeout); }

  Result<void> restart() override {
    const auto deadline = Clock::now() + settings_.start_timeout;
    if (auto running = find_running(cluster_.data())) {
      process_ = std::move(*running);  // somebody else was faster
      return wait_ready(deadline);
    }
    return launch_and_wait(deadline);
  }

  Result<void> stop() override {
    process_->signal(SIGINT);  // "fast": ends connections, writes a checkpoint
    if (process_->wait(settings_.stop_timeout)) return {};
    settings_.progress(fmt::format("PostgreSQL did not stop within {} s: stopping it at once",
                                   settings_.stop_timeout.count() / 1000));
    process_->signal(SIGQUIT);  // "immediate": recovers at the next start
    if (process_->wait(kQuitTimeout)) return {};
    return Error{Fault::retry,
                 fmt::format("PostgreSQL (process {}, {}) does not stop; see {}", pid(),
                             cluster_.data().string(), cluster_.log_file().string())};
  }

 private:
  /// Again while backends of a server that was killed hold its shared memory: they end when they
  /// notice.
  Result<void> launch_and_wait(Clock::time_point deadline) {
    for (;;) {
      if (auto launched = launch(); !launched) return launched;
      auto ready = wait_ready(deadline);
      const bool again = !ready && ready.error().code == kMemoryInUse && Clock::now() < deadline &&
                         !settings_.cancelled();
      if (!again) return ready;
      std::this_thread::sleep_for(kPause);
    }
  }

  Result<void> launch() {
    const fs::path log = cluster_.log_file();
    std::error_code none;
    if (size_of_file(log) > kLogBytesMax) fs::rename(log, log.string() + ".1", none);
    log_begin_ = size_of_file(log);
    auto process = spawn(
        {.arguments = {(cluster_.installation.bin / "postgres").string(), "-D",
                       cluster_.data().string(), "-c", "listen_addresses=127.0.0.1", "-c",
                       fmt::format("port={}", port_), "-c",
                       "unix_socket_directories=" + quoted(cluster_.socket_directory().string()),
                       "-c", "unix_socket_permissions=0700"},
         .user = cluster_.user,
         .output_file = log});
    if (!process) return process.error();
    process_ = std::move(*process);
    return {};
  }

  /// unix_socket_directories is a list: a comma in the path would end it.
  static std::string quoted(const std::string& path) {
    if (path.empty()) return path;
    std::string result = "\"";
    for (const char c : path) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + "\"";
  }

  Result<void> wait_ready(Clock::time_point deadline) {
    for (;;) {
      if (process_->wait(kPause)) return ended();
      if (const auto pid_file = read_pid_file(cluster_.data());
          pid_file && pid_file->pid == process_->pid() && pid_file->port > 0) {
        port_ = pid_file->port;
        const PGPing answer = PQping(local_url({kSuperuser, "", "postgres"}).c_str());
        if (answer == PQPING_OK) return check_identity();
      }
      if (settings_.cancelled()) {
        if (auto stopped = stop(); !stopped) return stopped;
        return Error{Fault::retry, "interrupted while PostgreSQL was starting"};
      }
      if (Clock::now() > deadline) {
        return Error{
            Fault::stop,
            fmt::format("PostgreSQL (process {}) is not ready after {} s; it goes on recovering: "
                        "start again later, or see {}:\n{}",
                        process_->pid(), settings_.start_timeout.count() / 1000,
                        cluster_.log_file().string(), log_tail())};
      }
    }
  }

  /// Connects with the password that only our cluster knows, and asks where its data is.
  Result<void> check_identity() const {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
        PQconnectdb((local_url(superuser("postgres")) + "&connect_timeout=10").c_str()), &PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
      return Error{Fault::stop,
                   fmt::format("cannot log in to the PostgreSQL on {}: {}",
                               cluster_.data().string(), PQerrorMessage(connection.get()))};
    }
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer(
        PQexec(connection.get(), "show data_directory"), &PQclear);
    const std::string directory =
        PQntuples(answer.get()) == 1 ? PQgetvalue(answer.get(), 0, 0) : "";
    if (directory == cluster_.data()) return {};
    return Error{Fault::stop,
                 fmt::format("the PostgreSQL on port {} works in '{}' and not in {}: not ours",
                             port_, directory, cluster_.data().string())};
  }

  std::string log_tail() const {
    return last_lines(read_from(cluster_.log_file(), log_begin_), 12);
  }

  Error ended() const {
    const std::string said = read_from(cluster_.log_file(), log_begin_);
    const auto says = [&said](std::string_view text) {
      return said.find(text) != std::string::npos;
    };
    std::string code;
    if (says("could not create any TCP/IP sockets")) code = "port";
    if (says("pre-existing shared memory block")) code = kMemoryInUse;
    return {Fault::stop,
            fmt::format("PostgreSQL in {} does not start; it says ({}):\n{}",
                        cluster_.data().string(), cluster_.log_file().string(), log_tail()),
            code};
  }

  PrivateServerSettings settings_;
  Cluster cluster_;
  std::optional<Process> process_;
  int port_ = 0;
  bool was_running_ = false;
  std::uintmax_t log_begin_ = 0;
};

}  // namespace

Result<std::unique_ptr<PrivateServer>> PrivateServer::start(PrivateServerSettings settings) {
  auto cluster = open_or_make_cluster(settings.directory, settings.machine, settings.progress);
  if (!cluster) return cluster.error();
  auto server = std::make_unique<Server>(std::move(settings), std::move(*cluster));
  if (auto ready = server->find_or_start(); !ready) return ready.error();
  return std::unique_ptr<PrivateServer>(std::move(server));
}

}  // namespace cdviz::postgres
