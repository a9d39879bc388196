-- Which attempts to deploy were there, and what became of each?
--
-- Runs that deploy: deployment.* events, and pipelines that a rule takes for deployments. Newest first. With --failed true those
-- that went wrong, with --open true those that neither finished nor were given up (no event for 24 hours).
--
-- example: cdviz-collector query attempts --from 7d --failed true
-- example: cdviz-collector query attempts --open true
-- parameter from timestamptz = now() - interval '7 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter failed boolean = null: Only those that finished with another outcome than success (true), or with success (false)
-- parameter open boolean = null: Only those that are queued or running (true), or ended (false)
-- parameter limit bigint = 500: At most so many rows (100,000 at most)
-- column service_id text: The service
-- column team text: The team that owns it
-- column environment_id text: The environment
-- column environment_tier text: Its tier
-- column state text: queued, running, finished, skipped or abandoned
-- column outcome text: success, failure, error, cancel, …; null: not finished
-- column reason text: Why, if the event says so
-- column version text: What it was to deploy, if known
-- column artifact_id text: The same, by its id
-- column queued_at timestamptz: When it was queued
-- column started_at timestamptz: When it started
-- column finished_at timestamptz: When it finished
-- column name text: Name of the pipeline
-- column run_id text: Id of the run
-- column kind text: deployment, pipelinerun, taskrun or build
-- column run_key uuid: Key of the run: --key of the query "run-tree"
-- column uri text: Where it can be looked at
-- column source text: Who reported it
select service_id, team, environment_id, environment_tier, state, outcome, reason, version, artifact_id, queued_at, started_at, finished_at, name, run_id, kind, run_key, uri, source
from cdviz.deployment_attempts
where last_at >= :from and first_at <= :to
  and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
  and (:failed is null or (state = 'finished' and (outcome is distinct from 'success') = :failed)) and (:open is null or (state in ('queued', 'running')) = :open)
order by last_at desc, run_key
limit least(:limit, 100000)
