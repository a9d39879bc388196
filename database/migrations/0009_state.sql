-- What runs where, in one pass over the lanes: the question of database/queries/state.sql had two for what was removed, asked
-- for attempts through views of names that it did not need, and compared each cell in four steps.
set local role cdviz_owner;

-- The last change of each lane up to a moment: where nothing changed since, the lane's own row has it, else a probe of an index
-- finds it: of the index of hashes, for a tree of texts compares two of them twenty times.
create function cdviz_store.lanes_at(at timestamptz, with_removed boolean)
returns table (environment_id text, service_id text, artifact_id text, since timestamptz, kind text, previous_artifact_id text, event_uid uuid, source text, actor text, inferred boolean, removed boolean)
language sql stable parallel safe rows 1000
begin atomic
  select e.environment_id, e.service_id, c.artifact_id, c.at, c.kind, c.previous_artifact_id, c.event_uid, c.source, c.actor, c.inferred, c.removed
  from cdviz_store.environment_state e
  cross join lateral (
    select case when not e.removed then e.artifact_id end as artifact_id, e.since as at, e.kind, e.previous_artifact_id, e.event_uid, e.source, e.actor, e.inferred, e.removed
    where e.since <= lanes_at.at and (lanes_at.with_removed or not e.removed)
    union all
    select case when d.action <> 'removed' then d.artifact_id end, d.at, d.kind, d.previous_artifact_id, d.event_uid, d.source, d.actor, d.inferred, d.action = 'removed'
    from (
      select * from cdviz_store.deployment d
      where e.since > lanes_at.at
        and hashtextextended(d.environment_id || E'\x1f' || d.service_id, 0) = hashtextextended(e.environment_id || E'\x1f' || e.service_id, 0)
        -- two lanes may have one hash. As CASE: of two comparisons the planner thinks that they leave next to nothing, and sorts
        -- the whole lane
        and case when d.environment_id = e.environment_id and d.service_id = e.service_id then true end
        and d.is_change and d.at <= lanes_at.at
      order by d.at desc, d.event_uid desc limit 1) d
    where lanes_at.with_removed or d.action <> 'removed') c;
end;
comment on function cdviz_store.lanes_at(timestamptz, boolean) is 'What ran where at a moment, without names and ranks; also the lanes that were empty because it was removed, if asked for. Part of cdviz.state_at() and of lanes_at() without them.';

create or replace function cdviz_store.lanes_at(at timestamptz)
returns table (environment_id text, service_id text, artifact_id text, since timestamptz, kind text, previous_artifact_id text, event_uid uuid, source text, actor text, inferred boolean)
language sql stable parallel safe rows 1000
begin atomic
  select l.environment_id, l.service_id, l.artifact_id, l.since, l.kind, l.previous_artifact_id, l.event_uid, l.source, l.actor, l.inferred
  from cdviz_store.lanes_at(lanes_at.at, false) l;
end;

create type cdviz.state_cell as (
  service_id text, team text, environment_id text, environment_tier text, environment_rank integer, artifact_id text, version text,
  since timestamptz, age_s double precision, kind text, previous_artifact_id text, previous_version text,
  event_uid uuid, source text, actor text, inferred boolean,
  upstream_environment_id text, upstream_artifact_id text, upstream_version text, behind bigint, ahead bigint, lag_s double precision,
  attempt_state text, attempt_outcome text, attempt_version text, attempt_at timestamptz, attempt_uri text, incidents text[]);

