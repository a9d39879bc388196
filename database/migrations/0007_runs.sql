-- A suite run belongs to the run that it names; flaky since when; headers that a source kept are notes that find fault with
-- nothing. What a function is for stands where it was made first.
set local role cdviz_owner;

-- ============ runs ============
create or replace function cdviz_store.fold_runs(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into run as r (kind, run_key, run_id, source, name, definition_id, parent_key, environment_id, environment_raw, service_id, service_raw,
    artifact_id, deploys, queued_at, started_at, finished_at, skipped_at, outcome, reason, severity, test_type, trigger_type, uri, chain_id, first_at, last_at)
  select kind, run_key, run_id, source, name, definition_id,
    -- All events of a run name the same parent: one key is made. If they do not, of all of them the greatest.
    case when parents is null then null when parents[1] = all (parents) then cdviz_store.key_of(parents[1])
         else (select max(cdviz_store.key_of(p)::text)::uuid from unnest(parents) p) end,
    coalesce(e.canonical, environment), case when e.canonical is not null then environment end,
    coalesce(s.canonical, service), case when s.canonical is not null then service end,
    artifact, kind = 'deployment' and environment is not null and service is not null,
    queued_at, started_at, finished_at, skipped_at,
    case when outcomes is null then null when cardinality(outcomes) = 1 then outcomes[1]
         else (select o.outcome from unnest(outcomes, finishes) as o (outcome, at) order by o.at desc, o.outcome desc nulls last limit 1) end,
    reason, severity, test_type, trigger_type, uri, chain_id, first_at, last_at
  from (
    select run_kind as kind, subject_key as run_key, min(id) as run_id, min(subject_source) as source,
      left(max(coalesce(content ->> 'pipelineName', content ->> 'taskName', content #>> '{testCase,name}', content #>> '{testSuite,name}',
                   content #>> '{testCase,id}', content #>> '{testSuite,id}', content ->> 'name')), 512) as name,
      max(cdviz_store.bounded(coalesce(content #>> '{testCase,id}', content #>> '{testSuite,id}'))) as definition_id,
      array_agg(case when content ? 'pipelineRun' then cdviz_store.subject_name('pipelinerun', content #>> '{pipelineRun,id}', coalesce(nullif(content #>> '{pipelineRun,source}', ''), subject_source))
                     when content ? 'testSuiteRun' then cdviz_store.subject_name('testsuiterun', content #>> '{testSuiteRun,id}', coalesce(nullif(content #>> '{testSuiteRun,source}', ''), subject_source))
                     -- CDEvents has no field for the run that a suite is part of
                     when custom ? 'taskRun' then cdviz_store.subject_name('taskrun', custom #>> '{taskRun,id}', coalesce(nullif(custom #>> '{taskRun,source}', ''), subject_source))
                     else cdviz_store.subject_name('pipelinerun', custom #>> '{pipelineRun,id}', coalesce(nullif(custom #>> '{pipelineRun,source}', ''), subject_source)) end)
        filter (where content ? 'pipelineRun' or content ? 'testSuiteRun' or (run_kind = 'testsuiterun' and (custom ? 'taskRun' or custom ? 'pipelineRun'))) as parents,
      max(environment) filter (where run_kind not in ('pipelinerun', 'taskrun')) as environment,
      max(case when run_kind = 'deployment' then coalesce(service, facts.name) end) as service,
      max(artifact_id) filter (where run_kind not in ('pipelinerun', 'taskrun')) as artifact,
      min(at) filter (where predicate = 'queued') as queued_at, min(at) filter (where predicate = 'started') as started_at,
      max(at) filter (where predicate = 'finished') as finished_at, max(at) filter (where predicate = 'skipped') as skipped_at,
      array_agg(cdviz_store.outcome(content ->> 'outcome')) filter (where predicate = 'finished') as outcomes, array_agg(at) filter (where predicate = 'finished') as finishes,
      max(left(coalesce(content ->> 'reason', content ->> 'errors'), 4096)) as reason, max(left(content ->> 'severity', 64)) as severity,
      max(left(content #>> '{testCase,type}', 64)) as test_type, max(left(content #>> '{trigger,type}', 64)) as trigger_type,
      max(left(coalesce(content ->> 'uri', content ->> 'url'), 2048)) as uri, max(chain_id) as chain_id, min(at) as first_at, max(at) as last_at
    from unnest(facts) as facts where run_kind is not null
    group by run_kind, subject_key offset 0) x
  cross join lateral (select (select environment_id from cdviz_store.environment_alias where alias = environment) as canonical) e
  cross join lateral (select (select service_id from cdviz_store.service_alias where alias = service) as canonical) s
  order by kind, run_key
  on conflict (kind, run_key) do update set
    run_id = least(r.run_id, excluded.run_id), source = least(r.source, excluded.source),
    name = greatest(r.name, excluded.name), definition_id = greatest(r.definition_id, excluded.definition_id), parent_key = greatest(r.parent_key, excluded.parent_key),
    environment_id = case when coalesce(excluded.environment_raw, excluded.environment_id) > coalesce(r.environment_raw, r.environment_id, '') then excluded.environment_id else r.environment_id end,
    environment_raw = case when coalesce(excluded.environment_raw, excluded.environment_id) > coalesce(r.environment_raw, r.environment_id, '') then excluded.environment_raw else r.environment_raw end,
    service_id = case when coalesce(excluded.service_raw, excluded.service_id) > coalesce(r.service_raw, r.service_id, '') then excluded.service_id else r.service_id end,
    service_raw = case when coalesce(excluded.service_raw, excluded.service_id) > coalesce(r.service_raw, r.service_id, '') then excluded.service_raw else r.service_raw end,
    artifact_id = greatest(r.artifact_id, excluded.artifact_id),
    deploys = case when r.kind = 'deployment' then coalesce(excluded.service_id, r.service_id) is not null and coalesce(excluded.environment_id, r.environment_id) is not null else r.deploys end,
    queued_at = least(r.queued_at, excluded.queued_at), started_at = least(r.started_at, excluded.started_at),
    outcome = case when r.finished_at is null or excluded.finished_at > r.finished_at then excluded.outcome
                   when excluded.finished_at = r.finished_at then greatest(r.outcome, excluded.outcome) else r.outcome end,
    finished_at = greatest(r.finished_at, excluded.finished_at), skipped_at = greatest(r.skipped_at, excluded.skipped_at),
    reason = greatest(r.reason, excluded.reason), severity = greatest(r.severity, excluded.severity),
    test_type = greatest(r.test_type, excluded.test_type), trigger_type = greatest(r.trigger_type, excluded.trigger_type),
    uri = greatest(r.uri, excluded.uri), chain_id = greatest(r.chain_id, excluded.chain_id),
    first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at);
end $$;

comment on column cdviz_store.run.parent_key is 'run_key of the pipeline run (of a task), of the suite run (of a test case), or of the run that a suite run names in customData.taskRun or customData.pipelineRun ({"id", "source"}); that run may not be known';

-- ============ tests ============
create or replace function cdviz.test_case_healths(since timestamptz, until timestamptz default now()) returns setof cdviz.test_case_health
language sql stable parallel safe rows 1000
begin atomic
  with ran as (
    select coalesce(r.definition_id, r.name) as case_id, r.name, r.outcome, r.outcome = 'success' as passed, r.finished_at, r.run_key, r.parent_key, r.chain_id,
      r.environment_id, r.test_type, extract(epoch from r.finished_at - r.started_at)::double precision as duration_s,
      lag(r.outcome = 'success') over latest_first as next_passed,
      row_number() over latest_first as back
    from cdviz_store.run r
    where r.kind = 'testcaserun' and r.last_at >= test_case_healths.since and r.finished_at >= test_case_healths.since and r.finished_at < test_case_healths.until
      and r.outcome in ('success', 'failure', 'error') and coalesce(r.definition_id, r.name) is not null
    window latest_first as (partition by coalesce(r.definition_id, r.name) order by r.finished_at desc, r.run_key desc)),
  mixed as (
    -- both outcomes on the same code: a chain is one change on its way
    select c.case_id, min(c.failed_at) as since
    from (select case_id, min(finished_at) filter (where not passed) as failed_at from ran where chain_id is not null
          group by case_id, chain_id having bool_or(passed) and bool_or(not passed)) c
    group by c.case_id),
  streak as (
    -- back to the first failure behind which 30 runs in a row never passed
    select f.case_id, min(f.finished_at) as since
    from (select case_id, finished_at, count(*) filter (where gap > 30) over (partition by case_id order by back) as breaks
          from (select case_id, finished_at, back, back - lag(back, 1, 0::bigint) over (partition by case_id order by back) as gap from ran where not passed) g) f
    where f.breaks = 0 group by f.case_id),
  summed as (
    select r.case_id, max(r.name) as name, count(*) as runs, count(*) filter (where not passed) as failures,
      count(*) filter (where back <= 30 and next_passed is not null and next_passed <> passed) as flips,
      count(*) filter (where back <= 3 and not passed) = 3 and bool_or(passed) as broken,
      min(finished_at) filter (where back <= 30 and not passed) as first_recent_failure_at, max(finished_at) filter (where passed) as last_passed_at,
      (array_agg(outcome order by back))[1] as last_outcome, max(finished_at) as last_finished_at,
      string_agg(case when passed then '.' else 'x' end, '' order by back desc) filter (where back <= 30) as history,
      percentile_cont(0.5) within group (order by duration_s) as p50,
      array_agg(distinct environment_id) filter (where environment_id is not null) as environments, max(test_type) as test_type
    from ran r group by r.case_id),
  judged as (
    select s.*, m.since as mixed_since, least(m.since, k.since) as flaky_since,
      case when s.broken then 'broken' when m.case_id is not null or s.flips >= 4 then 'flaky' when s.failures = s.runs then 'failing' else 'healthy' end as state
    from summed s left join mixed m using (case_id) left join streak k using (case_id)),
  wasted as (
    -- suite runs that failed through flaky cases only: their time is what flakiness costs
    select f.parent_key, array_agg(distinct f.case_id) as cases
    from ran f join judged j using (case_id)
    where not f.passed and f.parent_key is not null
    group by f.parent_key having bool_and(j.state = 'flaky')),
  cost as (
    select c.case_id, sum(extract(epoch from r.finished_at - r.started_at))::double precision as cost_s
    from wasted w cross join unnest(w.cases) as c (case_id)
    join cdviz_store.run r on r.kind = 'testsuiterun' and r.run_key = w.parent_key
    group by c.case_id)
  select j.case_id, j.name, j.state,
    case when j.state = 'broken' then 'the last 3 failed, and it passed before'
         when j.state = 'flaky' then case when j.mixed_since is not null then 'both outcomes on the same code' else 'by history' end
         when j.state = 'failing' then 'it never passed in this time' end,
    j.runs, j.failures, j.failures::double precision / j.runs, j.flips,
    case j.state when 'broken' then (select min(r.finished_at) from ran r where r.case_id = j.case_id and r.finished_at > j.last_passed_at)
                 when 'flaky' then j.flaky_since when 'failing' then j.first_recent_failure_at end,
    j.last_outcome, j.last_finished_at, j.history, j.p50, c.cost_s, j.environments, j.test_type
  from judged j left join cost c using (case_id);
end;

-- ============ what was noticed ============
comment on column cdviz_store.event.notes is 'What the collector found out about the event, null if nothing: {"violations": [{"pointer", "rule", "message"}], "normalised": ["id", "time", …], "original": "the text as it was received"}; and the headers that its source kept: {"headers": [["name", "value"]]}';

create or replace view cdviz.event_notes as
  select e.event_uid, e.time, e.source, e.event_id, e.subject, e.predicate, e.type_version,
    coalesce(jsonb_array_length(case when jsonb_typeof(e.notes -> 'violations') = 'array' then e.notes -> 'violations' end), 0) as violation_count,
    e.notes -> 'violations' as violations, e.notes -> 'normalised' as normalised
  from cdviz_store.event e
  where e.time > '-infinity' and e.notes is not null and e.notes - 'headers' <> '{}';
