// cdviz_store.ingest, the only way into the lake, against a real PostgreSQL.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "postgres/connection.h"
#include "postgres/testing/server.h"

namespace cdviz::postgres {
namespace {

using testing::Server;

struct Given {
  std::string id = "1";
  std::string source = "/ci";
  std::string type = "dev.cdevents.service.deployed.0.2.0";
  std::string time = "2026-03-01T12:00:00Z";
  std::string subject = R"({"id":"svc-1","source":"/cluster","content":{}})";
  std::string custom = "1";
};

std::string json(const Given& given) {
  return fmt::format(
      R"({{"context":{{"id":"{}","source":"{}","type":"{}","timestamp":"{}","chainId":"c"}},"subject":{},"customData":{}}})",
      given.id, given.source, given.type, given.time, given.subject, given.custom);
}

struct Stored {
  std::int64_t inserted;
  std::int64_t duplicates;
  bool operator==(const Stored&) const = default;
};

Result<Stored> ingest(Connection& connection, const std::vector<std::string>& events) {
  JsonArray array;
  for (const auto& event : events) array.add(event);
  const std::array parameters{Parameter::json_array(array.bytes())};
  const auto rows =
      connection.execute("select inserted, duplicates from cdviz_store.ingest($1)", parameters);
  if (!rows) return rows.error();
  return Stored{rows.value().integer(0, 0), rows.value().integer(0, 1)};
}

class IngestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    database = Server::shared().new_migrated_database();
    db.emplace(connect());
  }
  Connection connect() const {
    auto connection = Connection::open({.url = Server::shared().url(database)});
    EXPECT_TRUE(connection) << connection.error().message;
    return std::move(connection.value());
  }
  std::string ask(const std::string& sql) {
    const auto rows = db->execute(sql);
    if (!rows) return rows.error().message;
    return rows.value().size() == 0 ? "" : std::string(rows.value().text(0, 0));
  }
  Stored store(const std::vector<std::string>& events) {
    const auto stored = ingest(*db, events);
    EXPECT_TRUE(stored) << stored.error().code << " " << stored.error().message;
    return stored ? stored.value() : Stored{-1, -1};
  }
  // All that can differ in what is stored; not when and in which order.
  std::string fingerprint() {
    return ask(
        "select count(*) || ' ' || md5(string_agg((e.event_uid, time, subject, predicate, "
        "type_version, source, "
        "event_id, subject_source, subject_id, subject_key, chain_id, payload)::text, ',' order by "
        "e.event_uid, time)) "
        "from cdviz_store.event e");
  }
  std::string database;
  std::optional<Connection> db;
};

TEST_F(IngestTest, AnEventIsStoredWithItsPartsAndItsWholePayload) {
  EXPECT_EQ(store({json({.id = "a-1"})}), (Stored{1, 0}));
  EXPECT_EQ(ask("select concat_ws('|', time, subject, predicate, type_version, source, event_id, "
                "subject_source, "
                "subject_id, chain_id) from cdviz.events"),
            "2026-03-01 12:00:00+00|service|deployed|0.2.0|/ci|a-1|/cluster|svc-1|c");
  EXPECT_EQ(ask("select payload = '" + json({.id = "a-1"}) + "'::jsonb from cdviz.events_raw"),
            "t");
  EXPECT_EQ(
      ask(R"(select event_uid = encode(substring(sha256('/ci'::bytea || '\x1f'::bytea || 'a-1'::bytea) for 16), 'hex')::uuid from cdviz.events)"),
      "t");
}

TEST_F(IngestTest, TheChainIsReadAsEvents040SpellItToo) {
  std::string event = json({.id = "a-1"});
  event.replace(event.find("chainId"), 7, "chain_id");
  EXPECT_EQ(store({event}), (Stored{1, 0}));
  EXPECT_EQ(ask("select chain_id from cdviz.events"), "c");
}

