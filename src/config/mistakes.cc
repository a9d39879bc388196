#include "config/mistakes.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace cdviz::config {
namespace {

/// Longer names and values are cut in messages.
constexpr std::size_t kShownBytes = 80;
/// Names longer than this are not compared: no option has such a name.
constexpr std::size_t kComparedBytes = 64;

char folded(char c) {
  if (c == '-') return '_';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Optimal string alignment: insert, delete, replace and swap of neighbours cost 1; case and '-'
/// for '_' cost nothing.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
          folded(a[i - 2]) == folded(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

bool is_bare_key(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

std::string to_string(const Origin& origin) {
  if (!origin.source) return "default";
  if (origin.line == 0) return *origin.source;
  return fmt::format("{}:{}:{}", *origin.source, origin.line, origin.column);
}

std::string to_string(const Mistake& mistake) {
  if (mistake.path.empty()) return mistake.place + ": " + mistake.message;
  return mistake.place + ": " + mistake.path + ": " + mistake.message;
}

void Mistakes::add(const Origin& at, std::string path, std::string message) {
  ++count_;
  if (entries_.size() >= kKept) return;
  std::string place = at.source ? to_string(at) : "configuration";
  entries_.push_back({at, {std::move(place), std::move(path), std::move(message)}});
}

std::vector<Mistake> Mistakes::list() const {
  auto sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.at.layer, a.at.line, a.at.column) <
           std::tie(b.at.layer, b.at.line, b.at.column);
  });
  std::vector<Mistake> list;
  list.reserve(sorted.size() + 1);
  for (auto& entry : sorted) list.push_back(std::move(entry.mistake));
  if (count_ > kKept) {
    list.push_back({"configuration", "", fmt::format("and {} more mistakes", count_ - kKept)});
  }
  return list;
}

std::string shown(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (out.size() > kShownBytes) {
      // Not in the middle of a UTF-8 sequence.
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80U) != 0) out.pop_back();
      return out + "…\"";
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string join_path(std::string_view path, std::string_view name) {
  std::string joined{path};
  if (!joined.empty()) joined += '.';
  return joined +
         (is_bare_key(name) && name.size() <= kShownBytes ? std::string{name} : shown(name));
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  if (name.empty() || name.size() > kComparedBytes) return {};
  const std::size_t allowed = name.size() <= 3 ? 1 : name.size() / 3 + 1;
  std::string_view best;
  std::size_t fewest = allowed + 1;
  for (const auto candidate : names) {
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer - std::min(name.size(), candidate.size()) > allowed) continue;
    const std::size_t wrong = distance(name, candidate);
    // With every letter wrong it is another word.
    if (wrong < fewest && wrong < longer) {
      fewest = wrong;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& names) {
  if (const auto near = nearest(name, names); !near.empty()) {
    return fmt::format("; did you mean \"{}\"?", near);
  }
  if (names.empty()) return {};
  return fmt::format("; known: {}", fmt::join(names, ", "));
}

}  // namespace cdviz::config
