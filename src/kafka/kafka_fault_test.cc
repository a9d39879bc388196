#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"

namespace cdviz::kafka {
namespace {

TEST(KafkaFault, BrokersThatAreAwayOrBusyAreTriedAgain) {
  for (const int code :
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
        RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__RESOLVE,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR_UNKNOWN}) {
    EXPECT_EQ(fault_of(code), Fault::retry) << code;
  }
}

TEST(KafkaFault, ARecordThatNoBrokerTakesIsRejected) {
  for (const int code : {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD,
                         RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE}) {
    EXPECT_EQ(fault_of(code), Fault::reject) << code;
  }
}

TEST(KafkaFault, WhatIsWrongWithUsStops) {
  for (const int code :
       {RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID}) {
    EXPECT_EQ(fault_of(code), Fault::stop) << code;
  }
}

TEST(KafkaFault, ACertificateThatTheBrokerDoesNotTakeIsNoBrokenConnection) {
  const auto text = [](int alert) {
    return "ssl://k1:9093/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad "
           "certificate: SSL alert number " +
           std::to_string(alert) + " (after 0ms in state APIVERSION_QUERY)";
  };
  for (const int alert : {42, 43, 44, 45, 46, 48, 49, 116}) {
    EXPECT_EQ(telling_code(RD_KAFKA_RESP_ERR__TRANSPORT, text(alert)), RD_KAFKA_RESP_ERR__SSL);
  }
  for (const int alert : {0, 10, 40, 80, 4200}) {
    EXPECT_EQ(telling_code(RD_KAFKA_RESP_ERR__TRANSPORT, text(alert)),
              RD_KAFKA_RESP_ERR__TRANSPORT);
  }
  EXPECT_EQ(telling_code(RD_KAFKA_RESP_ERR__TRANSPORT, "SSL alert number "),
            RD_KAFKA_RESP_ERR__TRANSPORT);
  EXPECT_EQ(telling_code(RD_KAFKA_RESP_ERR__RESOLVE, text(42)), RD_KAFKA_RESP_ERR__RESOLVE);
}

TEST(KafkaFault, ACodeThatNobodyKnowsIsTriedAgain) {
  EXPECT_EQ(fault_of(12'345), Fault::retry);
  EXPECT_EQ(fault_of(-12'345), Fault::retry);
}

TEST(KafkaFault, TheErrorNamesThePlaceTheCodeAndTheFix) {
  const Error error = error_of(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "Kafka at k1:9092, topic \"t\"");
  EXPECT_EQ(error.fault, Fault::stop);
  EXPECT_EQ(error.code, "_UNKNOWN_TOPIC");
  EXPECT_TRUE(error.message.starts_with("Kafka at k1:9092, topic \"t\": ")) << error.message;
  EXPECT_NE(error.message.find("create the topic"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace cdviz::kafka
