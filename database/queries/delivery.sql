-- How fast and how safely do we deliver, and is it better than before?
--
-- The five metrics of delivery in two rows: the time asked for, and the equally long time before it. Every number stands
-- beside what it was computed from; what is not known is null, never 0.
--
-- example: cdviz-collector query delivery --from 30d
-- example: cdviz-collector query delivery --service checkout --from 90d --format json
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter tier text = 'production': Environments of this tier
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter team text[] = null: Only services of these teams; without it all
-- column period text: asked or before
-- column since timestamptz: Begin of the period
-- column until timestamptz: Its end
-- column days double precision (days): Days of it that could be known: from the first event on
-- column deployments bigint: Deployments that changed what runs, without rollbacks; null: nothing can be known
-- column rollbacks bigint: Rollbacks
-- column deployments_per_day double precision (per day): Deployment frequency
-- column days_with_deployment bigint (days): Days with at least one
-- column lead_time_p50_s double precision (seconds): Change lead time: median from merge to production
-- column lead_time_p90_s double precision (seconds): 90th percentile of the same
-- column lead_time_changes bigint (changes): Changes that this rests on
-- column lead_time_linked bigint (deployments): Deployments that could be linked to a merged change
-- column lead_time_coverage double precision (ratio): Their share, 0 to 1
-- column failed bigint (deployments): Deployments that failed
-- column change_fail_rate double precision (ratio): failed / deployments, 0 to 1
-- column recovery_p50_s double precision (seconds): Failed deployment recovery time: median until the failure ended
-- column recovery_n bigint (deployments): Failed deployments that recovered
-- column unplanned bigint (deployments): Rollbacks and hotfixes
-- column rework_rate double precision (ratio): unplanned / (deployments + rollbacks), 0 to 1
select p.period, m.since, m.until, m.days, m.deployments, m.rollbacks, m.deployments_per_day, m.days_with_deployment, m.lead_time_p50_s, m.lead_time_p90_s, m.lead_time_changes,
  m.lead_time_linked, m.lead_time_coverage, m.failed, m.change_fail_rate, m.recovery_p50_s, m.recovery_n, m.unplanned, m.rework_rate
from (values ('asked', :from, :to), ('before', :from - (:to - :from), :from)) p (period, since, until)
cross join lateral cdviz.delivery_metrics(p.since, p.until, :tier, :environment, :service, :team) m
order by p.since desc
