#include "sources/nats/pull_answer.h"

#include <algorithm>
#include <string>

namespace cdviz::sources::nats {

PullAnswer meaning_of(int status, std::string_view text) {
  std::string words(text);
  std::ranges::transform(words, words.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  const auto says = [&](std::string_view what) { return words.find(what) != std::string::npos; };
  switch (status) {
    case 100:
      return PullAnswer::heartbeat;
    case 404:  // no messages
    case 408:  // the request has expired
      return PullAnswer::ended;
    case 409:
      if (says("message size exceeds")) return PullAnswer::too_large;
      if (says("batch completed")) return PullAnswer::ended;
      if (says("leadership change") || says("server shutdown") || says("maxwaiting") ||
          says("maxackpending")) {
        return PullAnswer::pause;
      }
      return PullAnswer::look_again;  // deleted, push based, a limit of its own
    case 503:                         // nobody listens: no consumer, or no JetStream
      return PullAnswer::look_again;
    default:
      return PullAnswer::pause;
  }
}

}  // namespace cdviz::sources::nats
