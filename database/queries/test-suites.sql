-- How did the test suites do, day by day?
--
-- One row for each suite and day (UTC) with runs that finished.
--
-- example: cdviz-collector query test-suites --from 14d
-- parameter from timestamptz = now() - interval '14 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- column day timestamptz: The day (UTC)
-- column name text: The suite
-- column runs bigint (runs): Runs that finished
-- column success bigint (runs): With success
-- column pass_rate double precision (ratio): success / (success + failure + error); null: none of these
-- column p50_s double precision (seconds): Median duration
select date_trunc('day', finished_at at time zone 'UTC') at time zone 'UTC' as day, name, count(*) as runs, count(*) filter (where outcome = 'success') as success,
  count(*) filter (where outcome = 'success')::double precision / nullif(count(*) filter (where outcome in ('success', 'failure', 'error')), 0) as pass_rate,
  percentile_cont(0.5) within group (order by duration_s) as p50_s
from cdviz.test_suite_runs
where last_at >= :from and finished_at >= :from and finished_at <= :to and name is not null
group by 1, 2
order by 1, 2
