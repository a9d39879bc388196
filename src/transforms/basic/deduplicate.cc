// Drops messages whose key was there before. The keys are remembered across restarts: each is
// committed with its message in one transaction of the queue, so that the retry of a message that
// could not be stored is no duplicate. A message that comes while its twin is not on disk yet
// passes too: the events are the same, and twice is harmless.
#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "config/options.h"
#include "core/transform.h"
#include "transforms/basic/basic.h"
#include "transforms/basic/pointer.h"

namespace cdviz::transforms::basic {
namespace {

constexpr std::array kOptions = {
    Option{.name = "key_path",
           .help = "The JSON Pointer of the key in the body. A message without one passes.",
           .required = true,
           .example = "/delivery/id"},
    Option{.name = "capacity",
           .type = OptionType::integer,
           .fallback = "1000",
           .help = "How many of the last keys are remembered; 0: none, and everything passes.",
           .min = 0,
           .max = 100'000},
};

/// Keys can be long and secret; what is kept of one cannot be turned back.
std::string digest_of(std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) out += fmt::format("{:02x}", digest.at(i));
  return out;
}

/// A ring of `capacity` places. An entry is "NUMBER DIGEST" under "deduplicate/NAME/PLACE", where
/// the place is the number modulo the capacity.
class Deduplicate final : public Transform {
 public:
  Deduplicate(std::string name, std::string key_path, std::uint64_t capacity)
      : prefix_("deduplicate/" + std::move(name) + "/"),
        key_path_(std::move(key_path)),
        ring_(capacity) {}

  void begin(const Recall& recall) override {
    for (std::size_t place = 0; place < ring_.size(); ++place) {
      const std::string key = prefix_ + std::to_string(place);
      if (auto value = recall(key)) remember({key, std::move(value)});
    }
  }

  Result<Transformed> apply(Message message) const override {
    Transformed out;
    const auto key = ring_.empty() ? std::nullopt : text_at(message.body, key_path_);
    if (key) {
      const std::string digest = digest_of(*key);
      const std::lock_guard lock(mutex_);
      if (known_.contains(digest)) {
        out.reason = "a duplicate: its " + key_path_ + " was there before";
        return out;
      }
      const std::uint64_t number = next_++;
      out.memos.push_back({this,
                           {prefix_ + std::to_string(number % ring_.size()),
                            fmt::format("{} {}", number, digest)}});
    }
    out.messages.push_back(std::move(message));
    return out;
  }

  void remember(const Checkpoint::Entry& entry) const override {
    if (!entry.value) return;
    const std::string_view value = *entry.value;
    const auto space = value.find(' ');
    std::uint64_t number = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    if (read.ec != std::errc{} || space == std::string_view::npos) return;
    const std::string digest(value.substr(space + 1));
    const std::lock_guard lock(mutex_);
    std::string& place = ring_[number % ring_.size()];
    if (const auto old = known_.find(place); old != known_.end() && --old->second == 0) {
      known_.erase(old);
    }
    place = digest;
    ++known_[digest];
    next_ = std::max(next_, number + 1);
  }

 private:
  const std::string prefix_;
  const std::string key_path_;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> ring_;
  /// How many places hold a digest: two messages with one key may have been under way at once.
  mutable std::unordered_map<std::string, unsigned> known_;
  mutable std::uint64_t next_ = 0;
};

Result<std::unique_ptr<Transform>> make(const config::Options& options, const Services& services) {
  const std::string path = options.text("key_path");
  if (!is_pointer(path)) options.problem("key_path", "is no JSON Pointer: it begins with '/'");
  return std::unique_ptr<Transform>(std::make_unique<Deduplicate>(
      services.name, path, static_cast<std::uint64_t>(options.integer("capacity"))));
}

}  // namespace

const TransformerKind deduplicate{
    .name = "deduplicate",
    .summary = "Drops messages that came before, by a key in their body. At sources only.",
    .options = kOptions,
    .make = &make};

}  // namespace cdviz::transforms::basic
