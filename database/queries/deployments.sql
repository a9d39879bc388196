-- What was deployed, by whom, and what did it replace?
--
-- Every change of what runs, newest first; with --all also reports that changed nothing. For the next page give the `at`
-- and `event_uid` of the last row as --before and --before-uid.
--
-- example: cdviz-collector query deployments --from 24h --environment prod-eu
-- parameter from timestamptz = now() - interval '7 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter kind text[] = null: Only these kinds: deploy, upgrade, rollback, remove, redeploy
-- parameter all boolean = false: Also what was there already
-- parameter before timestamptz = 'infinity': Only what is older than this
-- parameter before_uid uuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff': At that very time only lower event_uids
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column at timestamptz: When
-- column environment_id text: The environment
-- column environment_tier text: Its tier
-- column service_id text: The service
-- column team text: The team that owns it
-- column kind text: deploy, upgrade, rollback, redeploy or remove
-- column artifact_id text: What came
-- column version text: Its version
-- column previous_version text: What it replaced
-- column valid_to timestamptz: When the next change came; null: it runs still
-- column actor text: Who did it, if the event says so
-- column source text: Who reported it
-- column inferred boolean: No event says so: a rule took a pipeline for a deployment
-- column event_uid uuid: The event
select at, environment_id, environment_tier, service_id, team, kind, artifact_id, version, previous_version, valid_to, actor, source, inferred, event_uid
from (
  select * from cdviz.deployments
  where at >= :from and at <= :to and at <= :before and (at, event_uid) < (:before, :before_uid)
    and (:all or is_change or 'redeploy' = any (:kind)) and (:kind is null or kind = any (:kind))
    and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
  order by at desc, event_uid desc
  fetch first least(:limit, 100000) rows with ties) page
order by at desc, event_uid desc, environment_id, service_id
