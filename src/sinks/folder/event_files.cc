#include "sinks/folder/event_files.h"

#include <cerrno>
#include <map>
#include <utility>

#include <unistd.h>

#include "core/json_text.h"
#include "sinks/folder/fault.h"

namespace cdviz::sinks::folder {

std::string headers_document(const Headers& headers) {
  if (headers.empty()) return {};
  std::map<std::string_view, std::string_view> last;
  for (const auto& [name, value] : headers) last[name] = value;
  std::string text = "{";
  for (const auto& [name, value] : last) {
    if (text.size() > 1) text += ',';
    append_json_string(text, name);
    text += ':';
    append_json_string(text, value);
  }
  return text + "}";
}

std::string EventFiles::path_with_extension(const std::string& path) const {
  return path + std::string(extension_of(compression_));
}

Result<Written> EventFiles::write(std::span<const Event> batch, const std::stop_token& stop) {
  Written written;
  std::vector<Pending> pending;
  const auto remove_all = [&](const Error& error) {
    for (const Pending& one : pending) {
      if (!one.temporary.empty()) static_cast<void>(store_.remove_temporary(one.temporary));
    }
    return error;
  };
  // All are written first and synced then: the kernel does it with fewer writes to the journal.
  for (const Event& event : batch) {
    if (stop.stop_requested())
      return remove_all({Fault::retry, "stopped while writing", "stopped"});
    Pending one{.path = name_.path_of(*event),
                .content = compressed(compression_, event->json),
                .second = {},
                .temporary = {},
                .headers = with_headers_ ? headers_document(event->headers) : "",
                .fd = Descriptor()};
    one.second = with_digest(one.path, event->json);
    const auto there = is_there(one);
    if (!there) return remove_all(there.error());
    if (*there) {
      ++written.present;
      continue;
    }
    pending.push_back(std::move(one));
    if (auto made = write_temporary(pending.back()); !made) return remove_all(made.error());
  }
  for (Pending& one : pending) {
    if (stop.stop_requested())
      return remove_all({Fault::retry, "stopped while writing", "stopped"});
    if (::fsync(one.fd.get()) != 0) {
      return remove_all(fault_of(errno, "cannot sync", store_.place_of(one.path)));
    }
    one.fd = Descriptor();
  }
  for (Pending& one : pending) {
    const auto published = publish(one);
    if (!published) return remove_all(published.error());
    ++(*published ? written.files : written.present);
  }
  if (auto synced = store_.sync_folders(); !synced) return synced.error();
  return written;
}

/// Under the first name or the second. Its folder is synced again: perhaps the process was killed
/// between the two.
Result<bool> EventFiles::is_there(const Pending& pending) {
  const std::string first = path_with_extension(pending.path);
  const auto held = store_.holds(first, pending.content);
  if (!held) return held.error();
  bool there = held->value_or(false);
  if (held->has_value() && !there) {
    const auto second = store_.holds(path_with_extension(pending.second), pending.content);
    if (!second) return second.error();
    there = second->value_or(false);
  }
  if (there) store_.mark_changed(first);
  return there;
}

Result<void> EventFiles::write_temporary(Pending& pending) {
  auto fd = store_.make_temporary(pending.temporary);
  if (!fd) return fd.error();
  pending.fd = std::move(*fd);
  if (const int failed = write_all(pending.fd.get(), pending.content, 0); failed != 0) {
    return fault_of(failed, "cannot write", store_.place_of(pending.path));
  }
  return {};
}

/// @returns false if it was there already: an event that stands twice in one batch
Result<bool> EventFiles::publish(Pending& pending) {
  for (const std::string* const path : {&pending.path, &pending.second}) {
    const std::string full = path_with_extension(*path);
    const auto held = store_.holds(full, pending.content);
    if (!held) return held.error();
    if (held->value_or(false)) {
      if (auto removed = store_.remove_temporary(pending.temporary); !removed) {
        return removed.error();
      }
      pending.temporary.clear();
      return false;
    }
    if (held->has_value()) continue;
    if (!pending.headers.empty()) {  // first: who sees the event finds its headers
      auto beside = store_.write_temporary(pending.headers);
      if (!beside) return beside.error();
      auto named = store_.publish(*beside, headers_path(*path), true);
      if (!named) return named.error();
    }
    auto named = store_.publish(pending.temporary, full, false);
    if (!named) return named.error();
    if (*named) {
      pending.temporary.clear();
      return true;
    }
  }
  return Error{Fault::stop,
               "something else has the name " + store_.place_of(pending.second) + "; move it away",
               "file_system"};
}

}  // namespace cdviz::sinks::folder
