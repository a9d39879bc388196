-- How do runs develop: how many pass, how long do they take and wait?
--
-- Runs that finished, counted in steps. Steps in which none finished have no row.
--
-- example: cdviz-collector query run-series --from 14d --step 1d
-- example: cdviz-collector query run-series --kind testsuiterun --name checkout/integ --from 30d --step 1d
-- parameter kind text = 'pipelinerun': pipelinerun, taskrun, build, testsuiterun, testcaserun or deployment
-- parameter name text = null: Only of this name
-- parameter from timestamptz = now() - interval '7 days': Begin of the time, and of the first step
-- parameter to timestamptz = now(): End of the time
-- parameter step interval = interval '1 day': Length of a step; made longer if there would be more than 500
-- column time timestamptz: Begin of the step
-- column runs bigint (runs): Runs that finished
-- column success bigint (runs): With success
-- column failure bigint (runs): With failure
-- column error bigint (runs): With an error, which is no verdict
-- column cancelled bigint (runs): Cancelled
-- column pass_rate double precision (ratio): success / (success + failure + error), 0 to 1; null: none of these
-- column p50_s double precision (seconds): Median duration
-- column p95_s double precision (seconds): 95th percentile of the durations
-- column queue_p95_s double precision (seconds): 95th percentile of the time in the queue
select date_bin(greatest(:step, (:to - :from) / 500, interval '1 second'), finished_at, :from) as time, count(*) as runs,
  count(*) filter (where outcome = 'success') as success, count(*) filter (where outcome = 'failure') as failure,
  count(*) filter (where outcome = 'error') as error, count(*) filter (where outcome = 'cancel') as cancelled,
  count(*) filter (where outcome = 'success')::double precision / nullif(count(*) filter (where outcome in ('success', 'failure', 'error')), 0) as pass_rate,
  percentile_cont(0.5) within group (order by duration_s) as p50_s, percentile_cont(0.95) within group (order by duration_s) as p95_s,
  percentile_cont(0.95) within group (order by queue_s) as queue_p95_s
from cdviz.runs
where kind = :kind and last_at >= :from and finished_at >= :from and finished_at < :to and (:name is null or name = :name)
group by 1
order by 1
