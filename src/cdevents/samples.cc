#include "cdevents/samples.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/json_text.h"

namespace cdviz::cdevents {
namespace {

/// What a reader expects to see in a member, by its path from the root or by its name alone; the
/// first that fits.
constexpr std::array<std::pair<std::string_view, std::string_view>, 31> kTexts = {{
    {"/context/id", "0f6b1e5c-7c1d-4a1e-9a53-5a0c2f4f7d10"},
    {"/context/source", "/ci/example"},
    {"/context/schemaUri", "https://example.org/schemas/event.json"},
    {"/subject/id", "example-1"},
    {"/subject/source", "/ci/example"},
    {"timestamp", "2026-11-20T12:00:00Z"},
    {"chainId", "4c8cb7dd-3448-41de-8768-eec704e2829b"},
    {"contextId", "5b0b1c9a-52d7-4c2e-8f3e-2f6c4a7be901"},
    {"context_id", "5b0b1c9a-52d7-4c2e-8f3e-2f6c4a7be901"},
    {"domainId", "cdevents:v0:github::example:shop:pr:42"},
    {"linkKind", "TRIGGER"},
    {"link_kind", "TRIGGER"},
    {"customDataContentType", "application/json"},
    {"source", "/ci/example"},
    {"artifactId",
     "pkg:oci/cart@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817"
     "db93427?repository_url=registry.example.org/shop"},
    {"environment/id", "production"},
    {"service/id", "cart"},
    {"repository/id", "shop"},
    {"change/id", "42"},
    {"pipelineRun/id", "cart-main-1187"},
    {"pipelineName", "cart-main"},
    {"taskName", "unit-tests"},
    {"user", "alice"},
    {"creator", "alice"},
    {"owner", "shop"},
    {"signature", "MEYCIQCBT8U5ypDXWCjlNKfzTV4KH516"},
    {"sbom/uri", "https://example.org/sbom/cart.json"},
    {"format", "junit"},
    {"labels/0", "regression"},
    {"assignees/0", "bob"},
    {"description", "what happened, in a sentence"},
}};

class Writer {
 public:
  Writer(Size size, std::string_view type, std::string_view spec_version)
      : size_(size), type_(type), spec_version_(spec_version) {}

  std::string write(const Shape& shape) {
    value(shape, "");
    return std::move(out_);
  }

 private:
  bool maximal() const { return size_ == Size::maximal; }

  void value(const Shape& shape, const std::string& path) {
    switch (shape.kind) {
      case Shape::Kind::text:
        append_json_string(out_, text(shape, path));
        return;
      case Shape::Kind::object:
        object(shape, path);
        return;
      case Shape::Kind::list:
        list(shape.parts.front(), path);
        return;
      case Shape::Kind::choice:
        value(shape.parts.front(), path);
        return;
    }
  }

  std::string_view text(const Shape& shape, std::string_view path) const {
    if (path == "/context/version" || path == "/context/specversion") return spec_version_;
    if (path == "/context/type") return type_;
    if (!shape.words.empty()) return shape.words.front();
    for (const auto& [ending, example] : kTexts) {
      if (path == ending || path.ends_with("/" + std::string(ending))) return example;
    }
    switch (shape.format) {
      case Format::uri:
      case Format::uri_reference:
        return "https://example.org/page/1";
      case Format::custom_subject:
        return "mytool-resource";
      default:
        return "example";
    }
  }

  void object(const Shape& shape, const std::string& path) {
    out_ += '{';
    indent_ += 2;
    bool any = false;
    const auto key = [&](std::string_view name) {
      out_ += std::exchange(any, true) ? "," : "";
      new_line();
      append_json_string(out_, name);
      out_ += ": ";
    };
    const bool one_is_wanted = shape.some_member && !maximal();
    for (const Member& member : shape.members) {
      const bool first = &member == &shape.members.front();
      if (member.lenient || (!member.required && !maximal() && !(one_is_wanted && first))) continue;
      key(member.name);
      value(member.shape, path + "/" + member.name);
    }
    if (shape.members.empty() && shape.open && maximal()) {
      key("note");
      append_json_string(out_, "anything");
    }
    indent_ -= 2;
    if (any) new_line();
    out_ += '}';
  }

  /// Every form that an element may have.
  void list(const Shape& element, const std::string& path) {
    out_ += '[';
    indent_ += 2;
    const std::size_t forms = element.kind == Shape::Kind::choice ? element.parts.size() : 1;
    for (std::size_t i = 0; i < forms; ++i) {
      if (i > 0) out_ += ',';
      new_line();
      value(element.kind == Shape::Kind::choice ? element.parts[i] : element,
            path + "/" + std::to_string(i));
    }
    indent_ -= 2;
    new_line();
    out_ += ']';
  }

  void new_line() {
    out_ += '\n';
    out_.append(indent_, ' ');
  }

  Size size_;
  std::string_view type_;
  std::string_view spec_version_;
  std::string out_;
  std::size_t indent_ = 0;
};

}  // namespace

std::string_view spec_version_of(const EventKind& kind) {
  const bool unchanged_in_draft = kind.last == Release::next && kind.first != Release::next;
  const Release release = unchanged_in_draft ? Release::v0_5 : kind.last;
  return kReleaseNames[static_cast<std::size_t>(release)];
}

std::string sample(const EventKind& kind, Size size, Revision revision) {
  const bool old_links = kind.era == Era::v0_4 && revision == Revision::v0_4_0;
  return Writer(size, kind.type, old_links ? "0.4.0" : spec_version_of(kind))
      .write(event_shape(kind, revision));
}

std::string custom_sample(Era era, Size size, Revision revision) {
  const std::string_view old = revision == Revision::v0_4_0 ? "0.4.0" : "0.4.1";
  return Writer(size, "dev.cdeventsx.mytool-resource.created.0.1.0",
                era == Era::v0_5 ? "0.5.1" : old)
      .write(custom_event_shape(era, revision));
}

}  // namespace cdviz::cdevents
