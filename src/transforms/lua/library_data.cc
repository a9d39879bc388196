// JSON, base64 and SHA-256.
#include <array>
#include <string>

#include <openssl/evp.h>

#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

int json_decode(lua_State* state) {
  std::string problem;
  ParsedJson* document = Engine::of(state).decode(std::string(text_argument(state, 1)), problem);
  if (document == nullptr) {
    lua_pushnil(state);
    push(state, problem);
    return 2;
  }
  push_value(state, *document, ParsedJson::kRoot);
  return 1;
}

int json_encode(lua_State* state) {
  luaL_checkany(state, 1);
  push(state, encode(state, 1));
  return 1;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(lua_State* state) {
  const auto text = text_argument(state, 1);
  Engine::of(state).charge(1 + text.size() / 4);
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::size_t left = text.size() - i;
    const auto byte = [&](std::size_t n) -> std::uint32_t {
      return n < left ? static_cast<unsigned char>(text[i + n]) : 0U;
    };
    const std::uint32_t bits = byte(0) << 16U | byte(1) << 8U | byte(2);
    out += kBase64[bits >> 18U];
    out += kBase64[bits >> 12U & 63U];
    out += left > 1 ? kBase64[bits >> 6U & 63U] : '=';
    out += left > 2 ? kBase64[bits & 63U] : '=';
  }
  push(state, out);
  return 1;
}

/// Both alphabets of RFC 4648; padding and line ends may be there or not.
int base64_decode(lua_State* state) {
  const auto text = text_argument(state, 1);
  Engine::of(state).charge(1 + text.size() / 4);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    if (c == '=' || c == '\n' || c == '\r') continue;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
    const auto value = kBase64.find(c);
    if (value == std::string_view::npos) {
      lua_pushnil(state);
      lua_pushliteral(state, "is not base64");
      return 2;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    }
  }
  push(state, out);
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
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += kHex[digest.at(i) >> 4U];
    out += kHex[digest.at(i) & 15U];
  }
  push(state, out);
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
