-- What happened in a run, and where did its time go?
--
-- The run and everything that belongs to it: tasks, builds, suites, cases, up to 5 levels down; in the order in which they began.
--
-- example: cdviz-collector query run-tree --key 0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77
-- parameter key uuid: Its run_key, as the query "runs" gives it
-- parameter limit bigint = 2000: At most so many rows (100,000 at most)
-- column depth integer: 0: the run itself, 1: what belongs to it, 2: what belongs to that, …
-- column kind text: pipelinerun, taskrun, build, testsuiterun, testcaserun, deployment, …
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
-- column service_id text: The service that it deploys
-- column artifact_id text: The artifact that it deploys or built
-- column uri text: Where it can be looked at
-- column source text: Where it is from
-- column chain_id text: The chain it belongs to
-- column run_key uuid: Its key
-- column parent_key uuid: The key of the run it belongs to
with recursive tree as (
  select 0 as depth, r.* from cdviz.runs r where r.run_key = :key
  union all
  -- the first levels only: whoever sends events may make runs each other's parents
  select t.depth + 1, r.* from tree t join cdviz.runs r on r.parent_key = t.run_key where t.depth < 5),
once as (
  select distinct on (run_key, kind) * from tree order by run_key, kind, depth)
select depth, kind, name, run_id, state, outcome, reason, queued_at, started_at, finished_at, duration_s, queue_s, environment_id, service_id, artifact_id, uri, source, chain_id,
  run_key, parent_key
from once
order by depth, coalesce(started_at, queued_at, first_at), run_key
limit least(:limit, 100000)
