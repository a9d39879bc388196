-- Which types of events come, from whom?
--
-- Counted by day, so the days of both ends count whole. Empty: nothing was ever received.
--
-- example: cdviz-collector query event-types --from 7d
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- column subject text: What they are about
-- column source text: Who sends them
-- column n bigint (events): How many
-- column first_day timestamptz: First day within the time
-- column last_day timestamptz: Last day within the time
select subject, source, sum(n)::bigint as n, min(day) as first_day, max(day) as last_day
from cdviz.event_counts_daily
where day >= date_trunc('day', :from at time zone 'UTC') at time zone 'UTC' and day <= :to
group by subject, source
order by n desc, subject, source
