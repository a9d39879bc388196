#include "commands/verdicts.h"

#include <array>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

#include "commands/output.h"
#include "commands/print.h"
#include "core/json_text.h"
#include "core/utf8.h"

namespace cdviz::commands {
namespace {

constexpr std::size_t kShownId = 200;
constexpr std::size_t kShownMessage = 2000;
constexpr const char* kCases = "a temporary file";

std::string_view word_for(const Verdict& verdict) {
  if (!verdict.valid) return "invalid";
  return verdict.violations.empty() ? "valid" : "accepted";
}

class TextVerdicts final : public VerdictWriter {
 public:
  TextVerdicts(std::FILE* out, bool quiet) : out_(out), quiet_(quiet) {}

  void write(const Verdict& verdict) override {
    if (quiet_ && verdict.violations.empty()) return;
    std::string text = fmt::format("{}:{}: {}", shown(verdict.file, kShownMessage), verdict.line,
                                   word_for(verdict));
    if (!verdict.type.empty()) text += " " + shown(verdict.type, kShownId);
    if (!verdict.id.empty()) text += " " + shown(verdict.id, kShownId);
    text += '\n';
    for (const auto& [pointer, rule, message] : verdict.violations) {
      text += fmt::format("  {}: {} ({})\n",
                          pointer.empty() ? "the document" : shown(pointer, kShownMessage),
                          shown(message, kShownMessage), rule);
    }
    write_to(out_, text);
  }

 private:
  std::FILE* out_;
  bool quiet_;
};

class JsonVerdicts final : public VerdictWriter {
 public:
  explicit JsonVerdicts(std::FILE* out) : out_(out) {}

  void write(const Verdict& verdict) override {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{{\"index\":{},\"type\":", verdict.index);
    text_or_null(verdict.type);
    line_ += ",\"id\":";
    text_or_null(verdict.id);
    line_ += verdict.valid ? ",\"valid\":true,\"era\":" : ",\"valid\":false,\"era\":";
    text_or_null(verdict.era);
    line_ += ",\"violations\":[";
    for (const Problem& problem : verdict.violations) {
      line_ += line_.ends_with('[') ? "{\"pointer\":" : ",{\"pointer\":";
      append_json_string(line_, problem.pointer);
      line_ += ",\"rule\":";
      append_json_string(line_, problem.rule);
      line_ += ",\"message\":";
      append_json_string(line_, problem.message);
      line_ += '}';
    }
    line_ += "]}\n";
    write_to(out_, line_);
  }

 private:
  void text_or_null(std::string_view text) {
    if (text.empty()) {
      line_ += "null";
    } else {
      append_json_string(line_, text);
    }
  }

  std::FILE* out_;
  std::string line_;
};

class JunitVerdicts final : public VerdictWriter {
 public:
  explicit JunitVerdicts(std::FILE* out) : out_(out) {}

  void begin() override {
    write_to(out_, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"cdevents\">\n");
  }

  void begin_file(std::string_view name) override {
    name_ = name;
    tests_ = failures_ = 0;
    cases_.reset(std::tmpfile());
    if (!cases_) throw OutputFailed(kCases, errno);
  }

  void write(const Verdict& verdict) override {
    ++tests_;
    std::string text = fmt::format(
        "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\"",
        xml_text(verdict.id.empty() ? fmt::format("event {}", verdict.index) : verdict.id),
        xml_text(verdict.type.empty() ? "unknown" : verdict.type), xml_text(verdict.file),
        verdict.line);
    if (verdict.valid && verdict.violations.empty()) {
      text += "/>\n";
    } else {
      const std::string_view element = verdict.valid ? "system-out" : "failure";
      failures_ += verdict.valid ? 0 : 1;
      text += fmt::format(">\n      <{}", element);
      if (!verdict.valid) {
        const Problem& first = verdict.violations.front();
        text += fmt::format(" type=\"{}\" message=\"{}\"", xml_text(first.rule),
                            xml_text(first.pointer + " " + first.message));
      }
      text += '>';
      for (const auto& [pointer, rule, message] : verdict.violations) {
        text += xml_text(fmt::format("{}: {} ({})", pointer.empty() ? "the document" : pointer,
                                     message, rule)) +
                '\n';
      }
      text += fmt::format("</{}>\n    </testcase>\n", element);
    }
    write_to(cases_.get(), text, kCases);
  }

  void end_file() override {
    write_to(out_, fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" "
                               "skipped=\"0\">\n",
                               xml_text(name_), tests_, failures_));
    if (std::fflush(cases_.get()) != 0) throw OutputFailed(kCases, errno);
    std::rewind(cases_.get());
    std::array<char, 65536> buffer{};
    for (;;) {
      const auto count = std::fread(buffer.data(), 1, buffer.size(), cases_.get());
      if (count == 0) break;
      write_to(out_, {buffer.data(), count});
    }
    cases_.reset();
    write_to(out_, "  </testsuite>\n");
  }

  void end() override { write_to(out_, "</testsuites>\n"); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::FILE* out_;
  std::string name_;
  std::size_t tests_ = 0;
  std::size_t failures_ = 0;
  std::unique_ptr<std::FILE, Close> cases_;
};

}  // namespace

std::unique_ptr<VerdictWriter> text_verdicts(std::FILE* out, bool quiet) {
  return std::make_unique<TextVerdicts>(out, quiet);
}

std::unique_ptr<VerdictWriter> json_verdicts(std::FILE* out) {
  return std::make_unique<JsonVerdicts>(out);
}

std::unique_ptr<VerdictWriter> junit_verdicts(std::FILE* out) {
  return std::make_unique<JunitVerdicts>(out);
}

std::string xml_text(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, length);
    const auto c = static_cast<unsigned char>(text.front());
    text.remove_prefix(length == 0 ? 1 : length);
    // U+FFFE and U+FFFF are no characters of XML, nor are most controls.
    const bool is_absent = length == 0 || character == "\xEF\xBF\xBE" ||
                           character == "\xEF\xBF\xBF" ||
                           (c < 0x20 && c != '\n' && c != '\r' && c != '\t');
    if (is_absent) {
      out += kReplacement;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c < 0x20) {
      out += fmt::format("&#{};", c);  // as it is, an attribute makes a space of it
    } else {
      out += character;
    }
  }
  return out;
}

}  // namespace cdviz::commands