-- Not marked parallel safe, on purpose: whatever question it is part of, starting workers would take longer than all of it.
create function cdviz.state_at(at timestamptz, services text[] default null, with_removed boolean default false) returns setof cdviz.state_cell
language sql stable rows 1000
begin atomic
  -- n: within a service, the newest artifact first
  with cell as materialized (
    select row_number() over (order by l.service_id, a.ranked_at desc, l.artifact_id desc, l.environment_id) as n, dense_rank() over (order by l.service_id) as service,
      l.environment_id, v.tier as environment_tier, v.rank as environment_rank, l.service_id, s.team, l.artifact_id, a.version, l.since,
      l.kind, l.previous_artifact_id, p.version as previous_version, l.event_uid, l.source, l.actor, l.inferred, l.removed, a.base_id, a.ranked_at
    from cdviz_store.lanes_at(state_at.at, state_at.with_removed) l
    left join cdviz_store.environment_place v using (environment_id)
    left join cdviz_store.service_setting s using (service_id)
    left join cdviz_store.named_artifact a on a.artifact_id = l.artifact_id
    left join cdviz_store.named_artifact p on p.artifact_id = l.previous_artifact_id
    where state_at.services is null or l.service_id = any (state_at.services)),
  -- Upstream, as of cdviz.matrix_at(), without a sort: what it is ordered by is one number, the greatest wins. From the highest
  -- bit: an environment before (1); its rank (32); an artifact of the same name (2), of another (1), of none (0); the smallest n (27).
  paired as (
    select c.n, max(case when c.environment_tier <> 'other' and u.environment_rank < c.environment_rank and u.environment_tier <> c.environment_tier
                         then (1::bigint << 61) + ((u.environment_rank + (1::bigint << 31)) << 29) else 0 end
                    + case when u.base_id = c.base_id then 2::bigint << 27 when u.base_id <> c.base_id then 1::bigint << 27 else 0 end
                    + (1::bigint << 27) - 1 - u.n) as best
    from cell c join cell u on u.service = c.service and u.artifact_id is not null
    where not c.removed
    group by c.n),
  -- Attempts that were under way: something was heard of them in the 24 hours before.
  tried as materialized (
    select distinct on (r.environment_id, r.service_id) r.environment_id, r.service_id, case when r.started_at <= state_at.at then 'running' else 'queued' end as state,
      r.artifact_id, r.first_at, r.uri, r.last_at
    from cdviz_store.run r
    where r.deploys and r.kind in ('deployment', 'pipelinerun', 'taskrun')  -- as cdviz.deployment_attempts
      and r.first_at <= state_at.at and (r.finished_at > state_at.at or (r.finished_at is null and r.skipped_at is null))
      and (r.first_at > state_at.at - interval '24 hours' or (r.started_at > state_at.at - interval '24 hours' and r.started_at <= state_at.at)
           or (r.last_at > state_at.at - interval '24 hours' and r.last_at <= state_at.at))
    order by r.environment_id, r.service_id, r.last_at desc),
  hurt as materialized (
    select service_id, environment_id, first_at, incident_id from cdviz.incidents where first_at <= state_at.at and coalesce(resolved_at, 'infinity') > state_at.at)
  select c.service_id, c.team, c.environment_id, c.environment_tier, c.environment_rank, c.artifact_id, c.version, c.since, extract(epoch from state_at.at - c.since)::double precision, c.kind,
    c.previous_artifact_id, c.previous_version, c.event_uid, c.source, c.actor, c.inferred,
    -- without an environment before, what is the newest itself is compared with itself
    case when paired.best < 1::bigint << 61 and p.artifact_id = c.artifact_id then c.environment_id else p.environment_id end, p.artifact_id, p.version,
    -- most are what runs upstream: nothing to look for
    case when p.artifact_id = c.artifact_id and p.base_id is not null then 0 else g.behind end,
    case when p.artifact_id = c.artifact_id and p.base_id is not null then 0 else g.ahead end,
    case when g.first_missing_at is not null then extract(epoch from state_at.at - g.first_missing_at)::double precision end,
    case when f.last_at is not null then 'finished' else t.state end, f.outcome,
    case when f.artifact_id is not null or t.artifact_id is not null
         then (select a.version from cdviz_store.named_artifact a where a.artifact_id = case when f.last_at is not null then f.artifact_id else t.artifact_id end) end,
    case when f.last_at is not null then f.first_at else t.first_at end, case when f.last_at is not null then f.uri else t.uri end,
    case when c.service_id in (select service_id from hurt) then array(select i.incident_id from hurt i
          where i.service_id = c.service_id and (i.environment_id = c.environment_id or i.environment_id is null)
          order by i.first_at) else '{}' end
  from cell c
  left join (paired join cell p on p.n = (1::bigint << 27) - 1 - (paired.best & ((1::bigint << 27) - 1))) on paired.n = c.n
  left join tried t on t.environment_id = c.environment_id and t.service_id = c.service_id and t.last_at > c.since
  -- The last that did not succeed, unless another was heard of later.
  left join lateral (
    select r.outcome, r.artifact_id, r.first_at, r.uri, r.last_at
    from cdviz_store.run r
    where r.deploys and r.kind in ('deployment', 'pipelinerun', 'taskrun')
      and r.environment_id = c.environment_id and r.service_id = c.service_id and r.last_at > c.since and r.finished_at <= state_at.at and r.outcome is distinct from 'success'
    order by r.last_at desc limit 1) f on (t.last_at > f.last_at) is not true
  left join lateral (
    select count(*) filter (where b.missing) as behind, count(*) filter (where b.extra) as ahead, min(x.ranked_at) filter (where b.missing) as first_missing_at
    from cdviz_store.named_artifact x
    cross join lateral (select
      (x.ranked_at, x.artifact_id) > (c.ranked_at, c.artifact_id) and (x.ranked_at, x.artifact_id) <= (p.ranked_at, p.artifact_id) as missing,
      (x.ranked_at, x.artifact_id) > (p.ranked_at, p.artifact_id) and (x.ranked_at, x.artifact_id) <= (c.ranked_at, c.artifact_id) as extra) b
    where p.artifact_id <> c.artifact_id and x.base_id = c.base_id
      and x.ranked_at between least(c.ranked_at, p.ranked_at) and greatest(c.ranked_at, p.ranked_at)
    having p.artifact_id <> c.artifact_id) g
    on c.base_id = p.base_id;
end;

comment on function cdviz.state_at(timestamptz, text[], boolean) is 'What ran where at a moment, of all services or of some: the rows of cdviz.matrix_at with what went wrong since and the incidents that were open; if asked for, also what was removed (kind remove, no artifact). Example: select service_id, environment_id, version, behind, attempt_outcome from cdviz.state_at(now()) where attempt_outcome is not null or incidents <> ''{}''';
comment on type cdviz.state_cell is 'Rows of cdviz.state_at.';
do $$
declare of_column record;
begin
  for of_column in
    select attname, col_description(attrelid, attnum) as description from pg_attribute where attrelid = 'cdviz.matrix_cell'::regclass and attnum > 0
    union all
    select * from (values
      ('attempt_state', 'A later attempt to deploy that did not become this: queued, running or finished'), ('attempt_outcome', 'Its outcome, once it has finished'),
      ('attempt_version', 'What it wanted to deploy, if known'), ('attempt_at', 'When it began'), ('attempt_uri', 'Where it can be looked at'),
      ('incidents', 'Incidents of this service here that were open')) as given (name, description)
  loop
    execute format('comment on column cdviz.state_cell.%I is %L', of_column.attname, of_column.description);
  end loop;
end $$;

revoke all on function cdviz.state_at(timestamptz, text[], boolean), cdviz_store.lanes_at(timestamptz, boolean) from public;
grant execute on function cdviz.state_at(timestamptz, text[], boolean), cdviz_store.lanes_at(timestamptz, boolean) to cdviz_reader;
reset role;
