#include "postgres/fault.h"

#include <gtest/gtest.h>

namespace cdviz::postgres {
namespace {

TEST(Fault, ALostOrClosingConnectionIsRetriedOnANewOne) {
  for (const auto* code :
       {"", "08000", "08003", "08006", "08007", "57P01", "57P02", "57P03", "53100", "53200",
        "53300", "58000", "58030", "25006", "25P03", "XX000"}) {
    EXPECT_EQ(meaning_of(code).fault, Fault::retry) << code;
    EXPECT_TRUE(meaning_of(code).reconnect) << code;
  }
}

TEST(Fault, AConflictALockOrATimeoutIsRetriedOnTheSameConnection) {
  for (const auto* code : {"40001", "40P01", "55P03", "55000", "57014"}) {
    EXPECT_EQ(meaning_of(code).fault, Fault::retry) << code;
    EXPECT_FALSE(meaning_of(code).reconnect) << code;
  }
}

TEST(Fault, DataThatCannotBeStoredIsRejected) {
  for (const auto* code : {"22P05", "22P02", "22021", "22008", "22003", "22001", "22007", "23502",
                           "23514", "54001", "54000", "21000", "P0001"}) {
    EXPECT_EQ(fault_of(code), Fault::reject) << code;
    EXPECT_FALSE(meaning_of(code).duplicate) << code;
  }
}

TEST(Fault, AUniqueKeyThatIsThereIsADuplicate) {
  EXPECT_TRUE(meaning_of("23505").duplicate);
  EXPECT_EQ(fault_of("23505"), Fault::reject);
}

TEST(Fault, AWrongPasswordDatabaseSchemaOrGrantStops) {
  for (const auto* code :
       {"28000", "28P01", "3D000", "3F000", "42P01", "42703", "42501", "42883", "0A000"}) {
    EXPECT_EQ(fault_of(code), Fault::stop) << code;
  }
}

TEST(Fault, WhatIsNotKnownIsRetriedSinceWaitingLosesNothing) {
  EXPECT_EQ(fault_of("ZZ999"), Fault::retry);
  EXPECT_TRUE(meaning_of("ZZ999").reconnect);
}

}  // namespace
}  // namespace cdviz::postgres
