// The sink's folder, and in it a hidden one where files are made before they are seen:
//
//   PATH/.cdviz-SINK/lock      held while the sink writes
//   PATH/.cdviz-SINK/N.tmp     under way; left ones are removed when the sink begins
//   PATH/.cdviz-SINK/*.part, *.done    line_files.h
//
// A file appears under its name whole and synced, by rename(2) within one file system.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::sinks::folder {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

/// Writes all of `bytes` at `offset`. @returns 0 or an errno
int write_all(int fd, std::string_view bytes, std::int64_t offset);

/// One thread at a time. Messages name paths.
class Store {
 public:
  /// Makes the folders if they are not there, takes the lock, removes what was under way.
  /// @returns Fault::retry when another process has the lock; else as fault.h
  static Result<Store> open(const std::string& path, const std::string& sink);

  /// A new file in the hidden folder. @returns its descriptor, and its name in `name`
  Result<Descriptor> make_temporary(std::string& name);
  Result<void> remove_temporary(const std::string& name);
  /// Writes and syncs `content` as a new temporary file.
  Result<std::string> write_temporary(std::string_view content);

  /// Moves a synced file of the hidden folder to `path`, making the folders above it.
  /// @param replace  false: leaves what is there
  /// @returns false if something was there
  Result<bool> publish(const std::string& name, const std::string& path, bool replace);
  /// After publish(): the names themselves reach the disk. All folders that were changed since.
  Result<void> sync_folders();
  /// As if publish() had just changed the folder of `path`.
  void mark_changed(std::string_view path);

  /// Whether `path` holds exactly `content`. @returns nothing when there is no file
  Result<std::optional<bool>> holds(const std::string& path, std::string_view content);

  /// Whether anything has that name.
  bool exists(const std::string& path) const;

  /// Of the hidden folder, for the lines.
  int work_fd() const { return work_.get(); }
  Result<void> sync_work();
  /// Names in the hidden folder that end with `ending`.
  Result<std::vector<std::string>> work_files(std::string_view ending) const;
  /// Another name in the hidden folder for a file of it, where the file system can (else nothing).
  void link_work(const std::string& name, const std::string& other);
  std::string place_of(std::string_view path) const;

 private:
  Store() = default;
  Result<void> make_folders(std::string_view folder);
  Result<void> remove_left();

  std::string path_;
  std::string work_name_;
  Descriptor root_, work_, lock_;
  std::uint64_t next_ = 0;
  std::set<std::string, std::less<>> known_folders_;
  std::set<std::string, std::less<>> changed_folders_;
};

}  // namespace cdviz::sinks::folder
