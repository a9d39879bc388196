-- What is known of one incident?
--
-- By its id; more than one row if several sources have that id. Who may have caused it is in "incident-suspects".
--
-- example: cdviz-collector query incident --id INC-214
-- parameter id text: The incident
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
-- column source text: Where the incident is from
select i.incident_id, i.open, i.service_id, i.team, i.environment_id, i.began_at, i.resolved_at, i.time_to_restore_s, i.description, i.ticket_uri,
  s.service_id || coalesce(' ' || s.version, '') as suspect, s.because as suspect_because, s.deployed_at as suspect_deployed_at, i.source
from cdviz.incidents i
left join lateral (
  select * from cdviz.incident_suspects x where x.incident_id = i.incident_id and x.source = i.source order by x.suspicion, x.before_s limit 1) s on true
where i.incident_id = :id
order by i.open desc, i.began_at desc, i.source
