#include "commands/settings.h"

namespace cdviz::commands {

queue::QueueSettings queue_settings(const config::Options& queue) {
  return {.directory = queue.text("directory"),
          .max_bytes = queue.bytes("max_bytes"),
          .dead_letters_max_bytes = queue.bytes("dead_letters_max_bytes"),
          .durability =
              queue.text("durability") == "os" ? queue::Durability::os : queue::Durability::fsync};
}

pipeline::Settings pipeline_settings(const config::Options& pipeline,
                                     const config::Options& queue) {
  return {.drain_timeout = pipeline.duration("drain_timeout"),
          .confirm = queue.text("confirm") == "delivered" ? pipeline::Confirm::delivered
                                                          : pipeline::Confirm::queued};
}

}  // namespace cdviz::commands
