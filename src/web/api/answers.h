// Answers that are still right: as long as the data have the same version, a question need not be
// asked again.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cdviz::web::api {

/// Safe to use from any thread.
class Answers {
 public:
  /// @param bytes_max  of the bodies that are kept; the longest unused one goes first
  explicit Answers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The body of a question, if it was made from this version.
  std::optional<std::string> find(const std::string& key, std::string_view version);
  void keep(const std::string& key, std::string_view version, const std::string& body);

 private:
  struct Kept {
    std::string key;
    std::string version;
    std::string body;
    std::size_t bytes() const { return key.size() + version.size() + body.size(); }
  };
  void drop(std::list<Kept>::iterator kept);

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::list<Kept> kept_;  ///< last used first
  std::unordered_map<std::string_view, std::list<Kept>::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace cdviz::web::api
