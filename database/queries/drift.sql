-- What is behind, and by how much?
--
-- Each service against the nearest environment before it that has the service; the largest delay first. What cannot be
-- compared (artifacts of different names) has no numbers.
--
-- example: cdviz-collector query drift --environment prod-eu
-- parameter at timestamptz = now(): The moment
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- column service_id text: The service
-- column team text: The team that owns it
-- column environment_id text: The environment
-- column version text: What runs there
-- column since timestamptz: Since when
-- column upstream_environment_id text: The environment that it is compared with
-- column upstream_version text: What runs there
-- column behind bigint (versions): Versions that are missing
-- column ahead bigint (versions): Versions that upstream does not have
-- column lag_s double precision (seconds): Since when the first missing one was there
select service_id, team, environment_id, version, since, upstream_environment_id, upstream_version, behind, ahead, lag_s
from cdviz.drift_at(:at)
where (behind > 0 or ahead > 0 or behind is null)
  and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
order by lag_s desc nulls last, service_id, environment_id
