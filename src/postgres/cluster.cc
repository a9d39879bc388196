#include "postgres/cluster.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cdviz::postgres {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInstall =
    "install it (`apt-get install postgresql` on Debian and Ubuntu), or use a server of your own "
    "with `cdviz-collector connect`";

/// Sizes for a server that shares a small machine with the collector. Written once; the user may
/// change them.
constexpr std::string_view kSettings = R"(
# ---- cdviz-collector up wrote what follows, once; change it freely. Where it listens is given on the command line.
max_connections = 50
shared_buffers = 128MB
wal_buffers = 16MB
min_wal_size = 256MB
max_wal_size = 2GB                      # few, long checkpoints: each doubles the writing for a while
checkpoint_timeout = 15min
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
log_error_verbosity = terse             # no payloads in the log
log_min_error_statement = panic
)";

Error stop(std::string message) { return {Fault::stop, std::move(message)}; }
std::string reason(int error) { return std::generic_category().message(error); }

std::optional<uid_t> owner_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_uid;
}

std::string name_of(uid_t uid) {
  const auto user = find_user(uid);
  return user ? user->name : fmt::format("user {}", uid);
}

Result<void> make_directory(const fs::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    ::chmod(path.c_str(), mode);  // whatever the umask is
    return {};
  }
  const int error = errno;
  std::error_code none;
  if (error == EEXIST && fs::is_directory(path, none)) return {};
  return stop(fmt::format("cannot make the directory {}: {}", path.string(), reason(error)));
}

/// A directory for `user` alone.
Result<void> make_directory_of(const User& user, const fs::path& path) {
  if (auto made = make_directory(path, 0700); !made) return made.error();
  if (::chown(path.c_str(), user.uid, user.gid) == 0) return {};
  return stop(
      fmt::format("cannot give {} to the user {}: {}", path.string(), user.name, reason(errno)));
}

/// As root, where others may not enter `directory`: a directory elsewhere, and a link to it.
Result<void> make_linked_directory(const fs::path& link, const fs::path& closed, const User& user,
                                   const Machine& machine, const Progress& progress) {
  if (auto made = make_directory(machine.fallback, 0755); !made) return made.error();
  if (const auto shut = first_closed_to(user, machine.fallback)) {
    return stop(
        fmt::format("the user {}, as whom PostgreSQL runs, may enter neither {} nor {}: "
                    "choose another --data-dir, or `chmod o+x {}`",
                    user.name, closed.string(), shut->string(), closed.string()));
  }
  std::string target = (machine.fallback / "postgres-XXXXXX").string();
  if (::mkdtemp(target.data()) == nullptr) {
    return stop(
        fmt::format("cannot make a directory in {}: {}", machine.fallback.string(), reason(errno)));
  }
  if (auto made = make_directory_of(user, target); !made) return made.error();
  if (::symlink(target.c_str(), link.c_str()) != 0) {
    return stop(fmt::format("cannot make the link {}: {}", link.string(), reason(errno)));
  }
  progress(fmt::format(
      "{} is closed to the user {}: PostgreSQL's files stand in {} ({} is a link to it)",
      closed.string(), user.name, target, link.string()));
  return {};
}

Result<void> place_for_root(const fs::path& directory, const fs::path& place, Cluster& cluster,
                            const Machine& machine, const Progress& progress) {
  const auto user = find_user(machine.server_user);
  if (!user) {
    return stop(
        fmt::format("PostgreSQL refuses to run as root and there is no user '{}' to run it as: "
                    "install the package postgresql, which makes one, or run as another user",
                    machine.server_user));
  }
  cluster.user = user;
  const auto closed = first_closed_to(*user, directory);
  if (closed) return make_linked_directory(place, *closed, *user, machine, progress);
  return make_directory_of(*user, place);
}

