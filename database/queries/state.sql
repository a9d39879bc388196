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
  select service_id, team, environment_id, environment_tier, environment_rank, artifact_id, version, since, age_s, kind, previous_version, actor, source, event_uid,
    upstream_environment_id, upstream_version, behind, ahead, lag_s
  from cdviz.matrix_at(:at, :service)
  where :environment is null or environment_id = any (:environment)
  union all
  select r.service_id, r.team, r.environment_id, r.environment_tier, e.rank, null, null, r.at, extract(epoch from :at - r.at)::double precision, r.kind,
    r.previous_version, r.actor, r.source, r.event_uid, null, null, null, null, null
  from cdviz.removals_at(:at) r left join cdviz.environments e using (environment_id)
  where :removed and (:environment is null or r.environment_id = any (:environment)) and (:service is null or r.service_id = any (:service))),
-- Attempts that were under way: something was heard of them in the 24 hours before.
tried as materialized (
  select distinct on (a.environment_id, a.service_id) a.environment_id, a.service_id, case when a.started_at <= :at then 'running' else 'queued' end as state, null::text as outcome, a.version, a.first_at, a.uri, a.last_at
  from cdviz.deployment_attempts a
  where a.first_at <= :at and (a.finished_at is null or a.finished_at > :at) and a.state <> 'skipped'
    and (a.first_at > :at - interval '24 hours' or (a.started_at > :at - interval '24 hours' and a.started_at <= :at) or (a.last_at > :at - interval '24 hours' and a.last_at <= :at))
  order by a.environment_id, a.service_id, a.last_at desc),
hurt as materialized (
  select service_id, environment_id, first_at, incident_id from cdviz.incidents where first_at <= :at and coalesce(resolved_at, 'infinity') > :at),
known as (
  select s.*, x.state as attempt_state, x.outcome as attempt_outcome, x.version as attempt_version, x.first_at as attempt_at, x.uri as attempt_uri,
    case when s.service_id in (select service_id from hurt) then array(select i.incident_id from hurt i
          where i.service_id = s.service_id and (i.environment_id = s.environment_id or i.environment_id is null)
          order by i.first_at) else '{}' end as incidents
  from cell s
  left join tried t on t.environment_id = s.environment_id and t.service_id = s.service_id and t.last_at > s.since
  left join lateral (
    select 'finished' as state, a.outcome, a.version, a.first_at, a.uri, a.last_at
    from cdviz.deployment_attempts a
    where a.environment_id = s.environment_id and a.service_id = s.service_id and a.last_at > s.since and a.finished_at <= :at and a.outcome is distinct from 'success'
    order by a.last_at desc limit 1) f on true
  cross join lateral (
    select t.state, t.outcome, t.version, t.first_at, t.uri where f.last_at is null or t.last_at > f.last_at
    union all
    select f.state, f.outcome, f.version, f.first_at, f.uri where f.last_at is not null and (t.last_at > f.last_at) is not true) x)
select service_id, team, environment_id, environment_tier, environment_rank, artifact_id, version, since, age_s, kind, previous_version, actor, source, event_uid,
  upstream_environment_id, upstream_version, behind, ahead, lag_s, attempt_state, attempt_outcome, attempt_version, attempt_at, attempt_uri, incidents
from known
where (not :differs or service_id in (select service_id from known group by service_id having count(distinct coalesce(version, artifact_id, '')) > 1))
  and (not :problems or service_id in (select service_id from known where kind = 'rollback' or attempt_outcome is not null or incidents <> '{}'))
order by service_id, environment_rank, environment_id
