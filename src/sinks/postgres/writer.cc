#include "sinks/postgres/writer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "postgres/fault.h"
#include "sinks/postgres/event_notes.h"

namespace cdviz::sinks::postgres {
namespace {

using cdviz::postgres::Connection;
using cdviz::postgres::Parameter;

// ingest() counts duplicates itself. A complaint about the lake's own key still means that the
// event is there; about any other unique key it does not.
bool is_key_of_lake(const cdviz::postgres::Complaint& complaint) {
  // Its partitions are event_202603, event_2031, event_before_2000 and event_from_2100. The
  // tables event_conflict, event_source and event_count_… are no part of it.
  constexpr std::string_view kBefore = "event_";
  constexpr std::string_view kAfter = "_pkey";
  std::string_view name = complaint.constraint;
  if (complaint.schema != "cdviz_store" || !name.starts_with(kBefore) || !name.ends_with(kAfter) ||
      name.size() <= kBefore.size() + kAfter.size()) {
    return false;
  }
  name = name.substr(kBefore.size(), name.size() - kBefore.size() - kAfter.size());
  return name == "before_2000" || name == "from_2100" ||
         std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Error with_advice(Error error) {
  const std::string& code = error.code;
  if (code == "42883" || code == "3F000" || code == "42P01") {
    error.message += ": the schema is not there, run `cdviz-collector migrate`";
  } else if (code == "42501") {
    error.message += ": the role must be a member of cdviz_ingest (`grant cdviz_ingest to ROLE`)";
  } else if (code == "28P01" || code == "28000") {
    error.message += ": check user and password of the sink's url, and pg_hba.conf";
  } else if (code == "3D000") {
    error.message += ": create the database, then run `cdviz-collector migrate`";
  }
  return error;
}

Result<void> Writer::connect(const std::stop_token& stop) {
  if (connection_ && connection_->usable()) return {};
  connection_.reset();
  auto opened = Connection::open(settings_, stop);
  if (!opened) return with_advice(opened.error());
  connection_.emplace(std::move(opened.value()));
  counters_.connects.Increment();
  return {};
}

Written Writer::write(std::span<const Event* const> events, const std::stop_token& stop) {
  Written written;
  while (written.committed < events.size()) {
    const auto rest = events.subspan(written.committed);
    const std::size_t count = fitting(rest, limits_);
    if (auto stored = store(rest.first(count), stop); !stored) {
      written.error = with_advice(stored.error());
      break;
    }
    written.committed += count;
  }
  return written;
}

Result<void> Writer::store(std::span<const Event* const> events, const std::stop_token& stop) {
  events_.clear();
  notes_.clear();
  for (const Event* event : events) {
    if (const std::string notes = stored_notes(**event); !notes.empty()) {
      // Behind the last notes there need not be anything: most batches have none at all.
      while (notes_.size() < events_.size()) notes_.add_null();
      notes_.add(notes);
    }
    events_.add((*event)->json);
  }
  const std::array parameters{Parameter::json_array(events_.bytes()),
                              Parameter::json_array(notes_.bytes())};
  const auto stored = connection_->execute(
      "select inserted, duplicates from cdviz_store.ingest($1, $2)", parameters, stop);
  if (!stored) {
    if (events.size() == 1 && cdviz::postgres::meaning_of(stored.error().code).duplicate &&
        is_key_of_lake(connection_->last_complaint())) {
      counters_.duplicates.Increment();
      return {};
    }
    return stored.error();
  }
  counters_.inserted.Increment(static_cast<double>(stored.value().integer(0, 0)));
  counters_.duplicates.Increment(static_cast<double>(stored.value().integer(0, 1)));
  return {};
}

}  // namespace cdviz::sinks::postgres
