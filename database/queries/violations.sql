-- Which events break a rule of the specification, or had to be mended?
--
-- Newest first. They are stored all the same.
--
-- example: cdviz-collector query violations --from 24h
-- parameter from timestamptz = now() - interval '7 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter source text[] = null: Only these sources
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column time timestamptz: When it happened
-- column source text: Who sent it
-- column event_id text: Its id
-- column subject text: What it is about
-- column predicate text: What happened
-- column violation_count integer: How many rules it breaks
-- column violations jsonb: Which: pointer, rule, message
-- column normalised jsonb: What was changed so that it fits
-- column event_uid uuid: Its key
select time, source, event_id, subject, predicate, violation_count, violations, normalised, event_uid
from cdviz.event_notes
where time >= :from and time <= :to and (:source is null or source = any (:source))
order by time desc, event_uid
limit least(:limit, 100000)
