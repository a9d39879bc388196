#include "sources/folder/after.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "sources/folder/side_files.h"
#include "sources/folder/walk.h"

namespace cdviz::sources::folder {
namespace {

constexpr mode_t kFolderMode = 0750;
/// Names that are tried when one is taken: NAME, NAME.1, NAME.2, …
constexpr int kNames = 1000;

Error failed(std::string_view what, const std::string& path, int error) {
  return {Fault::retry,
          fmt::format("{} {}: {}", what, path, std::generic_category().message(error)),
          "file_system"};
}

std::array<std::string, 2> side_files_of(const std::string& name) {
  const std::string stem(stem_of(name));
  return {stem + ".headers.json", stem + ".metadata.json"};
}

}  // namespace

Result<FinishedFiles::Done> FinishedFiles::deal_with(const Finished& file, int folder,
                                                     const std::string& name,
                                                     std::uint64_t device) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return Done::nothing;
  if (key_of(status, device) != file.key || stamp_of(status) != file.stamp) return Done::nothing;
  if (settings_.after == After::move) return move(file, folder, name);
  if (::unlinkat(folder, name.c_str(), 0) != 0) return failed("cannot delete", file.path, errno);
  for (const auto& beside : side_files_of(name)) {
    if (is_side_file(beside, settings_.side_files)) ::unlinkat(folder, beside.c_str(), 0);
  }
  return Done::removed;
}

/// The folder below move_to where a file of that path belongs.
Result<Descriptor> FinishedFiles::make_folders(std::string_view path) {
  Descriptor at(::open(settings_.move_to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at) return failed("cannot open", settings_.move_to, errno);
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string part(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (::mkdirat(at.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return failed("cannot make a folder below", settings_.move_to, errno);
    }
    at = open_folder(at.get(), part, false);
    if (!at) return failed("cannot open a folder below", settings_.move_to, errno);
  }
  return at;
}

Result<FinishedFiles::Done> FinishedFiles::move(const Finished& file, int folder,
                                                const std::string& name) {
  const auto to = make_folders(folder_of(file.path));
  if (!to) return to.error();
  for (int number = 0; number < kNames; ++number) {
    const std::string wanted = number == 0 ? name : fmt::format("{}.{}", name, number);
    if (::renameat2(folder, name.c_str(), to->get(), wanted.c_str(), RENAME_NOREPLACE) == 0) {
      for (const auto& beside : side_files_of(name)) {
        if (is_side_file(beside, settings_.side_files)) {
          ::renameat(folder, beside.c_str(), to->get(), beside.c_str());
        }
      }
      return Done::moved;
    }
    if (errno == EXDEV) {
      return Error{Fault::retry,
                   fmt::format("cannot move {}: move_to ({}) must be on the same file system",
                               file.path, settings_.move_to),
                   "file_system"};
    }
    if (errno != EEXIST) return failed("cannot move", file.path, errno);
  }
  return failed("cannot move", file.path, EEXIST);
}

}  // namespace cdviz::sources::folder
