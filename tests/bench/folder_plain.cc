// What the folder source is measured against: the lines of a file, each parsed by simdjson, and
// nothing else. Prints the seconds that it took and how many there were.
//
//   folder_plain FILE
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include <simdjson.h>

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const auto begun = std::chrono::steady_clock::now();
  std::ifstream file(argv[1], std::ios::binary);
  std::string line;
  simdjson::dom::parser parser;
  std::size_t count = 0;
  while (std::getline(file, line)) {
    line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    simdjson::dom::element element;
    if (parser.parse(line.data(), line.size(), false).get(element) == simdjson::SUCCESS) ++count;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("{\"seconds\": %.6f, \"lines\": %zu}\n", took.count(), count);
  return 0;
}
