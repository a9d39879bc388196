-- Which service delivers slower, or fails more, than the others?
--
-- The metrics of each service that was deployed within the time. Compare a service with its own past rather than with others.
--
-- example: cdviz-collector query delivery-by-service --from 30d
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter tier text = 'production': Environments of this tier
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter team text[] = null: Only services of these teams; without it all
-- column service_id text: The service
-- column team text: The team that owns it
-- column deployments bigint: Deployments that changed what runs, without rollbacks
-- column rollbacks bigint: Rollbacks
-- column lead_time_p50_s double precision (seconds): Change lead time: median from merge to production
-- column lead_time_changes bigint (changes): Changes that this rests on
-- column failed bigint (deployments): Deployments that failed
-- column change_fail_rate double precision (ratio): failed / deployments, 0 to 1
-- column recovery_p50_s double precision (seconds): Failed deployment recovery time: median
-- column unplanned bigint (deployments): Rollbacks and hotfixes
-- column rework_rate double precision (ratio): unplanned / (deployments + rollbacks), 0 to 1
with made as (
  select d.service_id, max(d.team) as team, count(*) filter (where d.kind <> 'rollback') as deployments, count(*) filter (where d.kind = 'rollback') as rollbacks,
    count(*) filter (where d.failed) as failed, percentile_cont(0.5) within group (order by d.recovery_s) filter (where d.failed) as recovery_p50_s,
    count(*) filter (where d.unplanned) as unplanned
  from cdviz.deployment_outcomes d
  where d.at >= :from and d.at < :to and d.environment_tier = :tier and (:environment is null or d.environment_id = any (:environment))
    and (:service is null or d.service_id = any (:service)) and (:team is null or d.team = any (:team))
  group by d.service_id),
led as (
  select c.service_id, percentile_cont(0.5) within group (order by c.lead_time_s) as p50, count(c.lead_time_s) as n
  from cdviz.change_lead_times(:from, :to, :tier) c
  where :environment is null or c.environment_id = any (:environment)
  group by c.service_id)
select m.service_id, m.team, m.deployments, m.rollbacks, l.p50 as lead_time_p50_s, coalesce(l.n, 0) as lead_time_changes, m.failed,
  m.failed::double precision / nullif(m.deployments, 0) as change_fail_rate, m.recovery_p50_s, m.unplanned,
  m.unplanned::double precision / nullif(m.deployments + m.rollbacks, 0) as rework_rate
from made m left join led l using (service_id)
order by m.deployments desc, m.service_id
