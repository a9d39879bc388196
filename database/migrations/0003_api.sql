-- The public API, version 1: views and functions of the schema cdviz, read only.
--
-- Columns are only ever added, at the end; what breaks goes to a schema cdviz_v2 beside this one. Views run with the
-- rights of their owner, so readers need nothing in cdviz_store. Functions are one statement without SET, so that the
-- planner can inline them and a filter on their result reaches the tables. Their rows are views or composite types,
-- because those carry a comment for each column.
-- Durations are seconds, as double precision, in columns that end in _s. Unknown is null, never 0.
set local role cdviz_owner;

-- ============ names and ranks, used by all below ============
create view cdviz_store.named_artifact as
  select artifact_id, base_id, change_id, change_source, published_at, ranked_at, known_as as version from cdviz_store.artifact;
create index incident_artifact_idx on cdviz_store.incident (artifact_id, first_at) where artifact_id is not null;

-- The change that an artifact was built from: by id, of the source it names if it names one.
create view cdviz_store.artifact_change as
  select a.artifact_id, c.change_key, c.change_id, c.source, c.repository_id, c.created_at, c.merged_at
  from cdviz_store.artifact a
  cross join lateral (
    select * from cdviz_store.change x where x.change_id = a.change_id
    order by x.source = a.change_source desc nulls last, x.merged_at nulls last, x.change_key limit 1) c;

-- Order and tier of environments, worked out once for a query and not for each of its rows. `before`: those of a lower
-- rank and another tier. Regions of one tier do not wait for each other, and what is in tier other is in no order.
-- DISTINCT, though each is there once: so the planner knows it, and leaves out a join that nobody asks a column of.
create view cdviz_store.environment_place as
  with place as materialized (select environment_id, tier, rank from cdviz_store.environment_known),
  ordered as materialized (
    select v.environment_id, v.tier, v.rank,
      array(select e.environment_id from place e where e.rank < v.rank and e.tier <> v.tier and v.tier <> 'other') as before
    from place v)
  select distinct on (environment_id) environment_id, tier, rank, before from ordered;

-- ============ things ============
create view cdviz.environments as
  select environment_id, label, tier, rank, configured, aliases, name, uri, created_at, modified_at, deleted_at, first_seen_at, last_seen_at
  from cdviz_store.environment_known;

create view cdviz.services as
  select service_id, label, team, labels, repository_id, configured, aliases, published_at, first_seen_at, last_seen_at
  from cdviz_store.service_known;

create view cdviz.artifacts as
  select a.artifact_id, a.base_id, n.version, n.ranked_at, a.purl_type, a.namespace, a.name, a.version as purl_version, a.tag, a.repository_url,
    a.packaged_at, a.signed_at, a.published_at, a.deleted_at, a.downloaded_at, a.change_id, a.change_source, a.sbom_uri, a.signature,
    a.published_by, a.chain_id, a.first_seen_at, a.last_seen_at
  from cdviz_store.artifact a join cdviz_store.named_artifact n using (artifact_id);

create view cdviz.changes as
  select change_id, source, repository_id,
    case when merged_at is not null then 'merged' when abandoned_at is not null then 'abandoned'
         when first_reviewed_at is not null then 'in review' else 'open' end as state,
    description, author, uri, created_at, first_reviewed_at, updated_at, merged_at, abandoned_at,
    extract(epoch from merged_at - created_at)::double precision as cycle_time_s, chain_id, first_at, last_at
  from cdviz_store.change;

create view cdviz.tickets as
  select ticket_id, source, closed_at is null as open, last_content ->> 'summary' as summary, last_content ->> 'ticketType' as ticket_type,
    last_content ->> 'priority' as priority, last_content ->> 'resolution' as resolution, uri, created_at, updated_at, closed_at,
    extract(epoch from closed_at - created_at)::double precision as time_to_close_s, chain_id, first_at, last_at
  from cdviz_store.ticket;

create view cdviz.approvals as
  select approval_id, source, closed_at is null as open, decision, status, requestor, responder, details_uri, target_uri,
    created_at, updated_at, closed_at, extract(epoch from closed_at - created_at)::double precision as time_to_close_s, chain_id, first_at, last_at
  from cdviz_store.approval;

create view cdviz.links as
  select from_type, from_id, kind, to_type, to_id, chain_id, first_at, last_at from cdviz_store.link;

create or replace view cdviz.events as
  select event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, chain_id, subject_key, ingest_seq
  from cdviz_store.event where time > '-infinity';
create or replace view cdviz.events_raw as
  select event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, chain_id, payload, subject_key, notes, ingest_seq
  from cdviz_store.event where time > '-infinity';

-- ============ what runs where ============
create view cdviz.deployments as
  select d.event_uid, d.at, d.environment_id, v.tier as environment_tier, d.service_id, s.team, d.kind, d.action,
    d.artifact_id, a.version, d.previous_artifact_id, p.version as previous_version, d.is_change, d.valid_to,
    d.source, d.actor, d.chain_id, d.inferred, d.run_kind
  from cdviz_store.deployment d
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = d.artifact_id
  left join cdviz_store.named_artifact p on p.artifact_id = d.previous_artifact_id;

create view cdviz.environment_state as
  select e.environment_id, v.tier as environment_tier, v.rank as environment_rank, e.service_id, s.team, e.artifact_id, a.version, e.since,
    extract(epoch from now() - e.since)::double precision as age_s, e.kind, e.previous_artifact_id, p.version as previous_version,
    e.event_uid, e.source, e.actor, e.inferred, e.last_event_at
  from cdviz_store.environment_state e
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = e.artifact_id
  left join cdviz_store.named_artifact p on p.artifact_id = e.previous_artifact_id
  where e.last_event_uid is not null and not e.removed;

create view cdviz.environment_state_history as
  select d.environment_id, v.tier as environment_tier, d.service_id, s.team, d.artifact_id, a.version, d.at as valid_from, d.valid_to,
    extract(epoch from coalesce(d.valid_to, now()) - d.at)::double precision as ran_s, d.kind, d.previous_artifact_id, p.version as previous_version,
    d.event_uid, d.source, d.actor, d.inferred
  from cdviz_store.deployment d
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = d.artifact_id
  left join cdviz_store.named_artifact p on p.artifact_id = d.previous_artifact_id
  where d.is_change and d.action <> 'removed';

-- The last change of each lane up to a moment: where nothing changed since, the lane's own row has it, else a probe of an
-- index finds it. The last report only if it is asked for.
create function cdviz.environment_state_at(at timestamptz) returns setof cdviz.environment_state
language sql stable parallel safe rows 1000
begin atomic
  select e.environment_id, v.tier, v.rank, e.service_id, s.team, c.artifact_id, a.version, c.at,
    extract(epoch from environment_state_at.at - c.at)::double precision, c.kind, c.previous_artifact_id, p.version,
    c.event_uid, c.source, c.actor, c.inferred,
    (select d.at from cdviz_store.deployment d
     where d.environment_id = e.environment_id and d.service_id = e.service_id and d.at <= environment_state_at.at
     order by d.at desc, d.event_uid desc limit 1)
  from cdviz_store.environment_state e
  cross join lateral (
    select e.artifact_id, e.since as at, e.kind, e.previous_artifact_id, e.event_uid, e.source, e.actor, e.inferred
    where e.since <= environment_state_at.at and not e.removed
    union all
    select d.artifact_id, d.at, d.kind, d.previous_artifact_id, d.event_uid, d.source, d.actor, d.inferred
    from (
      select * from cdviz_store.deployment d
      where e.since > environment_state_at.at
        and d.environment_id = e.environment_id and d.service_id = e.service_id and d.is_change and d.at <= environment_state_at.at
      order by d.at desc, d.event_uid desc limit 1) d
    where d.action <> 'removed') c
  left join cdviz_store.environment_place v on v.environment_id = e.environment_id
  left join cdviz_store.service_setting s on s.service_id = e.service_id
  left join cdviz_store.named_artifact a on a.artifact_id = c.artifact_id
  left join cdviz_store.named_artifact p on p.artifact_id = c.previous_artifact_id;
end;

-- The same for the lanes that became empty.
create function cdviz.removals_at(at timestamptz) returns setof cdviz.deployments
language sql stable parallel safe rows 10
begin atomic
  select d.*
  from cdviz_store.environment_state e
  cross join lateral (
    select l.event_uid, l.action from cdviz_store.deployment l
    where l.environment_id = e.environment_id and l.service_id = e.service_id and l.is_change and l.at <= removals_at.at
    order by l.at desc, l.event_uid desc limit 1) c
  join cdviz.deployments d on d.event_uid = c.event_uid and d.environment_id = e.environment_id and d.service_id = e.service_id
  where c.action = 'removed';
end;

create view cdviz.deployment_attempts as
  select r.run_id, r.source, r.kind, r.name, r.environment_id, v.tier as environment_tier, r.service_id, s.team, r.artifact_id, a.version,
    case when r.finished_at is not null then 'finished' when r.skipped_at is not null then 'skipped'
         when r.last_at < now() - interval '24 hours' then 'abandoned' when r.started_at is not null then 'running' else 'queued' end as state,
    r.outcome, r.reason, r.uri, r.queued_at, r.started_at, r.finished_at, r.chain_id, r.first_at, r.last_at, r.run_key
  from cdviz_store.run r
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = r.artifact_id
  where r.deploys and r.kind in ('deployment', 'pipelinerun', 'taskrun', 'build');  -- no other can be one: fewer partitions to look into

-- ============ differences ============
create type cdviz.matrix_cell as (
  service_id text, team text, environment_id text, environment_tier text, environment_rank integer, artifact_id text, version text,
  since timestamptz, age_s double precision, kind text, previous_artifact_id text, previous_version text,
  event_uid uuid, source text, actor text, inferred boolean,
  upstream_environment_id text, upstream_artifact_id text, upstream_version text, behind bigint, ahead bigint, lag_s double precision);