/// Finds or makes DIR/postgres, and says whom it belongs to.
Result<void> find_place(const fs::path& directory, Cluster& cluster, const Machine& machine,
                        const Progress& progress) {
  const fs::path place = directory / "postgres";
  const bool root = ::geteuid() == 0;
  std::error_code none;
  if (fs::is_symlink(place, none) && !fs::exists(place, none)) {
    return stop(
        fmt::format("{} is a link to {}, which is gone: bring that back, or remove the link to "
                    "start with an empty database",
                    place.string(), fs::read_symlink(place, none).string()));
  }
  const auto owner = owner_of(place);
  if (!owner || (root && *owner == 0 && fs::is_empty(place, none))) {
    auto made = root ? place_for_root(directory, place, cluster, machine, progress)
                     : make_directory(place, 0700);
    if (!made) return made.error();
  } else if (root && *owner != 0) {
    cluster.user = find_user(*owner).value_or(User{*owner, *owner, name_of(*owner)});
    if (const auto closed = first_closed_to(*cluster.user, fs::canonical(place, none))) {
      return stop(fmt::format("the user {}, to whom {} belongs, may not enter {}: `chmod o+x {}`",
                              cluster.user->name, place.string(), closed->string(),
                              closed->string()));
    }
  } else if (*owner != ::geteuid()) {
    return stop(
        fmt::format("{} belongs to {}: run as that user or as root, or choose another --data-dir",
                    place.string(), name_of(*owner)));
  } else if (root) {
    return stop(
        fmt::format("{} belongs to root, and PostgreSQL refuses to run as root: give it to its "
                    "user (`chown -R {} {}`), or choose another --data-dir",
                    place.string(), machine.server_user, place.string()));
  }
  cluster.directory = fs::canonical(place, none);
  return {};
}

std::string list(const std::vector<Installation>& installations) {
  std::string text;
  for (const auto& one : installations)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", one.major);
  return text;
}

Result<Installation> choose_installation(const Cluster& cluster, const Machine& machine) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  const auto installed = find_installations(
      machine.versions, machine.search_path.empty() && path != nullptr ? std::string_view(path)
                                                                       : machine.search_path);
  if (installed.empty()) {
    return stop(
        fmt::format("no PostgreSQL server found (initdb and postgres; looked into {}/*/bin and "
                    "PATH): {}",
                    machine.versions.string(), kInstall));
  }
  std::error_code none;
  if (!fs::exists(cluster.data(), none)) return installed.front();
  int major = 0;
  std::ifstream(cluster.data() / "PG_VERSION") >> major;
  if (major == 0) {
    return stop(
        fmt::format("{} is not a directory of a PostgreSQL cluster (no PG_VERSION in it): move it "
                    "away, or choose another --data-dir",
                    cluster.data().string()));
  }
  for (const auto& one : installed) {
    if (one.major == major) return one;
  }
  return stop(
      fmt::format("{} was made by PostgreSQL {}, and installed is only {}: `apt-get install "
                  "postgresql-{}`, or move the data with pg_upgrade, or choose another --data-dir",
                  cluster.data().string(), major, list(installed), major));
}

/// initdb reads the first password from a file.
struct PasswordFile {
  std::string path;
  ~PasswordFile() { ::unlink(path.c_str()); }
};

Result<void> initialise(const Cluster& cluster, const std::string& password) {
  const fs::path draft = cluster.directory / "data.new";
  const std::string bin = cluster.installation.bin.string();
  std::error_code failed;
  fs::remove_all(draft, failed);  // of a start that was interrupted
  // Beside the cluster and not in it: that directory is another user's, where a link could lie in
  // our way.
  PasswordFile file{(cluster.directory.parent_path() / ".initdb-XXXXXX").string()};
  const int fd = ::mkostemp(file.path.data(), O_CLOEXEC);
  if (fd < 0) return stop(fmt::format("cannot write {}: {}", file.path, reason(errno)));
  const bool written =
      ::write(fd, password.data(), password.size()) == static_cast<ssize_t>(password.size()) &&
      (!cluster.user || ::fchown(fd, cluster.user->uid, cluster.user->gid) == 0);
  const int error = errno;
  ::close(fd);
  if (!written) return stop(fmt::format("cannot write {}: {}", file.path, reason(error)));

  auto made = run({.arguments = {bin + "/initdb", "--pgdata=" + draft.string(),
                                 fmt::format("--username={}", kSuperuser), "--auth=scram-sha-256",
                                 "--pwfile=" + file.path, "--encoding=UTF8", "--locale=C.UTF-8",
                                 "--data-checksums", "--no-instructions"},
                   .user = cluster.user});
  if (!made) {
    return stop(
        fmt::format("cannot make the database cluster in {} (it needs about 60 MB there): {}",
                    cluster.directory.string(), made.error().message));
  }
  auto configured = run(
      {.arguments = {"/bin/sh", "-c", "cat >> \"$1\"", "sh", (draft / "postgresql.conf").string()},
       .user = cluster.user,
       .input = std::string(kSettings)});
  if (!configured) return configured.error();
  fs::rename(draft, cluster.data(), failed);
  if (failed) return stop(fmt::format("cannot rename {}: {}", draft.string(), failed.message()));
  return {};
}

