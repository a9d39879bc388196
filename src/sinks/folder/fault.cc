#include "sinks/folder/fault.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace cdviz::sinks::folder {

Error fault_of(int error_number, std::string_view doing, std::string_view path) {
  const std::string message =
      fmt::format("{} {}: {}", doing, path, std::generic_category().message(error_number));
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return {Fault::stop, message + "; the collector's user must be able to write there",
              "permission"};
    case ENAMETOOLONG:
      return {Fault::stop, message + "; make the sink's name shorter", "file_system"};
    case EXDEV:
      return {Fault::stop,
              message + "; all folders below the sink's path must be on one file system",
              "file_system"};
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
      return {Fault::stop, message + "; there is something else in the way", "file_system"};
    case ENOSPC:
    case EDQUOT:
      return {Fault::retry, message, "disk_full"};
    default:
      return {Fault::retry, message, "io_error"};
  }
}

}  // namespace cdviz::sinks::folder
