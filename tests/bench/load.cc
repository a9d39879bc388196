// load: sends CDEvents to a webhook over HTTP/1.1 with keep-alive and measures the answers. One
// thread, epoll.
//
//   load --port 8080 [--path /webhook/000] [--rate 2000] [--seconds 10] [--count N] [--connections
//   64] [--batch 1]
//        [--bytes 1024] [--prefix ID] [--open]
//
// With --rate the load is open-loop: request k is due at start + k/rate whether or not the server
// keeps up, and its latency counts from that moment, so a server that stalls cannot hide it
// (https://github.com/giltene/wrk2#coordinated-omission). Without, each connection sends its next
// request as soon as it has its answer. Every event has an id of its own, PREFIX-000000000042.
// Prints one JSON object: requests by status, events acknowledged, latency percentiles in
// milliseconds, own CPU.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kIdDigits = 12;

struct Settings {
  std::uint16_t port = 0;
  std::string path = "/webhook/000";
  std::string prefix = "load";
  double rate = 0;  // requests a second; 0: closed loop
  double seconds = 10;
  std::uint64_t count = UINT64_MAX;  // requests
  std::size_t connections = 64;
  std::size_t batch = 1;     // events a request, as NDJSON when more than one
  std::size_t bytes = 1024;  // an event, about
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "load: %s\n", what.c_str());
  std::_Exit(64);  // no threads, nothing to tidy up
}

template <class T>
T number(const char* name, std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    die(std::string(name) + " wants a number");
  return value;
}

Settings parse(int argc, char** argv) {
  Settings s;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) die(std::string(name) + " wants a value");
    const std::string_view value = argv[i + 1];
    if (name == "--port")
      s.port = number<std::uint16_t>("--port", value);
    else if (name == "--path")
      s.path = value;
    else if (name == "--prefix")
      s.prefix = value;
    else if (name == "--rate")
      s.rate = number<double>("--rate", value);
    else if (name == "--seconds")
      s.seconds = number<double>("--seconds", value);
    else if (name == "--count")
      s.count = number<std::uint64_t>("--count", value);
    else if (name == "--connections")
      s.connections = number<std::size_t>("--connections", value);
    else if (name == "--batch")
      s.batch = number<std::size_t>("--batch", value);
    else if (name == "--bytes")
      s.bytes = number<std::size_t>("--bytes", value);
    else
      die("unknown option " + std::string(name));
  }
  if (s.port == 0 || s.batch == 0 || s.connections == 0)
    die("--port, --batch and --connections must be above 0");
  return s;
}

/// One request with places for the ids of its events.
class Template {
 public:
  explicit Template(const Settings& s) {
    char now[32];
    const std::time_t seconds = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &utc);
    const std::string head = R"({"context":{"version":"0.4.1","id":")" + s.prefix + "-";
    std::string tail =
        R"(","source":"/bench/load","type":"dev.cdevents.service.deployed.0.2.0","timestamp":")" +
        std::string(now) +
        R"("},"subject":{"id":"ns/service-1","type":"service","content":{"environment":{"id":"bench"},)"
        R"("artifactId":"pkg:oci/service-1@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"}},)"
        R"("customData":{"note":")";
    const std::size_t used = head.size() + kIdDigits + tail.size() + 4;
    for (std::size_t i = 0; used + i < s.bytes; ++i) tail += static_cast<char>('a' + i % 26);
    tail += "\"}}";
    std::string body;
    for (std::size_t i = 0; i < s.batch; ++i) {
      body += head;
      ids_.push_back(body.size());
      body += std::string(kIdDigits, '0') + tail + (s.batch > 1 ? "\n" : "");
    }
    event_bytes_ = head.size() + kIdDigits + tail.size();
    text_ = "POST " + s.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " +
            (s.batch > 1 ? "application/x-ndjson" : "application/json") +
            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    for (auto& id : ids_) id += text_.size();
    text_ += body;
  }
  const std::string& text() const { return text_; }
  std::size_t event_bytes() const { return event_bytes_; }
  /// Writes the ids of request number `request` into a copy of text().
  void number(std::string& copy, std::uint64_t request) const {
    std::uint64_t event = request * ids_.size();
    for (const std::size_t place : ids_) {
      std::uint64_t rest = event++;
      for (std::size_t digit = kIdDigits; digit-- > 0; rest /= 10) {
        copy[place + digit] = static_cast<char>('0' + rest % 10);
      }
    }
  }

 private:
  std::string text_;
  std::vector<std::size_t> ids_;
  std::size_t event_bytes_ = 0;
};

struct Connection {
  int fd = -1;
  bool busy = false;
  std::string out;
  std::size_t written = 0;
  std::string in;
  Clock::time_point due;  // when its request should have been sent
};

class Load {
 public:
  explicit Load(const Settings& settings)
      : s_(settings), template_(settings), epoll_(epoll_create1(0)) {
    connections_.resize(s_.connections);
    for (auto& connection : connections_) {
      connection.out = template_.text();
      open(connection);
      free_.push_back(&connection);
    }
  }

