-- How many events came in when, and of what?
--
-- Counted in equal steps, at most 200, that begin at full multiples of the step since 1970. Steps without events have no row.
--
-- example: cdviz-collector query event-histogram --from 7d --step 6h
-- parameter from timestamptz = now() - interval '24 hours': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter step interval = interval '1 hour': Length of a step; made longer if there would be more than 200
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
-- column time timestamptz: Begin of the step
-- column subject text: What they are about
-- column n bigint (events): How many
select date_bin(greatest(:step, (:to - :from) / 200, interval '1 second'), time, timestamptz '1970-01-01 00:00Z') as time, subject, count(*) as n
from cdviz.event_details
where time >= :from and time <= :to
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
group by 1, 2
order by 1, 2
