#include "parsers/parsers.h"

#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/json_spans.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "parsers/csv.h"
#include "parsers/line_splitter.h"
#include "parsers/split.h"
#include "parsers/tap.h"
#include "parsers/xml.h"
#include "parsers/yaml.h"

namespace cdviz::parsers {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

Problem problem_of(const Error& error) { return {"", error.code, error.message}; }

Problem too_large(std::size_t bytes_max) {
  return {"", "too_large",
          fmt::format("has more than {} bytes; only its beginning is kept here", bytes_max)};
}

Result<std::string> text_object(std::string_view text) {
  if (!is_utf8(text)) return Error{Fault::reject, "is not UTF-8", "utf8"};
  std::string json = "{\"text\":";
  append_json_string(json, text);
  return json + "}";
}

}  // namespace

std::string with_member(std::string_view metadata, std::string_view name, std::string_view json) {
  std::string text(metadata.empty() ? "{}" : metadata);
  const auto tree = json::Tree::read(text);
  if (!tree || !tree->root().is_object()) return text;
  json::Editor editor(*tree);
  for (const auto member : tree->root().children()) {
    if (member.is_named(name)) editor.remove(member);
  }
  editor.append(tree->root(), name, json);
  return editor.print();
}

struct Reader::State {
  State(Format wanted, Message start, Limits bounds)
      : format(wanted == Format::automatic ? Format::json : wanted),
        base(std::move(start)),
        limits(bounds),
        lines(bounds.document_bytes, format == Format::csv_row ? LineSplitter::Ends::record
                                                               : LineSplitter::Ends::newline) {
    if (base.metadata.empty()) base.metadata = "{}";
    // Once, and not for every line: the place of the number in the text.
    constexpr std::string_view kPlace = "1234567890";
    indexed = with_member(base.metadata, "index", kPlace);
    const auto place = indexed.rfind(kPlace);
    if (place != std::string::npos) {
      indexed_end = indexed.substr(place + kPlace.size());
      indexed.resize(place);
    }
  }

  // --- giving ------------------------------------------------------------------------------------

  Message message(std::string body, bool with_index) const {
    Message made{.body = std::move(body),
                 .headers = base.headers,
                 .metadata = {},
                 .problems = base.problems};
    if (with_index) {
      made.metadata.reserve(indexed.size() + indexed_end.size() + 12);
      made.metadata.append(indexed).append(fmt::format_int(documents).c_str()).append(indexed_end);
    } else {
      made.metadata = base.metadata;
    }
    return made;
  }

  bool give(Message made, const Each& each) {
    ++documents;
    return each(std::move(made));
  }
  bool give(std::string json, bool with_index, const Each& each) {
    return give(message(std::move(json), with_index), each);
  }
  bool give_problem(std::string_view original, Problem problem, bool with_index, const Each& each) {
    Message made = message(std::string(original), with_index);
    made.problems.push_back(std::move(problem));
    return give(std::move(made), each);
  }
  bool give_or_problem(Result<std::string> json, std::string_view original, bool with_index,
                       const Each& each) {
    if (json) return give(std::move(*json), with_index, each);
    return give_problem(original, problem_of(json.error()), with_index, each);
  }
  bool give_cut(std::string_view beginning, bool with_index, const Each& each) {
    ++cut;
    return give_problem(beginning, too_large(limits.document_bytes), with_index, each);
  }

  // --- lines -------------------------------------------------------------------------------------

  bool take_line(const LineSplitter::Line& line, const Each& each) {
    consumed = line.end;
    std::string_view text = line.text;
    if (line.begin == 0 && text.starts_with(kByteOrderMark)) {
      text.remove_prefix(kByteOrderMark.size());
    }
    if (line.is_too_long) return give_cut(text, true, each);
    if (format == Format::csv_row) return take_row(text, each);
    text = trimmed(text);
    if (text.empty()) return true;
    if (format == Format::jsonl) return give(std::string(text), true, each);
    return give_or_problem(text_object(text), text, true, each);
  }

  bool take_row(std::string_view text, const Each& each) {
    if (trimmed(text).empty()) return true;
    auto fields = csv_fields(text);
    if (names.empty()) {
      if (!fields) {  // without names there are no rows: all of them will say so
        names = {"column_1"};
        return give_problem(text, problem_of(fields.error()), true, each);
      }
      names = csv_names(std::move(*fields));
      return true;
    }
    if (!fields) return give_problem(text, problem_of(fields.error()), true, each);
    return give_or_problem(csv_object(names, *fields), text, true, each);
  }