-- Upstream is the nearest environment before, of another tier, that has the service: production regions do not wait for
-- each other. Without one (the first in the order, tier other) it is the newest artifact that runs anywhere.
create function cdviz.matrix_at(at timestamptz, services text[] default null) returns setof cdviz.matrix_cell
language sql stable parallel safe rows 1000
begin atomic
  with cell as materialized (
    select row_number() over () as n, s.environment_id, s.environment_tier, s.environment_rank, s.service_id, s.team, s.artifact_id, s.version, s.since, s.age_s, s.kind,
      s.previous_artifact_id, s.previous_version, s.event_uid, s.source, s.actor, s.inferred, a.base_id, a.ranked_at
    from cdviz.environment_state_at(matrix_at.at) s left join cdviz_store.named_artifact a using (artifact_id)
    where matrix_at.services is null or s.service_id = any (matrix_at.services)),
  paired as (
    select distinct on (c.n) c.n,
      u.environment_id as upstream_environment_id, u.artifact_id as upstream_artifact_id, u.version as upstream_version,
      u.base_id as upstream_base_id, u.ranked_at as upstream_ranked_at
    from cell c
    join cell u on u.service_id = c.service_id and u.artifact_id is not null
    cross join lateral (select c.environment_tier <> 'other' and u.environment_rank < c.environment_rank and u.environment_tier <> c.environment_tier as is_before) o
    order by c.n, o.is_before desc, case when o.is_before then u.environment_rank end desc,
      u.base_id = c.base_id desc nulls last, u.ranked_at desc, u.artifact_id desc, u.environment_id = c.environment_id desc, u.environment_id)
  select c.service_id, c.team, c.environment_id, c.environment_tier, c.environment_rank, c.artifact_id, c.version, c.since, c.age_s, c.kind,
    c.previous_artifact_id, c.previous_version, c.event_uid, c.source, c.actor, c.inferred,
    p.upstream_environment_id, p.upstream_artifact_id, p.upstream_version, n.behind, n.ahead,
    extract(epoch from matrix_at.at - n.first_missing_at)::double precision
  from cell c
  left join paired p on p.n = c.n
  left join lateral (
    -- most are what runs upstream: nothing to look for
    select 0::bigint as behind, 0::bigint as ahead, null::timestamptz as first_missing_at where p.upstream_artifact_id = c.artifact_id
    union all
    select count(*) filter (where b.missing), count(*) filter (where b.extra), min(x.ranked_at) filter (where b.missing)
    from cdviz_store.named_artifact x
    cross join lateral (select
      (x.ranked_at, x.artifact_id) > (c.ranked_at, c.artifact_id) and (x.ranked_at, x.artifact_id) <= (p.upstream_ranked_at, p.upstream_artifact_id) as missing,
      (x.ranked_at, x.artifact_id) > (p.upstream_ranked_at, p.upstream_artifact_id) and (x.ranked_at, x.artifact_id) <= (c.ranked_at, c.artifact_id) as extra) b
    where p.upstream_artifact_id <> c.artifact_id and x.base_id = c.base_id
      and x.ranked_at between least(c.ranked_at, p.upstream_ranked_at) and greatest(c.ranked_at, p.upstream_ranked_at)
    having p.upstream_artifact_id <> c.artifact_id) n
    on c.base_id = p.upstream_base_id;
end;

create type cdviz.drift_row as (
  environment_id text, environment_tier text, service_id text, team text, artifact_id text, version text, since timestamptz,
  upstream_environment_id text, upstream_artifact_id text, upstream_version text,
  behind bigint, ahead bigint, lag_s double precision);

create function cdviz.drift_at(at timestamptz) returns setof cdviz.drift_row
language sql stable parallel safe rows 1000
begin atomic
  select m.environment_id, m.environment_tier, m.service_id, m.team, m.artifact_id, m.version, m.since,
    m.upstream_environment_id, m.upstream_artifact_id, m.upstream_version, m.behind, m.ahead, m.lag_s
  from cdviz.matrix_at(drift_at.at) m where m.artifact_id is not null;
end;

create view cdviz.drift as select * from cdviz.drift_at(now());

create type cdviz.environment_difference as (
  service_id text, artifact_a text, version_a text, since_a timestamptz, artifact_b text, version_b text, since_b timestamptz,
  same boolean, relation text, distance bigint, lag_s double precision, changes text[]);

create function cdviz.compare_environments(a text, b text, at_a timestamptz default now(), at_b timestamptz default null)
returns setof cdviz.environment_difference
language sql stable parallel safe rows 200
begin atomic
  with one as (
    select s.service_id, s.artifact_id, s.version, s.since, n.base_id, n.ranked_at
    from cdviz.environment_state_at(compare_environments.at_a) s left join cdviz_store.named_artifact n using (artifact_id)
    where s.environment_id = compare_environments.a),
  other as (
    select s.service_id, s.artifact_id, s.version, s.since, n.base_id, n.ranked_at
    from cdviz.environment_state_at(coalesce(compare_environments.at_b, compare_environments.at_a)) s left join cdviz_store.named_artifact n using (artifact_id)
    where s.environment_id = compare_environments.b),
  both_sides as (
    select service_id, x.artifact_id as artifact_a, x.version as version_a, x.since as since_a, y.artifact_id as artifact_b, y.version as version_b, y.since as since_b,
      x.service_id is not null as in_a, y.service_id is not null as in_b, coalesce(x.artifact_id = y.artifact_id, false) as same,
      x.base_id = y.base_id as comparable, x.base_id, x.ranked_at as rank_a, y.ranked_at as rank_b,
      (x.ranked_at, x.artifact_id) > (y.ranked_at, y.artifact_id) as a_is_ahead
    from one x full join other y using (service_id))
  select s.service_id, s.artifact_a, s.version_a, s.since_a, s.artifact_b, s.version_b, s.since_b, s.same,
    case when not s.in_b then 'only in a' when not s.in_a then 'only in b' when s.same then 'same'
         when s.comparable is not true then 'not comparable' when s.a_is_ahead then 'a is ahead' else 'b is ahead' end,
    n.distance, extract(epoch from greatest(compare_environments.at_a, compare_environments.at_b) - n.first_at)::double precision, n.changes
  from both_sides s
  left join lateral (
    select count(*) as distance, min(x.ranked_at) as first_at,
      coalesce(array_agg(x.change_id order by x.ranked_at, x.artifact_id) filter (where x.change_id is not null), '{}') as changes
    from cdviz_store.named_artifact x
    where x.base_id = s.base_id and x.ranked_at between least(s.rank_a, s.rank_b) and greatest(s.rank_a, s.rank_b)
      and (x.ranked_at, x.artifact_id) > (least(s.rank_a, s.rank_b), case when s.a_is_ahead then s.artifact_b else s.artifact_a end)
      and (x.ranked_at, x.artifact_id) <= (greatest(s.rank_a, s.rank_b), case when s.a_is_ahead then s.artifact_a else s.artifact_b end)) n
    on s.comparable
  order by s.service_id;
end;

create type cdviz.promotion as (
  service_id text, artifact_id text, version text, first_in_from timestamptz, first_in_to timestamptz, took_s double precision);

create function cdviz.promotion_times(from_environment text, to_environment text, since timestamptz, until timestamptz default now())
returns setof cdviz.promotion
language sql stable parallel safe rows 1000
begin atomic
  with arrived as (
    select d.service_id, d.artifact_id, min(d.at) as at
    from cdviz_store.deployment d
    where d.environment_id = promotion_times.to_environment and d.is_change and d.artifact_id is not null
      and d.at >= promotion_times.since and d.at < promotion_times.until
    group by d.service_id, d.artifact_id)
  select t.service_id, t.artifact_id, n.version, f.at, t.at, extract(epoch from t.at - f.at)::double precision
  from arrived t
  cross join lateral (
    select min(d.at) as at from cdviz_store.deployment d
    where d.artifact_id = t.artifact_id and d.environment_id = promotion_times.from_environment and d.service_id = t.service_id and d.at <= t.at) f
  left join cdviz_store.named_artifact n on n.artifact_id = t.artifact_id
  where f.at is not null
    -- the first arrival only: not when it came back after a rollback
    and not exists (select from cdviz_store.deployment o
      where o.artifact_id = t.artifact_id and o.environment_id = promotion_times.to_environment and o.service_id = t.service_id and o.at < promotion_times.since);
end;

-- ============ runs ============
create view cdviz.runs as
  select r.kind, r.run_id, r.source, r.run_key, r.parent_key, r.name, r.definition_id, r.environment_id, r.service_id, r.artifact_id, r.deploys,
    case when r.finished_at is not null then 'finished' when r.skipped_at is not null then 'skipped'
         when r.last_at < now() - interval '24 hours' then 'abandoned' when r.started_at is not null then 'running' else 'queued' end as state,
    r.outcome, r.reason, r.severity, r.test_type, r.trigger_type, r.uri, r.queued_at, r.started_at, r.finished_at, r.skipped_at,
    extract(epoch from r.finished_at - r.started_at)::double precision as duration_s,
    extract(epoch from r.started_at - r.queued_at)::double precision as queue_s, r.chain_id, r.first_at, r.last_at
  from cdviz_store.run r;
create view cdviz.pipeline_runs   as select * from cdviz.runs where kind = 'pipelinerun';
create view cdviz.task_runs       as select * from cdviz.runs where kind = 'taskrun';
create view cdviz.builds          as select * from cdviz.runs where kind = 'build';
create view cdviz.test_suite_runs as select * from cdviz.runs where kind = 'testsuiterun';
create view cdviz.test_case_runs  as select * from cdviz.runs where kind = 'testcaserun';

create view cdviz.open_runs as
  select r.kind, r.run_id, r.source, r.run_key, r.name, r.environment_id, r.service_id,
    case when r.last_at < now() - interval '24 hours' then 'abandoned'
         when t.n >= 5 and now() - coalesce(r.started_at, r.first_at) > 3 * t.p95 then 'stuck'
         when r.started_at is not null then 'running' else 'queued' end as state,
    extract(epoch from now() - coalesce(r.started_at, r.first_at))::double precision as open_s,
    extract(epoch from t.p95)::double precision as typical_p95_s, t.n as typical_runs,
    r.uri, r.queued_at, r.started_at, r.chain_id, r.first_at, r.last_at
  from cdviz_store.run r
  left join lateral (
    select count(*) as n, percentile_cont(0.95) within group (order by f.took) as p95
    from (select x.finished_at - x.started_at as took from cdviz_store.run x
          where x.kind = r.kind and x.name = r.name and x.finished_at is not null and x.started_at is not null
          order by x.last_at desc limit 100) f) t on true
  where r.finished_at is null and r.skipped_at is null;

