// What is wrong with a configuration: collected, so that all of it is shown at once, in the order
// of the files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cdviz::config {

/// Where a value came from. Cheap to copy.
struct Origin {
  std::shared_ptr<const std::string> source =
      {};                  ///< "collector.toml", "--set http.port"; null: a default
  std::uint32_t line = 0;  ///< from 1; 0: the whole source
  std::uint32_t column = 0;
  int layer = -1;  ///< later layers win
};
/// "collector.toml:3:8", "environment CDVIZ_COLLECTOR__HTTP__PORT", "default".
std::string to_string(const Origin& origin);

/// One thing that is wrong.
struct Mistake {
  std::string place;    ///< as to_string(Origin)
  std::string path;     ///< the full path of the key: "sinks.database.url"; empty: the whole
  std::string message;  ///< what is wrong and how to mend it; never a secret
};
/// "place: path: message".
std::string to_string(const Mistake& mistake);

/// Collects mistakes. Not thread-safe.
class Mistakes {
 public:
  /// More than these are counted but not kept: a file of another format has one on each line.
  static constexpr std::size_t kKept = 200;

  void add(const Origin& at, std::string path, std::string message);
  std::size_t count() const { return count_; }
  /// Ordered by layer, line and column; when some were not kept, a last one says how many.
  std::vector<Mistake> list() const;

 private:
  struct Entry {
    Origin at;
    Mistake mistake;
  };
  std::vector<Entry> entries_;
  std::size_t count_ = 0;
};

/// `text` in quotes, for a message: control characters escaped, long text cut.
std::string shown(std::string_view text);
/// `path` and `name` joined by a dot; a name that is no bare TOML key stands in quotes.
std::string join_path(std::string_view path, std::string_view name);

/// The one of `names` that was probably meant by `name`: few letters wrong; empty if there is none.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);
/// ` did you mean "x"?`, or the known names when none is near.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace cdviz::config