TEST_F(IngestTest, EveryMomentOfRfc3339IsStored) {
  const std::vector<std::pair<std::string, std::string>> moments = {
      {"2026-03-01T12:00:00Z", "2026-03-01 12:00:00+00"},
      {"2026-03-01t12:00:00z", "2026-03-01 12:00:00+00"},
      {"2026-03-01T12:00:00.5Z", "2026-03-01 12:00:00.5+00"},
      {"2026-03-01T12:00:00.123456789Z", "2026-03-01 12:00:00.123456+00"},
      {"2026-03-01T12:00:00.9999999Z", "2026-03-01 12:00:00.999999+00"},
      {"2026-03-01T12:00:00." + std::string(220, '9') + "Z", "2026-03-01 12:00:00.999999+00"},
      {"2026-03-01T12:00:00+02:00", "2026-03-01 10:00:00+00"},
      {"2026-03-01T12:00:00.25-00:00", "2026-03-01 12:00:00.25+00"},
      {"2026-03-01T12:00:00+23:59", "2026-02-28 12:01:00+00"},
      {"2026-03-01T12:00:00-23:59", "2026-03-02 11:59:00+00"},
      {"2016-12-31T23:59:60Z", "2017-01-01 00:00:00+00"},
      {"2016-12-31T15:59:60.5-08:00", "2017-01-01 00:00:00.5+00"},
      {"2024-02-29T00:00:00Z", "2024-02-29 00:00:00+00"},
      {"0001-01-01T00:00:00Z", "0001-01-01 00:00:00+00"},
      {"0001-01-01T00:00:00+23:59", "0001-12-31 00:01:00+00 BC"},
      {"1969-12-31T23:59:59Z", "1969-12-31 23:59:59+00"},
      {"9999-12-31T23:59:59.9999999Z", "9999-12-31 23:59:59.999999+00"},
      {"9999-12-31T23:59:60-23:59", "10000-01-01 23:59:00+00"},
  };
  for (const auto& [given, expected] : moments) {
    EXPECT_EQ(store({json({.id = given, .time = given})}), (Stored{1, 0})) << given;
    EXPECT_EQ(ask("select time from cdviz.events where event_id = '" + given + "'"), expected);
  }
}

TEST_F(IngestTest, WhatNamesNoMomentIsRefused) {
  for (const auto* time :
       {"0000-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z",
        "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00+01:60", "2026-03-01T12:00:00",
        "2026-03-01", "2026-03-01T12:00Z", "20260301T120000Z", "infinity", "now", "epoch", "",
        "2026-03-01T12:00:00.Z", "12026-03-01T12:00:00Z", "2026-03-01T12:00:00Z "}) {
    const auto refused = ingest(*db, {json({.time = time})});
    ASSERT_FALSE(refused) << time;
    EXPECT_EQ(refused.error().fault, Fault::reject) << time;
    EXPECT_TRUE(refused.error().code.starts_with("22")) << time << " " << refused.error().code;
  }
  EXPECT_EQ(ask("select count(*) from cdviz.events"), "0");
}

TEST_F(IngestTest, EveryTypeWithAVersionIsStored) {
  const std::vector<std::pair<std::string, std::string>> types = {
      {"dev.cdevents.pipelinerun.finished.0.1.1", "pipelinerun finished 0.1.1"},
      {"dev.cdevents.pipelineRun.Finished.0.4.0-draft", "pipelinerun finished 0.4.0-draft"},
      {"dev.cdevents.build.queued.0.1-draft+meta.7", "build queued 0.1-draft+meta.7"},
      {"dev.cdeventsx.mytool-resource.created.0.1.0", "mytool-resource created 0.1.0"},
      {"dev.cdevents.ticket.closed.1", "ticket closed 1"},
      {"com.example.probes.ping.0.1.0", "com.example.probes ping 0.1.0"},
  };
  for (const auto& [type, expected] : types) {
    EXPECT_EQ(store({json({.id = type, .type = type})}), (Stored{1, 0})) << type;
    EXPECT_EQ(ask("select concat_ws(' ', subject, predicate, type_version) from cdviz.events where "
                  "event_id = '" +
                  type + "'"),
              expected);
  }
}

TEST_F(IngestTest, IdsMayBeAsLongAsTheCollectorTakesThem) {
  const std::string longest(2048, 'x');
  EXPECT_EQ(
      store({json({.id = longest,
                   .source = longest,
                   .subject = R"({"id":")" + longest + R"(","source":")" + longest + "\"}"})}),
      (Stored{1, 0}));
  EXPECT_EQ(store({json({.id = "日本語 🚀"})}), (Stored{1, 0}));
  EXPECT_EQ(ask("select count(*) from cdviz.events where event_id = '日本語 🚀'"), "1");
}