create type cdviz.run_summary as (
  name text, runs bigint, success bigint, failure bigint, error bigint, cancelled bigint, pass_rate double precision,
  p50_s double precision, p95_s double precision, queue_p95_s double precision, p50_before_s double precision, change double precision,
  last_outcome text, last_finished_at timestamptz, failing_since timestamptz, recent_outcomes text[], recent_durations_s double precision[], recent_run_keys uuid[]);

create function cdviz.run_summaries(of_kind text, since timestamptz, until timestamptz default now()) returns setof cdviz.run_summary
language sql stable parallel safe rows 200
begin atomic
  with finished as (
    select r.name, r.outcome, r.finished_at, r.run_key, r.finished_at >= run_summaries.since as inside,
      extract(epoch from r.finished_at - r.started_at)::double precision as duration_s,
      extract(epoch from r.started_at - r.queued_at)::double precision as queue_s,
      row_number() over (partition by r.name order by r.finished_at desc, r.run_key desc) as back
    from cdviz_store.run r
    where r.kind = run_summaries.of_kind and r.name is not null
      and r.last_at >= run_summaries.since - (run_summaries.until - run_summaries.since)
      and r.finished_at >= run_summaries.since - (run_summaries.until - run_summaries.since) and r.finished_at < run_summaries.until),
  summed as (
    select f.name, count(*) filter (where inside) as runs,
      count(*) filter (where inside and outcome = 'success') as success, count(*) filter (where inside and outcome = 'failure') as failure,
      count(*) filter (where inside and outcome = 'error') as error, count(*) filter (where inside and outcome = 'cancel') as cancelled,
      percentile_cont(0.5) within group (order by duration_s) filter (where inside) as p50,
      percentile_cont(0.95) within group (order by duration_s) filter (where inside) as p95,
      percentile_cont(0.95) within group (order by queue_s) filter (where inside) as queue_p95,
      percentile_cont(0.5) within group (order by duration_s) filter (where not inside) as p50_before,
      (array_agg(outcome order by back))[1] as last_outcome, max(finished_at) as last_finished_at,
      max(finished_at) filter (where outcome = 'success') as last_success_at,
      array_agg(outcome order by back desc) filter (where inside and back <= 30) as recent_outcomes,
      array_agg(duration_s order by back desc) filter (where inside and back <= 30) as recent_durations,
      array_agg(run_key order by back desc) filter (where inside and back <= 30) as recent_run_keys
    from finished f group by f.name)
  select s.name, s.runs, s.success, s.failure, s.error, s.cancelled,
    s.success::double precision / nullif(s.success + s.failure + s.error, 0), s.p50, s.p95, s.queue_p95, s.p50_before,
    s.p50 / nullif(s.p50_before, 0) - 1, s.last_outcome, s.last_finished_at,
    case when s.last_outcome in ('failure', 'error') then (
      select min(f.finished_at) from finished f
      where f.name = s.name and f.outcome in ('failure', 'error') and f.finished_at > coalesce(s.last_success_at, '-infinity')) end,
    s.recent_outcomes, s.recent_durations, s.recent_run_keys
  from summed s where s.runs > 0;
end;

-- ============ tests ============
create type cdviz.test_case_health as (
  case_id text, name text, state text, because text, runs bigint, failures bigint, fail_rate double precision, flips bigint,
  since timestamptz, last_outcome text, last_finished_at timestamptz, history text, p50_s double precision, cost_s double precision,
  environments text[], test_type text);

create function cdviz.test_case_healths(since timestamptz, until timestamptz default now()) returns setof cdviz.test_case_health
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
    select s.*, m.since as mixed_since,
      case when s.broken then 'broken' when m.case_id is not null or s.flips >= 4 then 'flaky' when s.failures = s.runs then 'failing' else 'healthy' end as state
    from summed s left join mixed m using (case_id)),
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
                 when 'flaky' then coalesce(j.mixed_since, j.first_recent_failure_at) when 'failing' then j.first_recent_failure_at end,
    j.last_outcome, j.last_finished_at, j.history, j.p50, c.cost_s, j.environments, j.test_type
  from judged j left join cost c using (case_id);
end;

-- ============ incidents ============
create view cdviz.incidents as
  select i.incident_id, i.source, i.environment_id, v.tier as environment_tier, i.service_id, s.team, i.artifact_id, a.version,
    i.last_content ->> 'description' as description, i.resolved_at is null as open, coalesce(i.detected_at, i.reported_at, i.first_at) as began_at,
    i.detected_at, i.reported_at, i.resolved_at,
    extract(epoch from i.resolved_at - coalesce(i.detected_at, i.reported_at))::double precision as time_to_restore_s,
    i.ticket_uri, i.chain_id, i.first_at, i.last_at
  from cdviz_store.incident i
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = i.artifact_id;

create view cdviz.incident_suspects as
  select distinct on (i.incident_id, i.source, d.event_uid, d.environment_id, d.service_id)
    i.incident_id, i.source, i.first_at as began_at, d.suspicion,
    case d.suspicion when 1 then 'named by the incident' when 2 then 'same service, at most 2 hours before' else 'same environment, at most 1 hour before' end as because,
    d.at as deployed_at, extract(epoch from i.first_at - d.at)::double precision as before_s, d.environment_id, d.service_id, d.kind,
    d.artifact_id, a.version, d.previous_artifact_id, p.version as previous_version, d.actor, d.event_uid
  from cdviz_store.incident i
  cross join lateral (
    (select 1 as suspicion, x.* from cdviz_store.deployment x
     where x.artifact_id = i.artifact_id and x.is_change and x.at <= i.first_at
       and (i.environment_id is null or x.environment_id = i.environment_id) and (i.service_id is null or x.service_id = i.service_id)
     order by x.at desc limit 10)
    union all
    (select 2, x.* from cdviz_store.deployment x
     where x.service_id = i.service_id and (i.environment_id is null or x.environment_id = i.environment_id) and x.is_change
       and x.at between i.first_at - interval '2 hours' and i.first_at)
    union all
    (select 3, x.* from cdviz_store.deployment x
     where x.environment_id = i.environment_id and x.is_change and x.at between i.first_at - interval '1 hour' and i.first_at)) d
  left join cdviz_store.named_artifact a on a.artifact_id = d.artifact_id
  left join cdviz_store.named_artifact p on p.artifact_id = d.previous_artifact_id
  order by i.incident_id, i.source, d.event_uid, d.environment_id, d.service_id, d.suspicion;

-- ============ delivery: five metrics and the rows behind them ============
-- A failed deployment is the first after the target of a later rollback (of 1, 2, 3, 1 it is 2), or what was replaced if
-- the target never ran there; or one that an incident names while it ran.
create view cdviz.deployment_outcomes as
  select d.event_uid, d.at, d.environment_id, v.tier as environment_tier, d.service_id, s.team, d.kind, d.artifact_id, a.version,
    d.previous_artifact_id, d.valid_to, d.source, d.actor,
    c.change_id, c.source as change_source, c.created_at as change_created_at, c.merged_at as change_merged_at,
    extract(epoch from d.at - c.merged_at)::double precision as lead_time_s,
    extract(epoch from d.at - a.published_at)::double precision as publish_to_deploy_s,
    d.kind <> 'rollback' and (b.at is not null or i.first_at is not null) as failed,
    case when d.kind = 'rollback' then null when b.at is not null and i.first_at is not null then 'rolled back, and named by an incident'
         when b.at is not null then 'rolled back' when i.first_at is not null then 'named by an incident' end as failed_because,
    i.incident_id, b.at as rolled_back_at,
    case when d.kind <> 'rollback' then extract(epoch from least(b.at, i.resolved_at, case when i.first_at is not null then d.valid_to end) - d.at)::double precision end as recovery_s,
    d.kind = 'rollback' or h.during_incident or h.skipped as unplanned,
    case when d.kind = 'rollback' then 'rollback' when h.during_incident then 'hotfix: during an incident of the service'
         when h.skipped then 'hotfix: not in an environment before' end as unplanned_because
  from cdviz_store.deployment d
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = d.artifact_id
  left join cdviz_store.artifact_change c on c.artifact_id = d.artifact_id
  left join lateral (
    select min(r.at) as at from cdviz_store.deployment r
    -- what came back is a rollback, or a deployment into a lane that was empty
    where r.environment_id = d.environment_id and r.service_id = d.service_id and r.is_change and r.kind in ('rollback', 'deploy')
      and r.at >= d.at and (r.at, r.event_uid) > (d.at, d.event_uid)
      and (r.artifact_id = d.previous_artifact_id
        or (r.kind = 'rollback' and r.at = d.valid_to
          and not exists (select from cdviz_store.deployment l
            where l.environment_id = d.environment_id and l.service_id = d.service_id and l.is_change
              and (l.at, l.event_uid) > (d.at, d.event_uid) and (l.at, l.event_uid) < (r.at, r.event_uid))
          and not exists (select from cdviz_store.deployment e
            where e.artifact_id = r.artifact_id and e.environment_id = d.environment_id and e.service_id = d.service_id and (e.at, e.event_uid) < (d.at, d.event_uid))))) b on true
  left join lateral (
    select o.incident_id, o.first_at, o.resolved_at from cdviz_store.incident o
    where o.artifact_id = d.artifact_id and o.environment_id = d.environment_id and (o.service_id is null or o.service_id = d.service_id)
      and o.first_at >= d.at and o.first_at < coalesce(d.valid_to, 'infinity')
    order by o.first_at, o.incident_key limit 1) i on true
  left join lateral (
    select
      exists (select from cdviz_store.incident o where o.service_id = d.service_id and (o.environment_id = d.environment_id or o.environment_id is null)
        and o.first_at <= d.at and coalesce(o.resolved_at, 'infinity') > d.at) as during_incident,
      -- nearly all were in an environment before: that is asked first
      d.artifact_id is not null
        and not exists (select from cdviz_store.deployment o
          where o.artifact_id = d.artifact_id and o.service_id = d.service_id and o.at <= d.at and o.environment_id = any (v.before))
        and exists (select from unnest(v.before) as e (environment_id)
          where exists (select from cdviz_store.deployment o where o.environment_id = e.environment_id and o.service_id = d.service_id and o.at < d.at)) as skipped) h on true
  where d.is_change and d.action <> 'removed';

create type cdviz.change_lead_time as (
  change_id text, change_source text, repository_id text, created_at timestamptz, merged_at timestamptz, built_artifact_id text,
  event_uid uuid, deployed_at timestamptz, environment_id text, service_id text, team text, artifact_id text, version text,
  lead_time_s double precision, from_created_s double precision);

