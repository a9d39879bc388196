// Fuzzes the parsers of files. The first byte of the input chooses the format, the second how many
// bytes are fed at once; the third, for compressed bytes, how they are.
#include "parsers/parsers.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_spans.h"
#include "core/utf8.h"
#include "parsers/decompress.h"

namespace {

using namespace cdviz;
using namespace cdviz::parsers;

constexpr Limits kLimits{.document_bytes = 4096};

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// What made JSON out of something else must have made JSON.
bool is_made(Format format) {
  return format != Format::automatic && format != Format::json && format != Format::jsonl;
}

std::vector<Message> read(Format format, std::string_view bytes, std::size_t piece) {
  std::vector<Message> all;
  const Each each = [&](Message&& message) {
    must(message.body.size() <= 64 * kLimits.document_bytes, "a document has a limit");
    must(json::Tree::read(message.metadata).has_value(), "metadata is JSON");
    if (message.problems.empty() && is_made(format)) {
      must(is_utf8(message.body), "what was made is UTF-8");
      must(json::Tree::read(message.body).has_value(), "what was made is JSON");
    }
    all.push_back(std::move(message));
    return true;
  };
  Reader reader(format, {.body = {}, .metadata = R"({"name":"x"})"}, kLimits);
  const std::size_t size = bytes.size();
  while (!bytes.empty()) {
    must(reader.feed(bytes.substr(0, piece), each), "it goes on");
    bytes.remove_prefix(std::min(piece, bytes.size()));
    must(reader.consumed() <= size - bytes.size(), "no more is consumed than was fed");
  }
  must(reader.finish(each), "it goes on");
  must(reader.documents() == all.size(), "documents are counted");
  return all;
}

void check_decompression(Compression compression, std::string_view bytes) {
  const auto out = decompressed(compression, bytes, 100'000);
  must(!out || out->size() <= 100'000, "what comes out has a limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  if (data[0] >= 0xfe) {
    check_decompression(data[0] == 0xfe ? Compression::gzip : Compression::zstd, bytes);
    return 0;
  }
  const auto format = static_cast<Format>(data[0] % kFormatNames.size());
  const auto whole = read(format, bytes, bytes.size() + 1);
  const auto pieces = read(format, bytes, data[1] + 1U);
  must(whole.size() == pieces.size(), "pieces make no difference");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    must(whole[i].body == pieces[i].body && whole[i].problems == pieces[i].problems &&
             whole[i].metadata == pieces[i].metadata,
         "pieces make no difference");
  }
  return 0;
}
