-- Of what kinds are these events?
--
-- How often each value occurs among the newest 10,000 events that the filter leaves: the 50 most frequent values of subject, predicate,
-- source, environment, service, outcome, and valid (true: it keeps the rules of the specification).
--
-- example: cdviz-collector query event-facets --from 7d --q checkout
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
-- column facet text: subject, predicate, source, environment, service, outcome or valid
-- column value text: The value
-- column n bigint (events): Events that have it
-- column of_n bigint (events): Events that were looked at; 10,000: there may be more
with asked as (
  select subject, predicate, source, environment_id, service_id, outcome, violation_count, count(*) over () as of_n
  from (
    select * from cdviz.event_details
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
    order by time desc, event_uid desc
    limit 10000) newest),
counted as (
  select f.facet, f.value, count(*) as n, min(a.of_n) as of_n, row_number() over (partition by f.facet order by count(*) desc, f.value) as place
  from asked a
  cross join lateral (values
    ('subject', a.subject), ('predicate', a.predicate), ('source', a.source), ('environment', a.environment_id), ('service', a.service_id),
    ('outcome', a.outcome), ('valid', (a.violation_count = 0)::text)) f (facet, value)
  where f.value is not null
  group by f.facet, f.value)
select facet, value, n, of_n
from counted
where place <= 50
order by array_position('{subject,predicate,source,environment,service,outcome,valid}', facet), n desc, value
