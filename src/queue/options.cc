#include "queue/options.h"

#include <array>

namespace cdviz::queue {
namespace {

constexpr std::array<std::string_view, 2> kDurabilities = {"fsync", "os"};
constexpr std::array<std::string_view, 2> kConfirms = {"queued", "delivered"};

constexpr std::array kOptions = {
    Option{.name = "directory",
           .fallback = kDefaultDirectory,
           .help = "Where events are kept until every sink has them. Made if it is missing. One "
                   "collector to a directory; on a local disk, not on a network file system.",
           .example = "\"/var/lib/cdviz-collector/queue\""},
    Option{.name = "max_bytes",
           .type = OptionType::bytes,
           .fallback = "1GiB",
           .help = "Bytes of events at which the queue is full: senders are then told to come "
                   "again (503) and sources that poll wait. The file is a quarter larger, and does "
                   "not shrink: its room is used again.",
           .min = 1024 * 1024,
           .example = "\"10GiB\""},
    Option{.name = "dead_letters_max_bytes",
           .type = OptionType::bytes,
           .fallback = "256MiB",
           .help = "Bytes of dead letters at which nothing more may be refused: what would have to "
                   "be is answered like a full queue, until dead letters are replayed or dropped.",
           .min = 1024 * 1024},
    Option{.name = "durability",
           .fallback = "fsync",
           .help = "\"fsync\": an event that was accepted survives a crash of the machine. \"os\": "
                   "it survives a crash of the collector only, and is cheaper.",
           .choices = kDurabilities},
    Option{.name = "confirm",
           .fallback = "queued",
           .help = "When a source is told that its events are safe. \"queued\": when they are on "
                   "this disk. \"delivered\": when every sink has them, or they are in the dead "
                   "letters; then a sink that is down holds up the senders.",
           .choices = kConfirms},
};

}  // namespace

std::span<const Option> queue_options() { return kOptions; }

}  // namespace cdviz::queue
