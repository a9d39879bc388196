#include "sources/folder/file_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/json_spans.h"
#include "parsers/decompress.h"

namespace cdviz::sources::folder {
namespace {

using Outcome = ReadResult::Outcome;
using parsers::Compression;
using parsers::Format;

constexpr std::size_t kChunk = std::size_t{256} * 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// The hash of `size` bytes that end at `end`; nothing when they are not there, with an errno or 0.
std::optional<std::uint64_t> hash_before(int fd, std::uint64_t end, std::uint64_t size,
                                         int& error) {
  std::array<char, Entry::kHeadBytes> bytes{};
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(fd, bytes.data() + have, static_cast<std::size_t>(size) - have,
                                static_cast<off_t>(end - size + have));
    if (got < 0 && errno == EINTR) continue;
    error = got < 0 ? errno : 0;
    if (got <= 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  return hash_of({bytes.data(), have});
}

bool same_bytes(const OpenFile& file, const Entry& entry, int& error) {
  static_assert(Entry::kTailBytes <= Entry::kHeadBytes);
  if (file.stamp.size < entry.offset || entry.head_bytes > Entry::kHeadBytes) return false;
  const auto head = hash_before(file.fd, entry.head_bytes, entry.head_bytes, error);
  if (!head || *head != entry.head_hash) return false;
  const auto tail_bytes = std::min(entry.offset, Entry::kTailBytes);
  const auto tail = hash_before(file.fd, entry.offset, tail_bytes, error);
  return tail && *tail == entry.tail_hash;
}

class FileReader {
 public:
  FileReader(const OpenFile& file, const Message& base, const std::optional<Entry>& entry,
             const ReadRules& rules, Feeder& feeder, const std::stop_token& stop)
      : file_(file),
        base_(base),
        entry_(entry),
        rules_(rules),
        feeder_(feeder),
        stop_(stop),
        reader_(file.format, base, rules.limits) {
    state_.format = file.format;
    state_.compression = file.compression;
    state_.stamp = file.stamp;
    state_.path = hash_of(file.path);
  }

  ReadResult read() {
    if (file_.format == Format::metadata) {
      read_nothing();
    } else if (!state_.has_lines()) {
      read_whole();
    } else if (file_.compression == Compression::none) {
      read_lines();
    } else {
      read_compressed_lines();
    }
    return result_;
  }

 private:
  // --- the file ----------------------------------------------------------------------------------

  /// Up to `size` bytes at `place`, none at the end of the file. Nothing after an error. Lives
  /// until the next call.
  std::optional<std::string_view> read_chunk(std::uint64_t place, std::size_t size) {
    chunk_.resize(kChunk);
    for (;;) {
      const ssize_t got = ::pread(file_.fd, chunk_.data(), std::min(size, chunk_.size()),
                                  static_cast<off_t>(place));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        fail(errno);
        return std::nullopt;
      }
      result_.bytes += static_cast<std::uint64_t>(got);
      return std::string_view(chunk_.data(), static_cast<std::size_t>(got));
    }
  }

  bool changed_meanwhile() {
    struct stat status {};
    return ::fstat(file_.fd, &status) != 0 || stamp_of(status) != file_.stamp;
  }

  void fail(int error) {
    result_.outcome = Outcome::failed;
    result_.error = error;
  }

  // --- what is known of it -----------------------------------------------------------------------

  /// Whether it is the file that the entry is about, perhaps grown.
  bool is_the_same() {
    if (!entry_ || entry_->format != file_.format || entry_->compression != file_.compression) {
      return false;
    }
    int error = 0;
    const bool same = same_bytes(file_, *entry_, error);
    if (error != 0) fail(error);
    return same && error == 0;
  }

  /// Sets offset, head and tail for what was read so far. @returns false when that cannot be read
  bool mark(std::uint64_t offset, std::uint64_t head_bytes) {
    state_.offset = offset;
    state_.head_bytes = std::min(head_bytes, Entry::kHeadBytes);
    int error = 0;
    const auto head = hash_before(file_.fd, state_.head_bytes, state_.head_bytes, error);
    const auto tail = hash_before(file_.fd, offset, std::min(offset, Entry::kTailBytes), error);
    if (error != 0) fail(error);
    if (!head || !tail) {  // it was cut meanwhile
      if (result_.outcome == Outcome::done) result_.outcome = Outcome::waiting;
      return false;
    }
    state_.head_hash = *head;
    state_.tail_hash = *tail;
    return true;
  }

  // --- giving ------------------------------------------------------------------------------------

  /// Hands a batch over in the middle of a file. `note` says how far it was read.
  template <class Note>
  bool give(Message&& message, const Note& note) {
    feeder_.add(std::move(message));
    if (!feeder_.full()) return true;
    note();
    return flush();
  }

  bool flush() {
    if (feeder_.flush(stop_)) return true;
    result_.outcome = Outcome::stopped;
    return false;
  }

  void note(bool complete) {
    state_.documents = reader_.documents();
    state_.cut = state_.cut || reader_.cut_documents() > 0;
    state_.complete = complete;
    if (entry_ != state_) feeder_.note(file_.key, state_);
  }

  /// The same bytes as before: only touched, or renamed.
  void touched() {
    const Stamp stamp = state_.stamp;
    const std::uint64_t path = state_.path;
    state_ = *entry_;
    state_.stamp = stamp;
    state_.path = path;
    if (entry_ != state_) feeder_.note(file_.key, state_);
  }

  void give_problem(std::string rule, std::string message, std::string body) {
    Message made = base_;
    made.body = std::move(body);
    made.problems.push_back({"", std::move(rule), std::move(message)});
    feeder_.add(std::move(made));
  }

  // --- lines -------------------------------------------------------------------------------------

  void read_lines() {
    std::uint64_t place = 0;
    if (is_the_same()) {
      place = entry_->offset;
      state_.cut = entry_->cut;
      if (place > 0 && !take_first_row()) return;
      reader_.resume_at(place, entry_->documents);
    } else {
      if (result_.outcome == Outcome::failed) return;
      result_.began_anew = entry_.has_value();
    }
    const parsers::Each each = [&](Message&& message) {
      return give(std::move(message), [&] {
        if (mark(reader_.consumed(), reader_.consumed())) note(false);
      });
    };
    while (place < file_.stamp.size) {
      const auto wanted = std::min<std::uint64_t>(kChunk, file_.stamp.size - place);
      const auto got = read_chunk(place, static_cast<std::size_t>(wanted));
      if (!got) return;
      if (got->empty()) break;  // it was cut meanwhile
      place += got->size();
      if (!reader_.feed(*got, each)) return;
    }
    const bool is_short = place < file_.stamp.size;
    if (!is_short && reader_.consumed() < place && may_take_rest(place) && !reader_.finish(each)) {
      return;
    }
    if (!mark(reader_.consumed(), reader_.consumed())) return;
    const bool complete = !is_short && reader_.consumed() == file_.stamp.size;
    note(complete);
    if (!complete) result_.outcome = Outcome::waiting;
  }

  /// For CSV: what the columns are called stands at the start. @returns false when that fails
  bool take_first_row() {
    const parsers::Each ignored = [](Message&&) { return true; };
    for (std::uint64_t place = 0; reader_.needs_first_row() && place < entry_->offset;) {
      const auto got = read_chunk(place, kChunk);
      if (!got) return false;
      if (got->empty()) break;
      place += got->size();
      reader_.feed(*got, ignored);
    }
    return true;
  }

  /// Whether what stands behind the last line end is a line.
  bool may_take_rest(std::uint64_t end) {
    if (end - reader_.consumed() > rules_.limits.document_bytes) return true;
    if (file_.quiet >= rules_.quiet_any) return true;
    const auto rest = trimmed(reader_.pending());
    if (file_.format != Format::jsonl) return file_.quiet >= rules_.quiet_text;
    if (rest.empty()) return true;
    if (file_.quiet < rules_.quiet_json) return false;
    const auto tree = json::Tree::read(rest);
    return tree && (tree->root().is_object() || tree->root().kind() == json::Kind::array);
  }

  // --- lines that are compressed -----------------------------------------------------------------

  void read_compressed_lines() {
    const bool same = is_the_same();
    if (result_.outcome == Outcome::failed) return;
    if (same && entry_->complete && entry_->stamp.size == file_.stamp.size) return touched();
    const std::uint64_t given = same ? entry_->documents : 0;
    result_.began_anew = entry_ && given == 0 && entry_->documents > 0;
    if (given > 0) state_.cut = entry_->cut;
    const parsers::Each each = [&](Message&& message) {
      if (reader_.documents() <= given) return true;
      return give(std::move(message), [&] {
        if (mark(0, file_.stamp.size)) note(false);
      });
    };
    const auto whole =
        decompress([&](std::string_view piece) { return reader_.feed(piece, each); });
    if (result_.outcome != Outcome::done) return;
    if (whole && !reader_.finish(each)) return;
    if (changed_meanwhile()) {
      if (mark(0, file_.stamp.size)) note(false);
      result_.outcome = Outcome::waiting;
      return;
    }
    if (!mark(file_.stamp.size, file_.stamp.size)) return;
    if (!whole) {
      give_problem(whole.error().code, whole.error().message, "");
      state_.cut = true;
    }
    note(true);
  }

  /// @returns Fault::reject when it is damaged or cut short. `outcome` is not done when something
  /// else went wrong, or `piece` had enough.
  Result<void> decompress(const parsers::Decompressor::Piece& piece) {
    const auto decompressor = parsers::make_decompressor(file_.compression);
    for (std::uint64_t place = 0; place < file_.stamp.size;) {
      const auto got = read_chunk(place, kChunk);
      if (!got || got->empty()) break;
      place += got->size();
      content_ = hash_of(*got, content_);
      const auto added = decompressor->add(*got, piece);
      if (!added) return added.error();
      if (!*added) return {};
      if (stop_.stop_requested()) result_.outcome = Outcome::stopped;
      if (result_.outcome != Outcome::done) return {};
    }
    if (result_.outcome == Outcome::done && !decompressor->may_end()) {
      return Error{Fault::reject, "its compression is cut short", "compression"};
    }
    return {};
  }

  // --- whole documents ---------------------------------------------------------------------------

  void read_whole() {
    const auto limit = rules_.limits.document_bytes;
    bool too_large = false;
    std::uint64_t bytes = 0;
    const parsers::Each none = [](Message&&) { return true; };
    Result<void> whole;
    if (file_.compression == Compression::none && file_.stamp.size > limit) {
      read_beginning(limit);
      too_large = true;
    } else {
      whole = decompress([&](std::string_view piece) {
        reader_.feed(piece, none);
        bytes += piece.size();
        too_large = bytes > limit;
        return !too_large;
      });
    }
    if (result_.outcome != Outcome::done) return;
    if (changed_meanwhile()) {
      result_.outcome = Outcome::waiting;
      return;
    }
    if (!mark(0, 0)) return;
    state_.content = too_large ? 0 : content_;
    finish_whole(whole);
  }

  void read_beginning(std::size_t limit) {
    if (const auto got = read_chunk(0, limit)) {
      reader_.feed(*got, [](Message&&) { return true; });
      reader_.pass_over(file_.stamp.size - got->size());
    }
  }

  void finish_whole(const Result<void>& whole) {
    // An inode may be used again: another name and another time is another file, whatever is in it.
    const bool is_known =
        entry_ && entry_->content != 0 && entry_->content == state_.content &&
        entry_->stamp.size == file_.stamp.size && entry_->format == file_.format &&
        entry_->compression == file_.compression &&
        (entry_->path == state_.path || entry_->stamp.modified_ns == file_.stamp.modified_ns);
    if (is_known && entry_->complete) return touched();
    const std::uint64_t given = is_known ? entry_->documents : 0;
    result_.began_anew = entry_.has_value() && !is_known;
    const parsers::Each each = [&](Message&& message) {
      if (reader_.documents() <= given) return true;
      return give(std::move(message), [&] { note(false); });
    };
    if (!whole) {
      give_damaged(whole.error());
    } else if (!reader_.finish(each)) {
      return;
    }
    note(true);
  }

  /// With the bytes as they are, if they are not too many.
  void give_damaged(const Error& error) {
    std::string raw;
    while (file_.stamp.size <= rules_.limits.document_bytes && raw.size() < file_.stamp.size) {
      const auto bytes =
          read_chunk(raw.size(), static_cast<std::size_t>(file_.stamp.size) - raw.size());
      if (!bytes || bytes->empty()) break;
      raw += *bytes;
    }
    state_.cut = raw.size() != file_.stamp.size;
    give_problem(error.code, error.message, std::move(raw));
  }

  void read_nothing() {
    const bool is_known = entry_ && entry_->complete && entry_->stamp.size == file_.stamp.size &&
                          entry_->stamp.modified_ns == file_.stamp.modified_ns &&
                          entry_->path == state_.path && entry_->format == file_.format;
    if (!is_known) {
      reader_.finish([&](Message&& message) {
        feeder_.add(std::move(message));
        return true;
      });
    }
    note(true);
  }

  const OpenFile& file_;
  const Message& base_;
  const std::optional<Entry>& entry_;
  const ReadRules& rules_;
  Feeder& feeder_;
  const std::stop_token& stop_;
  parsers::Reader reader_;
  Entry state_;
  ReadResult result_;
  std::uint64_t content_ = kHashStart;
  std::vector<char> chunk_;
};

}  // namespace

bool continues(const OpenFile& file, const Entry& entry) {
  int error = 0;
  return same_bytes(file, entry, error);
}

ReadResult read_file(const OpenFile& file, const Message& base, const std::optional<Entry>& entry,
                     const ReadRules& rules, Feeder& feeder, const std::stop_token& stop) {
  return FileReader(file, base, entry, rules, feeder, stop).read();
}

}  // namespace cdviz::sources::folder
