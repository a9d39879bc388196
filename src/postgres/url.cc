#include "postgres/url.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

namespace cdviz::postgres {
namespace {

// libpq quotes the part that it does not understand, which may be a password with an unescaped
// character.
std::string without_quotations(std::string_view message) {
  std::string shown;
  bool inside = false;
  for (const char c : message) {
    if (c == '"') {
      if (inside) shown += "…";
      inside = !inside;
      shown += c;
    } else if (!inside && c != '\n') {
      shown += c;
    }
  }
  return shown;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// A list of one is for all hosts.
void give(UrlParameters& server, const std::string& name, const std::vector<std::string>& list,
          std::size_t index) {
  if (list.empty()) return;
  const std::string& value = list[list.size() == 1 ? 0 : std::min(index, list.size() - 1)];
  if (value.empty()) {
    server.erase(name);
  } else {
    server[name] = value;
  }
}

}  // namespace

Result<UrlParameters> parse_url(const std::string& url) {
  if (url.empty()) {
    return Error{Fault::stop,
                 "the URL of the database is empty: give postgresql://user@host:5432/database",
                 "url"};
  }
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{
      PQconninfoParse(url.c_str(), &complaint), &PQconninfoFree};
  const std::unique_ptr<char, decltype(&PQfreemem)> owned{complaint, &PQfreemem};
  if (!options) {
    return Error{Fault::stop,
                 "the URL of the database cannot be read: " +
                     without_quotations(complaint != nullptr ? complaint : "out of memory") +
                     " (special characters in a password are written as %40 for @, %2F for /, …)",
                 "url"};
  }
  UrlParameters parameters;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters.emplace(option->keyword, option->val);
  }
  return parameters;
}

std::vector<UrlParameters> servers_of(const UrlParameters& parameters) {
  const auto list_of = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::vector<std::string>{} : split_list(found->second);
  };
  const auto hosts = list_of("host");
  const auto addresses = list_of("hostaddr");
  const auto ports = list_of("port");
  const std::size_t count = std::max({hosts.size(), addresses.size(), std::size_t{1}});
  std::vector<UrlParameters> servers;
  for (std::size_t i = 0; i < count; ++i) {
    UrlParameters server = parameters;
    give(server, "host", hosts, i);
    give(server, "hostaddr", addresses, i);
    give(server, "port", ports, i);
    servers.push_back(std::move(server));
  }
  return servers;
}

std::string place_of(const UrlParameters& server) {
  const auto value = [&](const char* name, const char* otherwise) {
    const auto found = server.find(name);
    return found == server.end() ? std::string(otherwise) : found->second;
  };
  return value("host", value("hostaddr", "localhost").c_str()) + ":" + value("port", "5432") + "/" +
         value("dbname", "");
}

}  // namespace cdviz::postgres
