#include "sources/http/body.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace cdviz::sources::http {
namespace {

using cloudevents::Mode;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string_view without_space(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

/// The value of the charset parameter, in quotes or not; nothing when there is none.
std::optional<std::string_view> charset_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto semicolon = parameters.find(';');
    const std::string_view parameter = without_space(parameters.substr(0, semicolon));
    const auto equals = parameter.find('=');
    if (equals != std::string_view::npos &&
        equal_ignoring_case(without_space(parameter.substr(0, equals)), "charset")) {
      std::string_view value = without_space(parameter.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
    if (semicolon == std::string_view::npos) break;
    parameters.remove_prefix(semicolon + 1);
  }
  return std::nullopt;
}

bool is_surely_not_json(std::string_view type) {
  constexpr std::array<std::string_view, 6> kFamilies = {"multipart/", "image/", "audio/",
                                                         "video/",     "font/",  "model/"};
  constexpr std::array<std::string_view, 10> kTypes = {
      "application/xml",  "text/xml",           "text/html",       "text/css",
      "text/csv",         "application/pdf",    "application/zip", "application/gzip",
      "application/cbor", "application/msgpack"};
  return type.ends_with("+xml") ||
         std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view family) { return type.starts_with(family); }) ||
         std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

net::Response unsupported(std::string_view detail) {
  return net::problem(415, "Unsupported media type", detail);
}

}  // namespace

std::variant<BodyFormat, net::Response> body_format(const Headers& headers) {
  BodyFormat format{.mode = cloudevents::mode_of(headers)};
  if (const auto header = headers.find("Content-Type")) {
    const auto semicolon = header->find(';');
    std::string type(without_space(header->substr(0, semicolon)));
    std::transform(type.begin(), type.end(), type.begin(), lower);
    const bool is_envelope = format.mode == Mode::structured || format.mode == Mode::batch;
    if (is_envelope && !cloudevents::is_json_format(type)) {
      return unsupported(
          "Send CloudEvents as application/cloudevents+json, or several as "
          "application/cloudevents-batch+json.");
    }
    if (is_surely_not_json(type)) {
      return unsupported("Send CDEvents as application/json or application/x-ndjson.");
    }
    if (semicolon != std::string_view::npos) {
      const auto charset = charset_of(header->substr(semicolon + 1));
      if (charset && !equal_ignoring_case(*charset, "utf-8") &&
          !equal_ignoring_case(*charset, "utf8") && !equal_ignoring_case(*charset, "us-ascii")) {
        return unsupported("JSON is UTF-8: send it so, and leave out the charset.");
      }
    }
    if (type == "application/json" || type.ends_with("+json")) {
      format.framing = Framing::json;
    } else if (type == "application/x-ndjson" || type == "application/ndjson" ||
               type == "application/jsonl" || type == "application/x-jsonlines" ||
               type == "application/jsonlines") {
      format.framing = Framing::lines;
    }
  }
  if (format.mode != Mode::none) {
    format.framing = format.mode == Mode::batch ? Framing::json : Framing::whole;
  }
  const auto coding = net::content_coding(headers);
  if (!coding) {
    auto response = unsupported("Content-Encoding may be identity, gzip or deflate, one only.");
    response.headers.add("Accept-Encoding", "gzip, deflate");
    return response;
  }
  format.coding = *coding;
  return format;
}

std::variant<std::string, net::Response> decoded_body(BodyFormat format, std::string wire,
                                                      std::uint64_t bytes_max) {
  auto decoded = net::decode_body(format.coding, std::move(wire), bytes_max);
  if (auto* body = std::get_if<std::string>(&decoded)) return std::move(*body);
  if (std::get<net::DecodeFailure>(decoded) == net::DecodeFailure::too_large) {
    return net::problem(413, "Content too large",
                        fmt::format("A body may have {} bytes once its Content-Encoding is undone "
                                    "(body_bytes_max).",
                                    bytes_max));
  }
  return net::problem(400, "Bad request",
                      "The body is not what its Content-Encoding says, or it is cut short.");
}

std::variant<Documents, net::Response> documents_of(BodyFormat format, std::string_view body) {
  auto documents = split(body, format.framing);
  if (documents.form == Documents::Form::empty) {
    return net::problem(400, "Bad request", "The body is empty: send one CDEvent or several.");
  }
  if (documents.form == Documents::Form::too_many) {
    return net::problem(413, "Content too large",
                        fmt::format("A request may hold {} events: send the rest in another one.",
                                    limits::kBatchEvents));
  }
  return documents;
}

}  // namespace cdviz::sources::http
