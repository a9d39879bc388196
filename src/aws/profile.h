// The files ~/.aws/credentials and ~/.aws/config
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/environment.h"
#include "core/result.h"

namespace cdviz::aws {

/// The keys of one profile: "aws_access_key_id", "region", "role_arn", …
using Profile = std::map<std::string, std::string, std::less<>>;

/// Profiles by their name.
using Profiles = std::map<std::string, Profile, std::less<>>;

/// @param prefixed  the form of the config file: "[profile NAME]", and "[default]"
Profiles parse_profiles(std::string_view text, bool prefixed);

/// Both files, at their places or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say; what
/// both have counts as the credentials file has it. A file that is not there is empty.
/// @returns Fault::stop for one that cannot be read or is larger than 1 MiB
Result<Profiles> read_profiles(const Environment& environment);

/// Empty if it is not there.
std::string value_of(const Profile& profile, std::string_view key);

/// The whole of a small file, without the line end behind it.
/// @returns Fault::stop if it cannot be read or is larger than 1 MiB
Result<std::string> read_small_file(const std::string& path);

}  // namespace cdviz::aws
