-- How did one test case do, run by run?
--
-- Newest first, with the suite run that each belongs to and the code it ran on, as far as the events say (their chain).
--
-- example: cdviz-collector query test-case --id auth/unit/login-retry --from 30d
-- parameter id text: The test case, as the query "tests" gives it
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column name text: Its name
-- column run_id text: Id of the run
-- column state text: queued, running, finished, skipped or abandoned
-- column outcome text: success, failure, error, …
-- column reason text: Why, if the event says so
-- column severity text: low, medium, high or critical, if the event says so
-- column test_type text: unit, integration, e2e, …
-- column started_at timestamptz: When it started
-- column finished_at timestamptz: When it finished
-- column duration_s double precision (seconds): From started to finished
-- column environment_id text: Where it ran
-- column suite_name text: Name of the suite
-- column suite_run_id text: Id of its run
-- column suite_run_key uuid: The key of that run: --key of the query "run-tree"
-- column chain_id text: The chain: what it ran on
-- column uri text: Where it can be looked at
-- column source text: Where it is from
-- column run_key uuid: Its key
select r.name, r.run_id, r.state, r.outcome, r.reason, r.severity, r.test_type, r.started_at, r.finished_at, r.duration_s, r.environment_id,
  s.name as suite_name, s.run_id as suite_run_id, r.parent_key as suite_run_key, r.chain_id, r.uri, r.source, r.run_key
from cdviz.test_case_runs r
left join cdviz.test_suite_runs s on s.run_key = r.parent_key
where coalesce(r.definition_id, r.name) = :id and r.last_at >= :from and r.first_at <= :to
order by r.last_at desc, r.run_key
limit least(:limit, 100000)