  void run() {
    start_ = Clock::now();
    const auto end = start_ + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(s_.seconds));
    bool sending = true;
    while (sending || busy_ > 0) {
      const auto now = Clock::now();
      if (now >= end || sent_ >= s_.count) sending = false;
      if (now >= end + std::chrono::seconds(30)) break;  // answers that do not come
      auto wake = sending ? std::min(end, now + std::chrono::milliseconds(100))
                          : now + std::chrono::milliseconds(100);
      while (sending && !free_.empty() && sent_ < s_.count) {
        const auto due = s_.rate > 0 ? due_at(sent_) : now;
        if (due > now) {
          wake = std::min(wake, due);
          break;
        }
        send(due);
      }
      wait(wake - now);
    }
    elapsed_ = std::chrono::duration<double>(Clock::now() - start_).count();
  }

  void print() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double share) {
      if (latencies_.empty()) return 0.0;
      const auto index =
          static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1));
      return static_cast<double>(latencies_[index]) / 1000.0;
    };
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](timeval t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    std::string statuses;
    for (const auto& [status, count] : statuses_) {
      statuses += (statuses.empty() ? "\"" : ",\"") + std::to_string(status) +
                  "\":" + std::to_string(count);
    }
    std::printf(
        R"({"requests":%llu,"statuses":{%s},"broken":%llu,"unanswered":%zu,"acknowledged_events":%llu,"seconds":%.3f,)"
        R"("events_per_second":%.1f,"event_bytes":%zu,"p50_ms":%.3f,"p90_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f,"max_ms":%.3f,"cpu_seconds":%.3f})"
        "\n",
        static_cast<unsigned long long>(sent_), statuses.c_str(),
        static_cast<unsigned long long>(broken_), busy_,
        static_cast<unsigned long long>(acknowledged_), elapsed_,
        static_cast<double>(acknowledged_) / elapsed_, template_.event_bytes(), at(0.5), at(0.9),
        at(0.99), at(0.999), at(1), seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }

 private:
  Clock::time_point due_at(std::uint64_t request) const {
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(request) / s_.rate));
  }

  void open(Connection& connection) {
    connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(s_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      die("cannot connect to 127.0.0.1:" + std::to_string(s_.port));
    }
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection.in.clear();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
  }

  void send(Clock::time_point due) {
    Connection& connection = *free_.front();
    free_.pop_front();
    template_.number(connection.out, sent_++);
    connection.written = 0;
    connection.due = due;
    connection.busy = true;
    ++busy_;
    write(connection);
  }

  void write(Connection& connection) {
    const auto left = connection.out.size() - connection.written;
    const ssize_t n = ::send(connection.fd, connection.out.data() + connection.written, left,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) return broken(connection);
    if (n > 0) connection.written += static_cast<std::size_t>(n);
    epoll_event event{};
    event.events = EPOLLIN;
    if (connection.written < connection.out.size()) event.events |= EPOLLOUT;
    event.data.ptr = &connection;
    if (n < static_cast<ssize_t>(left) || connection.written != left) {
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
    }
  }

  void read(Connection& connection) {
    char buffer[65536];
    const ssize_t n = recv(connection.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return broken(connection);
    connection.in.append(buffer, static_cast<std::size_t>(n));
    const auto head_end = connection.in.find("\r\n\r\n");
    if (head_end == std::string::npos) return;
    std::string head = connection.in.substr(0, head_end + 2);
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char c) { return static_cast<char>(tolower(c)); });
    std::size_t length = 0;
    if (const auto place = head.find("\r\ncontent-length:"); place != std::string::npos) {
      length = std::strtoull(head.c_str() + place + 17, nullptr, 10);
    } else if (head.find("\r\ntransfer-encoding:") != std::string::npos) {
      die("the answer is chunked: this client wants Content-Length");
    }
    if (connection.in.size() < head_end + 4 + length) return;
    const auto status = static_cast<int>(
        std::strtol(head.c_str() + std::min<std::size_t>(9, head.size()), nullptr, 10));
    answered(connection, status, head.find("\r\nconnection: close") != std::string::npos);
  }

  void answered(Connection& connection, int status, bool closing) {
    latencies_.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.due)
            .count()));
    ++statuses_[status];
    if (status >= 200 && status < 300) acknowledged_ += s_.batch;
    connection.in.clear();
    release(connection);
    if (closing) reopen(connection);
  }

  void broken(Connection& connection) {
    if (connection.busy) {
      ++broken_;
      release(connection);
    }
    reopen(connection);
  }

  void release(Connection& connection) {
    connection.busy = false;
    --busy_;
    free_.push_back(&connection);
  }

  void reopen(Connection& connection) {
    close(connection.fd);
    open(connection);
  }

  void wait(Clock::duration most) {
    epoll_event events[256];
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::max(most, Clock::duration::zero()))
                        .count();
    timespec timeout{};
    timeout.tv_sec = static_cast<std::time_t>(ns / 1'000'000'000);
    timeout.tv_nsec = static_cast<long>(ns % 1'000'000'000);
    const int n = epoll_pwait2(epoll_, events, 256, &timeout, nullptr);
    for (int i = 0; i < n; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      const int fd = connection.fd;
      if ((events[i].events & EPOLLOUT) != 0) write(connection);
      if (connection.fd == fd && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        read(connection);
    }
  }

  Settings s_;
  Template template_;
  int epoll_;
  std::vector<Connection> connections_;
  std::deque<Connection*> free_;
  std::size_t busy_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t broken_ = 0;
  std::uint64_t acknowledged_ = 0;
  Clock::time_point start_;
  double elapsed_ = 0;
  std::vector<std::uint32_t> latencies_;  // microseconds
  std::map<int, std::uint64_t> statuses_;
};

}  // namespace

int main(int argc, char** argv) {
  Load load(parse(argc, argv));
  load.run();
  load.print();
  return 0;
}
