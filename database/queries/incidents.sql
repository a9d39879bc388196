-- Which incidents are open or were, and how long did they last?
--
-- Incidents that were open at some time between the two, open ones first, with the strongest suspect of each.
--
-- example: cdviz-collector query incidents --from 30d
-- example: cdviz-collector query incidents --open true
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter id text = null: Only this incident, whenever it was
-- parameter open boolean = null: Only those open now (true), or resolved (false)
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column incident_id text: The incident
-- column open boolean: It is not resolved
-- column service_id text: The service
-- column team text: The team that owns it
-- column environment_id text: The environment
-- column began_at timestamptz: When it began
-- column resolved_at timestamptz: When it was resolved
-- column time_to_restore_s double precision (seconds): How long it lasted; null: it still does
-- column description text: What it is about
-- column ticket_uri text: Its ticket
-- column suspect text: Service and version of the strongest suspect
-- column suspect_because text: Why it is suspected
-- column suspect_deployed_at timestamptz: When that was deployed
-- column ended_by text: Kind and version of the first deployment of that service there since it began: rollback 1.17.0
-- column ended_at timestamptz: When that was; it may have ended the incident or not
-- column suspect_event_uid uuid: The event of the suspect
-- column ended_event_uid uuid: The event of that deployment
-- column source text: Where the incident is from
select i.incident_id, i.open, i.service_id, i.team, i.environment_id, i.began_at, i.resolved_at, i.time_to_restore_s, i.description, i.ticket_uri,
  s.service_id || coalesce(' ' || s.version, '') as suspect, s.because as suspect_because, s.deployed_at as suspect_deployed_at,
  e.kind || coalesce(' ' || e.version, '') as ended_by, e.at as ended_at, s.event_uid as suspect_event_uid, e.event_uid as ended_event_uid, i.source
from cdviz.incidents i
left join lateral (
  select * from cdviz.incident_suspects x where x.incident_id = i.incident_id and x.source = i.source order by x.suspicion, x.before_s limit 1) s on true
left join lateral (
  select d.kind, d.version, d.at, d.event_uid from cdviz.deployments d
  where d.environment_id = coalesce(i.environment_id, s.environment_id) and d.service_id = coalesce(i.service_id, s.service_id) and d.is_change
    and d.at > i.began_at and d.at <= coalesce(i.resolved_at, 'infinity')
  order by d.at, d.event_uid limit 1) e on true
where (:id is null or i.incident_id = :id) and (:id is not null or i.first_at <= :to) and (:id is not null or coalesce(i.resolved_at, 'infinity') >= :from)
  and (:open is null or i.open = :open) and (:environment is null or i.environment_id = any (:environment)) and (:service is null or i.service_id = any (:service))
order by i.open desc, i.began_at desc, i.incident_id
limit least(:limit, 100000)
