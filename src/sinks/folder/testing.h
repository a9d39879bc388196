// A folder of a test's own, and events for it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/event.h"

namespace cdviz::sinks::folder::testing {

struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = ::testing::TempDir() + "cdviz-folder-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// What everybody sees: paths of files that are not hidden, sorted.
  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      const auto relative = std::filesystem::relative(entry.path(), path).string();
      const bool is_hidden = ("/" + relative).find("/.") != std::string::npos;
      if (entry.is_regular_file() && !is_hidden) all.push_back(relative);
    }
    std::ranges::sort(all);
    return all;
  }
  /// What is under way in the hidden folder of the sink "out".
  std::vector<std::string> hidden() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path + "/.cdviz-out")) {
      if (entry.path().filename() == "lock" || entry.path().extension() == ".done") continue;
      all.push_back(entry.path().filename().string());
    }
    std::ranges::sort(all);
    return all;
  }
  std::string text(const std::string& name) const {
    std::ifstream file(path + "/" + name, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path + "/" + name, std::ios::binary) << content;
  }

  std::string path;
};

inline Event event(const std::string& id, const std::string& more = "", Headers headers = {}) {
  return Event({.source = "/ci",
                .id = id,
                .type = "dev.cdevents.service.deployed.0.2.0",
                .timestamp = "2024-05-06T07:08:09Z",
                .subject_id = "s",
                .json = "{\"id\":\"" + id + "\"" + more + "}",
                .headers = std::move(headers),
                .received_at = WallTime(std::chrono::milliseconds(1'714'979'289'000))});
}

}  // namespace cdviz::sinks::folder::testing
