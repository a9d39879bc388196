-- How often is there an incident, and how long does it last?
--
-- Incidents by the step in which they began. Steps in which none began have no row.
--
-- example: cdviz-collector query incident-series --from 90d --step 7d
-- parameter from timestamptz = now() - interval '90 days': Begin of the time, and of the first step
-- parameter to timestamptz = now(): End of the time
-- parameter step interval = interval '7 days': Length of a step; made longer if there would be more than 500
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- column time timestamptz: Begin of the step
-- column incidents bigint (incidents): Incidents that began
-- column resolved bigint (incidents): Of them resolved by now
-- column restore_p50_s double precision (seconds): Median time to restore of those
-- column restore_max_s double precision (seconds): The longest
select date_bin(greatest(:step, (:to - :from) / 500, interval '1 second'), began_at, :from) as time, count(*) as incidents,
  count(*) filter (where not open) as resolved, percentile_cont(0.5) within group (order by time_to_restore_s) as restore_p50_s,
  max(time_to_restore_s) as restore_max_s
from cdviz.incidents
where began_at >= :from and began_at < :to
  and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
group by 1
order by 1
