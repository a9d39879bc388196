#include "telemetry/process_metrics.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace cdviz::telemetry {
namespace {

/// The fields of /proc/self/stat from "state" on (proc(5)): the program's name before them may hold
/// spaces.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream rest(line.substr(end_of_name + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

/// Field n of proc(5), counted as there from 1; 0 when /proc cannot be read.
double field(const std::vector<std::string>& fields, std::size_t n) {
  constexpr std::size_t kFirst = 3;  // "state"
  return n - kFirst < fields.size() ? std::stod(fields[n - kFirst]) : 0.0;
}

double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

double open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator fds("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(fds), end(fds)) - 1);  // one is this listing
}

double max_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<double>::infinity();
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

Metrics::Handle add_process_metrics(Metrics& metrics, std::string_view version) {
  metrics
      .gauge("cdviz_build_info", "What runs; the value is always 1.",
             {{"version", std::string(version)}, {"compiler", __VERSION__}})
      .Set(1);
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  metrics
      .gauge("process_start_time_seconds", "Start of the process, in seconds since the Unix epoch.")
      .Set(boot_time_seconds() + field(stat_fields(), 22) / ticks);
  metrics.gauge("process_max_fds", "Most file descriptors the process may have open.")
      .Set(max_files());
  Counter& cpu = metrics.counter("process_cpu_seconds_total", "CPU time used, user and system.");
  Gauge& resident = metrics.gauge("process_resident_memory_bytes", "Memory in RAM.");
  Gauge& virtual_memory = metrics.gauge("process_virtual_memory_bytes", "Address space.");
  Gauge& fds = metrics.gauge("process_open_fds", "File descriptors open now.");
  return metrics.before_scrape([&cpu, &resident, &virtual_memory, &fds, ticks, page] {
    const auto fields = stat_fields();
    const double used = (field(fields, 14) + field(fields, 15)) / ticks;
    cpu.Increment(std::max(0.0, used - cpu.Value()));
    virtual_memory.Set(field(fields, 23));
    resident.Set(field(fields, 24) * page);
    fds.Set(open_files());
  });
}

}  // namespace cdviz::telemetry
