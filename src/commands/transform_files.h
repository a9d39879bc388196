// The files of `transform`: what goes in, with its headers and metadata beside it, and what comes
// out, compared with what was expected.
//
//   inputs/a/push.json, push.headers.json, push.metadata.json
//   outputs/a/push.json, push.1.json, push.2.json …       the events, sorted and indented
//   outputs/a/push.dropped.json, push.refused.json        the reason, when there is none
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "core/result.h"

namespace cdviz::commands {

/// One file of the input folder.
struct InputCase {
  std::filesystem::path path;  ///< relative to the folder
  Message message;
};

/// All files below a folder but those that belong to others, sorted by path.
/// @returns Fault::stop when one cannot be read, is larger than 64 MiB, or its headers are no
/// object of texts
Result<std::vector<InputCase>> read_inputs(const std::filesystem::path& folder);

/// "push.json" with what is said about it: name_of("push.json", "1") is "push.1.json".
std::filesystem::path name_of(const std::filesystem::path& input, std::string_view what = {});

/// JSON for people and for comparisons: a member a line, members sorted by name; tokens stay as
/// they are. What is no JSON stays as it is.
std::string sorted_json(std::string_view json);

/// Paths relative to the folder, and texts.
using OutputFiles = std::map<std::filesystem::path, std::string>;

/// The *.json files below a folder; none when there is no such folder. *.json.new are left out.
/// @returns Fault::stop when one cannot be read
Result<OutputFiles> read_outputs(const std::filesystem::path& folder);

/// How files differ.
struct Difference {
  std::filesystem::path path;
  std::string expected;  ///< empty: there is no such file yet
  std::string actual;    ///< empty: nothing produces it any more
};

/// What differs, by path. The order of members and white space do not count.
std::vector<Difference> compare(const OutputFiles& expected, const OutputFiles& actual);

/// Makes the folder as the difference says: writes the file whole, or removes it.
Result<void> accept(const std::filesystem::path& folder, const Difference& difference);

/// Writes a file whole, with the folders that it needs.
Result<void> write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace cdviz::commands
