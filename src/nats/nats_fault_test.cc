#include <gtest/gtest.h>

#include "nats/fault.h"

namespace cdviz::nats {
namespace {

TEST(NatsFault, WhatTheConfigurationGotWrongStops) {
  for (const auto status :
       {NATS_CONNECTION_AUTH_FAILED, NATS_NOT_PERMITTED, NATS_SSL_ERROR,
        NATS_SECURE_CONNECTION_REQUIRED, NATS_SECURE_CONNECTION_WANTED, NATS_INVALID_SUBJECT}) {
    EXPECT_EQ(fault_of(status), Fault::stop) << status;
  }
  for (const int code : std::initializer_list<int>{JSNotEnabledErr, JSNotEnabledForAccountErr,
                                                   JSStreamSealedErr, JSStreamNotMatchErr,
                                                   JSStreamSubjectOverlapErr, JSBadRequestErr}) {
    EXPECT_EQ(fault_of_api(code), Fault::stop) << code;
  }
}

TEST(NatsFault, AnEventThatIsTooLargeIsRejected) {
  EXPECT_EQ(fault_of(NATS_MAX_PAYLOAD), Fault::reject);
  EXPECT_EQ(fault_of_api(JSStreamMessageExceedsMaximumErr), Fault::reject);
}

TEST(NatsFault, WhatMayPassAndWhatIsUnknownIsTriedAgain) {
  for (const auto status :
       {NATS_NO_SERVER, NATS_TIMEOUT, NATS_NO_RESPONDERS, NATS_CONNECTION_CLOSED,
        NATS_STALE_CONNECTION, NATS_ERR, NATS_MISSED_HEARTBEAT}) {
    EXPECT_EQ(fault_of(status), Fault::retry) << status;
  }
  for (const int code :
       std::initializer_list<int>{JSStreamNotFoundErr, JSConsumerNotFoundErr, JSClusterNotAvailErr,
                                  JSStorageResourcesExceededErr, JSStreamStoreFailedErr,
                                  JSInsufficientResourcesErr, 19999}) {
    EXPECT_EQ(fault_of_api(code), Fault::retry) << code;
  }
}

TEST(NatsFault, AMessageSaysWhatHappenedAndTheFix) {
  const Error away = error_of(NATS_NO_SERVER, "cannot connect to NATS at h:1");
  EXPECT_EQ(away.code, "nats_6");
  EXPECT_TRUE(away.message.starts_with("cannot connect to NATS at h:1: ")) << away.message;
  const Error absent = error_of(JSStreamNotFoundErr, NATS_ERR, "stream \"S\"", "stream not found");
  EXPECT_EQ(absent.message,
            "stream \"S\": JetStream says stream not found (10059): make the stream, or set "
            "create_stream = true");
  EXPECT_EQ(absent.code, "js_10059");
}

}  // namespace
}  // namespace cdviz::nats
