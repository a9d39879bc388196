// The answers of a registry
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::sources::oci {

/// The texts of the list `member` of a page: "repositories" of the catalog, "tags" of a repository.
/// null and a list that is missing are empty, as registries send them.
/// @returns Fault::retry for what is no such page: half of an answer is none
Result<std::vector<std::string>> names_of(std::string_view json, std::string_view member);

/// Whether a repository may be called so: the grammar of the specification, with '/' between parts.
bool is_repository(std::string_view name);
/// Whether a tag may be called so: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
bool is_tag(std::string_view name);
/// "algorithm:hex", as the specification's digests.
bool is_digest(std::string_view text);

/// What an answer of a token server holds.
struct Token {
  std::string value;
  long seconds = 60;  ///< for so long it is good; the specification's default
};
/// @returns Fault::retry for what is none
Result<Token> token_of(std::string_view json);

/// What a registry says that is wrong, for people: "UNAUTHORIZED: authentication required"; empty
/// when it says nothing that is understood.
std::string errors_of(std::string_view json);

}  // namespace cdviz::sources::oci
