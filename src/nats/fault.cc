#include "nats/fault.h"

#include <fmt/format.h>
#include <nats/nats.h>

namespace cdviz::nats {
namespace {

/// What a user can do about it.
std::string_view advice(natsStatus status) {
  switch (status) {
    case NATS_CONNECTION_AUTH_FAILED:
      return ": check user, password, token, credentials or nkey_seed";
    case NATS_NOT_PERMITTED:
      return ": give the user permission for this subject (and for _INBOX.> and $JS.API.>)";
    case NATS_SECURE_CONNECTION_WANTED:
      return ": the server has no TLS, and the configuration asks for it";
    case NATS_SECURE_CONNECTION_REQUIRED:
      return ": the server wants TLS: add a table `tls`, or write tls:// in servers";
    case NATS_NO_RESPONDERS:
      return ": nobody answers there: no stream takes the subject, or JetStream is not running";
    default:
      return "";
  }
}

std::string_view advice_of_api(int code) {
  switch (code) {
    case JSStreamNotFoundErr:
      return ": make the stream, or set create_stream = true";
    case JSNotEnabledErr:
    case JSNotEnabledForAccountErr:
      return ": start the server with JetStream, and enable it for the account";
    case JSStreamMessageExceedsMaximumErr:
      return ": the event is larger than the stream's max_msg_size";
    case JSStreamNotMatchErr:
      return ": the subject belongs to another stream than `stream` names";
    case JSStreamSubjectOverlapErr:
      return ": another stream takes these subjects already";
    default:
      return "";
  }
}

}  // namespace

Fault fault_of(natsStatus status) {
  switch (status) {
    case NATS_MAX_PAYLOAD:
      return Fault::reject;
    case NATS_CONNECTION_AUTH_FAILED:
    case NATS_NOT_PERMITTED:
    case NATS_SECURE_CONNECTION_WANTED:
    case NATS_SECURE_CONNECTION_REQUIRED:
    case NATS_SSL_ERROR:
    case NATS_ADDRESS_MISSING:
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_ARG:
    case NATS_INVALID_QUEUE_NAME:
    case NATS_NO_SERVER_SUPPORT:
      return Fault::stop;
    default:
      return Fault::retry;
  }
}

Fault fault_of_api(int code) {
  switch (code) {
    case JSStreamMessageExceedsMaximumErr:
      return Fault::reject;
    case JSBadRequestErr:
    case JSClusterNoPeersErr:
    case JSConsumerNameExistErr:
    case JSInvalidJSONErr:
    case JSMaximumConsumersLimitErr:
    case JSMaximumStreamsLimitErr:
    case JSNotEnabledErr:
    case JSNotEnabledForAccountErr:
    case JSStreamInvalidConfig:
    case JSStreamNameExistErr:
    case JSStreamNotMatchErr:
    case JSStreamReplicasNotSupportedErr:
    case JSStreamSubjectOverlapErr:
    case JSStreamSealedErr:
    case JSStreamMaxBytesRequiredErr:
    case JSConsumerFilterNotSubsetErr:
    case JSConsumerInvalidPolicyErr:
    case JSConsumerWQRequiresExplicitAckErr:
    case JSConsumerWQMultipleUnfilteredErr:
    case JSConsumerWQConsumerNotUniqueErr:
    case JSConsumerWQConsumerNotDeliverAllErr:
    case JSConsumerBadDurableNameErr:
    case JSConsumerNameTooLongErr:
    case JSConsumerMaxPendingAckExcessErr:
    case JSNoLimitsErr:
      return Fault::stop;
    default:
      return Fault::retry;
  }
}

Error error_of(natsStatus status, std::string_view what, std::string_view detail) {
  std::string message = fmt::format("{}: {}", what, natsStatus_GetText(status));
  if (!detail.empty()) message += fmt::format(" ({})", detail);
  message += advice(status);
  return {fault_of(status), std::move(message), fmt::format("nats_{}", static_cast<int>(status))};
}

Error error_of(int code, natsStatus status, std::string_view what, std::string_view detail) {
  if (code == 0) return error_of(status, what, detail);
  std::string message = fmt::format("{}: JetStream says", what);
  message +=
      detail.empty() ? fmt::format(" error {}", code) : fmt::format(" {} ({})", detail, code);
  message += advice_of_api(code);
  return {fault_of_api(code), std::move(message), fmt::format("js_{}", code)};
}

}  // namespace cdviz::nats
