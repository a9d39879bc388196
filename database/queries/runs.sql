-- Which runs were there, how long did they take and wait?
--
-- Newest first.
--
-- example: cdviz-collector query runs --name checkout-ci --from 30d
-- example: cdviz-collector query runs --kind testcaserun --outcome failure --from 24h
-- parameter kind text = 'pipelinerun': pipelinerun, taskrun, build, testsuiterun, testcaserun or deployment
-- parameter name text = null: Only of this name
-- parameter outcome text[] = null: Only with these outcomes: success, failure, error, cancel, skip
-- parameter parent uuid = null: Only tasks of this pipeline run, or cases of this suite run (its run_key)
-- parameter from timestamptz = now() - interval '24 hours': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column name text: Name of the pipeline, task, suite or case
-- column run_id text: Id of the run
-- column state text: queued, running, finished, skipped or abandoned
-- column outcome text: success, failure, error, cancel, skip, …
-- column reason text: Why, if the event says so
-- column queued_at timestamptz: When it was queued
-- column started_at timestamptz: When it started
-- column finished_at timestamptz: When it finished
-- column duration_s double precision (seconds): From started to finished
-- column queue_s double precision (seconds): From queued to started
-- column environment_id text: Where it ran, or deploys to
-- column uri text: Where it can be looked at
-- column source text: Where it is from
-- column run_key uuid: Its key: --parent of its tasks or cases
-- column parent_key uuid: The key of the run it belongs to
select name, run_id, state, outcome, reason, queued_at, started_at, finished_at, duration_s, queue_s, environment_id, uri, source, run_key, parent_key
from cdviz.runs
where kind = :kind and (:name is null or name = :name) and (:outcome is null or outcome = any (:outcome))
  and (:parent is null or parent_key = :parent) and (:parent is not null or (last_at >= :from and first_at <= :to))
order by last_at desc, run_key
limit least(:limit, 100000)
