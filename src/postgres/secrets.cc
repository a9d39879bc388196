#include "postgres/secrets.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

namespace cdviz::postgres {
namespace {

Error cannot_write(const std::filesystem::path& path, int error) {
  return {Fault::stop, fmt::format("cannot write {}: {}", path.string(),
                                   std::generic_category().message(error))};
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

Result<void> write_private_file(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path draft = path.string() + ".new";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_write(draft, errno);
  const bool written = write_all(fd, content) && fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) return cannot_write(draft, error);
  if (::rename(draft.c_str(), path.c_str()) != 0) return cannot_write(path, errno);
  const int directory = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    ::close(directory);
  }
  return {};
}

std::string random_password() {
  std::array<unsigned char, 24> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

Result<Secrets> Secrets::load(std::filesystem::path path) {
  Secrets secrets;
  std::ifstream file(path);
  if (!file && ::access(path.c_str(), F_OK) == 0) {
    return Error{Fault::stop, fmt::format("cannot read {}: {}", path.string(),
                                          std::generic_category().message(errno ? errno : EACCES))};
  }
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    secrets.values_[line.substr(0, equals)] = line.substr(equals + 3);
  }
  secrets.path_ = std::move(path);
  return secrets;
}

std::string Secrets::get(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

Result<std::string> Secrets::get_or_make(const std::string& name) {
  if (const std::string value = get(name); !value.empty()) return value;
  std::string made = random_password();
  if (auto saved = set(name, made); !saved) return saved.error();
  return made;
}

Result<void> Secrets::set(const std::string& name, std::string value) {
  if (get(name) == value) return {};
  values_[name] = std::move(value);
  std::string content = "# Passwords of the private PostgreSQL, made by cdviz-collector up.\n";
  for (const auto& [key, text] : values_) content += fmt::format("{} = {}\n", key, text);
  return write_private_file(path_, content);
}

}  // namespace cdviz::postgres
