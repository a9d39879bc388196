-- What was stored since I asked last?
--
-- In the order in which it was stored, whenever it happened: for who follows the events. Give the `ingest_seq` of the last row
-- as --since. Transactions that run at the same time may become visible in another order than they were numbered: ask from some
-- thousand before, and tell by event_uid what you know already.
--
-- example: cdviz-collector query events-since --since 20000
-- parameter since bigint = 0: Only what was stored after the event with this ingest_seq
-- parameter subject text[] = null: Only these subjects: service, pipelinerun, …
-- parameter predicate text[] = null: Only these predicates: deployed, finished, …
-- parameter source text[] = null: Only these sources
-- parameter subject_id text = null: Only this subject
-- parameter environment text[] = null: Only events of these environments
-- parameter service text[] = null: Only events of these services
-- parameter outcome text[] = null: Only events with these outcomes: success, failure, error, cancel, skip
-- parameter valid boolean = null: Only events that keep the rules of the specification (true), or break one (false)
-- parameter q text = null: Only events whose ids or source contain this text, upper and lower case alike
-- parameter limit bigint = 500: At most so many rows (100,000 at most)
-- column ingest_seq bigint: Its place in the order of storing; gaps are normal
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
select ingest_seq, time, subject, predicate, type_version, subject_id, source, event_id, chain_id, environment_id, service_id, name, deployment_kind, version, outcome, reason, uri,
  violation_count, extract(epoch from ingested_at - time)::double precision as late_s, event_uid
from cdviz.event_details
where ingest_seq > :since
  and (:subject is null or subject = any (:subject)) and (:predicate is null or predicate = any (:predicate)) and (:source is null or source = any (:source))
  and (:subject_id is null or (hashtextextended(subject_id, 0) = hashtextextended(:subject_id, 0) and subject_id = :subject_id))
  and (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))
  and (:outcome is null or outcome = any (:outcome)) and (:valid is null or (violation_count = 0) = :valid)
  and (:q is null or position(lower(:q) in lower(subject_id || ' ' || event_id || ' ' || source || ' ' || coalesce(chain_id, ''))) > 0)
order by ingest_seq
limit least(:limit, 100000)