-- A deployment carries the changes of all artifacts of its name that rank above everything that ran in the tier before.
create function cdviz.change_lead_times(since timestamptz, until timestamptz default now(), of_tier text default 'production')
returns setof cdviz.change_lead_time
language sql stable parallel safe rows 1000
begin atomic
  with place as materialized (
    select environment_id from cdviz_store.environment_place where tier = change_lead_times.of_tier),
  made as materialized (
    select d.event_uid, d.at, d.environment_id, d.service_id, d.artifact_id, n.base_id, n.ranked_at
    from cdviz_store.deployment d join place using (environment_id) join cdviz_store.artifact n using (artifact_id)
    where d.is_change and d.action <> 'removed' and d.at >= change_lead_times.since and d.at < change_lead_times.until),
  before as materialized (
    -- the highest that ran in the tier earlier: downwards from the top, not through all that ever was deployed
    select b.base_id, x.ranked_at
    from (select distinct base_id from made) b
    cross join lateral (
      select x.ranked_at from cdviz_store.artifact x
      where x.base_id = b.base_id and x.first_seen_at < change_lead_times.since
        and exists (select from cdviz_store.deployment d join place using (environment_id)
          where d.artifact_id = x.artifact_id and d.is_change and d.action <> 'removed' and d.at < change_lead_times.since)
      order by x.ranked_at desc limit 1) x),
  reached as (
    select m.*, greatest(b.ranked_at, max(m.ranked_at) over (partition by m.base_id order by m.at, m.event_uid, m.environment_id, m.service_id
                                                             rows between unbounded preceding and 1 preceding)) as best_before
    from made m left join before b using (base_id)),
  carried as (
    select distinct on (c.change_key, r.base_id) r.*, x.artifact_id as built_artifact_id,
      c.change_id, c.source as change_source, c.repository_id, c.created_at, c.merged_at
    from reached r
    join cdviz_store.artifact x on x.base_id = r.base_id and x.ranked_at <= r.ranked_at
      and (x.artifact_id = r.artifact_id or x.ranked_at > r.best_before)
    join cdviz_store.artifact_change c on c.artifact_id = x.artifact_id
    where r.best_before is null or r.ranked_at > r.best_before
    order by c.change_key, r.base_id, r.at, r.event_uid, x.ranked_at, x.artifact_id)
  select k.change_id, k.change_source, k.repository_id, k.created_at, k.merged_at, k.built_artifact_id,
    k.event_uid, k.at, k.environment_id, k.service_id, s.team, k.artifact_id, n.version,
    case when k.at >= k.merged_at then extract(epoch from k.at - k.merged_at)::double precision end,
    case when k.at >= k.created_at then extract(epoch from k.at - k.created_at)::double precision end
  from carried k left join cdviz_store.service_setting s using (service_id) left join cdviz_store.named_artifact n on n.artifact_id = k.artifact_id;
end;

create type cdviz.delivery_metric as (
  since timestamptz, until timestamptz, days double precision, deployments bigint, rollbacks bigint,
  deployments_per_day double precision, days_with_deployment bigint,
  lead_time_p50_s double precision, lead_time_p90_s double precision, lead_time_changes bigint, lead_time_linked bigint, lead_time_coverage double precision,
  failed bigint, change_fail_rate double precision, recovery_p50_s double precision, recovery_n bigint,
  unplanned bigint, rework_rate double precision);

create function cdviz.delivery_metrics(since timestamptz, until timestamptz default now(), of_tier text default 'production',
  environments text[] default null, services text[] default null, teams text[] default null) returns setof cdviz.delivery_metric
language sql stable parallel safe rows 1
begin atomic
  with span as (
    -- from the first event on: what nobody could have reported does not count as quiet
    select greatest(delivery_metrics.since, min(first_event_at)) as begins, least(delivery_metrics.until, now()) as ends,
      exists (select from cdviz_store.environment_place v where v.tier = delivery_metrics.of_tier
        and (delivery_metrics.environments is null or v.environment_id = any (delivery_metrics.environments))) as known
    from cdviz_store.event_source),
  made as (
    select d.* from cdviz.deployment_outcomes d
    where d.at >= delivery_metrics.since and d.at < delivery_metrics.until and d.environment_tier = delivery_metrics.of_tier
      and (delivery_metrics.environments is null or d.environment_id = any (delivery_metrics.environments))
      and (delivery_metrics.services is null or d.service_id = any (delivery_metrics.services))
      and (delivery_metrics.teams is null or d.team = any (delivery_metrics.teams))),
  counted as (
    select count(*) filter (where kind <> 'rollback') as deployments, count(*) filter (where kind = 'rollback') as rollbacks,
      count(distinct date_trunc('day', at at time zone 'UTC')) filter (where kind <> 'rollback') as days_with_deployment,
      count(*) filter (where kind <> 'rollback' and change_merged_at is not null) as linked,
      count(*) filter (where failed) as failed, count(*) filter (where unplanned) as unplanned,
      percentile_cont(0.5) within group (order by recovery_s) filter (where failed) as recovery_p50,
      count(recovery_s) filter (where failed) as recovery_n
    from made),
  led as (
    select percentile_cont(0.5) within group (order by lead_time_s) as p50, percentile_cont(0.9) within group (order by lead_time_s) as p90, count(lead_time_s) as n
    from cdviz.change_lead_times(delivery_metrics.since, delivery_metrics.until, delivery_metrics.of_tier) c
    where (delivery_metrics.environments is null or c.environment_id = any (delivery_metrics.environments))
      and (delivery_metrics.services is null or c.service_id = any (delivery_metrics.services))
      and (delivery_metrics.teams is null or c.team = any (delivery_metrics.teams)))
  select delivery_metrics.since, delivery_metrics.until, w.days, k.deployments, k.rollbacks,
    k.deployments / w.days, k.days_with_deployment, l.p50, l.p90, case when w.days is not null then l.n end,
    k.linked, k.linked::double precision / nullif(k.deployments, 0),
    k.failed, k.failed::double precision / nullif(k.deployments, 0), k.recovery_p50, k.recovery_n,
    k.unplanned, k.unplanned::double precision / nullif(k.deployments + k.rollbacks, 0)
  from span s
  cross join lateral (select case when s.known and s.ends > s.begins then extract(epoch from s.ends - s.begins)::double precision / 86400 end as days) w
  left join counted k on w.days is not null
  cross join led l;
end;

-- ============ journeys ============
create type cdviz.journey_step as (
  at timestamptz, step text, subject text, subject_id text, source text, name text, environment_id text, service_id text, artifact_id text,
  outcome text, duration_s double precision, uri text, via text, event_uid uuid);

create function cdviz.journey(id text) returns setof cdviz.journey_step
language sql stable parallel safe rows 50
begin atomic
  with given as materialized (
    select journey.id as id, split_part(split_part(journey.id, '#', 1), '?', 1) as purl,
      substring(split_part(split_part(journey.id, '#', 1), '?', 1) from '^(.*)@[^@]*$') as base, substring(split_part(split_part(journey.id, '#', 1), '?', 1) from '@([^@]*)$') as version,
      case when journey.id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then journey.id::uuid end as uid),
  asked as (
    -- a chain; or an event, or the events of a run, an incident, a ticket, by the chain they belong to
    select g.id as chain_id from given g
    union
    select e.chain_id from given g join cdviz.events e on e.event_uid = g.uid where e.chain_id is not null
    union
    select e.chain_id from given g join cdviz.events e on hashtextextended(e.subject_id, 0) = hashtextextended(g.id, 0) and e.subject_id = g.id
    where e.chain_id is not null and e.subject not in ('artifact', 'change', 'service', 'environment', 'repository', 'branch')),
  told as materialized (
    select distinct e.subject, e.subject_id, e.subject_key
    from asked c
    cross join lateral (
      select x.subject, x.subject_id, x.subject_key from cdviz.events x
      where hashtextextended(x.chain_id, 0) = hashtextextended(c.chain_id, 0) and x.chain_id = c.chain_id limit 10000) e),
  named as (
    -- as it is, or a package URL with qualifiers that its canonical form does not have, or the version that people know
    select a.artifact_id, 1 as via from given g join cdviz_store.artifact a on a.artifact_id in (g.id, g.purl)
    union all
    select a.artifact_id, 1 from given g join cdviz_store.artifact a on a.base_id = g.base and a.known_as = g.version
    union all
    select a.artifact_id, 2 from given g join cdviz_store.artifact a on a.change_id = g.id
    union all
    select d.artifact_id, 3 from given g join cdviz_store.deployment d on d.event_uid = g.uid where d.artifact_id is not null
    union all
    -- the spellings that tools use; another one is found by its change
    select a.artifact_id, 4 from told t
    join cdviz_store.artifact a on a.artifact_id = split_part(split_part(replace(replace(t.subject_id, '%3A', ':'), '%3a', ':'), '#', 1), '?', 1)
    where t.subject = 'artifact'
    union all
    select a.artifact_id, 4 from told t join cdviz_store.change c on c.change_key = t.subject_key join cdviz_store.artifact a on a.change_id = c.change_id
    where t.subject = 'change'),
  artifacts as materialized (
    select a.artifact_id, a.change_id, a.change_source, a.chain_id, a.packaged_at, a.signed_at, a.published_at, a.deleted_at, a.published_by,
      case n.via when 1 then 'id' when 2 then 'field: change of the artifact' when 3 then 'field: artifact' else 'chain' end as via
    from (select artifact_id, min(via) as via from named group by artifact_id) n join cdviz_store.artifact a using (artifact_id)),
  changes as materialized (
    select c.* from given g join cdviz_store.change c on c.change_id = g.id
    union
    select c.* from artifacts a join cdviz_store.artifact_change l using (artifact_id) join cdviz_store.change c using (change_key)
    union
    select c.* from told t join cdviz_store.change c on c.change_key = t.subject_key where t.subject = 'change'),
  chained as (
    select t.subject_key from told t
    union
    select e.subject_key
    from (select chain_id from artifacts where chain_id is not null union select chain_id from changes where chain_id is not null) c
    cross join lateral (
      select x.subject_key from cdviz.events x
      where hashtextextended(x.chain_id, 0) = hashtextextended(c.chain_id, 0) and x.chain_id = c.chain_id limit 10000) e),
  steps (at, step, subject, subject_id, source, name, environment_id, service_id, artifact_id, outcome, duration_s, uri, via, event_uid) as (
    select t.at, t.step, 'change', c.change_id, c.source, c.description, null, null, null, null, null::double precision, c.uri,
      case when c.change_id = journey.id then 'id'
           when exists (select from artifacts a where a.change_id = c.change_id) then 'field: change of the artifact' else 'chain' end, null::uuid
    from changes c cross join lateral (values (c.created_at, 'created'), (c.first_reviewed_at, 'reviewed'), (c.merged_at, 'merged'), (c.abandoned_at, 'abandoned')) t (at, step)
    union all
    select t.at, t.step, 'artifact', a.artifact_id, null, n.version, null, null, a.artifact_id, null, null, null,
      a.via, null
    from artifacts a join cdviz_store.named_artifact n using (artifact_id)
    cross join lateral (values (a.packaged_at, 'packaged'), (a.signed_at, 'signed'), (a.published_at, 'published'), (a.deleted_at, 'deleted')) t (at, step)
    union all
    select coalesce(r.started_at, r.queued_at, r.first_at), 'ran', r.kind, r.run_id, r.source, r.name, r.environment_id, r.service_id, r.artifact_id,
      r.outcome, extract(epoch from r.finished_at - r.started_at)::double precision, r.uri, 'chain', null
    from chained k join cdviz_store.run r on r.kind in ('pipelinerun', 'taskrun', 'build', 'testsuiterun', 'deployment') and r.run_key = k.subject_key
    union all
    select d.at, d.kind, 'service', d.service_id, d.source, n.version, d.environment_id, d.service_id, d.artifact_id, null,
      extract(epoch from coalesce(d.valid_to, now()) - d.at)::double precision, null, 'field: artifact', d.event_uid
    from artifacts a join cdviz_store.deployment d using (artifact_id) join cdviz_store.named_artifact n using (artifact_id)
    where d.is_change
    union all
    select i.first_at, 'incident', 'incident', i.incident_id, i.source, i.description, i.environment_id, i.service_id, i.artifact_id,
      case when i.resolved_at is null then 'open' else 'resolved' end, extract(epoch from i.resolved_at - i.first_at)::double precision, i.ticket_uri, 'field: artifact', null
    from artifacts a join cdviz.incidents i using (artifact_id)
    union all
    select l.first_at, 'linked: ' || l.kind, l.to_type, l.to_id, null, l.from_type || ' ' || l.from_id, null, null, null, null, null, null, 'link', null
    from cdviz_store.link l
    where (l.from_type, l.from_id) in (select 'artifact', artifact_id from artifacts union all select 'change', change_id from changes))
  select s.* from steps s where s.at is not null order by s.at, s.step, s.subject_id;
