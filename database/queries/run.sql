-- What is known of one run?
--
-- By its key, as "runs" gives it. Its tasks or cases are the runs whose parent it is.
--
-- example: cdviz-collector query run --key 0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77
-- parameter key uuid: The run_key
-- column kind text: pipelinerun, taskrun, build, testsuiterun, testcaserun or deployment
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
-- column run_key uuid: Its key
-- column parent_key uuid: The key of the run it belongs to
select kind, name, run_id, state, outcome, reason, queued_at, started_at, finished_at, duration_s, queue_s, environment_id, uri, source, run_key, parent_key
from cdviz.runs
where run_key = :key
