// Where events go.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "core/event.h"
#include "core/result.h"

namespace cdviz {

/// What may be told about a document that nobody could use. Its bytes stay in the dead letters.
struct Refusal {
  std::int64_t number = 0;        ///< of the dead letter
  WallTime at = {};               ///< when it was refused
  std::string component_id = {};  ///< the source that received it or the sink that rejected it
  bool from_sink = false;
  std::string code = {};          ///< short and stable: "json", "required", an SQLSTATE, "http_422"
  std::string reason = {};        ///< for people
  std::string event_source = {};  ///< context.source and context.id, if they could be read
  std::string event_id = {};
  std::int64_t bytes = 0;  ///< of the document
};

/// Owned by the pipeline, which calls it from one thread.
struct Sink {
  virtual ~Sink() = default;

  /// Called once, on the thread that calls everything else, before that: for what has to be done
  /// also when nothing comes. Says in the log what fails; the first write tries again.
  virtual void begin() {}

  /// Delivers all of `batch` or none. Success means that the other end has confirmed it is stored:
  /// not sent, not buffered. Must be harmless when the same event comes twice: after an unknown
  /// outcome the batch is sent again.
  /// @param batch  1 to max_batch() events, oldest first; borrowed until the call returns
  /// @param stop   requested at shutdown or reload when the deadline is over: return Fault::retry
  /// soon
  /// @returns the fault tells the dispatcher what to do: retry (back off), reject (halve the batch
  /// until the bad event
  ///          stands alone), stop (try again every 30 s)
  virtual Result<void> write(std::span<const Event> batch, std::stop_token stop) = 0;

  /// Whether the other end keeps a list of what was refused.
  virtual bool wants_refusals() const { return false; }
  /// Puts `refusals` on that list. Must be harmless when the same comes twice. Called now and then,
  /// between two writes; a failure means that they are told again later, whatever the fault.
  virtual Result<void> note_refusals(std::span<const Refusal> /*refusals*/,
                                     std::stop_token /*stop*/) {
    return {};
  }

  /// Most events in a batch.
  virtual std::size_t max_batch() const { return 1; }
  /// Most bytes of JSON in a batch of more than one event.
  virtual std::size_t max_batch_bytes() const { return std::size_t{4} * 1024 * 1024; }
};

}  // namespace cdviz
