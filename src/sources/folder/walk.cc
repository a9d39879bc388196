#include "sources/folder/walk.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "core/utf8.h"

namespace cdviz::sources::folder {
namespace {

struct Close {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using Stream = std::unique_ptr<DIR, Close>;

struct Name {
  std::string text;
  unsigned char type = DT_UNKNOWN;
};

class Walker {
 public:
  Walker(WalkRules rules, Visitor& visitor) : rules_(rules), visitor_(visitor) {}

  bool walk(int folder, const std::string& path) {
    if (above_.size() == kWalkDepth) {
      visitor_.unreadable(path, ENAMETOOLONG);
      return true;
    }
    struct stat status {};
    if (::fstat(folder, &status) != 0) {
      visitor_.unreadable(path, errno);
      return true;
    }
    const std::pair self{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), self) != above_.end()) return true;  // a loop
    // A stream of its own: the descriptor of the caller keeps its place.
    Descriptor own = open_folder(folder, ".", false);
    Stream stream(own ? ::fdopendir(own.get()) : nullptr);
    if (!stream) {
      visitor_.unreadable(path, errno);
      return true;
    }
    own.release();
    above_.push_back(self);
    const bool gone_on = go_through(*stream, folder, path);
    above_.pop_back();
    return gone_on;
  }

 private:
  bool go_through(DIR& stream, int folder, const std::string& path) {
    std::vector<Name> names;
    for (bool more = true; more;) {
      more = read_names(stream, path, names);
      std::sort(names.begin(), names.end(),
                [](const Name& a, const Name& b) { return a.text < b.text; });
      for (const Name& name : names) {
        if (!take(folder, path.empty() ? name.text : path + "/" + name.text, name)) return false;
      }
    }
    return true;
  }

  /// @returns false at the end
  bool read_names(DIR& stream, const std::string& path, std::vector<Name>& names) {
    names.clear();
    while (names.size() < kWalkNames) {
      errno = 0;
      // Only we use this stream: nobody else can change what it points to.
      const dirent* const entry = ::readdir(&stream);  // NOLINT(concurrency-mt-unsafe)
      if (entry == nullptr) {
        if (errno != 0) visitor_.unreadable(path, errno);
        return false;
      }
      const std::string_view text = entry->d_name;
      if (text == "." || text == "..") continue;
      if (!rules_.hidden && text.starts_with('.')) continue;
      names.push_back({std::string(text), entry->d_type});
    }
    return true;
  }

  bool take(int folder, const std::string& path, const Name& name) {
    if (is_folder(folder, name)) {
      if (!rules_.recursive || !visitor_.enter(path)) return true;
      const Descriptor below = open_folder(folder, name.text, rules_.follow_symlinks);
      if (!below) {
        if (errno != ENOENT) visitor_.unreadable(path, errno);
        return true;
      }
      return walk(below.get(), path);
    }
    if (name.type != DT_REG && name.type != DT_LNK && name.type != DT_UNKNOWN) return true;
    return visitor_.look({.folder = folder, .name = name.text, .path = path});
  }

  bool is_folder(int folder, const Name& name) const {
    if (name.type == DT_DIR) return true;
    const bool may_be = name.type == DT_UNKNOWN || (name.type == DT_LNK && rules_.follow_symlinks);
    if (!may_be) return false;
    struct stat status {};
    const int flags = rules_.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
    return ::fstatat(folder, name.text.c_str(), &status, flags) == 0 && S_ISDIR(status.st_mode);
  }

  const WalkRules rules_;
  Visitor& visitor_;
  std::vector<std::pair<dev_t, ino_t>> above_;  ///< the folders that we are in
};

}  // namespace

Descriptor open_folder(int folder, const std::string& name, bool follow_symlinks) {
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow_symlinks ? 0 : O_NOFOLLOW);
  return Descriptor(::openat(folder, name.c_str(), flags));
}

bool walk(int folder, const std::string& path, WalkRules rules, Visitor& visitor) {
  return Walker(rules, visitor).walk(folder, path);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

Place place_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return {.name = slash == std::string::npos ? path : path.substr(slash + 1), .path = path};
}

std::string shown_path(const std::string& path) {
  if (is_utf8(path)) return path;
  std::string text;
  for (const char c : path) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

}  // namespace cdviz::sources::folder
