#include "web/api/data_versions.h"

#include <algorithm>
#include <charconv>

#include "web/api/run_query.h"

namespace cdviz::web::api {
namespace {

constexpr std::size_t kCameMax = 1'000;

/// Columns of the query "data-moves".
enum Column : std::uint8_t {
  kEvents,
  kLastIngested,
  kRebuilt,
  kConfiguration,
  kApiVersion,
  kSchemaVersion,
  kNewest,
  kSeqs,
  kFamilies,
};

Families family_of(char letter) {
  if (letter == 't') return kTests;
  return letter == 'o' ? kOthers : kRuns;
}

std::vector<std::pair<std::int64_t, Families>> came_of(std::string_view seqs,
                                                       std::string_view families) {
  std::vector<std::pair<std::int64_t, Families>> came;
  const char* at = seqs.data();
  const char* const end = at + seqs.size();
  for (const char letter : families) {
    std::int64_t seq = 0;
    const auto [behind, error] = std::from_chars(at, end, seq);
    if (error != std::errc()) break;
    came.emplace_back(seq, family_of(letter));
    at = behind == end ? end : behind + 1;
  }
  return came;
}

std::string joined(const postgres::Rows& rows, Column first, Column last) {
  std::string text;
  for (std::size_t column = first; column <= last; ++column) {
    if (column > first) text += '.';
    text += rows.text(0, column);
  }
  return text;
}

}  // namespace

std::optional<std::int64_t> FamilyVersions::since() const {
  if (!cursor_) return std::nullopt;
  return *cursor_ - kLookBack;
}

void FamilyVersions::saw(const DataMoves& moves) {
  if (moves.whole == whole_) return;
  Families moved = 0;
  std::int64_t found = 0;
  for (const auto& [seq, family] : moves.came) {
    if (seen_.contains(seq)) continue;
    moved |= family;
    ++found;
  }
  // Not the events that it grew by: something was deleted, or became visible too late to be seen.
  const bool told =
      cursor_ && moves.all_came && moves.standing == standing_ && found == moves.events - events_;
  if (!told) moved = kEverything;
  for (std::size_t i = 0; i < by_family_.size(); ++i) {
    if ((moved & (1U << i)) != 0) by_family_[i] = moves.whole;
  }
  whole_ = moves.whole;
  standing_ = moves.standing;
  events_ = moves.events;
  cursor_ = moves.all_came ? moves.newest : std::nullopt;
  seen_.clear();
  if (!cursor_) return;
  for (const auto& [seq, family] : moves.came) {
    if (seq > *cursor_ - kLookBack) seen_.insert(seq);
  }
}

std::string FamilyVersions::of(Families families) const {
  if (families == kEverything) return whole_;
  std::string version;
  for (std::size_t i = 0; i < by_family_.size(); ++i) {
    if ((families & (1U << i)) == 0) continue;
    if (!version.empty()) version += '+';
    version += by_family_[i];
  }
  return version;
}

std::optional<std::string> DataVersions::known(Families families) const {
  const std::lock_guard lock(mutex_);
  if (!seen_at_ || clock_.now() - *seen_at_ > kFresh) return std::nullopt;
  return versions_.of(families);
}

Result<DataMoves> DataVersions::read(postgres::Connection& connection) {
  queries::Given given{{"limit", {std::to_string(kCameMax)}}};
  if (const auto since = versions_.since()) given["since"] = {std::to_string(*since)};
  const auto rows = run_query(connection, "data-moves", given, clock_.wall());
  if (!rows) return rows.error();
  DataMoves moves{.whole = joined(*rows, kEvents, kSchemaVersion),
                  .standing = joined(*rows, kRebuilt, kSchemaVersion)};
  if (!rows->is_null(0, kEvents)) moves.events = rows->integer(0, kEvents);
  if (!rows->is_null(0, kNewest)) moves.newest = rows->integer(0, kNewest);
  moves.came = came_of(rows->text(0, kSeqs), rows->text(0, kFamilies));
  moves.all_came = moves.came.size() < kCameMax;
  return moves;
}

Result<std::string> DataVersions::ask(postgres::Connection& connection, Families families) {
  const std::lock_guard one_at_a_time(asking_);
  if (auto version = known(families)) return std::move(*version);
  const auto moves = read(connection);
  if (!moves) return moves.error();
  const std::lock_guard lock(mutex_);
  versions_.saw(*moves);
  seen_at_ = clock_.now();
  return versions_.of(families);
}

}  // namespace cdviz::web::api
