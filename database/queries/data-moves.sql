-- Which answers that I kept are still right?
--
-- The row of the query "data-version", and what came since an event: one statement, so that both are of the same moment. Who
-- finds as many new events as `events` grew by knows what they were; who does not asks everything anew.
--
-- example: cdviz-collector query data-moves --since 1000
-- parameter since bigint = null: Only what was stored after the event with this ingest_seq; null: the newest 256
-- parameter limit bigint = 1000: At most so many events (10,000 at most)
-- column events bigint: Events that are stored; null: none ever was
-- column last_ingested_at timestamptz: When the last one was stored
-- column rebuilt_at timestamptz: When the last rebuild of the projections ended
-- column configuration text: A digest of the configuration of environments, services and deployments
-- column api_version integer: Version of the schema cdviz
-- column schema_version integer: Number of the last migration
-- column newest_seq bigint: ingest_seq of the newest event; null: there is none
-- column seqs text: ingest_seq of the events, in their order, separated by spaces; null: none
-- column families text: A letter for each of them: t for tests, o for services, artifacts, changes, incidents and the like, r for runs and all others
with newest as (select (select ingest_seq from cdviz.events order by ingest_seq desc limit 1) as seq),
came as (
  select e.ingest_seq,
    case when e.subject in ('testcaserun', 'testsuiterun', 'testcase', 'testsuite', 'testoutput') then 't'
         when e.subject in ('service', 'environment', 'artifact', 'change', 'repository', 'branch', 'incident', 'ticket', 'approval') then 'o'
         else 'r' end as family
  from cdviz.events e cross join newest n
  where e.ingest_seq > coalesce(:since, n.seq - 256)
  order by e.ingest_seq
  limit least(:limit, 10000))
select v.events, v.last_ingested_at, v.rebuilt_at, v.configuration, v.api_version, v.schema_version, n.seq as newest_seq,
  (select string_agg(c.ingest_seq::text, ' ' order by c.ingest_seq) from came c) as seqs,
  (select string_agg(c.family, '' order by c.ingest_seq) from came c) as families
from cdviz.data_version v cross join newest n
