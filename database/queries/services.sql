-- Which services are there, and whose are they?
--
-- All that events name or somebody configured.
--
-- example: cdviz-collector query services
-- column service_id text: The service
-- column label text: Name to show
-- column team text: The team that owns it
-- column labels jsonb: Labels, as configured
-- column repository_id text: The repository of its changes
-- column environments text[]: Where it runs now, in the order of delivery
-- column last_change_at timestamptz: When it last changed anywhere
-- column last_seen_at timestamptz: Last event that names it
select s.service_id, s.label, s.team, s.labels, s.repository_id, coalesce(r.environments, '{}') as environments, r.last_change_at, s.last_seen_at
from cdviz.services s
left join (
  select service_id, array_agg(environment_id order by environment_rank, environment_id) as environments, max(since) as last_change_at
  from cdviz.environment_state group by service_id) r using (service_id)
order by s.service_id
limit 100000
