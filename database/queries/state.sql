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
-- parameter problems boolean = false: Only services with a failed or stuck attempt, a rollback or an open incident somewhere
-- column service_id text: The service
-- column team text: The team that owns it, if configured
-- column environment_id text: The environment
-- column environment_tier text: development, test, staging, production or other
-- column environment_rank integer: Place of the environment in the order of delivery
-- column artifact_id text: What runs; null if the events do not say
-- column version text: Its version, as people call it
-- column since timestamptz: Since when
-- column age_s double precision (seconds): How long before the moment that was
-- column kind text: How it came: deploy (nothing ran before), upgrade or rollback
-- column previous_version text: What it replaced
-- column actor text: Who did it, if the event says so
-- column source text: Who reported it
-- column event_uid uuid: The event that reported it
-- column upstream_environment_id text: The environment that it is compared with
-- column upstream_version text: What ran there
-- column behind bigint (versions): Versions between this one and upstream; null if they cannot be compared
-- column ahead bigint (versions): Versions that upstream does not have: a hotfix
-- column lag_s double precision (seconds): Since when the first missing version was there
-- column attempt_state text: A later attempt to deploy that did not become this: running, queued, stuck, finished
-- column attempt_outcome text: Its outcome, once it has finished
-- column attempt_version text: What it wanted to deploy, if known
-- column attempt_at timestamptz: When it began
-- column attempt_uri text: Where it can be looked at
-- column incidents text[]: Incidents of this service here that were open
with cells as (
  select s.service_id, s.team, s.environment_id, s.environment_tier, s.environment_rank, s.artifact_id, s.version, s.since, s.age_s, s.kind,
    s.previous_version, s.actor, s.source, s.event_uid, d.upstream_environment_id, d.upstream_version, d.behind, d.ahead, d.lag_s,
    t.state as attempt_state, t.outcome as attempt_outcome, t.version as attempt_version, t.first_at as attempt_at, t.uri as attempt_uri,
    array(select i.incident_id from cdviz.incidents i
          where i.service_id = s.service_id and (i.environment_id = s.environment_id or i.environment_id is null)
            and i.first_at <= :at and coalesce(i.resolved_at, 'infinity') > :at
          order by i.first_at) as incidents
  from cdviz.environment_state_at(:at) s
  left join cdviz.drift_at(:at) d on d.environment_id = s.environment_id and d.service_id = s.service_id
  left join lateral (
    select case when a.finished_at > :at then 'running' else a.state end as state, case when a.finished_at <= :at then a.outcome end as outcome,
      a.version, a.first_at, a.uri
    from cdviz.deployment_attempts a
    where a.environment_id = s.environment_id and a.service_id = s.service_id and a.last_at > s.since and a.first_at <= :at
      and (a.finished_at is null or a.finished_at > :at or a.outcome <> 'success') and a.state <> 'abandoned'
    order by a.last_at desc limit 1) t on true
  where (:environment is null or s.environment_id = any (:environment)) and (:service is null or s.service_id = any (:service)))
select c.service_id, c.team, c.environment_id, c.environment_tier, c.environment_rank, c.artifact_id, c.version, c.since, c.age_s,
  c.kind, c.previous_version, c.actor, c.source, c.event_uid, c.upstream_environment_id, c.upstream_version, c.behind,
  c.ahead, c.lag_s, c.attempt_state, c.attempt_outcome, c.attempt_version, c.attempt_at, c.attempt_uri, c.incidents
from cells c
where (not :differs or c.service_id in (
    select service_id from cells group by service_id having count(distinct coalesce(version, artifact_id, '')) > 1))
  and (not :problems or c.service_id in (
    select service_id from cells where kind = 'rollback' or attempt_outcome is not null or attempt_state = 'stuck' or incidents <> '{}'))
order by c.service_id, c.environment_rank, c.environment_id
