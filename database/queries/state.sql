-- Which version of each service runs in each environment?
--
-- One row for each service in each environment, as it was at the moment asked for: who put it there, since when, what it
-- replaced, how far it is behind the environment before, what went wrong since, and which incidents were open.
--
-- example: cdviz-collector query state
-- example: cdviz-collector query state --at 2026-01-31T12:00:00Z --environment prod-eu --environment prod-us
-- parameter at timestamptz = now(): The moment
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter differs boolean = false: Only services of which not every environment has the same version
-- parameter problems boolean = false: Only services with a failed attempt, a rollback or an open incident somewhere
-- parameter removed boolean = false: Also services that were removed, with what ran before as the previous version
-- column service_id text: The service
-- column team text: The team that owns it, if configured
-- column environment_id text: The environment
-- column environment_tier text: development, test, staging, production or other
-- column environment_rank integer: Place of the environment in the order of delivery
-- column artifact_id text: What runs; null if the events do not say
-- column version text: Its version, as people call it
-- column since timestamptz: Since when
-- column age_s double precision (seconds): How long before the moment that was
-- column kind text: How it came: deploy (nothing ran before), upgrade or rollback; remove: it runs no more
-- column previous_version text: What it replaced
-- column actor text: Who did it, if the event says so
-- column source text: Who reported it
-- column event_uid uuid: The event that reported it
-- column upstream_environment_id text: The environment that it is compared with
-- column upstream_version text: What ran there
-- column behind bigint (versions): Versions between this one and upstream; null if they cannot be compared
-- column ahead bigint (versions): Versions that upstream does not have: a hotfix
-- column lag_s double precision (seconds): Since when the first missing version was there
-- column attempt_state text: A later attempt to deploy that did not become this: queued, running or finished
-- column attempt_outcome text: Its outcome, once it has finished
-- column attempt_version text: What it wanted to deploy, if known
-- column attempt_at timestamptz: When it began
-- column attempt_uri text: Where it can be looked at
-- column incidents text[]: Incidents of this service here that were open
with cell as (
  select c.*,
    -- as windows that are left out when nobody asks: a CTE that is named three times is written down first
    case when :differs then min(coalesce(version, artifact_id, '')) over of_service <> max(coalesce(version, artifact_id, '')) over of_service else true end as chosen,
    case when :problems then bool_or(coalesce(kind = 'rollback' or attempt_outcome is not null or incidents <> '{}', false)) over of_service else true end as troubled
  from cdviz.state_at(:at, :service, :removed) c
  where :environment is null or environment_id = any (:environment)
  window of_service as (partition by service_id))
select service_id, team, environment_id, environment_tier, environment_rank, artifact_id, version, since, age_s, kind, previous_version, actor, source, event_uid,
  upstream_environment_id, upstream_version, behind, ahead, lag_s, attempt_state, attempt_outcome, attempt_version, attempt_at, attempt_uri, incidents
from cell
where chosen and troubled
order by service_id, environment_rank, environment_id
