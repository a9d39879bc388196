#include "net/port_owner.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace cdviz::net {
namespace {

namespace fs = std::filesystem;

/// The inodes of the sockets that listen on `port`, as /proc/net/tcp tells (proc(5)):
/// sl local_address remote_address st tx:rx tr:when retrnsmt uid timeout inode …; state 0A is
/// LISTEN.
std::set<std::string> listening_inodes(const char* table, std::uint16_t port) {
  std::set<std::string> inodes;
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the names of the columns
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    columns >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    const auto colon = local.find(':');
    if (state != "0A" || colon == std::string::npos) continue;
    unsigned listening = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), listening, 16);
    if (listening == port) inodes.insert("socket:[" + inode + "]");
  }
  return inodes;
}

bool holds_any(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code
      error;  // other users' processes cannot be looked into, and processes end meanwhile
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unreadable;
    if (inodes.contains(fs::read_symlink(at->path(), unreadable).string())) return true;
  }
  return false;
}

}  // namespace

std::string port_owner(std::uint16_t port) {
  auto inodes = listening_inodes("/proc/net/tcp", port);
  inodes.merge(listening_inodes("/proc/net/tcp6", port));
  if (inodes.empty()) return {};
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string id = at->path().filename();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!holds_any(at->path(), inodes)) continue;
    std::ifstream file(at->path() / "comm");
    std::string name;
    std::getline(file, name);
    return fmt::format("{} (process {})", name, id);
  }
  return {};
}

}  // namespace cdviz::net