/// Somebody removed the file of passwords: whoever owns the files may set a new one, in single-user
/// mode.
Result<void> reset_password(const Cluster& cluster, const std::string& password) {
  auto done = run({.arguments = {(cluster.installation.bin / "postgres").string(), "--single", "-D",
                                 cluster.data().string(), "postgres"},
                   .user = cluster.user,
                   .input = fmt::format("alter role {} password '{}'\n", kSuperuser, password)});
  if (done) return {};
  return stop(
      fmt::format("{} is missing and no new password could be set: stop the server that runs on {} "
                  "and start again. {}",
                  cluster.secrets.path().string(), cluster.data().string(), done.error().message));
}

/// Makes the cluster's data, or sees to it that its password is known.
Result<void> make_ready(Cluster& cluster, const Progress& progress) {
  std::error_code none;
  std::string password = cluster.secrets.get("superuser");
  const bool known = !password.empty();
  if (!known) password = random_password();
  if (!fs::exists(cluster.data(), none)) {
    // The password is saved first: a cluster whose password nobody knows would be of no use.
    if (auto saved = cluster.secrets.set("superuser", password); !saved) return saved.error();
    progress(fmt::format("making a PostgreSQL {} cluster in {}", cluster.installation.major,
                         cluster.directory.string()));
    cluster.made = true;
    return initialise(cluster, password);
  }
  if (known) return {};
  progress(fmt::format("{} was missing: setting a new password", cluster.secrets.path().string()));
  if (auto reset = reset_password(cluster, password); !reset) return reset.error();
  return cluster.secrets.set("superuser", password);
}

}  // namespace

fs::path Cluster::socket_directory() const {
  constexpr std::size_t kPathMax = 107;  // sockaddr_un::sun_path, unix(7)
  fs::path path = directory / "socket";
  const std::size_t length = path.string().size() + std::string_view("/.s.PGSQL.65535").size();
  return length <= kPathMax ? path : fs::path();
}

Result<void> make_data_directory(const fs::path& directory) {
  std::error_code none;
  if (fs::is_directory(directory, none)) return {};
  if (const fs::path parent = directory.parent_path(); !parent.empty()) {
    fs::create_directories(parent, none);
  }
  // 0711: the server's user must pass through; everything within is closed by its own mode.
  return make_directory(directory, 0711);
}

Result<Cluster> open_or_make_cluster(const fs::path& directory, const Machine& machine,
                                     const Progress& progress) {
  if (auto made = make_data_directory(directory); !made) return made.error();
  Cluster cluster;
  if (auto found = find_place(directory, cluster, machine, progress); !found) return found.error();
  auto installation = choose_installation(cluster, machine);
  if (!installation) return installation.error();
  cluster.installation = *installation;
  auto secrets = Secrets::load(directory / "postgres.secrets");
  if (!secrets) return secrets.error();
  cluster.secrets = *secrets;
  if (auto ready = make_ready(cluster, progress); !ready) return ready.error();
  if (const fs::path socket = cluster.socket_directory(); !socket.empty()) {
    auto made = run(
        {.arguments = {"/bin/mkdir", "-p", "-m", "700", socket.string()}, .user = cluster.user});
    if (!made) return made.error();
  }
  return cluster;
}

}  // namespace cdviz::postgres
