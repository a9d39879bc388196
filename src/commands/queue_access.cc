#include "commands/queue_access.h"

#include <array>
#include <charconv>
#include <ctime>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace cdviz::commands {
std::shared_ptr<QueueFlags> add_queue_flags(CLI::App& verb) {
  auto flags = std::make_shared<QueueFlags>();
  verb.add_option("--queue-directory", flags->directory,
                  "The directory of the queue; without it [queue] directory of the configuration")
      ->type_name("DIR");
  verb.add_flag("--json", flags->json, "Write JSON, one object a line");
  flags->config = add_config_flags(verb);
  return flags;
}

std::unique_ptr<queue::Inspector> open_queue(const QueueFlags& flags, int& exit_code) {
  std::string directory = flags.directory;
  if (directory.empty()) {
    const auto config = load_or_print(input_of(*flags.config));
    if (!config) {
      exit_code = kExitConfig;
      return nullptr;
    }
    directory = config->section("queue").text("directory");
  }
  auto opened = queue::Inspector::open(directory);
  if (!opened) {
    exit_code = complain(
        kExitNothing,
        opened.error().message +
            (flags.directory.empty() ? " (say which with --queue-directory or --config)" : ""));
    return nullptr;
  }
  return std::move(*opened);
}

std::string time_text(WallTime time) {
  const auto milliseconds = time.time_since_epoch().count();
  const auto part = ((milliseconds % 1000) + 1000) % 1000;
  const std::time_t seconds = static_cast<std::time_t>((milliseconds - part) / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     part);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, factor] : kUnits)
    if (unit == name) return std::chrono::milliseconds(number * factor);
  return std::nullopt;
}

std::optional<WallTime> parse_since(std::string_view text, WallTime now) {
  if (const auto back = parse_duration(text)) return now - *back;
  std::tm parts{};
  const std::string whole(text);
  const char* end = ::strptime(whole.c_str(), "%Y-%m-%d", &parts);
  if (end != nullptr && *end == 'T') end = ::strptime(end, "T%H:%M:%S", &parts);
  if (end == nullptr || (*end != '\0' && std::string_view(end) != "Z")) return std::nullopt;
  return WallTime{std::chrono::seconds(::timegm(&parts))};
}

}  // namespace cdviz::commands
