// From the configuration of a source to how its documents are treated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cdevents/check.h"
#include "config/load.h"

namespace cdviz::commands {

/// How clients reach the collector: [http] root_url, else made of host and port.
/// @param port  0: not known, left out
std::string root_url_of(const config::Options& http, std::uint16_t port);

/// Of [sources.NAME]: validation, normalise.
/// @param root_url  for the default of context.source: ROOT_URL/?source=NAME
/// @param schemas  of [[schemas]]; may be null
cdevents::Rules rules_of(const config::SourceEntry& source, const std::string& root_url,
                         std::shared_ptr<const cdevents::UserSchemas> schemas);

}  // namespace cdviz::commands
