// The section [http] of the configuration.
#pragma once

#include <span>

#include "config/options.h"
#include "core/option.h"
#include "net/server.h"

namespace cdviz::net {

std::span<const Option> http_options();

/// @param http  options of http_options(); what its types could not express is reported to it as a
///              problem
ServerSettings settings_from(const config::Options& http);

}  // namespace cdviz::net