end;

create function cdviz.subject_events(of_subject text, id text, of_source text default null) returns setof cdviz.events
language sql stable parallel safe rows 100
begin atomic
  select e.* from cdviz.events e
  where hashtextextended(e.subject_id, 0) = hashtextextended(subject_events.id, 0) and e.subject_id = subject_events.id
    and e.subject = lower(subject_events.of_subject) and (subject_events.of_source is null or e.subject_source = subject_events.of_source)
  order by e.time, e.event_uid;
end;

create function cdviz.chain_events(of_chain text) returns setof cdviz.events
language sql stable parallel safe rows 100
begin atomic
  select e.* from cdviz.events e
  where hashtextextended(e.chain_id, 0) = hashtextextended(chain_events.of_chain, 0) and e.chain_id = chain_events.of_chain
  order by e.time, e.event_uid;
end;

-- ============ what comes in ============
create view cdviz.event_counts_hourly as select hour, subject, predicate, n from cdviz_store.event_count_hourly;
create view cdviz.event_counts_daily as select day, source, subject, n from cdviz_store.event_count_daily;

create view cdviz.event_notes as
  select e.event_uid, e.time, e.source, e.event_id, e.subject, e.predicate, e.type_version,
    coalesce(jsonb_array_length(case when jsonb_typeof(e.notes -> 'violations') = 'array' then e.notes -> 'violations' end), 0) as violation_count,
    e.notes -> 'violations' as violations, e.notes -> 'normalised' as normalised
  from cdviz_store.event e
  where e.time > '-infinity' and e.notes is not null;

