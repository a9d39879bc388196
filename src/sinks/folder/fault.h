// What a failed call of the file system means for the events that were to be written.
#pragma once

#include <string_view>

#include "core/result.h"

namespace cdviz::sinks::folder {

/// A pure function.
///
///   EACCES, EPERM, EROFS, ENOTDIR, ELOOP, ENAMETOOLONG, EXDEV, EISDIR   stop: the folder is not
///   ours
///                                     to write to, or is none
///   everything else                   retry: full (ENOSPC, EDQUOT), failing (EIO), out of
///                                     descriptors; what we do not know, too
///
/// @param doing  what failed: "cannot write", for the message
/// @param path   of what, for the message
/// @returns an Error with the code "disk_full", "permission", "io_error" or "file_system"
Error fault_of(int error_number, std::string_view doing, std::string_view path);

}  // namespace cdviz::sinks::folder
