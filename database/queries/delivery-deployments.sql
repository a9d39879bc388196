-- Which deployments are behind the metrics, and why does each count?
--
-- The rows that "delivery" was computed from, newest first.
--
-- example: cdviz-collector query delivery-deployments --failed true --from 90d
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter tier text = 'production': Environments of this tier
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter team text[] = null: Only services of these teams; without it all
-- parameter kind text[] = null: Only these kinds: deploy, upgrade, rollback
-- parameter failed boolean = null: Only those that failed (true) or did not (false)
-- parameter unplanned boolean = null: Only rollbacks and hotfixes (true), or only the others (false)
-- parameter linked boolean = null: Only those that could be linked to a merged change (true), or could not (false)
-- parameter limit bigint = 500: At most so many rows (100,000 at most)
-- column at timestamptz: When
-- column environment_id text: The environment
-- column service_id text: The service
-- column team text: The team that owns it
-- column kind text: deploy, upgrade or rollback
-- column version text: What came
-- column change_id text: The change it was built from
-- column change_merged_at timestamptz: When that was merged; null: not linked
-- column lead_time_s double precision (seconds): From that merge to this deployment
-- column failed boolean: It failed
-- column failed_because text: Why it is said to have failed
-- column incident_id text: The incident that names it
-- column rolled_back_at timestamptz: When it was rolled back
-- column recovery_s double precision (seconds): How long the failure lasted
-- column unplanned boolean: A rollback or a hotfix
-- column unplanned_because text: Why it is said to be
-- column event_uid uuid: The event
select at, environment_id, service_id, team, kind, version, change_id, change_merged_at, lead_time_s, failed, failed_because, incident_id, rolled_back_at, recovery_s,
  unplanned, unplanned_because, event_uid
from cdviz.deployment_outcomes
where at >= :from and at < :to and environment_tier = :tier and (:environment is null or environment_id = any (:environment))
  and (:service is null or service_id = any (:service)) and (:team is null or team = any (:team))
  and (:kind is null or kind = any (:kind))
  and (:failed is null or failed = :failed) and (:unplanned is null or unplanned = :unplanned) and (:linked is null or (change_merged_at is not null) = :linked)
order by at desc, event_uid
limit least(:limit, 100000)