-- What an event says that its columns do not. Each column is worked out only where it is asked for.
create view cdviz.event_details as
  select e.event_uid, e.time, e.ingested_at, e.subject, e.predicate, e.type_version, e.source, e.event_id, e.subject_source, e.subject_id, e.chain_id, e.subject_key, e.ingest_seq,
    coalesce((select a.environment_id from cdviz_store.environment_alias a where a.alias = n.environment), n.environment,
      case when e.subject in ('pipelinerun', 'taskrun', 'build') then
        (select r.environment_id from cdviz_store.run r where r.kind = e.subject and r.run_key = e.subject_key and r.deploys) end) as environment_id,
    coalesce((select a.service_id from cdviz_store.service_alias a where a.alias = n.service), n.service,
      case when e.subject in ('pipelinerun', 'taskrun', 'build') then
        (select r.service_id from cdviz_store.run r where r.kind = e.subject and r.run_key = e.subject_key and r.deploys) end) as service_id,
    left(coalesce(c.content ->> 'pipelineName', c.content ->> 'taskName', c.content #>> '{testCase,name}', c.content #>> '{testSuite,name}',
      c.content #>> '{testCase,id}', c.content #>> '{testSuite,id}', c.content ->> 'name'), 512) as name,
    (select d.kind from cdviz_store.deployment d where d.event_uid = e.event_uid order by d.environment_id, d.service_id limit 1) as deployment_kind,
    (select a.version from cdviz_store.deployment d join cdviz_store.named_artifact a using (artifact_id)
     where d.event_uid = e.event_uid order by d.environment_id, d.service_id limit 1) as version,
    cdviz_store.outcome(c.content ->> 'outcome') as outcome,
    left(coalesce(c.content ->> 'reason', c.content ->> 'errors', c.content ->> 'description'), 4096) as reason,
    left(coalesce(c.content ->> 'uri', c.content ->> 'url', c.content ->> 'ticketURI'), 2048) as uri,
    coalesce(jsonb_array_length(case when jsonb_typeof(e.notes -> 'violations') = 'array' then e.notes -> 'violations' end), 0) as violation_count
  from cdviz_store.event e
  cross join lateral (select e.payload #> '{subject,content}' as content) c
  cross join lateral (select
    cdviz_store.bounded(case when e.subject = 'environment' then e.subject_id else c.content #>> '{environment,id}' end) as environment,
    cdviz_store.bounded(case when e.subject = 'service' then e.subject_id else c.content #>> '{service,id}' end) as service) n
  where e.time > '-infinity';

create view cdviz.conflicts as
  select event_uid, source, event_id, time, digest, stored_digest, seen, first_seen_at, last_seen_at from cdviz_store.event_conflict;
create view cdviz.conflicts_raw as
  select event_uid, source, event_id, time, digest, stored_digest, seen, first_seen_at, last_seen_at, payload, notes from cdviz_store.event_conflict;

-- Whether an answer that somebody kept is still right. Events count by what is committed; the sequence would run ahead.
create view cdviz.data_version as
  select s.events, s.last_ingested_at,
    (select max(r.ended_at) from cdviz_store.rebuild_progress r where r.phase = 'done') as rebuilt_at,
    (select md5(string_agg(x.setting, E'\x1f' order by x.setting)) from (
       select e::text as setting from cdviz_store.environment_setting e union all select e::text from cdviz_store.environment_alias e
       union all select e::text from cdviz_store.service_setting e union all select e::text from cdviz_store.service_alias e
       union all select e::text from cdviz_store.environment_tier_rule e union all select e::text from cdviz_store.deployment_rule e) x) as configuration,
    i.api_version, i.schema_version
  from (select sum(events)::bigint as events, max(last_ingested_at) as last_ingested_at from cdviz_store.event_source) s
  cross join cdviz.schema_info i;

-- Quiet compared with the same moment of the last three weeks: nights and weekends are not alarms. The day before each of
-- those moments is read, not more.
create view cdviz.sources as
  with moment as (
    select w.at from (values (now() - interval '7 days'), (now() - interval '14 days'), (now() - interval '21 days')) w (at)),
  silence as (
    -- a lateral subquery: no plan may join the moments with the whole lake
    select m.at, e.source, m.at - e.last_at as silence
    from moment m cross join lateral (
      select e.source, max(e.time) as last_at from cdviz_store.event e
      where e.time > m.at - interval '1 day' and e.time <= m.at and e.time > '-infinity' group by e.source) e),
  usual as (
    select s.source, max(coalesce(q.silence, interval '1 day')) as silence
    from cdviz_store.event_source s join moment m on m.at > s.first_event_at
    left join silence q on q.source = s.source and q.at = m.at
    group by s.source)
  select s.source, s.events, s.first_event_at, s.last_event_at, s.last_ingested_at,
    extract(epoch from now() - s.last_event_at)::double precision as silent_s, extract(epoch from u.silence)::double precision as usual_silence_s,
    case when u.silence is not null then now() - s.last_event_at > greatest(3 * u.silence, interval '15 minutes') end as quiet
  from cdviz_store.event_source s left join usual u using (source);

-- ============ who may what ============
-- Functions run with the rights of who calls them, or they could not be inlined. So readers may select from what the
-- functions name; but without USAGE on the schema cdviz_store they cannot name it themselves. Payloads are not among it.
grant select on cdviz_store.named_artifact, cdviz_store.artifact_change, cdviz_store.environment_place, cdviz_store.service_setting,
  cdviz_store.environment_state, cdviz_store.deployment, cdviz_store.artifact, cdviz_store.change, cdviz_store.run, cdviz_store.link,
  cdviz_store.event_source to cdviz_reader;
grant execute on function cdviz_store.bounded(text), cdviz_store.outcome(text) to cdviz_reader;  -- named by views: they check who asks
do $$
declare object record;
begin
  for object in select c.oid::regclass as name, c.relname in ('events_raw', 'conflicts_raw') as raw
                from pg_class c where c.relnamespace = 'cdviz'::regnamespace and c.relkind = 'v' loop
    execute format('grant select on %s to %I', object.name, case when object.raw then 'cdviz_reader_raw' else 'cdviz_reader' end);
  end loop;
  for object in select p.oid::regprocedure as name from pg_proc p where p.pronamespace = 'cdviz'::regnamespace loop
    execute format('revoke all on function %s from public', object.name);
    execute format('grant execute on function %s to cdviz_reader', object.name);
  end loop;
end $$;

-- ============ what it all is ============
comment on view cdviz_store.named_artifact is 'Artifacts with the version that people know, and their place among those of the same base_id.';
comment on view cdviz_store.artifact_change is 'The change that an artifact was built from.';
comment on view cdviz_store.environment_place is 'Order and tier of environments, worked out once in a query.';
comment on index cdviz_store.incident_artifact_idx is 'Incidents that name an artifact (cdviz.deployment_outcomes).';

comment on view cdviz.environments is 'Environments that events name or administrators configured, each once. Example: select environment_id, tier, label from cdviz.environments order by rank, environment_id';
comment on view cdviz.services is 'Services that events name or administrators configured, each once. Example: select service_id, team from cdviz.services where team is null';
comment on view cdviz.artifacts is 'One row for each artifact, with its life and the change it was built from. Example: select version, published_at, change_id from cdviz.artifacts where base_id = ''pkg:oci/checkout'' order by ranked_at desc limit 10';
comment on view cdviz.changes is 'One row for each change (pull or merge request, commit). Example: select change_id, cycle_time_s from cdviz.changes where merged_at > now() - interval ''7 days''';
comment on view cdviz.tickets is 'One row for each ticket; what describes it is from its last event. Example: select ticket_id, summary from cdviz.tickets where open';
comment on view cdviz.approvals is 'One row for each approval. Example: select approval_id, requestor from cdviz.approvals where open';
comment on view cdviz.links is 'Links that events state themselves. Example: select * from cdviz.links where to_type = ''change'' and to_id = ''482''';
comment on view cdviz.deployments is 'Every report that something was deployed, upgraded, rolled back or removed, oldest facts included. Example: select at, environment_id, service_id, version, previous_version, actor from cdviz.deployments where at > now() - interval ''1 hour'' and is_change order by at desc';
comment on view cdviz.environment_state is 'What runs where now: one row for each service in each environment. Example: select service_id, environment_id, version, since, actor, previous_version from cdviz.environment_state order by service_id, environment_rank';
comment on function cdviz.environment_state_at(timestamptz) is 'What ran where at a moment: the rows of cdviz.environment_state as they were. Example: select * from cdviz.environment_state_at(''2026-11-20 12:00Z'') where environment_tier = ''production''';
comment on function cdviz.removals_at(timestamptz) is 'What did not run any more at a moment: of each service in each environment that it had been removed from, the removal, with what ran before. Example: select service_id, environment_id, at, previous_version from cdviz.removals_at(now())';
comment on view cdviz.environment_state_history is 'What ran where, as spans of time: one row for each time that a version came to run. Example: select valid_from, valid_to, version from cdviz.environment_state_history where service_id = ''checkout'' and environment_id = ''prod-eu'' order by valid_from desc';
comment on view cdviz.deployment_attempts is 'Runs that deploy (deployment.* events, and pipelines that a rule takes for deployments), whatever became of them. Example: select * from cdviz.deployment_attempts where outcome = ''failure'' and last_at > now() - interval ''1 day''';
comment on function cdviz.matrix_at(timestamptz, text[]) is 'What ran where at a moment, and how far it was behind, of all services or of some: the rows of cdviz.environment_state_at with those of cdviz.drift_at beside them, for what costs one of the two. Example: select service_id, environment_id, version, behind from cdviz.matrix_at(now()) order by service_id, environment_rank';
comment on type cdviz.matrix_cell is 'Rows of cdviz.matrix_at.';
comment on function cdviz.drift_at(timestamptz) is 'What is behind, and by how much, at a moment: each service in each environment against the nearest environment before it of another tier that has the service; against the newest that runs anywhere, if there is none. Counted by rank of artifacts, not by deployments. Example: select * from cdviz.drift_at(now() - interval ''7 days'') where behind > 0';
comment on view cdviz.drift is 'cdviz.drift_at(now()). Example: select service_id, environment_id, version, upstream_version, behind, lag_s from cdviz.drift where behind > 0 order by lag_s desc';
comment on type cdviz.drift_row is 'Rows of cdviz.drift_at.';
comment on function cdviz.compare_environments(text, text, timestamptz, timestamptz) is 'What differs between two environments, or an environment at two moments: a and b, at_a (default now), at_b (default at_a). Example: select * from cdviz.compare_environments(''staging'', ''prod-eu'') where not same';
comment on type cdviz.environment_difference is 'Rows of cdviz.compare_environments.';
comment on function cdviz.promotion_times(text, text, timestamptz, timestamptz) is 'How long each version took from its first arrival in one environment to its first in another, for those that arrived since. Example: select percentile_cont(0.5) within group (order by took_s) from cdviz.promotion_times(''staging'', ''prod-eu'', now() - interval ''90 days'')';
comment on type cdviz.promotion is 'Rows of cdviz.promotion_times.';
comment on view cdviz.runs is 'One row for each run of a pipeline, task, build, test suite, test case, and of everything else that is queued, started, finished or skipped. Example: select name, outcome, duration_s, queue_s from cdviz.runs where kind = ''pipelinerun'' and last_at > now() - interval ''1 day''';
comment on view cdviz.pipeline_runs is 'cdviz.runs of kind pipelinerun. Example: select * from cdviz.pipeline_runs where name = ''checkout-ci'' order by last_at desc limit 30';
comment on view cdviz.task_runs is 'cdviz.runs of kind taskrun; parent_key is the run_key of the pipeline run. Example: select t.name, t.outcome, t.duration_s from cdviz.task_runs t join cdviz.pipeline_runs p on p.run_key = t.parent_key where p.run_id = ''731''';
comment on view cdviz.builds is 'cdviz.runs of kind build. Example: select * from cdviz.builds where last_at > now() - interval ''1 day''';
comment on view cdviz.test_suite_runs is 'cdviz.runs of kind testsuiterun. Example: select name, outcome, duration_s from cdviz.test_suite_runs where last_at > now() - interval ''1 day''';
comment on view cdviz.test_case_runs is 'cdviz.runs of kind testcaserun; parent_key is the run_key of the suite run. Example: select definition_id, outcome, reason from cdviz.test_case_runs where outcome = ''failure'' and last_at > now() - interval ''1 day''';
comment on view cdviz.open_runs is 'Runs that neither finished nor were skipped: queued, running, stuck (longer than 3 times the 95th percentile of the last 100 of that name) or abandoned (no event for 24 hours). Example: select * from cdviz.open_runs where state = ''stuck''';
comment on function cdviz.run_summaries(text, timestamptz, timestamptz) is 'Runs of one kind that finished in a time, one row for each name, compared with the equally long time before. Example: select name, runs, pass_rate, p50_s, change from cdviz.run_summaries(''pipelinerun'', now() - interval ''7 days'') order by pass_rate';
comment on type cdviz.run_summary is 'Rows of cdviz.run_summaries.';
comment on function cdviz.test_case_healths(timestamptz, timestamptz) is 'Test cases that ran in a time: broken (the last 3 failed, and it passed before), flaky (both outcomes on the same code, that is the same chainId; or 4 changes of outcome within the last 30 runs), failing (never passed) or healthy. Example: select case_id, state, because, since from cdviz.test_case_healths(now() - interval ''30 days'') where state <> ''healthy''';
comment on type cdviz.test_case_health is 'Rows of cdviz.test_case_healths.';
comment on view cdviz.incidents is 'One row for each incident; open until it is resolved. Example: select incident_id, service_id, began_at, description from cdviz.incidents where open';
comment on view cdviz.incident_suspects is 'Deployments that may have caused an incident, with the reason; 1 is the strongest suspicion. Example: select because, service_id, version, deployed_at from cdviz.incident_suspects where incident_id = ''INC-214'' order by suspicion, before_s';
comment on view cdviz.deployment_outcomes is 'The rows behind the metrics: every change of what runs, whether it failed, was planned, and how long it took. Example: select at, service_id, version, failed_because, recovery_s from cdviz.deployment_outcomes where environment_tier = ''production'' and failed and at > now() - interval ''30 days''';
comment on function cdviz.change_lead_times(timestamptz, timestamptz, text) is 'Changes that first reached a tier (default production) in a time, with the deployment that carried each: changes of versions that were skipped count with the version that brought them. Example: select change_id, service_id, lead_time_s from cdviz.change_lead_times(now() - interval ''30 days'') order by lead_time_s desc';
comment on type cdviz.change_lead_time is 'Rows of cdviz.change_lead_times.';
comment on function cdviz.delivery_metrics(timestamptz, timestamptz, text, text[], text[], text[]) is 'The five metrics of delivery, one row: deployment frequency, change lead time, change fail rate, failed deployment recovery time, rework rate; each with what it was computed from. Null means not known. Example: select * from cdviz.delivery_metrics(now() - interval ''30 days'', services => array[''checkout''])';
comment on type cdviz.delivery_metric is 'Row of cdviz.delivery_metrics.';
comment on function cdviz.journey(text) is 'From the change to production, oldest step first: of a change, an artifact, a run, a chain or an event, by its id (of an event the event_uid). Example: select at, step, subject, name, environment_id, via from cdviz.journey(''pkg:oci/checkout@1.18.0'')';
comment on type cdviz.journey_step is 'Rows of cdviz.journey.';
comment on function cdviz.subject_events(text, text, text) is 'All events of one subject, oldest first; of one source if it is given. Example: select time, predicate from cdviz.subject_events(''incident'', ''INC-214'')';
comment on function cdviz.chain_events(text) is 'All events of one chain (context.chainId), oldest first. Example: select time, subject, predicate, subject_id from cdviz.chain_events(''00ce1b6f-2f4d-4ad1-9d21-2f80b4f4a2c6'')';
comment on view cdviz.events is 'Every stored CDEvent, one row each, without the payload. Filter on time: only the partitions of that time are read. Example: select * from cdviz.events where time > now() - interval ''1 day'' order by time desc limit 100';
comment on view cdviz.events_raw is 'cdviz.events plus the payload and the notes (may hold personal data or secrets from customData). Granted only to cdviz_reader_raw. Example: select payload from cdviz.events_raw where event_uid = ''0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77'' and time > now() - interval ''7 days''';
comment on view cdviz.event_counts_hourly is 'Number of events for each hour and type. Example: select hour, sum(n) from cdviz.event_counts_hourly where hour > now() - interval ''1 day'' group by 1 order by 1';
comment on view cdviz.event_counts_daily is 'Number of events for each day, source and subject. Example: select day, source, sum(n) from cdviz.event_counts_daily where day > now() - interval ''30 days'' group by 1, 2';
comment on view cdviz.event_notes is 'Events that break a rule of the specification, or were changed on their way in so that they fit. Example: select source, violations from cdviz.event_notes where violation_count > 0 and time > now() - interval ''1 day''';
comment on view cdviz.conflicts is 'Events that came under a key (source, id) that another content had taken: the first counts. Example: select source, event_id, seen from cdviz.conflicts order by last_seen_at desc';
comment on view cdviz.conflicts_raw is 'cdviz.conflicts plus the payload that was not stored. Granted only to cdviz_reader_raw. Example: select payload from cdviz.conflicts_raw where event_id = ''17''';
comment on view cdviz.event_details is 'cdviz.events plus what an event says: where it happened, and with which outcome. Example: select time, subject, predicate, environment_id, service_id, version, outcome from cdviz.event_details where time > now() - interval ''1 hour'' order by time desc limit 100';
comment on view cdviz.data_version is 'One row that changes whenever an answer of this schema may change, other than by the clock. Example: select events, configuration from cdviz.data_version';
comment on view cdviz.sources is 'Who sends events, and who went silent: longer than 3 times the silence at this moment of the last three weeks, and 15 minutes. Example: select source, silent_s, usual_silence_s from cdviz.sources where quiet';

do $$
declare given record;
begin
  -- Here and nowhere else.
  for given in select * from (values
    ('environments', 'rank', 'Place in the order of delivery: as configured, else above 10,000 by tier; equal ranks are ordered by id'),
    ('artifacts', 'version', 'What people call it: the version of the package URL, else its tag, else the first 12 digits of its digest, else its id'),
    ('artifacts', 'purl_version', 'Version of the package URL: a version, or a digest (sha256:…)'),
    ('changes', 'state', 'open, in review, merged or abandoned'),
    ('changes', 'cycle_time_s', 'Seconds from created to merged'),
    ('tickets', 'summary', 'content.summary of its last event'), ('tickets', 'ticket_type', 'content.ticketType of its last event'),
    ('tickets', 'priority', 'content.priority of its last event'), ('tickets', 'resolution', 'content.resolution of its last event'),
    ('tickets', 'open', 'Not closed yet'), ('approvals', 'open', 'Not closed yet'), ('incidents', 'open', 'Not resolved yet'),
    ('environment_state', 'since', 'Since when it runs there without a break'), ('environment_state', 'age_s', 'Seconds that it has been running'),
    ('environment_state', 'last_event_at', 'Time of the last report about it, also one that changed nothing'),
    ('environment_state_history', 'valid_from', 'When it came to run'), ('environment_state_history', 'valid_to', 'When something else came, or it was removed; null: it runs now'),
    ('environment_state_history', 'ran_s', 'Seconds that it ran, until now if it still does'),
    ('deployments', 'environment_tier', 'Tier of the environment: development, test, staging, production or other'),
    ('matrix_cell', 'age_s', 'Seconds that it had been running'), ('matrix_cell', 'environment_rank', 'Place of the environment in the order of delivery'),
    ('drift_row', 'since', 'Since when it runs there without a break'),
    ('drift_row', 'upstream_environment_id', 'The environment it is compared with'), ('drift_row', 'upstream_artifact_id', 'What runs there'), ('drift_row', 'upstream_version', 'Its version'),
    ('drift_row', 'behind', 'Artifacts of the same name that rank above this one, up to the one upstream; null if the two cannot be compared (other names)'),
    ('drift_row', 'ahead', 'Artifacts of the same name that rank above the one upstream, up to this one: a hotfix'),
    ('drift_row', 'lag_s', 'Seconds since the first of the missing artifacts was published; null if nothing is missing'),
    ('environment_difference', 'artifact_a', 'What runs in a'), ('environment_difference', 'version_a', 'Its version'), ('environment_difference', 'since_a', 'Since when'),
    ('environment_difference', 'artifact_b', 'What runs in b'), ('environment_difference', 'version_b', 'Its version'), ('environment_difference', 'since_b', 'Since when'),
    ('environment_difference', 'same', 'The same artifact runs in both'),
    ('environment_difference', 'relation', 'same, a is ahead, b is ahead, only in a, only in b, or not comparable (artifacts of different names)'),
    ('environment_difference', 'distance', 'Artifacts from the lower to the higher of the two; null if they cannot be compared'),
    ('environment_difference', 'lag_s', 'Seconds since the first artifact that the side behind lacks was published'),
    ('environment_difference', 'changes', 'Ids of the changes in these artifacts, oldest first: what waits'),
    ('promotion', 'first_in_from', 'When it first ran in the one environment'), ('promotion', 'first_in_to', 'When it first ran in the other'), ('promotion', 'took_s', 'Seconds between the two'),
    ('runs', 'state', 'queued, running, finished, skipped or abandoned (no event for 24 hours)'),
    ('runs', 'duration_s', 'Seconds from started to finished'), ('runs', 'queue_s', 'Seconds from queued to started'),
    ('deployment_attempts', 'environment_id', 'The environment it deploys to'), ('deployment_attempts', 'service_id', 'The service it deploys'),
    ('deployment_attempts', 'artifact_id', 'The artifact it deploys, if known'), ('deployment_attempts', 'kind', 'Kind of run: deployment, pipelinerun, taskrun or build'),
    ('deployment_attempts', 'state', 'queued, running, finished, skipped or abandoned (no event for 24 hours)'),
    ('open_runs', 'state', 'queued, running, stuck or abandoned'), ('open_runs', 'open_s', 'Seconds since it started (was queued, if it has not)'),
    ('open_runs', 'typical_p95_s', '95th percentile of the durations of the last 100 finished runs of that name'), ('open_runs', 'typical_runs', 'How many those are; fewer than 5 say nothing'),
    ('run_summary', 'name', 'Name of the pipeline, task, suite or case'), ('run_summary', 'runs', 'Runs that finished'), ('run_summary', 'success', 'Of them with success'), ('run_summary', 'failure', 'Of them with failure'),
    ('run_summary', 'error', 'Of them with an error, which is no verdict'), ('run_summary', 'cancelled', 'Of them cancelled'),
    ('run_summary', 'pass_rate', 'success / (success + failure + error), 0 to 1'), ('run_summary', 'p50_s', 'Median duration in seconds'), ('run_summary', 'p95_s', '95th percentile of the durations in seconds'),
    ('run_summary', 'queue_p95_s', '95th percentile of the seconds in the queue'), ('run_summary', 'p50_before_s', 'Median duration in the equally long time before'),
    ('run_summary', 'change', 'p50_s / p50_before_s - 1: 0.4 is 40 % slower'), ('run_summary', 'last_outcome', 'Outcome of the last'), ('run_summary', 'last_finished_at', 'When the last finished'),
    ('run_summary', 'failing_since', 'First failure since the last success; null if the last did not fail'),
    ('run_summary', 'recent_outcomes', 'Outcomes of the last 30, oldest first'), ('run_summary', 'recent_durations_s', 'Their durations in seconds, in the same order'), ('run_summary', 'recent_run_keys', 'Their run_keys, in the same order'),
    ('test_case_health', 'case_id', 'Id of the test case, or its name if it has none'), ('test_case_health', 'name', 'Name of the test case'),
    ('test_case_health', 'state', 'broken, flaky, failing or healthy'), ('test_case_health', 'because', 'Why it is judged so; null if healthy'),
    ('test_case_health', 'runs', 'Runs that finished'), ('test_case_health', 'failures', 'Of them failures and errors'), ('test_case_health', 'fail_rate', 'failures / runs, 0 to 1'),
    ('test_case_health', 'flips', 'Changes of outcome within the last 30 runs'), ('test_case_health', 'since', 'First failure that speaks for the judgement, within the time asked for'),
    ('test_case_health', 'last_outcome', 'Outcome of the last run'), ('test_case_health', 'last_finished_at', 'When it finished'),
    ('test_case_health', 'history', 'The last 30 runs, oldest first: . passed, x failed'), ('test_case_health', 'p50_s', 'Median duration in seconds'),
    ('test_case_health', 'cost_s', 'Seconds of suite runs that failed through flaky cases only, this one among them'), ('test_case_health', 'environments', 'Where it ran'),
    ('test_case_health', 'test_type', 'unit, integration, e2e, …'),
    ('incidents', 'description', 'content.description of its last event'), ('incidents', 'began_at', 'When it was detected, else reported, else first heard of'),
    ('incidents', 'time_to_restore_s', 'Seconds from detected (else reported) to resolved'),
    ('incident_suspects', 'incident_id', 'The incident'), ('incident_suspects', 'source', 'Where the incident is from'), ('incident_suspects', 'began_at', 'When it began'),
    ('incident_suspects', 'suspicion', '1: named by the incident, 2: same service at most 2 hours before, 3: same environment at most 1 hour before'), ('incident_suspects', 'because', 'The same in words'),
    ('incident_suspects', 'deployed_at', 'When the suspect came'), ('incident_suspects', 'before_s', 'Seconds before the incident'),
    ('deployment_outcomes', 'change_id', 'The change that the artifact was built from'), ('deployment_outcomes', 'change_source', 'Where that change is'),
    ('deployment_outcomes', 'change_created_at', 'When it was created'), ('deployment_outcomes', 'change_merged_at', 'When it was merged; null: the deployment is not linked'),
    ('deployment_outcomes', 'lead_time_s', 'Seconds from the merge of that change to this deployment'), ('deployment_outcomes', 'publish_to_deploy_s', 'Seconds from the publication of the artifact to this deployment'),
    ('deployment_outcomes', 'failed', 'It was undone by a rollback, or an incident names its artifact and environment while it ran; false for rollbacks'),
    ('deployment_outcomes', 'failed_because', 'Which of the two'), ('deployment_outcomes', 'incident_id', 'The incident that names it'), ('deployment_outcomes', 'rolled_back_at', 'When the rollback came'),
    ('deployment_outcomes', 'recovery_s', 'Seconds to what ended the failure first: the rollback, the next deployment after the incident began, or its resolution; null: not yet'),
    ('deployment_outcomes', 'unplanned', 'A rollback, or a hotfix: during an open incident of the service, or a version that was in no environment before although the service is'),
    ('deployment_outcomes', 'unplanned_because', 'Which of these'),
    ('change_lead_time', 'change_id', 'The change'), ('change_lead_time', 'change_source', 'Where it is'), ('change_lead_time', 'built_artifact_id', 'The artifact that was built from it'),
    ('change_lead_time', 'event_uid', 'The deployment that carried it'), ('change_lead_time', 'deployed_at', 'When that was'), ('change_lead_time', 'artifact_id', 'What was deployed: it ranks as high as built_artifact_id, or higher'),
    ('change_lead_time', 'lead_time_s', 'Seconds from merged to deployed; null: not merged, or after the deployment'), ('change_lead_time', 'from_created_s', 'Seconds from created to deployed'),
    ('delivery_metric', 'since', 'Begin of the time asked for'), ('delivery_metric', 'until', 'Its end'), ('delivery_metric', 'days', 'Days of it that could be known: from the first event on, not beyond now. Null: nothing is known, or no environment of the tier'),
    ('delivery_metric', 'deployments', 'Deployments that changed what runs, without rollbacks'), ('delivery_metric', 'rollbacks', 'Rollbacks'), ('delivery_metric', 'deployments_per_day', 'deployments / days'),
    ('delivery_metric', 'days_with_deployment', 'Days (UTC) with at least one'), ('delivery_metric', 'lead_time_p50_s', 'Median seconds from merge to production, over changes'), ('delivery_metric', 'lead_time_p90_s', '90th percentile of the same'),
    ('delivery_metric', 'lead_time_changes', 'How many changes that is'), ('delivery_metric', 'lead_time_linked', 'Deployments whose artifact has a known merged change'), ('delivery_metric', 'lead_time_coverage', 'lead_time_linked / deployments, 0 to 1'),
    ('delivery_metric', 'failed', 'Deployments that failed'), ('delivery_metric', 'change_fail_rate', 'failed / deployments, 0 to 1'), ('delivery_metric', 'recovery_p50_s', 'Median seconds from a failed deployment to what ended the failure'),
    ('delivery_metric', 'recovery_n', 'How many failed deployments recovered'), ('delivery_metric', 'unplanned', 'Rollbacks and hotfixes'), ('delivery_metric', 'rework_rate', 'unplanned / (deployments + rollbacks), 0 to 1'),
    ('journey_step', 'at', 'When it happened or began'), ('journey_step', 'step', 'created, reviewed, merged, abandoned; packaged, signed, published, deleted; ran; deploy, upgrade, rollback; incident; linked: …'),
    ('journey_step', 'subject', 'change, artifact, service, incident, or the kind of the run'), ('journey_step', 'subject_id', 'Its id'), ('journey_step', 'source', 'Where it is from'),
    ('journey_step', 'name', 'Name of the run, version of the artifact, description of change or incident'), ('journey_step', 'outcome', 'Outcome of a run; open or resolved for an incident'),
    ('journey_step', 'duration_s', 'Seconds that it took, or that the version ran'), ('journey_step', 'via', 'How it is known to belong here: id, field: …, chain, link'), ('journey_step', 'event_uid', 'The event, for deployments'),
    ('event_notes', 'violation_count', 'How many rules it breaks'), ('event_notes', 'violations', 'Which: [{"pointer", "rule", "message"}]'), ('event_notes', 'normalised', 'What was changed on its way in: ["id", "time", …]'),
    ('event_details', 'environment_id', 'Canonical id of the environment that it names, or that its run deploys to'), ('event_details', 'service_id', 'Canonical id of the service that it names, or that its run deploys'),
    ('event_details', 'name', 'Name of the pipeline, task, suite or case'), ('event_details', 'deployment_kind', 'deploy, upgrade, rollback, redeploy or remove, if it tells of one'),
    ('event_details', 'version', 'Version that it deployed'), ('event_details', 'outcome', 'success, failure, error, cancel, skip, …, if it says so'),
    ('event_details', 'reason', 'content.reason, content.errors or content.description'), ('event_details', 'uri', 'content.uri, content.url or content.ticketURI'),
    ('event_details', 'violation_count', 'How many rules of the specification it breaks'),
    ('data_version', 'events', 'Events that are stored; null: none ever was'), ('data_version', 'last_ingested_at', 'When the last one was stored'), ('data_version', 'rebuilt_at', 'When the last rebuild ended'),
    ('data_version', 'configuration', 'A digest of the configuration of environments, services and deployments'),
    ('data_version', 'api_version', 'As in cdviz.schema_info'), ('data_version', 'schema_version', 'As in cdviz.schema_info'),
    ('sources', 'silent_s', 'Seconds since the time of its last event'), ('sources', 'usual_silence_s', 'The longest silence at this moment of the week in the last three weeks, at most a day; null: not known so long'),
    ('sources', 'quiet', 'It is silent for longer than usual; null if what is usual is not known yet')) as v (object, name, text)
  loop
    execute format('comment on column cdviz.%I.%I is %L', given.object, given.name, given.text);
  end loop;

  -- What the tables say already. A later line stands back behind an earlier one.
  for given in
    select distinct on (c.oid, a.attnum) c.relname, a.attname,
      -- in the words of this schema
      regexp_replace(regexp_replace(regexp_replace(regexp_replace(col_description(t.oid, b.attnum), ', bounded', ''),
        '\mevent\.(?=[a-z])', 'cdviz.events.'), '\mdeployment\.(?=[a-z])', 'cdviz.deployments.'), 'a row of deployment_rule|a rule of deployment_rule', 'a rule for deployments') as text
    from (values
      (1, 'events', 'event'), (1, 'events_raw', 'event'), (1, 'event_notes', 'event'), (1, 'event_details', 'event'), (1, 'environments', 'environment_known'), (1, 'services', 'service_known'),
      (1, 'artifacts', 'artifact'), (1, 'changes', 'change'), (1, 'tickets', 'ticket'), (1, 'approvals', 'approval'), (1, 'links', 'link'),
      (1, 'deployments', 'deployment'), (1, 'environment_state', 'environment_state'), (1, 'environment_state_history', 'deployment'),
      (1, 'deployment_attempts', 'run'), (1, 'runs', 'run'), (1, 'pipeline_runs', 'run'), (1, 'task_runs', 'run'), (1, 'builds', 'run'),
      (1, 'test_suite_runs', 'run'), (1, 'test_case_runs', 'run'), (1, 'open_runs', 'run'), (1, 'incidents', 'incident'),
      (1, 'incident_suspects', 'deployment'), (1, 'deployment_outcomes', 'deployment'), (1, 'change_lead_time', 'deployment'), (2, 'change_lead_time', 'change'),
      (1, 'drift_row', 'environment_state'), (1, 'matrix_cell', 'environment_state'), (1, 'environment_difference', 'environment_state'), (1, 'promotion', 'deployment'), (1, 'journey_step', 'run'),
      (1, 'event_counts_hourly', 'event_count_hourly'), (1, 'event_counts_daily', 'event_count_daily'), (1, 'sources', 'event_source'),
      (1, 'conflicts', 'event_conflict'), (1, 'conflicts_raw', 'event_conflict')) as v (turn, object, table_name)
    join pg_class c on c.relnamespace = 'cdviz'::regnamespace and c.relname = v.object
    join pg_class t on t.relnamespace = 'cdviz_store'::regnamespace and t.relname = v.table_name
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    join pg_attribute b on b.attrelid = t.oid and b.attname = a.attname
    where col_description(c.oid, a.attnum) is null and col_description(t.oid, b.attnum) is not null
    order by c.oid, a.attnum, v.turn
  loop
    execute format('comment on column cdviz.%I.%I is %L', given.relname, given.attname, given.text);
  end loop;

  -- The same for the private views above.
  for given in
    select c.relname, a.attname, coalesce(col_description(t.oid, b.attnum), col_description('cdviz.artifacts'::regclass, p.attnum), 'The environments before it, without order') as text
    from (values ('named_artifact', 'artifact'), ('artifact_change', 'change'), ('environment_place', 'environment_known')) as v (object, table_name)
    join pg_class c on c.relnamespace = 'cdviz_store'::regnamespace and c.relname = v.object
    join pg_class t on t.relnamespace = 'cdviz_store'::regnamespace and t.relname = v.table_name
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    left join pg_attribute b on b.attrelid = t.oid and b.attname = a.attname and a.attname <> 'version'
    left join pg_attribute p on p.attrelid = 'cdviz.artifacts'::regclass and p.attname = a.attname
  loop
    execute format('comment on column cdviz_store.%I.%I is %L', given.relname, given.attname, given.text);
  end loop;

  -- Names that mean the same everywhere; and views that are others with a filter.
  for given in
    select distinct on (c.oid, a.attnum) c.relname, a.attname, v.text
    from (
      select 1 as turn, null::text as object, x.name, x.text from (values
        ('environment_tier', 'Tier of the environment: development, test, staging, production or other'), ('environment_rank', 'Place of the environment in the order of delivery'),
        ('team', 'The team that owns the service, if configured'), ('version', 'Version of the artifact, as in cdviz.artifacts'), ('previous_version', 'Version of what ran before'),
        ('time_to_close_s', 'Seconds from created to closed'), ('artifact_id', 'Canonical id of the artifact')) as x (name, text)
      union all
      select 2, v.object, b.attname, col_description(b.attrelid, b.attnum)
      from (values ('drift', 'drift_row'), ('matrix_cell', 'drift_row'), ('pipeline_runs', 'runs'), ('task_runs', 'runs'), ('builds', 'runs'), ('test_suite_runs', 'runs'), ('test_case_runs', 'runs')) as v (object, other)
      join pg_attribute b on b.attrelid = ('cdviz.' || v.other)::regclass and b.attnum > 0) v
    join pg_class c on c.relnamespace = 'cdviz'::regnamespace and (v.object is null or c.relname = v.object)
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and a.attname = v.name
    where col_description(c.oid, a.attnum) is null and v.text is not null and c.relkind in ('v', 'c')
    order by c.oid, a.attnum, v.turn
  loop
    execute format('comment on column cdviz.%I.%I is %L', given.relname, given.attname, given.text);
  end loop;
end $$;

reset role;
