-- Which kinds of events were ever received?
--
-- Subject and predicate with the hour of the first and of the last. What is missing here was never received: a page that
-- needs it is empty for that reason.
--
-- example: cdviz-collector query event-kinds
-- column subject text: What they are about
-- column predicate text: What happened
-- column n bigint (events): How many
-- column first_at timestamptz: Hour of the first
-- column last_at timestamptz: Hour of the last
select subject, predicate, sum(n)::bigint as n, min(hour) as first_at, max(hour) as last_at
from cdviz.event_counts_hourly
group by subject, predicate
order by subject, predicate
