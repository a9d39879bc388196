// JSON, base64, what Pub/Sub wraps, and SHA-256.
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <openssl/evp.h>

#include "core/binary_text.h"
#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

/// Answers nil and what is wrong.
int push_problem(lua_State* state, std::string_view problem) {
  lua_pushnil(state);
  push(state, problem);
  return 2;
}

int json_decode(lua_State* state) {
  std::string problem;
  ParsedJson* document = Engine::of(state).decode(std::string(text_argument(state, 1)), problem);
  if (document == nullptr) return push_problem(state, problem);
  push_value(state, *document, ParsedJson::kRoot);
  return 1;
}

int json_encode(lua_State* state) {
  luaL_checkany(state, 1);
  push(state, encode(state, 1));
  return 1;
}

int base64_encode(lua_State* state) {
  const auto text = text_argument(state, 1);
  Engine::of(state).charge(1 + text.size() / 4);
  push(state, encode_text(BinaryText::base64, text));
  return 1;
}

/// Both alphabets of RFC 4648; padding and line ends may be there or not.
std::optional<std::string> decode_base64(lua_State* state, std::string_view text) {
  Engine::of(state).charge(1 + text.size() / 4);
  std::string line(text);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r'; });
  while (line.ends_with('=')) line.pop_back();
  return decode_text(BinaryText::base64, line);
}

int base64_decode(lua_State* state) {
  const auto bytes = decode_base64(state, text_argument(state, 1));
  if (!bytes) return push_problem(state, "is not base64");
  push(state, *bytes);
  return 1;
}

int pubsub_data(lua_State* state) {
  constexpr std::string_view kProblem =
      "is not a message of Pub/Sub with a JSON object in message.data";
  luaL_checkany(state, 1);
  push_at_path(state, 1, "message.data");
  if (lua_type(state, -1) != LUA_TSTRING) return push_problem(state, kProblem);
  auto data = decode_base64(state, text_at(state, -1));
  std::string problem;
  ParsedJson* const document = data ? Engine::of(state).decode(std::move(*data), problem) : nullptr;
  if (document == nullptr || document->kind(ParsedJson::kRoot) != ParsedJson::Kind::object)
    return push_problem(state, kProblem);
  push_value(state, *document, ParsedJson::kRoot);
  return 1;
}

int sha256(lua_State* state) {
  const auto text = text_argument(state, 1);
  Engine::of(state).charge(10 + text.size() / 16);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return luaL_error(state, "sha256: not available");
  }
  push(state, encode_text(BinaryText::hex, {reinterpret_cast<const char*>(digest.data()), size}));
  return 1;
}

constexpr std::array kFunctions = {
    Function{.name = "json.decode",
             .call = &json_decode,
             .signature = "json.decode(text)",
             .help =
                 "A JSON document as values like those of `m.body`; `nil` and what is wrong when "
                 "it is none.",
             .example = "local inner = json.decode(m.body.Message) or refuse(\"no JSON inside\")"},
    Function{.name = "json.encode",
             .call = &json_encode,
             .signature = "json.encode(value)",
             .help = "A value as JSON text, members sorted by name; what came in keeps its order.",
             .example = "json.encode({ b = 1, a = null })  -- '{\"a\":null,\"b\":1}'"},
    Function{.name = "base64.encode",
             .call = &base64_encode,
             .signature = "base64.encode(text)",
             .help = "Base64 with padding ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)).",
             .example = "base64.encode(\"hi\")  -- \"aGk=\""},
    Function{.name = "base64.decode",
             .call = &base64_decode,
             .signature = "base64.decode(text)",
             .help =
                 "The bytes; takes the alphabet for URLs too, with or without padding. `nil` and "
                 "what is wrong when it is none.",
             .example = "base64.decode(\"aGk=\")  -- \"hi\""},
    Function{.name = "pubsub_data",
             .call = &pubsub_data,
             .signature = "pubsub_data(body)",
             .help = "The JSON object in a message of Google Pub/Sub, as a "
                     "[push subscription](https://cloud.google.com/pubsub/docs/push#receive_push) "
                     "or Eventarc sends it: in base64 in `message.data`. `nil` and what is wrong "
                     "when there is none.",
             .example = "local build = pubsub_data(m.body) or refuse(\"no message of Pub/Sub\")"},
    Function{.name = "sha256",
             .call = &sha256,
             .signature = "sha256(text)",
             .help = "SHA-256 in hexadecimal digits: a short name that is always the same.",
             .example = "sha256(\"\"):sub(1, 8)  -- \"e3b0c442\""},
};

}  // namespace

Chapter data_functions() {
  return {"Data", "Documents within documents, and digests.", kFunctions};
}

}  // namespace cdviz::transforms::lua
