-- How do the delivery metrics develop?
--
-- The five metrics in steps; each change counts in the step of its deployment. Steps without a deployment have no row: there
-- is nothing to divide by.
--
-- example: cdviz-collector query delivery-series --from 90d --step 7d
-- parameter from timestamptz = now() - interval '90 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter step interval = interval '7 days': Length of a step
-- parameter tier text = 'production': Environments of this tier
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter team text[] = null: Only services of these teams; without it all
-- column time timestamptz: Begin of the step
-- column deployments bigint: Deployments that changed what runs, without rollbacks
-- column rollbacks bigint: Rollbacks
-- column deployments_per_day double precision (per day): Deployment frequency
-- column lead_time_p50_s double precision (seconds): Change lead time: median from merge to production
-- column lead_time_changes bigint (changes): Changes that this rests on
-- column failed bigint (deployments): Deployments that failed
-- column change_fail_rate double precision (ratio): failed / deployments, 0 to 1
-- column recovery_p50_s double precision (seconds): Failed deployment recovery time: median
-- column unplanned bigint (deployments): Rollbacks and hotfixes
-- column rework_rate double precision (ratio): unplanned / (deployments + rollbacks), 0 to 1
with step as (select greatest(:step, (:to - :from) / 500) as length),
made as (
  select date_bin(s.length, d.at, :from) as time, count(*) filter (where d.kind <> 'rollback') as deployments, count(*) filter (where d.kind = 'rollback') as rollbacks,
    count(*) filter (where d.failed) as failed, percentile_cont(0.5) within group (order by d.recovery_s) filter (where d.failed) as recovery_p50_s,
    count(*) filter (where d.unplanned) as unplanned
  from cdviz.deployment_outcomes d cross join step s
  where d.at >= :from and d.at < :to and d.environment_tier = :tier and (:environment is null or d.environment_id = any (:environment))
    and (:service is null or d.service_id = any (:service)) and (:team is null or d.team = any (:team))
  group by 1),
led as (
  select date_bin(s.length, c.deployed_at, :from) as time, percentile_cont(0.5) within group (order by c.lead_time_s) as p50, count(c.lead_time_s) as n
  from cdviz.change_lead_times(:from, :to, :tier) c cross join step s
  where (:environment is null or c.environment_id = any (:environment)) and (:service is null or c.service_id = any (:service)) and (:team is null or c.team = any (:team))
  group by 1)
select m.time, m.deployments, m.rollbacks, m.deployments / (extract(epoch from least(s.length, :to - m.time))::double precision / 86400) as deployments_per_day,
  l.p50 as lead_time_p50_s, coalesce(l.n, 0) as lead_time_changes, m.failed, m.failed::double precision / nullif(m.deployments, 0) as change_fail_rate,
  m.recovery_p50_s, m.unplanned, m.unplanned::double precision / nullif(m.deployments + m.rollbacks, 0) as rework_rate
from made m cross join step s left join led l using (time)
order by m.time
