-- When was which incident open?
--
-- The query "incidents" without the suspects, for marks on an axis of time: incidents that were open at some time between the
-- two, oldest first.
--
-- example: cdviz-collector query incident-spans --from 30d --environment prod-eu
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter limit bigint = 1000: At most so many rows (100,000 at most)
-- column incident_id text: The incident
-- column service_id text: The service
-- column environment_id text: The environment
-- column began_at timestamptz: When it began
-- column resolved_at timestamptz: When it was resolved; null: it is open
-- column time_to_restore_s double precision (seconds): How long it lasted; null: it still does
-- column description text: What it is about
-- column source text: Where it is from
select incident_id, service_id, environment_id, began_at, resolved_at, time_to_restore_s, description, source
from cdviz.incidents
where first_at <= :to and coalesce(resolved_at, 'infinity') >= :from
  and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
order by began_at, incident_id, source
limit least(:limit, 100000)