TEST_F(IngestTest, PoisonIsRefusedWithItsSqlstateAndNothingOfItsBatchIsStored) {
  struct Poison {
    const char* what;
    std::string event;
    const char* sqlstate;
  };
  const std::string too_long(2049, 'x');
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const Poison poisons[] = {
      {"a NUL", json({.custom = R"("\u0000")"}), "22P05"},
      {"a lone surrogate", json({.custom = R"("\ud83d")"}), "22P02"},
      {"bad UTF-8", json({.custom = "\"\xff\""}), "22021"},
      {"a number too large", json({.custom = "1e400000"}), "22003"},
      {"no JSON", "{", "22P02"},
      {"nested too deep", json({.custom = deep}), "54001"},
      {"an id too long", json({.id = too_long}), "22023"},
      {"a source too long", json({.source = too_long}), "22023"},
      {"a subject's id too long", json({.subject = R"({"id":")" + too_long + "\"}"}), "22023"},
      {"no id", json({.id = ""}), "22023"},
      {"no source", json({.source = ""}), "22023"},
      {"no subject", json({.subject = "null"}), "22023"},
      {"a subject that is a text", json({.subject = "\"x\""}), "22023"},
      {"not a type", json({.type = "com.example.thing"}), "22023"},
      {"a type without a version", json({.type = "dev.cdevents.service.deployed"}), "22023"},
      {"no timestamp",
       R"({"context":{"id":"1","source":"/","type":"dev.cdevents.a.b.1"},"subject":{"id":"1"}})",
       "22007"},
      {"an array", "[1]", "22023"},
      {"null", "null", "22023"},
  };
  for (const Poison& poison : poisons) {
    const auto refused = ingest(*db, {json({.id = "good"}), poison.event});
    ASSERT_FALSE(refused) << poison.what;
    EXPECT_EQ(refused.error().fault, Fault::reject) << poison.what;
    EXPECT_EQ(refused.error().code, poison.sqlstate)
        << poison.what << ": " << refused.error().message;
    EXPECT_TRUE(db->usable());
  }
  EXPECT_EQ(ask("select count(*) from cdviz.events"), "0");
}

TEST_F(IngestTest, WhatComesTwiceIsStoredOnce) {
  const auto a = json({.id = "a"});
  EXPECT_EQ(store({a, a, json({.id = "b"})}), (Stored{2, 1}));
  EXPECT_EQ(store({a, json({.id = "c"})}), (Stored{1, 1}));
  EXPECT_EQ(store({json({.id = "a", .custom = "\"changed\""})}), (Stored{0, 1}))
      << "the first wins";
  EXPECT_EQ(store({}), (Stored{0, 0}));
}

TEST_F(IngestTest, TheSameEventWithAnotherTimeIsADuplicateForAMonth) {
  EXPECT_EQ(store({json({.time = "2026-03-01T12:00:00Z"})}), (Stored{1, 0}));
  EXPECT_EQ(store({json({.time = "2026-03-01T12:00:01Z"})}), (Stored{0, 1}));
  EXPECT_EQ(store({json({.time = "2026-04-01T00:00:00Z"})}), (Stored{0, 1}))
      << "in another partition";
  EXPECT_EQ(store({json({.time = "2026-01-30T00:00:00Z"})}), (Stored{0, 1})) << "earlier";
  EXPECT_EQ(store({json({.time = "2026-05-01T00:00:00Z"})}), (Stored{1, 0}))
      << "the documented limit";
}

TEST_F(IngestTest, TwoEventsAreNeverTakenForOne) {
  EXPECT_EQ(store({json({.id = "x", .source = "/a"}), json({.id = "x", .source = "/b"}),
                   json({.id = "X", .source = "/a"}), json({.id = "bx", .source = "/"}),
                   json({.id = "x", .source = "/ b"})}),
            (Stored{5, 0}));
  // The separator of the key inside of its parts.
  EXPECT_EQ(
      store({json({.id = "b\\u001fc", .source = "a"}), json({.id = "c", .source = "a\\u001fb"}),
             json({.id = "c", .source = "a\\u001e\\u001fb"}),
             json({.id = "\\u001fc", .source = "a\\u001e"})}),
      (Stored{4, 0}));
}

