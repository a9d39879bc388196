-- Which events came twice with different contents?
--
-- Two events with the same source and id must be the same event. The first counts; the other is kept aside.
--
-- example: cdviz-collector query conflicts
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column last_seen_at timestamptz: When it came last
-- column source text: Who sent it
-- column event_id text: The id that both have
-- column seen bigint: How often the other content came
-- column first_seen_at timestamptz: When it came first
-- column time timestamptz: Time of the event that counts
-- column event_uid uuid: The key that both have
select last_seen_at, source, event_id, seen, first_seen_at, time, event_uid
from cdviz.conflicts
order by last_seen_at desc, event_uid, digest
limit least(:limit, 100000)
