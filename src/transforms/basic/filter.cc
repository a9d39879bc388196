// Drops messages by one value of them: a header, or a place in the body.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cdevents/user_schemas.h"
#include "config/options.h"
#include "core/transform.h"
#include "transforms/basic/basic.h"
#include "transforms/basic/pointer.h"

namespace cdviz::transforms::basic {
namespace {

constexpr std::array kOptions = {
    Option{.name = "path",
           .help = "The JSON Pointer of the value in the body. This or `header` is given.",
           .example = "/action"},
    Option{.name = "header", .help = "The name of the header whose value it is, in any case."},
    Option{.name = "matches",
           .type = OptionType::text_list,
           .help = "Patterns for the value; `*` stands for any characters. Any one is enough.",
           .required = true,
           .example = "[\"completed\", \"closed\"]"},
    Option{.name = "except",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "true: what matches is dropped; false: what does not match, or has no such "
                   "value."},
};

class FilterMessages final : public Transform {
 public:
  FilterMessages(std::string path, std::string header, std::vector<std::string> patterns,
                 bool except)
      : path_(std::move(path)),
        header_(std::move(header)),
        patterns_(std::move(patterns)),
        except_(except) {}

  Result<Transformed> apply(Message message) const override {
    Transformed out;
    if (matches(message) != except_) {
      out.messages.push_back(std::move(message));
    } else {
      out.reason = "filtered by " + (header_.empty() ? path_ : "the header " + header_);
    }
    return out;
  }

 private:
  bool matches(const Message& message) const {
    std::optional<std::string> value;
    if (header_.empty()) {
      value = text_at(message.body, path_);
    } else if (const auto found = message.headers.find(header_)) {
      value = std::string(*found);
    }
    if (!value) return false;
    for (const auto& pattern : patterns_) {
      if (cdevents::matches_wildcards(pattern, *value)) return true;
    }
    return false;
  }

  const std::string path_, header_;
  const std::vector<std::string> patterns_;
  const bool except_;
};

Result<std::unique_ptr<Transform>> make(const config::Options& options, const Services&) {
  const std::string path = options.text("path");
  const std::string header = options.text("header");
  if (options.given("path") == options.given("header")) {
    options.problem("", "give one of path and header");
  }
  if (!is_pointer(path)) options.problem("path", "is no JSON Pointer: it begins with '/'");
  return std::unique_ptr<Transform>(std::make_unique<FilterMessages>(
      path, header, options.text_list("matches"), options.boolean("except")));
}

}  // namespace

const TransformerKind filter{.name = "filter",
                             .summary = "Drops messages by a header or a value in their body.",
                             .options = kOptions,
                             .make = &make};

}  // namespace cdviz::transforms::basic