TEST_F(IngestTest, BadClocksMakeFewPartitions) {
  std::vector<std::string> events;
  for (int year = 1; year < 2000; year += 111) {
    events.push_back(json(
        {.id = fmt::format("past {}", year), .time = fmt::format("{:04}-06-01T00:00:00Z", year)}));
  }
  for (int year = 2100; year < 10000; year += 111) {
    events.push_back(json({.id = fmt::format("future {}", year),
                           .time = fmt::format("{:04}-06-01T00:00:00Z", year)}));
  }
  const auto before =
      ask("select count(*) from pg_inherits where inhparent = 'cdviz_store.event'::regclass");
  EXPECT_EQ(store(events).inserted, static_cast<std::int64_t>(events.size()));
  EXPECT_EQ(ask("select count(*) from pg_inherits where inhparent = 'cdviz_store.event'::regclass"),
            before);

  const std::string far = ask("select to_char(now() + interval '3 years', 'YYYY')");
  events.clear();
  for (int month = 1; month <= 12; ++month) {
    events.push_back(json({.id = fmt::format("far {}", month),
                           .time = fmt::format("{}-{:02}-01T00:00:00Z", far, month)}));
  }
  EXPECT_EQ(store(events).inserted, 12);
  EXPECT_EQ(ask("select count(*) from cdviz_store.event_" + far), "12");
}

TEST_F(IngestTest, AYearThatWasMadeInAdvanceServesWhenItHasCome) {
  ASSERT_TRUE(
      db->execute("create table cdviz_store.event_2021 partition of cdviz_store.event "
                  "for values from ('2021-01-01 00:00+00') to ('2022-01-01 00:00+00')"));
  EXPECT_EQ(store({json({.time = "2021-07-01T00:00:00Z"})}), (Stored{1, 0}));
  EXPECT_EQ(ask("select tableoid::regclass from cdviz_store.event"), "cdviz_store.event_2021");
}

TEST_F(IngestTest, APartitionThatWasTakenAwayIsReportedAndNothingIsRejected) {
  store({json({.id = "a", .time = "2025-05-01T00:00:00Z"})});
  ASSERT_TRUE(
      db->execute("alter table cdviz_store.event detach partition cdviz_store.event_202505"));
  const auto failed = ingest(*db, {json({.id = "b", .time = "2025-05-02T00:00:00Z"})});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::retry);
  EXPECT_NE(failed.error().message.find("event_202505"), std::string::npos);
}

TEST_F(IngestTest, NeitherTimeZoneNorDateStyleChangesWhatIsStored) {
  ASSERT_TRUE(
      db->execute("set timezone = 'Asia/Kolkata'; set datestyle = 'German, DMY'; set intervalstyle "
                  "= 'sql_standard'"));
  EXPECT_EQ(store({json({.id = "a", .time = "2026-04-03T23:00:00Z"}),
                   json({.id = "b", .time = "2026-04-03T23:00:00.1234567-09:30"}),
                   json({.id = "c", .time = "2026-06-30T23:59:59+05:30"})}),
            (Stored{3, 0}));
  ASSERT_TRUE(db->execute("reset timezone; set timezone = 'UTC'; reset datestyle"));
  EXPECT_EQ(ask("select string_agg(time::text, ', ' order by event_id) from cdviz.events"),
            "2026-04-03 23:00:00+00, 2026-04-04 08:30:00.123456+00, 2026-06-30 18:29:59+00");
  EXPECT_EQ(ask("select pg_get_expr(relpartbound, oid) from pg_class where oid = "
                "'cdviz_store.event_202604'::regclass"),
            "FOR VALUES FROM ('2026-04-01 00:00:00+00') TO ('2026-05-01 00:00:00+00')");
}

// 120 events over three months, with equal times, two sources, all sorts of types.
std::vector<std::string> some_events() {
  std::vector<std::string> events;
  for (int i = 0; i < 120; ++i) {
    events.push_back(
        json({.id = fmt::format("e{}", i / 2),
              .source = i % 2 == 0 ? "/a" : "/b",
              .type = fmt::format("dev.cdevents.{}.0.{}.0",
                                  i % 3 == 0 ? "build.queued" : "service.deployed", i % 4),
              .time = fmt::format("2026-{:02}-28T12:00:{:02}{}", 1 + i % 3, i % 7,
                                  i % 5 == 0 ? "+01:00" : "Z"),
              .custom = std::to_string(i)}));
  }
  return events;
}

