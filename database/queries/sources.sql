-- Who sends events, and who went silent?
--
-- Silent: three times as long as at this moment of the last three weeks, and 15 minutes at least. The silent ones first.
--
-- example: cdviz-collector query sources
-- parameter quiet boolean = null: Only those that went silent (true), or did not (false)
-- column source text: Who
-- column events bigint (events): Events stored
-- column events_today bigint (events): Of them of today (UTC)
-- column first_event_at timestamptz: Time of the first
-- column last_event_at timestamptz: Time of the last
-- column silent_s double precision (seconds): How long ago that was
-- column usual_silence_s double precision (seconds): How long it is usually silent at this time of the week; null: not known so long
-- column quiet boolean: It went silent; null: what is usual is not known yet
-- column last_ingested_at timestamptz: When the last was stored
select s.source, s.events, coalesce(c.n, 0)::bigint as events_today, s.first_event_at, s.last_event_at, s.silent_s, s.usual_silence_s, s.quiet, s.last_ingested_at
from cdviz.sources s
left join (
  select source, sum(n) as n from cdviz.event_counts_daily where day >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' group by source) c using (source)
where :quiet is null or s.quiet = :quiet
order by s.quiet desc nulls last, s.last_event_at desc, s.source
limit 10000
