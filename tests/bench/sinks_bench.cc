// What the HTTP and folder sinks make of events of 1 KB, against bare clients that do the same with
// nothing around, in turn in one process. Prints one JSON object. Run by bench.py.
//
//   sinks_bench http PORT EVENTS       to a server on 127.0.0.1 that takes POST /
//   sinks_bench folder PATH EVENTS     into that folder
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"
#include "net/routes.h"
#include "sinks/folder/folder.h"
#include "sinks/http/http.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz {
namespace {

constexpr std::size_t kInFlight = 16;
constexpr int kRounds = 3;
constexpr int kSubjects = 200;

[[noreturn]] void fail(std::string_view why) {
  fmt::print(stderr, "sinks_bench: {}\n", why);
  std::exit(EXIT_FAILURE);
}

std::vector<Event> make_events(std::size_t count) {
  static int round = 0;
  ++round;
  std::vector<Event> events;
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = fmt::format("{}-{}", round, i);
    const std::string subject = fmt::format("service-{}", i % kSubjects);
    events.emplace_back(EventData{
        .source = "/bench",
        .id = id,
        .type = "dev.cdevents.service.deployed.0.2.0",
        .timestamp = "2024-05-06T07:08:09Z",
        .subject_id = subject,
        .json = fmt::format(
            R"({{"context":{{"id":"{}"}},"subject":{{"id":"{}"}},"customData":"{:x>900}"}})", id,
            subject, "")});
  }
  return events;
}

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

struct Surroundings {
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::warn}, clock};
  NoRoutes routes;

  std::unique_ptr<Sink> make(const SinkKind& kind, const std::string& options) {
    const std::array kinds{&kind};
    const auto loaded = config::load(
        {.built_in = {{"bench",
                       fmt::format("[sinks.bench]\ntype = \"{}\"\n{}", kind.name, options)}}},
        {.sections = {}, .sources = {}, .sinks = kinds});
    auto made = kind.make(loaded.sinks().at(0).options, {"bench", clock, metrics, log, routes});
    if (!made || !loaded.valid()) fail("the options of the sink are wrong");
    (*made)->begin();
    return std::move(*made);
  }
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Measure {
  std::vector<double> rates, cpu;  // events a second, µs an event

  void take(std::size_t events, const std::function<void()>& run) {
    const double cpu_before = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    rates.push_back(static_cast<double>(events) / took.count());
    cpu.push_back((cpu_seconds() - cpu_before) / static_cast<double>(events) * 1e6);
  }
  static double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.at(values.size() / 2);
  }
  std::string json() const {
    return fmt::format(R"({{"rate":{:.0f},"cpu_us":{:.2f}}})", median(rates), median(cpu));
  }
};

void deliver(Sink& sink, std::span<const Event> events) {
  while (!events.empty()) {
    const auto batch = events.first(std::min(sink.max_batch(), events.size()));
    if (const auto written = sink.write(batch, {}); !written) fail(written.error().message);
    events = events.subspan(batch.size());
  }
}

std::size_t ignore(const char*, std::size_t size, std::size_t count, void*) { return size * count; }

/// libcurl's multi interface and nothing else: the same bodies, in no order.
class BareClient {
 public:
  explicit BareClient(const std::string& url) : multi_(curl_multi_init()) {
    headers_ = curl_slist_append(headers_, "Expect:");
    headers_ = curl_slist_append(headers_, "Content-Type: application/cloudevents+json");
    for (std::size_t i = 0; i < kInFlight; ++i) {
      CURL* const handle = curl_easy_init();
      curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
      curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(handle, CURLOPT_PROXY, "");
      curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_);
      curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &ignore);
      idle_.push_back(handle);
    }
  }
  void deliver(const std::vector<std::string>& bodies) {
    std::size_t next = 0, done = 0;
    while (done < bodies.size()) {
      while (next < bodies.size() && !idle_.empty()) {
        CURL* const handle = idle_.back();
        idle_.pop_back();
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(bodies[next].size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bodies[next].data());
        curl_multi_add_handle(multi_, handle);
        ++next;
      }
      int running = 0, left = 0;
      curl_multi_perform(multi_, &running);
      bool some = false;
      while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
        CURL* const handle = message->easy_handle;
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result != CURLE_OK || status != 202) fail("the bare client failed");
        curl_multi_remove_handle(multi_, handle);
        idle_.push_back(handle);
        ++done;
        some = true;
      }
      if (!some) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
  }

 private:
  CURLM* multi_;
  curl_slist* headers_ = nullptr;
  std::vector<CURL*> idle_;
};

