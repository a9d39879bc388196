// How far each partition that is ours was read, stored and committed. What may be committed is
// always contiguous: everything before it is on disk. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sources/kafka/mark.h"

namespace cdviz::sources::kafka {

class Ledger {
 public:
  /// The records of some partitions that go to the queue together.
  struct Flight {
    struct Part {
      Partition partition;
      std::uint64_t stay = 0;  ///< which of our stays with the partition it belongs to
      std::int64_t begin = 0;
      std::int64_t end = 0;    ///< equal: nothing but a mark
      std::uint64_t last = 0;  ///< of the last record before `end`
      /// To be stored with it. Never says more than is on disk once this flight is: while another
      /// one of the partition is under way, which may yet fail, it stays behind that.
      std::optional<Mark> mark = {};
    };
    std::vector<Part> parts;
  };
  struct Offset {
    Partition partition;
    std::int64_t next = 0;
  };

  /// The partition is ours from now on. @param group  what the group has committed
  void assign(const Partition& partition, std::optional<std::int64_t> group);
  /// It was placed at this offset where nothing was committed: to be remembered by the group though
  /// nothing was read yet.
  void placed_at(const Partition& partition, std::int64_t next);
  /// It is about to go: what was read and is not under way is forgotten, and nothing more is read.
  void stop_reading(const Partition& partition);
  /// It is no longer ours, or is read from somewhere else: what is under way does not count for it.
  void release(const Partition& partition);
  bool owns(const Partition& partition) const { return stays_.contains(partition); }
  std::vector<Partition> partitions() const;

  /// A record was read. An offset before the last one begins anew: it is another log.
  /// @returns false when its partition is not ours, or about to go
  bool read(const Partition& partition, std::int64_t offset, std::uint64_t digest);
  /// All that was read since the last time, and marks that say what the group has by now.
  Flight take();
  /// Whether take() would give anything; with `marks` also for a mark alone.
  bool has_something(bool marks) const;
  /// The queue has it.
  void stored(const Flight& flight);

  /// What is on disk and the group does not have yet.
  std::vector<Offset> to_commit() const;
  /// The group has it.
  void committed(const Partition& partition, std::int64_t next);
  /// The mark that is due for a partition, if what is stored does not say so yet.
  std::optional<Mark> due_mark(const Partition& partition) const;
  /// Offset behind the last record that was read; nothing before the first.
  std::optional<std::int64_t> position(const Partition& partition) const;

 private:
  struct Stay {
    std::uint64_t number = 0;
    bool leaving = false;
    std::int64_t read = -1;     ///< behind the last record that was read
    std::int64_t taken = -1;    ///< behind the last one that is under way
    std::int64_t on_disk = -1;  ///< all before is
    struct Island {
      std::int64_t end;
      std::uint64_t last;
    };
    std::map<std::int64_t, Island> islands =
        {};                   ///< by their begin: on disk, but not all before is
    std::int64_t floor = -1;  ///< up to here there is nothing to tell the group
    std::int64_t committed = -1;
    std::int64_t marked_committed = -1;  ///< as the last mark has them
    std::int64_t marked_next = -1;
    std::uint64_t last = 0;  ///< of the last record that was read
    std::uint64_t last_on_disk = 0;

    bool has_records() const { return read > taken; }
    bool has_mark() const {
      return on_disk > 0 && last_on_disk != 0 && marked_next <= on_disk &&
             (marked_next < on_disk || marked_committed != committed);
    }
    Mark mark_on_disk() const {
      return {.next = on_disk, .committed = committed, .last = last_on_disk};
    }
    void marked(const Mark& mark) {
      marked_committed = mark.committed;
      marked_next = mark.next;
    }
  };

  std::map<Partition, Stay> stays_;
  std::uint64_t stays_begun_ = 0;
};

}  // namespace cdviz::sources::kafka
