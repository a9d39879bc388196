#include "telemetry/log.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <fmt/chrono.h>
#include <unistd.h>

namespace cdviz::telemetry {
namespace {

constexpr std::chrono::seconds kRepeatPause{10};
/// Different lines remembered for the summary of repeats; beyond that the memory starts afresh.
constexpr std::size_t kRemembered = 1000;

const char* to_string(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
    case Level::off:
      return "off";
  }
  return "unknown";
}

/// JSON string escapes (RFC 8259 §7), which logfmt readers understand too. Control characters
/// cannot reach a terminal.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  return text.find_first_of(" =\"\\") != std::string_view::npos ||
         std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class Line {
 public:
  explicit Line(LogFormat format) : json_(format == LogFormat::json) {
    if (json_) text_ += '{';
  }
  void add(std::string_view key, std::string_view value) {
    if (text_.size() > 1) text_ += json_ ? ',' : ' ';
    if (json_) {
      text_ += '"';
      append_escaped(text_, key);
      text_ += "\":\"";
      append_escaped(text_, value);
      text_ += '"';
    } else if (needs_quotes(value)) {
      text_.append(key).append("=\"");
      append_escaped(text_, value);
      text_ += '"';
    } else {
      text_.append(key).append("=").append(value);
    }
  }
  std::string finish() && {
    text_ += json_ ? "}\n" : "\n";
    return std::move(text_);
  }

 private:
  bool json_;
  std::string text_;
};

/// One write(2) a line, so that lines of several processes on one terminal or pipe stay whole.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;  // nobody to tell
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

struct Log::Impl {
  Impl(Settings s, const Clock& c) : settings(std::move(s)), clock(c) {}

  struct Repeats {
    std::chrono::steady_clock::time_point written;
    std::uint64_t left_out = 0;
  };

  Level level_of(std::string_view component) const {
    const auto found = settings.component_levels.find(std::string(component));
    return found == settings.component_levels.end() ? settings.level : found->second;
  }

  Settings settings;
  const Clock& clock;
  std::mutex mutex;
  std::unordered_map<std::string, Repeats> repeats;
};

Log::Log(Settings settings, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(settings), clock)) {}
Log::~Log() = default;

void Log::write(Level level, std::string_view component, std::string_view message,
                std::initializer_list<Field> fields) {
  const std::lock_guard lock(impl_->mutex);
  if (level < impl_->level_of(component)) return;

  std::uint64_t left_out = 0;
  if (level >= Level::warn) {  // below that, lines are rare and each says something else
    if (impl_->repeats.size() > kRemembered) impl_->repeats.clear();
    auto& repeats = impl_->repeats[fmt::format("{}\n{}", component, message)];
    const auto now = impl_->clock.now();
    if (repeats.written.time_since_epoch().count() != 0 && now - repeats.written < kRepeatPause) {
      ++repeats.left_out;
      return;
    }
    left_out = std::exchange(repeats.left_out, 0);
    repeats.written = now;
  }

  Line line(impl_->settings.format);
  const auto wall = impl_->clock.wall();
  const auto second = std::chrono::floor<std::chrono::seconds>(wall);
  line.add("ts", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", second, (wall - second).count()));
  line.add("level", to_string(level));
  line.add("msg", message);
  if (!component.empty()) line.add("component_id", component);
  for (const Field& field : fields) line.add(field.key, field.value);
  if (left_out != 0) line.add("repeated", std::to_string(left_out));
  write_all(impl_->settings.fd, std::move(line).finish());
}

void Log::set_levels(Level level, std::map<std::string, Level> component_levels) {
  const std::lock_guard lock(impl_->mutex);
  impl_->settings.level = level;
  impl_->settings.component_levels = std::move(component_levels);
}

}  // namespace cdviz::telemetry
