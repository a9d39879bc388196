-- What do the events of a time consist of?
--
-- The most frequent values of each property of the events that "events" would list, at most 20 of each, with how many
-- events have it. Choosing one of them narrows the list.
--
-- example: cdviz-collector query event-facets --from 7d --subject pipelinerun
-- parameter from timestamptz = now() - interval '24 hours': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter subject text[] = null: Only these subjects: service, pipelinerun, …
-- parameter predicate text[] = null: Only these predicates: deployed, finished, …
-- parameter source text[] = null: Only these sources
-- parameter subject_id text = null: Only this subject
-- parameter q text = null: Only events whose ids or source contain this text, upper and lower case alike
-- column facet text: subject, predicate or source
-- column value text: One of its values
-- column n bigint (events): How many have it
select facet, value, n
from (
  select v.facet, v.value, count(*) as n, row_number() over (partition by v.facet order by count(*) desc, v.value) as place
  from cdviz.events e cross join lateral (values ('subject', e.subject), ('predicate', e.predicate), ('source', e.source)) v (facet, value)
  where e.time >= :from and e.time <= :to
    and (:subject is null or e.subject = any (:subject)) and (:predicate is null or e.predicate = any (:predicate)) and (:source is null or e.source = any (:source))
    and (:subject_id is null or (hashtextextended(e.subject_id, 0) = hashtextextended(:subject_id, 0) and e.subject_id = :subject_id))
    and (:q is null or position(lower(:q) in lower(e.subject_id || ' ' || e.event_id || ' ' || e.source || ' ' || coalesce(e.chain_id, ''))) > 0)
  group by v.facet, v.value) counted
where place <= 20
order by array_position('{subject,predicate,source}', facet), n desc, value
