// What a failure of NATS means for the caller: pure functions over the status of libnats and over
// the error codes of JetStream
// (https://docs.nats.io/reference/reference-protocols/nats_api_reference).
#pragma once

#include <string>
#include <string_view>

#include <nats/status.h>

#include "core/result.h"

namespace cdviz::nats {

/// What we don't know we retry: waiting loses nothing.
Fault fault_of(natsStatus status);

/// An error that the JetStream API answered (jsErrCode, and codes that libnats does not know). A
/// stream or consumer that is not there is a retry: it may be made at any moment; a limit of
/// storage too: it may be raised or freed.
Fault fault_of_api(int code);

/// The error of one call. @param what  what was tried and where, without secrets
/// @param detail  words of the server or the library, without secrets; may be empty
Error error_of(natsStatus status, std::string_view what, std::string_view detail = {});
/// The error that JetStream answered with; `code` 0: it was `status` instead.
Error error_of(int code, natsStatus status, std::string_view what, std::string_view detail = {});

}  // namespace cdviz::nats
