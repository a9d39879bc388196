-- Where do tests fail?
--
-- One row for each environment that test cases name, with what ran there within the time: a test that fails in one place alone speaks of the place.
--
-- example: cdviz-collector query test-environments --from 30d
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- column environment_id text: Where; null: the events do not say
-- column cases bigint: Cases that finished there
-- column runs bigint (runs): Their runs
-- column failures bigint (runs): Of them failures and errors
-- column pass_rate double precision (ratio): success / (success + failure + error), 0 to 1
-- column failing_cases bigint: Cases that failed there at least once
-- column only_here text[]: Cases that failed there and passed wherever else they ran, those that fail most first; at most 20
-- column p50_s double precision (seconds): Median duration of a case
-- column last_finished_at timestamptz: When the last one finished
with ran as (
  select coalesce(definition_id, name) as case_id, environment_id, count(*) as runs, count(*) filter (where outcome <> 'success') as failures, max(finished_at) as last_at
  from cdviz.test_case_runs
  where last_at >= :from and finished_at >= :from and finished_at <= :to and outcome in ('success', 'failure', 'error') and coalesce(definition_id, name) is not null
  group by 1, 2),
judged as (
  select r.*, count(*) over (partition by case_id) as places, sum(failures) over (partition by case_id) - failures as failures_elsewhere from ran r),
took as (
  select environment_id, percentile_cont(0.5) within group (order by duration_s) as p50_s
  from cdviz.test_case_runs
  where last_at >= :from and finished_at >= :from and finished_at <= :to and outcome in ('success', 'failure', 'error')
  group by 1)
select j.environment_id, count(*)::bigint as cases, sum(j.runs)::bigint as runs, sum(j.failures)::bigint as failures,
  (sum(j.runs) - sum(j.failures))::double precision / sum(j.runs)::double precision as pass_rate, count(*) filter (where j.failures > 0) as failing_cases,
  coalesce((array_agg(j.case_id order by j.failures desc, j.case_id) filter (where j.failures > 0 and j.places > 1 and j.failures_elsewhere = 0))[:20], '{}') as only_here,
  max(t.p50_s) as p50_s, max(j.last_at) as last_finished_at
from judged j left join took t on t.environment_id is not distinct from j.environment_id
group by j.environment_id
order by pass_rate, j.environment_id nulls last
