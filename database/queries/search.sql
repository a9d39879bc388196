-- What is called like this?
--
-- Services, environments, artifacts, changes, incidents, pipelines and tests whose id or name contains the text, upper and lower
-- case alike; what begins with it first, at most 20 of each. Pipelines, tasks and suites are found by their name whenever they ran
-- (of the first 5,000 names), and by the id of a run of the last 30 days.
--
-- example: cdviz-collector query search --q checkout
-- parameter q text: The text
-- column what text: service, environment, artifact, change, incident, or the kind of a run
-- column id text: Its id: what "journey" and the others take; of a pipeline, task, build or suite its name, or the id of a run
-- column name text: Its name or version
-- column last_at timestamptz: When it was last heard of
-- column exact boolean: The id is this very text
with recursive asked as (select lower(:q) as q, '%' || replace(replace(replace(lower(:q), '\', '\\'), '%', '\%'), '_', '\_') || '%' as pattern),
names as (
  -- from one name to the next in the index: runs are many, their names few
  (select name, 1 as n from cdviz.runs where name is not null order by name limit 1)
  union all
  select (select r.name from cdviz.runs r where r.name > w.name order by r.name limit 1), w.n + 1 from names w where w.name is not null and w.n < 5000),
found as (
  (select 'service' as what, service_id as id, label as name, last_seen_at as last_at from cdviz.services, asked where lower(service_id || ' ' || label) like pattern order by last_at desc nulls last limit 20)
  union all
  (select 'environment', environment_id, label, last_seen_at from cdviz.environments, asked where lower(environment_id || ' ' || label) like pattern order by last_seen_at desc nulls last limit 20)
  union all
  (select 'artifact', artifact_id, version, last_seen_at from cdviz.artifacts, asked where lower(artifact_id || ' ' || version) like pattern order by last_seen_at desc limit 20)
  union all
  (select 'change', change_id, left(description, 200), last_at from cdviz.changes, asked where lower(change_id || ' ' || coalesce(description, '')) like pattern order by last_at desc limit 20)
  union all
  (select 'incident', incident_id, left(description, 200), last_at from cdviz.incidents, asked where lower(incident_id || ' ' || coalesce(description, '')) like pattern order by last_at desc limit 20)
  union all
  -- of a name its newest run says what it is
  (select r.kind, n.name, n.name, r.last_at from names n cross join asked
   cross join lateral (select kind, last_at from cdviz.runs x where x.name = n.name order by x.last_at desc limit 1) r
   where lower(n.name) like pattern and r.kind in ('pipelinerun', 'taskrun', 'build', 'testsuiterun')
   order by r.last_at desc limit 20)
  union all
  (select kind, run_id, name, last_at from cdviz.runs, asked
   where kind in ('pipelinerun', 'taskrun', 'build', 'testsuiterun') and last_at > now() - interval '30 days' and lower(run_id) like pattern
   order by last_at desc limit 20))
select f.what, f.id, f.name, f.last_at, lower(f.id) = a.q as exact
from found f cross join asked a
order by exact desc, position(a.q in lower(f.id)) = 1 desc, f.last_at desc nulls last, f.what, f.id
limit 100
