-- Which events came after one that I have seen?
--
-- The query "events" the other way round: oldest first, a page at a time. For the next page give the `time` and `event_uid` of
-- the last row as --after and --after-uid.
--
-- example: cdviz-collector query events-after --from 1h --limit 20
-- parameter from timestamptz = now() - interval '24 hours': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter subject text[] = null: Only these subjects: service, pipelinerun, …
-- parameter predicate text[] = null: Only these predicates: deployed, finished, …
-- parameter source text[] = null: Only these sources
-- parameter subject_id text = null: Only this subject
-- parameter environment text[] = null: Only events of these environments
-- parameter service text[] = null: Only events of these services
-- parameter outcome text[] = null: Only events with these outcomes: success, failure, error, cancel, skip
-- parameter valid boolean = null: Only events that keep the rules of the specification (true), or break one (false)
-- parameter q text = null: Only events whose ids or source contain this text, upper and lower case alike
-- parameter not_type text[] = null: None of these types: service.deployed, …
-- parameter not_subject text[] = null: None of these subjects
-- parameter not_predicate text[] = null: None of these predicates
-- parameter not_source text[] = null: None from these sources
-- parameter not_environment text[] = null: None of these environments
-- parameter not_service text[] = null: None of these services
-- parameter not_outcome text[] = null: None with these outcomes
-- parameter after timestamptz = '-infinity': Only what is younger than this
-- parameter after_uid uuid = '00000000-0000-0000-0000-000000000000': At that very time only higher event_uids
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column time timestamptz: When it happened
-- column subject text: Its subject
-- column predicate text: What happened to it
-- column type_version text: Version of its type
-- column subject_id text: Which one
-- column source text: Who says so
-- column event_id text: Its id
-- column chain_id text: The chain it belongs to
-- column environment_id text: The environment that it names, or that its run deploys to
-- column service_id text: The service that it names, or that its run deploys
-- column name text: Name of the pipeline, task, suite or case
-- column deployment_kind text: deploy, upgrade, rollback, redeploy or remove, if it tells of one
-- column version text: Version that it deployed
-- column outcome text: success, failure, error, cancel, skip, …, if it says so
-- column reason text: Why, or what it describes
-- column uri text: Where it can be looked at
-- column violation_count integer (rules): Rules of the specification that it breaks
-- column late_s double precision (seconds): How long after it happened it was stored; negative: a clock is wrong
-- column event_uid uuid: Its key
select time, subject, predicate, type_version, subject_id, source, event_id, chain_id, environment_id, service_id, name, deployment_kind, version, outcome, reason, uri,
  violation_count, extract(epoch from ingested_at - time)::double precision as late_s, event_uid
from cdviz.event_details
where time >= :from and time <= :to
  and time >= :after and (time, event_uid) > (:after, :after_uid)
  and (:subject is null or subject = any (:subject)) and (:predicate is null or predicate = any (:predicate)) and (:source is null or source = any (:source))
  and (:subject_id is null or (hashtextextended(subject_id, 0) = hashtextextended(:subject_id, 0) and subject_id = :subject_id))
  and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
  and (:outcome is null or outcome = any (:outcome)) and (:valid is null or (violation_count = 0) = :valid)
  and (:q is null or position(lower(:q) in lower(subject_id || ' ' || event_id || ' ' || source || ' ' || coalesce(chain_id, ''))) > 0)
  and (:not_type is null or subject || '.' || predicate <> all (:not_type)) and (:not_subject is null or subject <> all (:not_subject))
  and (:not_predicate is null or predicate <> all (:not_predicate)) and (:not_source is null or source <> all (:not_source))
  and (:not_environment is null or environment_id is null or environment_id <> all (:not_environment))
  and (:not_service is null or service_id is null or service_id <> all (:not_service))
  and (:not_outcome is null or outcome is null or outcome <> all (:not_outcome))
order by time, event_uid
limit least(:limit, 100000)