  bool feed_lines(std::string_view bytes, const Each& each) {
    lines.feed(bytes);
    while (const auto line = lines.next()) {
      if (!take_line(*line, each)) return false;
    }
    return true;
  }

  bool finish_lines(const Each& each) {
    const bool is_open = lines.is_open();
    const auto line = lines.rest();
    if (!line) return true;
    if (is_open && !line->is_too_long) {
      consumed = line->end;
      return give_problem(line->text, {"", "csv", "a quoted field does not end"}, true, each);
    }
    return take_line(*line, each);
  }

  // --- whole documents ---------------------------------------------------------------------------

  void keep(std::string_view bytes) {
    fed += bytes.size();
    if (format == Format::metadata) return;
    if (fed <= limits.document_bytes) {
      whole += bytes;
    } else if (whole.size() < kShownBytes) {
      whole += bytes.substr(0, kShownBytes - whole.size());
    } else if (whole.size() > kShownBytes) {
      whole.resize(kShownBytes);
      whole.shrink_to_fit();
    }
  }

  bool finish_whole(const Each& each) {
    consumed = fed;
    if (format == Format::metadata) return give("null", false, each);
    if (fed > limits.document_bytes) {
      return give_cut(std::string_view(whole).substr(0, kShownBytes), false, each);
    }
    std::string_view text = whole;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    switch (format) {
      case Format::xml:
        if (trimmed(text).empty()) return true;
        return give_or_problem(xml_to_json(text), whole, false, each);
      case Format::tap:
        if (trimmed(text).empty()) return true;
        return give_or_problem(tap_to_json(text), whole, false, each);
      case Format::text:
        return give_or_problem(text_object(text), whole, false, each);
      case Format::yaml:
        return finish_yaml(text, each);
      default:
        return finish_json(text, each);
    }
  }

  bool finish_json(std::string_view text, const Each& each) {
    const auto found = split(text, Framing::automatic, std::numeric_limits<std::size_t>::max());
    const bool several =
        found.form == Documents::Form::array || found.form == Documents::Form::lines;
    for (const auto part : found.parts) {
      if (!give(std::string(part), several, each)) return false;
    }
    return true;
  }

  bool finish_yaml(std::string_view text, const Each& each) {
    auto found = yaml_to_json(text, limits.document_bytes);
    const bool several = found.json.size() + (found.failed ? 1 : 0) > 1;
    for (auto& json : found.json) {
      if (!give(std::move(json), several, each)) return false;
    }
    return !found.failed || give_problem(whole, problem_of(*found.failed), several, each);
  }

  const Format format;
  Message base;
  const Limits limits;
  LineSplitter lines;
  std::string indexed, indexed_end;  ///< metadata before and behind the number of the document
  std::vector<std::string> names;    ///< of the columns of CSV
  std::string whole;
  std::uint64_t fed = 0;
  std::uint64_t consumed = 0;
  std::uint64_t documents = 0;
  std::uint64_t cut = 0;
};

Reader::Reader(Format format, Message base, Limits limits)
    : state_(std::make_unique<State>(format, std::move(base), limits)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

bool Reader::feed(std::string_view bytes, const Each& each) {
  if (has_lines(state_->format)) return state_->feed_lines(bytes, each);
  state_->keep(bytes);
  return true;
}

bool Reader::finish(const Each& each) {
  return has_lines(state_->format) ? state_->finish_lines(each) : state_->finish_whole(each);
}

void Reader::pass_over(std::uint64_t bytes) { state_->fed += bytes; }

void Reader::resume_at(std::uint64_t offset, std::uint64_t documents) {
  auto& state = *state_;
  state.lines = LineSplitter(state.limits.document_bytes, state.format == Format::csv_row
                                                              ? LineSplitter::Ends::record
                                                              : LineSplitter::Ends::newline);
  state.lines.start_at(offset);
  state.consumed = offset;
  state.documents = documents;
}

bool Reader::needs_first_row() const {
  return state_->format == Format::csv_row && state_->names.empty();
}
std::uint64_t Reader::consumed() const { return state_->consumed; }
std::uint64_t Reader::documents() const { return state_->documents; }
std::uint64_t Reader::cut_documents() const { return state_->cut; }
std::string_view Reader::pending() const { return state_->lines.pending(); }

bool parse(Format format, std::string_view bytes, const Message& base, const Each& each,
           Limits limits) {
  Reader reader(format, base, limits);
  return reader.feed(bytes, each) && reader.finish(each);
}

}  // namespace cdviz::parsers
