#include "registry/registry.h"

#include <array>

#include "cdevents/user_schemas.h"
#include "net/options.h"
#include "pipeline/options.h"
#include "postgres/delivery_options.h"
#include "queue/options.h"
#include "registry/opendal.h"
#include "sinks/folder/folder.h"
#include "sinks/http/http.h"
#include "sinks/kafka/kafka.h"
#include "sinks/nats/nats.h"
#include "sinks/postgres/postgres.h"
#include "sinks/stdout/stdout.h"
#include "sources/ecr/ecr.h"
#include "sources/folder/activity.h"
#include "sources/folder/folder.h"
#include "sources/http/webhook.h"
#include "sources/kafka/kafka.h"
#include "sources/nats/nats.h"
#include "sources/oci/oci.h"
#include "sources/s3/s3.h"
#include "telemetry/options.h"
#include "transforms/basic/basic.h"
#include "transforms/lua/lua.h"
#include "web/api/options.h"

namespace cdviz::registry {

config::Catalogue catalogue() {
  static const std::array kSections = {
      config::Section{"http", "The collector's HTTP server: webhooks, health, metrics, the page.",
                      net::http_options()},
      config::Section{"dashboard", "The dashboard: the database that it reads, and who may see it.",
                      web::api::dashboard_options()},
      config::Section{"queue", "The durable queue: what was accepted is on disk.",
                      queue::queue_options()},
      config::Section{"log", "What the collector tells about itself on standard error.",
                      telemetry::log_options()},
      config::Section{"pipeline", "From the sources through the queue to the sinks.",
                      pipeline::pipeline_options()},
      config::Section{"delivery",
                      "Environments, services and deployments, for `database configure`.",
                      postgres::delivery_options()},
  };
  // A line for each kind, however short.
  // clang-format off
  static constexpr std::array kSources = {
      &sources::ecr::kind,
      &sources::folder::kind,
      &sources::folder::activity_kind,
      &sources::http::kind,
      &sources::kafka::kind,
      &sources::nats::kind,
      &sources::oci::kind,
      &opendal_source_kind,
      &sources::s3::kind,
      &sources::s3::activity_kind,
  };
  static constexpr std::array kSinks = {
      &sinks::folder::kind,
      &sinks::http::kind,
      &sinks::kafka::kind,
      &sinks::nats::kind,
      &sinks::postgres::kind,
      &sinks::postgres::kind_db,
      &sinks::standard_output::kind,
  };
  static constexpr std::array kTransformers = {
      &transforms::basic::deduplicate,
      &transforms::basic::discard_all,
      &transforms::basic::filter,
      &transforms::basic::log,
      &transforms::basic::passthrough,
      &transforms::lua::kind,
  };
  // clang-format on
  static const std::array kLists = {
      Option{.name = "schemas",
             .type = OptionType::table_list,
             .help =
                 "JSON Schemas of your own, besides the specification's. An event that is not as "
                 "one of them says has a violation: `validation` of its source says what "
                 "happens.",
             .fields = cdevents::schema_options()},
  };
  return {kSections, kSources, kSinks, kLists, kTransformers};
}

}  // namespace cdviz::registry
