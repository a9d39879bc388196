-- Where does the lead time go?
--
-- The median of each leg from the first commit to production, in steps: each change counts in the step in which it reached the
-- tier. A leg that the events do not tell is null; a change that skipped the stage between has no such leg.
--
-- example: cdviz-collector query lead-time-legs --from 90d --step 7d
-- parameter from timestamptz = now() - interval '90 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter step interval = interval '7 days': Length of a step; made longer if there would be more than 500
-- parameter tier text = 'production': The tier that they reach
-- parameter stage text = 'staging': The tier before it
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter team text[] = null: Only services of these teams; without it all
-- column time timestamptz: Begin of the step
-- column changes bigint (changes): Changes that reached the tier
-- column to_merge_p50_s double precision (seconds): From created to merged
-- column to_publish_p50_s double precision (seconds): From merged to the publication of the artifact that carried it
-- column to_stage_p50_s double precision (seconds): From there to the first deployment of that artifact in the stage
-- column to_tier_p50_s double precision (seconds): From there to the deployment in the tier
-- column lead_time_p50_s double precision (seconds): From merged to the deployment in the tier
-- column lead_time_changes bigint (changes): Changes that this rests on
with led as (
  select date_bin(greatest(:step, (:to - :from) / 500, interval '1 second'), c.deployed_at, :from) as time, c.lead_time_s,
    c.created_at, c.merged_at, a.published_at, g.at as staged_at, c.deployed_at
  from cdviz.change_lead_times(:from, :to, :tier) c
  left join cdviz.artifacts a using (artifact_id)
  left join lateral (
    select min(d.at) as at from cdviz.deployments d
    where d.artifact_id = c.artifact_id and d.service_id = c.service_id and d.environment_tier = :stage and d.is_change and d.at <= c.deployed_at) g on true
  where (:environment is null or c.environment_id = any (:environment)) and (:service is null or c.service_id = any (:service)) and (:team is null or c.team = any (:team)))
select time, count(*) as changes,
  percentile_cont(0.5) within group (order by extract(epoch from merged_at - created_at)::double precision) as to_merge_p50_s,
  percentile_cont(0.5) within group (order by extract(epoch from published_at - merged_at)::double precision) as to_publish_p50_s,
  percentile_cont(0.5) within group (order by extract(epoch from staged_at - published_at)::double precision) as to_stage_p50_s,
  percentile_cont(0.5) within group (order by extract(epoch from deployed_at - staged_at)::double precision) as to_tier_p50_s,
  percentile_cont(0.5) within group (order by lead_time_s) as lead_time_p50_s, count(lead_time_s) as lead_time_changes
from led
group by time
order by time
