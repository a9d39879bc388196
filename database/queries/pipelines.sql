-- Which pipelines fail or got slower?
--
-- Runs that finished within the time, by name, compared with the equally long time before; what needs attention first:
-- failing now, then slower by a quarter or more, then the rest. With --kind also task runs, builds and test suites.
--
-- example: cdviz-collector query pipelines --from 14d
-- example: cdviz-collector query pipelines --kind taskrun
-- parameter kind text = 'pipelinerun': pipelinerun, taskrun, build or testsuiterun
-- parameter from timestamptz = now() - interval '7 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter limit bigint = 200: At most so many rows (100,000 at most)
-- column name text: Name of the pipeline
-- column runs bigint (runs): Runs that finished
-- column pass_rate double precision (ratio): success / (success + failure + error), 0 to 1; null: none of these
-- column success bigint (runs): With success
-- column failure bigint (runs): With failure
-- column error bigint (runs): With an error, which is no verdict
-- column cancelled bigint (runs): Cancelled
-- column p50_s double precision (seconds): Median duration
-- column p95_s double precision (seconds): 95th percentile of the durations
-- column queue_p95_s double precision (seconds): 95th percentile of the time in the queue
-- column change double precision (ratio): Change of the median against the time before: 0.4 is 40 % slower
-- column last_outcome text: Outcome of the last
-- column last_finished_at timestamptz: When it finished
-- column failing_since timestamptz: First failure since the last success; null if the last did not fail
-- column open bigint (runs): Runs that are queued, running or stuck now
-- column stuck bigint (runs): Of them longer than 3 times the 95th percentile
-- column recent_outcomes text[]: Outcomes of the last 30, oldest first
-- column recent_durations_s double precision[] (seconds): Their durations
-- column recent_run_keys uuid[]: Their keys: --key of the query "run-tree"
select s.name, s.runs, s.pass_rate, s.success, s.failure, s.error, s.cancelled, s.p50_s, s.p95_s, s.queue_p95_s, s.change, s.last_outcome, s.last_finished_at,
  s.failing_since, coalesce(o.open, 0) as open, coalesce(o.stuck, 0) as stuck, s.recent_outcomes, s.recent_durations_s, s.recent_run_keys
from cdviz.run_summaries(:kind, :from, :to) s
left join (
  select name, count(*) filter (where state <> 'abandoned') as open, count(*) filter (where state = 'stuck') as stuck
  from cdviz.open_runs where kind = :kind group by name) o using (name)
order by s.failing_since is null, coalesce(s.change, 0) < 0.25, s.pass_rate nulls last, s.name
limit least(:limit, 100000)
