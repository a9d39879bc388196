// What the users of libcurl in this folder share. Include it in .cc files only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

namespace cdviz::net::curl {

/// Once, before anything else of libcurl. Safe to call from any thread.
void initialise();

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

/// `list` with `line` behind it; without it when there is no memory.
List append(List list, const std::string& line);

/// Whether a URL names this machine: proxies are for other machines.
bool is_loopback(std::string_view url);

}  // namespace cdviz::net::curl
