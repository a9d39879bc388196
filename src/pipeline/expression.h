// A condition on the attributes of an event as a CloudEvent, in a part of CloudEvents SQL
// (https://github.com/cloudevents/spec/blob/main/cesql/spec.md). What is taken here means the same
// there:
//
//   condition = term { AND term } | term { OR term }     (one of the two; parentheses mix them)
//   term      = NOT term | ( condition ) | EXISTS name | TRUE | FALSE
//             | value = value | value != value | value <> value
//             | value [NOT] LIKE text | value [NOT] IN ( text { , text } )
//   value     = name | text
//   text      = '…' or "…", with \' and \" for a quote
//
// In the text of LIKE, % stands for any characters and _ for one; \ before them takes that away.
//
// NOT stands before a parenthesis, EXISTS or another NOT. Names are id, source, type, subject,
// time, specversion, datacontenttype, and those of extensions. A condition on an attribute that is
// not there does not hold, and neither does its opposite.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "core/event.h"
#include "core/result.h"

namespace cdviz::pipeline {

/// Immutable; safe to use from any thread.
class Expression {
 public:
  static constexpr std::size_t kBytes = 4096;  ///< longer ones are refused
  static constexpr int kDepth = 32;            ///< parentheses and NOTs within each other, likewise

  /// @returns Fault::stop, with what is wrong and at which byte (from 1)
  static Result<Expression> parse(std::string_view text);
  bool holds(const EventData& event) const;

  struct Node;

 private:
  explicit Expression(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace cdviz::pipeline
