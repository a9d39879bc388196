// The collector's log: one line a fact, on standard error, as logfmt or JSON. Normal operation logs
// nothing, it counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/clock.h"

namespace cdviz::telemetry {

enum class Level : std::uint8_t { debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { logfmt, json };

/// One key=value of a line. Never a secret, never a payload.
struct Field {
  template <class T>
  Field(std::string_view k, const T& v) : key(k), value(fmt::format("{}", v)) {}
  std::string_view key;
  std::string value;
};

/// Safe to call from any thread. The same message of the same component is written at most once in
/// 10 s; the next line says how often it was left out (`repeated=N`).
class Log {
 public:
  struct Settings {
    Level level = Level::info;
    LogFormat format = LogFormat::logfmt;
    std::map<std::string, Level> component_levels = {};  ///< component_id → level
    int fd = 2;                                          ///< where lines go
  };
  Log(Settings settings, const Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// @param component  component_id: the source's or sink's name, or "queue", "http", …
  /// @param message    a constant text: what happened, not with which value
  void write(Level level, std::string_view component, std::string_view message,
             std::initializer_list<Field> fields = {});
  void debug(std::string_view component, std::string_view message,
             std::initializer_list<Field> fields = {}) {
    write(Level::debug, component, message, fields);
  }
  void info(std::string_view component, std::string_view message,
            std::initializer_list<Field> fields = {}) {
    write(Level::info, component, message, fields);
  }
  void warn(std::string_view component, std::string_view message,
            std::initializer_list<Field> fields = {}) {
    write(Level::warn, component, message, fields);
  }
  void error(std::string_view component, std::string_view message,
             std::initializer_list<Field> fields = {}) {
    write(Level::error, component, message, fields);
  }
  /// Replaces the levels at a reload.
  void set_levels(Level level, std::map<std::string, Level> component_levels);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::telemetry
