// What a failure of librdkafka means for the one who called.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::kafka {

/// By the code alone: https://kafka.apache.org/protocol#protocol_error_codes, and librdkafka's own,
/// which are negative. What is not known is retried: waiting loses nothing.
/// @param code  an rd_kafka_resp_err_t
Fault fault_of(int code);

/// The code that says most. A broker that does not take our certificate, or misses one, tells so
/// after the handshake of TLS 1.3 only (https://www.rfc-editor.org/rfc/rfc8446#section-6.2), and
/// librdkafka then calls it a broken connection.
/// @param code    an rd_kafka_resp_err_t
/// @param reason  librdkafka's own text
int telling_code(int code, std::string_view reason);

/// @param code   an rd_kafka_resp_err_t
/// @param where  "Kafka at HOST:PORT", and the topic if it is about one
/// @param what   more than the code says; empty: what librdkafka has for the code
/// @returns an Error whose code is Kafka's name for it ("TOPIC_AUTHORIZATION_FAILED") and whose
/// message says what can be done about it
Error error_of(int code, std::string_view where, std::string_view what = {});

}  // namespace cdviz::kafka
