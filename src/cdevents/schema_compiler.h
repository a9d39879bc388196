// From the texts of schemas to nodes. Internal to json_schema.
#pragma once

#include <memory>
#include <vector>

#include "cdevents/json_schema.h"
#include "cdevents/schema_node.h"

namespace cdviz::cdevents::schema {

/// What JsonSchemas holds. The values of the nodes live in the parsers.
struct Compiled {
  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers;
  std::vector<Node> nodes;
  std::vector<NodeId> roots;  ///< of each text
};

/// Adds to `mistakes` when it is not complete.
std::shared_ptr<const Compiled> compile(const std::vector<JsonSchemas::Text>& texts,
                                        std::vector<JsonSchemas::Mistake>& mistakes);

}  // namespace cdviz::cdevents::schema
