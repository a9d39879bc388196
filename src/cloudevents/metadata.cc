#include "cloudevents/metadata.h"

#include <string_view>
#include <utility>

#include "cloudevents/attributes.h"
#include "core/json_spans.h"
#include "core/json_text.h"

namespace cdviz::cloudevents {
namespace {

constexpr std::string_view kMember = "cloudevents";
/// The attribute that is the header content-type.
constexpr std::string_view kType = "datacontenttype";

/// As text: an object that is not closed yet.
class Object {
 public:
  void add(std::string_view name, std::string_view value) {
    const std::size_t bytes = name.size() + value.size();
    if (bytes > room_) return;
    room_ -= bytes;
    text_ += text_.size() > 1 ? "," : "";
    append_json_string(text_, name);
    text_ += ':';
    append_json_string(text_, value);
  }
  std::string take() && { return std::move(text_) + '}'; }

 private:
  std::string text_ = "{";
  std::size_t room_ = kMetadataBytes;
};

/// Headers may be written in either case, attributes are not.
std::string lower_case(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

std::string attributes_of(const Headers& headers) {
  Object object;
  for (const bool are_of_specification : {true, false}) {
    for (const auto& [header, value] : headers) {
      const std::string name = lower_case(attribute_name(header));
      const bool counts = headers.find(header)->data() == value.data();  // of several the last
      if (counts && is_attribute_name(name) && name != kType &&
          is_context_attribute(name) == are_of_specification) {
        object.add(name, value);
      }
    }
    if (const auto type = headers.find(kContentType); type && are_of_specification) {
      object.add(kType, *type);
    }
  }
  return std::move(object).take();
}

}  // namespace

void add_attributes(std::string& metadata, const Headers& headers) {
  if (mode_of(headers) != Mode::binary) return;
  const std::string text = metadata.empty() ? "{}" : metadata;
  const auto tree = json::Tree::read(text);
  if (!tree || !tree->root().is_object() || tree->root().find(kMember)) return;
  json::Editor editor(*tree);
  editor.append(tree->root(), kMember, attributes_of(headers));
  metadata = editor.print();
}

}  // namespace cdviz::cloudevents
