// How far a long command is: a bar on a terminal, a few plain lines elsewhere.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace cdviz::commands {

class Progress {
 public:
  /// @param out  borrowed; a bar is drawn when it is a terminal
  /// @param unit  behind the numbers: "events stored"
  Progress(std::FILE* out, std::string label, std::string unit, std::size_t total);
  /// The same, told what `out` is.
  Progress(std::FILE* out, std::string label, std::string unit, std::size_t total, bool terminal);
  /// Ends the line of the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws again when it is worth it. @param done  of the total; never goes back
  void update(std::size_t done);

 private:
  void draw(std::size_t percent);

  std::FILE* out_;
  std::string label_;
  std::string unit_;
  std::size_t total_;
  bool terminal_;
  std::size_t done_ = 0;
  std::size_t drawn_ = 101;  ///< percent; 101: nothing yet
};

}  // namespace cdviz::commands
