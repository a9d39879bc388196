-- Which changes reached production, and how long did each take?
--
-- Each change once, with the deployment that first brought it; the slowest first.
--
-- example: cdviz-collector query lead-times --from 30d --service checkout
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter tier text = 'production': The tier they reached
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter team text[] = null: Only services of these teams; without it all
-- parameter limit bigint = 500: At most so many rows (100,000 at most)
-- column change_id text: The change
-- column repository_id text: Its repository
-- column service_id text: The service that brought it
-- column environment_id text: Where it came first
-- column created_at timestamptz: When it was created
-- column merged_at timestamptz: When it was merged
-- column deployed_at timestamptz: When it was deployed
-- column version text: The version that carried it
-- column lead_time_s double precision (seconds): From merged to deployed; null: not merged before
-- column from_created_s double precision (seconds): From created to deployed
-- column event_uid uuid: The deployment
select change_id, repository_id, service_id, environment_id, created_at, merged_at, deployed_at, version, lead_time_s, from_created_s, event_uid
from cdviz.change_lead_times(:from, :to, :tier)
where (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service)) and (:team is null or team = any (:team))
order by lead_time_s desc nulls last, change_id
limit least(:limit, 100000)
