#include "core/trace_context.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz {
namespace {

// The example of the specification, §3.2.
constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, OfTheSpecificationIsGood) {
  EXPECT_TRUE(is_traceparent(kParent));
  EXPECT_TRUE(is_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
}

TEST(Traceparent, WithAnythingWrongIsNotOne) {
  for (const std::string bad : {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
                                "00-4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7-01-----",
                                "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(is_traceparent(bad)) << bad;
  }
}

TEST(Tracestate, IsAListOfKeysAndValues) {
  EXPECT_TRUE(is_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"));
  EXPECT_TRUE(is_tracestate("fw529a3039@dt=x y , ,b=2"));
  EXPECT_FALSE(is_tracestate(""));
  EXPECT_FALSE(is_tracestate("rojo"));
  EXPECT_FALSE(is_tracestate("ROJO=1"));
  EXPECT_FALSE(is_tracestate("a=b=c"));
  EXPECT_FALSE(is_tracestate("a=\x01"));
  std::string many = "k0=v";
  for (int i = 1; i < 32; ++i) many += ",k" + std::to_string(i) + "=v";
  EXPECT_TRUE(is_tracestate(many));
  EXPECT_FALSE(is_tracestate(many + ",more=v"));
}

TEST(KeepTraceContext, TakesBothWhateverTheCaseOfTheirNames) {
  Headers kept;
  keep_trace_context({{"Tracestate", "a=1"}, {"TraceParent", kParent}, {"tracestate", "b=2"}},
                     kept);
  EXPECT_EQ(kept, (Headers{{"traceparent", kParent}, {"tracestate", "a=1,b=2"}}));
}

TEST(KeepTraceContext, TakesNothingWithoutOneGoodParent) {
  Headers kept;
  keep_trace_context({{"tracestate", "a=1"}}, kept);
  keep_trace_context({{"traceparent", "00-bad"}, {"tracestate", "a=1"}}, kept);
  keep_trace_context({{"traceparent", kParent}, {"traceparent", kParent}}, kept);
  EXPECT_TRUE(kept.empty());
  keep_trace_context({{"traceparent", kParent}, {"tracestate", "!"}}, kept);
  EXPECT_EQ(kept, (Headers{{"traceparent", kParent}}));
}

}  // namespace
}  // namespace cdviz
