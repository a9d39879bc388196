#include "postgres/fault.h"

#include <array>

namespace cdviz::postgres {
namespace {

struct Row {
  std::string_view prefix;
  Meaning meaning;
};

constexpr Meaning kRetry{.fault = Fault::retry};
constexpr Meaning kRetryElsewhere{.fault = Fault::retry, .reconnect = true};
constexpr Meaning kReject{.fault = Fault::reject};
constexpr Meaning kStop{.fault = Fault::stop};

// The first prefix that fits counts: exact codes stand before their class.
constexpr std::array kTable = {
    // The data.
    Row{"21", kReject},  // cardinality
    Row{"22", kReject},  // bad value: NUL in a string, number too large, no such date
    Row{"23505", Meaning{.fault = Fault::reject, .reconnect = false, .duplicate = true}},
    Row{"23", kReject},     // constraint
    Row{"54", kReject},     // nested too deep, index row too large
    Row{"P0001", kReject},  // RAISE in somebody's trigger: it refuses this row
    // Us: password, database, schema, grants.
    Row{"28", kStop},
    Row{"3D", kStop},
    Row{"3F", kStop},
    Row{"42", kStop},
    Row{"0A", kStop},
    // The moment: another transaction, a lock, a timeout.
    Row{"40", kRetry},
    Row{"55", kRetry},
    Row{"57014", kRetry},  // statement_timeout, or cancelled by an administrator
    // The server or the way to it.
    Row{"08", kRetryElsewhere},
    Row{"25", kRetryElsewhere},  // 25006: read-only, the primary moved; 25P03: idle for too long
    Row{"53", kRetryElsewhere},  // too many connections, disk full, out of memory
    Row{"57", kRetryElsewhere},  // shutting down, starting up
    Row{"58", kRetryElsewhere},
    Row{"XX", kRetryElsewhere},
};

}  // namespace

Meaning meaning_of(std::string_view sqlstate) {
  for (const Row& row : kTable) {
    if (sqlstate.starts_with(row.prefix)) return row.meaning;
  }
  return kRetryElsewhere;  // not known: waiting loses nothing
}

Fault fault_of(std::string_view sqlstate) { return meaning_of(sqlstate).fault; }

}  // namespace cdviz::postgres
