#include "net/request_parser.h"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace cdviz::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::string_view std_view(string_view text) { return {text.data(), text.size()}; }

/// Host is a name or address with an optional port: none of the characters that could make a proxy
/// and us read different hosts out of it.
bool is_host(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~%!$&'()*+;=:[]").find(c) != std::string_view::npos;
  });
}

/// Splits the target into path and query. Absolute form ("http://host/path") gives its authority to
/// `host`.
std::optional<Refusal> split_target(std::string_view target, Request& request,
                                    std::optional<std::string_view>& host) {
  if (target.front() != '/' && target != "*") {
    const auto scheme_end = target.find("://");
    const std::string_view scheme = target.substr(0, scheme_end);
    const bool is_http =
        scheme_end != std::string_view::npos &&
        (equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https"));
    if (!is_http) return Refusal{400, "The target is neither a path nor an http URI."};
    target.remove_prefix(scheme_end + 3);
    host = target.substr(0, target.find_first_of("/?"));
    if (host->empty() || !is_host(*host))
      return Refusal{400, "The target's host is not a name or an address."};
    target.remove_prefix(host->size());
  }
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (request.path.empty()) request.path = "/";
  request.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  return std::nullopt;
}

/// Beast tells us what it finds; we keep it in our own types, without its containers.
class Parser final : public http::basic_parser<true> {
 public:
  Request* request = nullptr;
  Framing framing;
  std::optional<Refusal> refusal;
  std::string target;
  unsigned hosts = 0, content_lengths = 0, transfer_encodings = 0;

 private:
  void refuse(int status, std::string_view detail, error_code& ec) {
    refusal = Refusal{status, detail};
    ec = http::error::bad_value;
  }

  void on_request_impl(http::verb, string_view method, string_view on_target, int version,
                       error_code&) override {
    request->method = std_view(method);
    target = std_view(on_target);
    framing.is_http_1_1 = version == 11;
  }
  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_field_impl(http::field field, string_view name, string_view value,
                     error_code& ec) override {
    const std::string_view text = std_view(value);
    switch (field) {
      case http::field::host:
        if (++hosts > 1) return refuse(400, "There is more than one Host.", ec);
        if (!is_host(text)) return refuse(400, "Host is not a name or an address.", ec);
        break;
      case http::field::content_length:
        // A list of equal lengths is allowed by RFC 9110, and sent by nobody honest.
        if (++content_lengths > 1 || text.find(',') != std::string_view::npos)
          return refuse(400, "There is more than one Content-Length.", ec);
        break;
      case http::field::transfer_encoding:
        if (++transfer_encodings > 1 || !equal_ignoring_case(text, "chunked"))
          return refuse(400, "The only Transfer-Encoding this server reads is chunked.", ec);
        break;
      case http::field::expect:
        if (!equal_ignoring_case(text, "100-continue"))
          return refuse(417, "The only Expect this server meets is 100-continue.", ec);
        framing.expects_continue = true;
        break;
      default:
        break;
    }
    request->headers.add(std::string(std_view(name)), std::string(text));
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  // The body is not given to Beast.
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}
};

std::string_view head_detail(const error_code& ec) {
  if (ec == http::error::bad_transfer_encoding || ec == http::error::bad_content_length)
    return "Content-Length is not a number, or there is a Transfer-Encoding too.";
  if (ec == http::error::multiple_content_length) return "There is more than one Content-Length.";
  return "The head of the request is not well-formed.";
}

}  // namespace

struct RequestParser::Impl {
  std::optional<Parser> parser;
  ChunkDecoder chunks;
  std::uint64_t left = 0;  ///< of a body with Content-Length
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;
const Framing& RequestParser::framing() const { return impl_->parser->framing; }

std::optional<Refusal> RequestParser::head(std::string_view bytes, Request& request) {
  if (const auto refusal = check_head(bytes)) return refusal;
  impl_->chunks = ChunkDecoder{};
  Parser& parser = impl_->parser.emplace();
  parser.request = &request;
  parser.header_limit(static_cast<std::uint32_t>(bytes.size()) + 1);
  parser.body_limit(boost::none);  // known only when the route is
  error_code ec;
  const std::size_t taken = parser.put(asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (parser.refusal) return parser.refusal;
  if (ec || !parser.is_header_done() || taken != bytes.size()) return Refusal{400, head_detail(ec)};

  Framing& framing = parser.framing;
  std::optional<std::string_view> authority;
  if (const auto refusal = split_target(parser.target, request, authority)) return refusal;
  if (framing.is_http_1_1 && parser.hosts == 0) return Refusal{400, "There is no Host."};
  if (authority) request.headers.set("Host", std::string(*authority));
  if (!framing.is_http_1_1 && parser.transfer_encodings > 0)
    return Refusal{400, "HTTP/1.0 has no Transfer-Encoding."};
  framing.keep_alive = parser.keep_alive();
  framing.expects_continue = framing.expects_continue && framing.is_http_1_1;
  framing.has_body = !parser.is_done();
  if (!parser.chunked()) framing.content_length = framing.has_body ? *parser.content_length() : 0;
  impl_->left = framing.content_length.value_or(0);
  return std::nullopt;
}

RequestParser::BodyStep RequestParser::body(std::string_view bytes, std::uint64_t bytes_max,
                                            std::string& body) {
  if (!framing().content_length) return impl_->chunks.take(bytes, bytes_max, body);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), impl_->left));
  body.append(bytes, 0, size);
  impl_->left -= size;
  return {.taken = size, .complete = impl_->left == 0};
}

}  // namespace cdviz::net
