#include "kafka/fault.h"

#include <charconv>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace cdviz::kafka {
namespace {

/// What a user can do about it; empty when there is nothing to say.
std::string_view advice_for(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      return ": check the options under sasl";
    case RD_KAFKA_RESP_ERR__SSL:
      return ": check the options under tls";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return ": the brokers' access control lists must allow it to this user";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return ": create the topic, or let the brokers do it (auto.create.topics.enable)";
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return ": two collectors have the same group.instance.id";
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return ": every member of the group must have the same partition.assignment.strategy";
    default:
      return "";
  }
}

}  // namespace

int telling_code(int code, std::string_view reason) {
  if (code != RD_KAFKA_RESP_ERR__TRANSPORT) return code;
  constexpr std::string_view kAlert = "SSL alert number ";
  const auto at = reason.find(kAlert);
  if (at == std::string_view::npos) return code;
  const std::string_view rest = reason.substr(at + kAlert.size());
  int alert = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), alert);
  // From bad_certificate to unknown_ca, access_denied, certificate_required.
  const bool about_certificates =
      (alert >= 42 && alert <= 46) || alert == 48 || alert == 49 || alert == 116;
  return about_certificates ? RD_KAFKA_RESP_ERR__SSL : code;
}

Fault fault_of(int code) {
  switch (code) {
    // The record: it would be refused tomorrow as well.
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return Fault::reject;
    // Us: who we are, what we may, what we asked for.
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
      return Fault::stop;
    default:
      return Fault::retry;
  }
}

Error error_of(int code, std::string_view where, std::string_view what) {
  const auto known = static_cast<rd_kafka_resp_err_t>(code);
  return {fault_of(code),
          fmt::format("{}: {}{}", where, what.empty() ? rd_kafka_err2str(known) : what,
                      advice_for(code)),
          rd_kafka_err2name(known)};
}

}  // namespace cdviz::kafka