int http(const std::string& port, std::size_t count) {
  const std::string url = "http://127.0.0.1:" + port + "/";
  const std::string destination = "destination = \"" + url + "\"\n";
  Surroundings around;
  const auto many = around.make(sinks::http::kind, destination + "requests_in_flight_max = 16");
  const auto one = around.make(sinks::http::kind, destination + "requests_in_flight_max = 1");
  BareClient bare(url);
  Measure of_many, of_one, of_bare;
  for (int round = 0; round < kRounds; ++round) {
    const auto events = make_events(count);
    std::vector<std::string> bodies;
    for (const Event& event : events) bodies.push_back(event->json);
    of_bare.take(count, [&] { bare.deliver(bodies); });
    of_many.take(count, [&] { deliver(*many, events); });
    of_one.take(count, [&] { deliver(*one, events); });
  }
  fmt::print("{{\"bare\":{},\"sink\":{},\"one_in_flight\":{}}}\n", of_bare.json(), of_many.json(),
             of_one.json());
  return EXIT_SUCCESS;
}

void write_and_sync(const std::string& path, std::string_view bytes, int flags) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::fsync(fd) != 0) {
    fail("cannot write " + path);
  }
  ::close(fd);
}

int folder(const std::string& path, std::size_t count) {
  Surroundings around;
  const auto files = around.make(sinks::folder::kind, "path = \"" + path + "/files\"");
  const auto lines =
      around.make(sinks::folder::kind, "path = \"" + path + "/lines\"\nformat = \"ndjson\"");
  const std::string plain = path + "/plain";
  if (::mkdir(plain.c_str(), 0777) != 0) fail("cannot make " + plain);
  Measure of_files, of_plain_files, of_lines, of_plain_lines;
  for (int round = 0; round < kRounds; ++round) {
    const auto few = make_events(count / 50 + 1);
    of_plain_files.take(few.size(), [&] {
      for (const Event& event : few) write_and_sync(plain + "/" + event->id, event->json, O_TRUNC);
    });
    of_files.take(few.size(), [&] { deliver(*files, few); });
    const auto many = make_events(count);
    of_plain_lines.take(count, [&] {
      for (std::size_t at = 0; at < many.size();) {
        std::string block;
        for (std::size_t i = 0; i < lines->max_batch() && at < many.size(); ++i, ++at) {
          block += many[at]->json;
          block += '\n';
        }
        write_and_sync(plain + "/lines", block, O_APPEND);
      }
    });
    of_lines.take(count, [&] { deliver(*lines, many); });
  }
  fmt::print("{{\"plain_files\":{},\"files\":{},\"plain_lines\":{},\"lines\":{}}}\n",
             of_plain_files.json(), of_files.json(), of_plain_lines.json(), of_lines.json());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace cdviz

int main(int argc, char** argv) {
  const std::string_view what = argc == 4 ? argv[1] : "";
  const auto count = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0;
  if (what == "http" && count > 0) return cdviz::http(argv[2], count);
  if (what == "folder" && count > 0) return cdviz::folder(argv[2], count);
  fmt::print(stderr, "usage: sinks_bench http PORT EVENTS | folder PATH EVENTS\n");
  return EXIT_FAILURE;
}
