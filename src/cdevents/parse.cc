#include "cdevents/parse.h"

#include <utility>

#include "cdevents/document.h"
#include "cdevents/problem_list.h"
#include "cdevents/read_event.h"

namespace cdviz::cdevents {

std::variant<EventData, Unusable> parse(std::string&& document) {
  ProblemList problems;
  EventData event;
  {
    const Document parsed(document, problems);
    if (problems.empty()) read_event(parsed.root(), event, problems);
  }
  if (!problems.empty()) {
    return Unusable{problems.take(), std::move(event.id), std::move(event.source),
                    std::move(event.type)};
  }
  event.json = std::move(document);
  return event;
}

}  // namespace cdviz::cdevents