TEST_F(IngestTest, AnyOrderAnyRepetitionAndAnyBatchesGiveTheSameRows) {
  auto events = some_events();
  store(events);
  const std::string expected = fingerprint();
  EXPECT_TRUE(expected.starts_with("120 ")) << expected;
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    ASSERT_TRUE(db->execute("truncate cdviz_store.event"));
    std::shuffle(events.begin(), events.end(), random);
    std::int64_t inserted = 0;
    for (std::size_t at = 0; at < events.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 20, events.size() - at);
      std::vector<std::string> batch(events.begin() + static_cast<std::ptrdiff_t>(at),
                                     events.begin() + static_cast<std::ptrdiff_t>(at + size));
      for (std::size_t again = random() % 4; again > 0; --again)
        batch.push_back(events[random() % (at + size)]);
      inserted += store(batch).inserted;
      at += size;
    }
    EXPECT_EQ(inserted, 120);
    ASSERT_EQ(fingerprint(), expected) << "round " << round;
  }
}

TEST_F(IngestTest, EightWritersOfTheSameEventsNeitherDeadlockNorDouble) {
  const auto events = some_events();
  std::atomic<std::int64_t> inserted = 0;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> writers;
    for (unsigned seed = 0; seed < 8; ++seed) {
      writers.emplace_back([&, seed] {
        auto connection = connect();
        std::mt19937 random(seed);
        auto mine = events;  // all make the three partitions at once, too
        for (int round = 0; round < 5; ++round) {
          std::shuffle(mine.begin(), mine.end(), random);
          for (std::size_t at = 0; at < mine.size(); at += 15) {
            const auto stored =
                ingest(connection, {mine.begin() + static_cast<std::ptrdiff_t>(at),
                                    mine.begin() + static_cast<std::ptrdiff_t>(at + 15)});
            if (stored) {
              inserted += stored.value().inserted;
            } else {
              ++failures;
              ADD_FAILURE() << stored.error().code << " " << stored.error().message;
            }
          }
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(inserted, 120);
  const std::string concurrent = fingerprint();
  ASSERT_TRUE(db->execute("truncate cdviz_store.event"));
  store(events);
  EXPECT_EQ(fingerprint(), concurrent);
}

// The plan of the search for duplicates is kept from a moment when the partition was empty. With
// the index on time, which looks as cheap then, 50,000 events took minutes.
TEST_F(IngestTest, TheSearchForDuplicatesUsesThePrimaryKeyAlone) {
  for (int batch = 0; batch < 4; ++batch) {
    std::vector<std::string> events;
    for (int i = 0; i < 300; ++i) events.push_back(json({.id = fmt::format("{}-{}", batch, i)}));
    store(events);
    ASSERT_TRUE(db->execute("analyze cdviz_store.event"));
  }
  db.emplace(connect());  // the counters of a session that ended are there at once
  const auto scans = [&](const std::string& index) {
    return ask("select idx_scan from pg_stat_user_indexes where indexrelname = '" + index + "'");
  };
  for (int i = 0; i < 2000 && scans("event_202603_pkey") == "0"; ++i) std::this_thread::yield();
  EXPECT_NE(scans("event_202603_pkey"), "0");
  EXPECT_EQ(scans("event_202603_time_idx"), "0");
}

TEST_F(IngestTest, ReadersOfTheViewsUseTheIndexOnTime) {
  store({json({})});
  ASSERT_TRUE(db->execute("set enable_seqscan = off"));
  const auto plan = db->execute(
      "explain select * from cdviz.events where time >= '2026-03-01' and time < '2026-03-02' "
      "order by time desc limit 50");
  ASSERT_TRUE(plan);
  std::string text;
  for (std::size_t i = 0; i < plan.value().size(); ++i)
    text += std::string(plan.value().text(i, 0)) + "\n";
  EXPECT_NE(text.find("event_202603_time_idx"), std::string::npos) << text;
}

}  // namespace
}  // namespace cdviz::postgres
