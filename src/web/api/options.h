// The section [dashboard]: the database that it reads, and who may see it.
#pragma once

#include <memory>
#include <span>

#include "config/options.h"
#include "core/option.h"
#include "web/access.h"
#include "web/api/api.h"

namespace cdviz::web::api {

std::span<const Option> dashboard_options();

struct DashboardSettings {
  ApiSettings api;
  AccessSettings access;
};

/// Reports problems with the options: a dashboard that others could reach without being asked who
/// they are is one.
/// @param http  the section [http]
DashboardSettings settings_from(const config::Options& dashboard, const config::Options& http);

}  // namespace cdviz::web::api
