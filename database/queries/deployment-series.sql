-- How often was something deployed, and where?
--
-- Changes of what runs, counted in steps for each environment, in the order of delivery. Steps without a change have no row.
--
-- example: cdviz-collector query deployment-series --from 30d --step 1d
-- parameter from timestamptz = now() - interval '30 days': Begin of the time, and of the first step
-- parameter to timestamptz = now(): End of the time
-- parameter step interval = interval '1 day': Length of a step; made longer if there would be more than 500
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- column time timestamptz: Begin of the step
-- column environment_id text: The environment
-- column environment_tier text: Its tier
-- column deployments bigint (deployments): Deployments and upgrades
-- column rollbacks bigint (deployments): Rollbacks
-- column removals bigint (deployments): Removals
-- column services bigint (services): Services that changed
select d.time, d.environment_id, d.environment_tier, d.deployments, d.rollbacks, d.removals, d.services
from (
  select date_bin(greatest(:step, (:to - :from) / 500, interval '1 second'), at, :from) as time, environment_id, environment_tier,
    count(*) filter (where kind not in ('rollback', 'remove')) as deployments, count(*) filter (where kind = 'rollback') as rollbacks,
    count(*) filter (where kind = 'remove') as removals, count(distinct service_id) as services
  from cdviz.deployments
  where at >= :from and at < :to and is_change
    and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
  group by 1, 2, 3) d
left join cdviz.environments e using (environment_id)
order by d.time, e.rank, d.environment_id
