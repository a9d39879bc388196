-- What is queued, running or stuck right now?
--
-- The longest first. Stuck: three times as long as 95 % of the last 100 runs of that name. Abandoned runs (no event for 24
-- hours) are left out.
--
-- example: cdviz-collector query open-runs
-- parameter kind text = null: Only this kind: pipelinerun, taskrun, …
-- column kind text: Kind of the run
-- column name text: Its name
-- column run_id text: Its id
-- column state text: queued, running or stuck
-- column open_s double precision (seconds): How long it has been running, or waiting
-- column typical_p95_s double precision (seconds): How long 95 % of the last 100 took at most
-- column environment_id text: Where it runs, or deploys to
-- column uri text: Where it can be looked at
-- column source text: Where it is from
select kind, name, run_id, state, open_s, typical_p95_s, environment_id, uri, source
from cdviz.open_runs
where state <> 'abandoned' and (:kind is null or kind = :kind)
order by open_s desc, run_id
limit 1000
