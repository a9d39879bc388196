-- The same tables and the same answers, sooner: what the write path and two questions cost was measured at a million
-- events (docs/decisions/0011), and is done in a cheaper way here. What a function is for stands where it was made first.
set local role cdviz_owner;

-- ============ identity ============
-- The same keys as before. A regular expression costs more than the looks at the text that nearly always decide.
create or replace function cdviz_store.event_uid(source text, id text) returns uuid
language sql stable parallel safe as $$
  -- 0x1f separates. A source that holds it (no URI does) is escaped with 0x1e, or two keys could be one.
  select encode(substring(sha256(convert_to(
    case when position(E'\x1f' in source) > 0 or position(E'\x1e' in source) > 0
         then replace(replace(source, E'\x1e', E'\x1e\x1e'), E'\x1f', E'\x1e\x1f') else source end
    || E'\x1f' || id, 'UTF8')) for 16), 'hex')::uuid
$$;

create function cdviz_store.subject_name(subject text, id text, source text) returns text
language sql stable parallel safe as $$
  select subject || E'\x1f'
    || case when subject in ('artifact', 'service', 'environment', 'repository')
              or left(id, 1) = '/' or left(id, 4) = 'pkg:'
              or (position('://' in id) > 1 and id ~ '^[a-zA-Z][a-zA-Z0-9+.-]*://') then '' else source end
    || E'\x1f' || id
$$;
comment on function cdviz_store.subject_name(text, text, text) is 'What the identity of a subject is made of: type, source (empty if the id is global), id, with 0x1f between them.';

create function cdviz_store.key_of(name text) returns uuid
language sql stable parallel safe as $$ select encode(substring(sha256(convert_to(name, 'UTF8')) for 16), 'hex')::uuid $$;
comment on function cdviz_store.key_of(text) is 'First 16 bytes of the SHA-256 of a text.';

create or replace function cdviz_store.subject_key(subject text, id text, source text) returns uuid
language sql stable parallel safe as $$ select cdviz_store.key_of(cdviz_store.subject_name(subject, id, source)) $$;

create or replace function cdviz_store.purl_parts(purl text)
returns table (artifact_id text, base_id text, purl_type text, namespace text, name text, version text, tag text, repository_url text)
language sql stable parallel safe as $$
  -- One SELECT, so that the planner can inline it. https://github.com/package-url/purl-spec
  select cdviz_store.bounded(case when base is null then purl else base || coalesce('@' || v, '?tag=' || t, '') end),
    cdviz_store.bounded(coalesce(base, purl)), case when base is not null then left(ty, 64) end, case when base is not null then cdviz_store.bounded(ns) end,
    case when base is not null then cdviz_store.bounded(n) end, case when base is not null then cdviz_store.bounded(v) end, cdviz_store.bounded(t), cdviz_store.bounded(u)
  from (
    select *, case when ty <> '' and n <> '' and last <> path then 'pkg:' || ty || '/' || coalesce(ns || '/', '') || n end as base
    from (
      select purl, path, last, ty, case when lower_case then lower(ns) else ns end as ns, case when lower_case then lower(n) else n end as n,
        -- What the usual escapes stand for cannot become part of another one; only what has others is decoded byte by byte.
        nullif(case when quick_v like '%\%%' then cdviz_store.percent_decoded(v) else quick_v end, '') as v,
        case when t like '%\%%' then cdviz_store.percent_decoded(t) else t end as t,
        case when quick_u like '%\%%' then cdviz_store.percent_decoded(u) else quick_u end as u
      from (
        select purl, path, last, lower(ty) as ty, v, t, u,
          lower(ty) in ('oci', 'docker', 'github', 'gitlab', 'bitbucket', 'pypi', 'composer', 'deb', 'apk', 'hex', 'golang') as lower_case,
          case when ns like '%\%%' then cdviz_store.percent_decoded(ns) else ns end as ns, case when n like '%\%%' then cdviz_store.percent_decoded(n) else n end as n,
          case when v like '%\%%' then replace(replace(replace(replace(v, '%3A', ':'), '%3a', ':'), '%2F', '/'), '%40', '@') else v end as quick_v,
          case when u like '%\%%' then replace(replace(replace(replace(u, '%3A', ':'), '%3a', ':'), '%2F', '/'), '%40', '@') else u end as quick_u
        from (
          select purl, path, last, ty, n, substr(last, length(n) + 2) as v, nullif(substr(path, length(ty) + 2, greatest(0, length(path) - length(ty) - length(last) - 2)), '') as ns,
            -- the first that is not empty: nearly always the first
            case when q like '%tag=%' then coalesce(nullif(split_part(split_part('&' || q, '&tag=', 2), '&', 1), ''), substring('&' || q from '&tag=([^&]+)')) end as t,
            case when q like '%repository_url=%' then coalesce(nullif(split_part(split_part('&' || q, '&repository_url=', 2), '&', 1), ''), substring('&' || q from '&repository_url=([^&]+)')) end as u
          from (
            select purl, path, last, split_part(path, '/', 1) as ty, split_part(last, '@', 1) as n, case when position('?' in head) > 0 then substr(head, position('?' in head) + 1) end as q
            from (
              select purl, head, path, split_part(path, '/', -1) as last
              from (
                select purl, head, ltrim(split_part(head, '?', 1), '/') as path
                from (select purl, case when purl like 'pkg:%' and octet_length(purl) <= 4096 then split_part(substr(purl, 5), '#', 1) end as head offset 0) a
                offset 0) b
              offset 0) c
            offset 0) d
          offset 0) e
        offset 0) f
      offset 0) g
    offset 0) h
$$;

-- ============ the write path ============
-- The same event with another time is a duplicate too, if the other is within 31 days: that is three partitions to look
-- into and not all. Month by month, so that a batch with a wrong clock in it does not look into all years between.
create function cdviz_store.known_events(keys uuid[], times timestamptz[], months timestamp[]) returns uuid[]
language plpgsql stable as $$
declare
  month timestamp;
  asked uuid[];
  earliest timestamptz;
  latest timestamptz;
  known uuid[] := '{}';
begin
  foreach month in array months loop
    select array_agg(g.key), min(g.time) - interval '31 days', max(g.time) + interval '31 days' into asked, earliest, latest
    from unnest(keys, times) as g (key, time) where cardinality(months) = 1 or date_trunc('month', g.time at time zone 'UTC') = month;
    known := known || array(
      select g.key
      from (select event_uid, time from cdviz_store.event where event_uid = any (asked) and time between earliest and latest offset 0) there
      join unnest(keys, times) as g (key, time) on g.key = there.event_uid and there.time between g.time - interval '31 days' and g.time + interval '31 days');
  end loop;
  return known;
end $$;
comment on function cdviz_store.known_events(uuid[], timestamptz[], timestamp[]) is 'Which of these keys the lake has already, with the time given or another one within 31 days of it. Part of ingest().';

create or replace function cdviz_store.ingest(events jsonb[], notes jsonb[] default '{}', out inserted int, out duplicates int)
language plpgsql security definer
set search_path = pg_catalog, cdviz_store, pg_temp
set plan_cache_mode = force_generic_plan
set work_mem = '32MB'
set enable_seqscan = off      -- a plan made while a partition is small must still be right when it is large
set enable_bitmapscan = off
set jit = off                 -- a disabled scan counts as so expensive that it would be compiled, at every call
as $$
declare
  stored cdviz_store.event[];
  keys uuid[];
  times timestamptz[];
  months timestamp[];
  closes boolean;
  known uuid[];
  month timestamp;
  stored_at timestamptz;
begin
  if cardinality(notes) > coalesce(cardinality(events), 0) then
    raise exception using errcode = '22023', message = format('%s notes for %s events', cardinality(notes), coalesce(cardinality(events), 0));
  end if;
  with field as materialized (
    select place, event, note, context ->> 'source' as source, context ->> 'id' as id, context ->> 'type' as type,
      context ->> 'timestamp' as stamp, coalesce(context ->> 'chainId', context ->> 'chain_id') as chain_id,
      subject ->> 'id' as subject_id, subject ->> 'source' as subject_source
    from (
      select place, event, note, event -> 'context' as context, event -> 'subject' as subject
      from unnest(events, notes) with ordinality as given(event, note, place)
      offset 0) part),      -- offset 0: each level is computed once for each event
  -- The types of a batch are few: each is taken apart once.
  kind as materialized (
    select type, case when ours then lower(part[3]) else lower(array_to_string(part[:3], '.')) end as subject,
      lower(part[4]) as predicate, array_to_string(part[5:], '.') as type_version
    from (
      select type, lower(left(type, 14)) like any (array['dev.cdevents.%', 'dev.cdeventsx.']) as ours, string_to_array(type, '.') as part
      from (
        select case when type ~ '^[^.]+\.[^.]+\.[^.]+\.[^.]+\..' and octet_length(type) <= 256 then type
               else cdviz_store.refuse('22023', format('context.type is not dev.cdevents.<subject>.<predicate>.<version>: %s',
                                                       coalesce(quote_literal(left(type, 256)), 'missing'))) end as type
        from field group by type offset 0) checked
      offset 0) parts),
  -- One look at all moments together, because a look at each costs as much as all else that is read of an event. At most
  -- 27 characters: two of them cannot pass for one. If one is not of the common form, each is read with care.
  stamps as materialized (
    select count(stamp) = count(*) and max(length(stamp)) <= 27
      and string_agg(stamp || ',', '') ~ '^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z,)*$' as common
    from field)
  select
    -- Rows go in by the order of their key: two writers with the same events wait for each other, but never in a circle.
    array_agg(row(uid, time, null, null, subject, predicate, type_version, source, id, subject_source, subject_id,
                  cdviz_store.subject_key(subject, subject_id, subject_source), chain_id, event, note)::cdviz_store.event),
    array_agg(uid), array_agg(time),
    array_agg(distinct date_trunc('month', time at time zone 'UTC')),
    bool_or(case subject when 'environment' then predicate = 'deleted'
                         when 'service' then predicate = 'removed' and coalesce(event #>> '{subject,content,environment,id}', '') = '' else false end)
  into stored, keys, times, months, closes
  from (
    select distinct on (uid) *
    from (
      select f.*, k.subject, k.predicate, k.type_version, cdviz_store.event_uid(f.source, f.id) as uid,
        case when (select common from stamps) then f.stamp::timestamptz else cdviz_store.instant(f.stamp) end as time
      from (
        select place, event, stamp, chain_id, type,
          case when note is null or jsonb_typeof(note) = 'object' then note
               when jsonb_typeof(note) = 'null' then null
               else cdviz_store.refuse('22023', 'notes of an event are not a JSON object')::jsonb end as note,
          case when octet_length(source) between 1 and 2048 then source
               else cdviz_store.refuse('22023', 'context.source is missing, empty, or longer than 2048 bytes') end as source,
          case when octet_length(id) between 1 and 2048 then id
               else cdviz_store.refuse('22023', 'context.id is missing, empty, or longer than 2048 bytes') end as id,
          case when octet_length(subject_id) between 1 and 2048 then subject_id
               else cdviz_store.refuse('22023', 'subject.id is missing, empty, or longer than 2048 bytes') end as subject_id,
          case when subject_source = '' or subject_source is null then source
               when octet_length(subject_source) <= 2048 then subject_source
               else cdviz_store.refuse('22023', 'subject.source is longer than 2048 bytes') end as subject_source
        from field offset 0) f
      join kind k using (type)
      offset 0) keyed
    order by uid, time, place) one;

  inserted := 0;
  duplicates := coalesce(cardinality(events), 0);
  if stored is null then return; end if;
  perform cdviz_store.lock_fold(closes);
  foreach month in array months loop
    perform cdviz_store.ensure_partition(month at time zone 'UTC');
  end loop;

  known := cdviz_store.known_events(keys, times, months);
  if cardinality(known) > 0 then
    stored := array(select g from unnest(stored) g left join unnest(known) k (key) on k.key = g.event_uid where k.key is null order by g.event_uid);
  end if;
  stored_at := clock_timestamp();
  begin
    -- Without ON CONFLICT, which writes each row twice: as one that may have to be taken back, and that it need not be.
    insert into cdviz_store.event
      (event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, notes)
    select event_uid, time, stored_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, g.notes
    from unnest(stored) g;
  exception when unique_violation then
    -- Another writer has stored some of them since we looked.
    with new as (
      insert into cdviz_store.event
        (event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, notes)
      select event_uid, time, stored_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, g.notes
      from unnest(stored) g
      on conflict do nothing
      returning event_uid)
    select array_agg(event_uid) into keys from new;
    stored := array(select g from unnest(stored) g join unnest(keys) k (key) on k.key = g.event_uid order by g.event_uid);
  end;
  inserted := cardinality(stored);
  duplicates := duplicates - inserted;
  if inserted > 0 then
    perform cdviz_store.count_events(stored, stored_at);
    perform cdviz_store.project(stored);
  end if;
  if duplicates > 0 then
    perform cdviz_store.keep_conflicts(events, notes);
  end if;
end $$;

-- ============ the fold ============
create or replace function cdviz_store.facts_of(events cdviz_store.event[]) returns cdviz_store.fact[]
language plpgsql stable as $$
begin
  return (
    with said as materialized (
      select *, case when subject = 'artifact' then subject_id
                     when subject in ('service', 'build', 'incident', 'deployment') then coalesce(content ->> 'artifactId', content #>> '{artifact,id}') end as purl
      from (
        select event_uid, time, subject, predicate, subject_key, subject_id, subject_source, source, chain_id,
          case when jsonb_typeof(content) = 'object' then content else '{}' end as content,
          case when jsonb_typeof(custom) = 'object' then custom end as custom,
          case when context_links is not null or custom_links is not null then
            case when jsonb_typeof(context_links) = 'array' then context_links else '[]' end
            || case when jsonb_typeof(custom_links) = 'array' then custom_links else '[]' end end as links
        from (
          select event_uid, time, subject, predicate, subject_key, subject_id, subject_source, source, chain_id, content, custom, context_links, custom -> 'links' as custom_links
          from (
            select event_uid, time, subject, predicate, subject_key, subject_id, subject_source, source, chain_id,
              payload -> 'subject' -> 'content' as content, payload -> 'customData' as custom, payload -> 'context' -> 'links' as context_links
            from unnest(events) e
            -- the subject of a type of somebody else has dots: it is stored, but says nothing that we know
            where position('.' in subject) = 0
            offset 0) e
          offset 0) e
        offset 0) e),
    -- An artifact is named by many events of a batch: its name is taken apart once.
    artifact as materialized (
      select d.purl, p.* from (select purl from said where purl <> '' group by purl offset 0) d cross join lateral cdviz_store.purl_parts(d.purl) p)
    select array_agg(row(event_uid, time, subject, predicate, subject_key, cdviz_store.bounded(subject_id), cdviz_store.bounded(subject_source),
        cdviz_store.bounded(source), cdviz_store.bounded(chain_id),
        case when subject in ('pipelinerun', 'taskrun', 'build', 'testsuiterun', 'testcaserun', 'deployment') then subject
             when subject = 'testcase' then 'testcaserun' when subject = 'testsuite' then 'testsuiterun'
             when predicate in ('queued', 'started', 'finished', 'skipped')
               and subject not in ('service', 'environment', 'artifact', 'change', 'incident', 'ticket', 'approval', 'repository', 'branch', 'testoutput') then subject end,
        cdviz_store.bounded(case when subject = 'environment' then subject_id else content #>> '{environment,id}' end),
        cdviz_store.bounded(case when subject = 'service' then subject_id else content #>> '{service,id}' end),
        case when custom is not null then left(coalesce(
          case when jsonb_typeof(custom -> 'actor') = 'string' then custom ->> 'actor' end,
          case when jsonb_typeof(custom -> 'user') = 'string' then custom ->> 'user' end,
          case when jsonb_typeof(custom -> 'author') = 'string' then custom ->> 'author' end), 256) end,
        content, custom, links, a.artifact_id, a.base_id, a.purl_type, a.namespace, a.name, a.version, a.tag, a.repository_url)::cdviz_store.fact)
    from said left join artifact a using (purl));
end $$;

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
                     when content ? 'testSuiteRun' then cdviz_store.subject_name('testsuiterun', content #>> '{testSuiteRun,id}', coalesce(nullif(content #>> '{testSuiteRun,source}', ''), subject_source)) end)
        filter (where content ? 'pipelineRun' or content ? 'testSuiteRun') as parents,
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

drop function cdviz_store.count_events(cdviz_store.event[]);
create function cdviz_store.count_events(events cdviz_store.event[], stored_at timestamptz default null) returns void
language plpgsql as $$
begin
  insert into event_count_hourly as c (hour, subject, predicate, n)
  select date_trunc('hour', time, 'UTC'), subject, predicate, count(*) from unnest(events) group by 1, 2, 3 order by 1, 2, 3
  on conflict (hour, subject, predicate) do update set n = c.n + excluded.n;
  insert into event_count_daily as c (day, source, subject, n)
  select date_trunc('day', time, 'UTC'), cdviz_store.bounded(source), subject, count(*) from unnest(events) group by 1, 2, 3 order by 1, 2, 3
  on conflict (day, source, subject) do update set n = c.n + excluded.n;
  insert into event_source as s (source, events, first_event_at, last_event_at, last_ingested_at)
  select cdviz_store.bounded(source), count(*), min(time), max(time), coalesce(stored_at, max(ingested_at)) from unnest(events) group by 1 order by 1
  on conflict (source) do update set events = s.events + excluded.events, first_event_at = least(s.first_event_at, excluded.first_event_at),
    last_event_at = greatest(s.last_event_at, excluded.last_event_at), last_ingested_at = greatest(s.last_ingested_at, excluded.last_ingested_at);
end $$;
comment on function cdviz_store.count_events(cdviz_store.event[], timestamptz) is 'Counts events that were stored just now: at stored_at, or at their ingested_at.';

-- Nearly always a batch goes on where its lanes ended: then what is known of each lane's end places its rows, and nothing of
-- what was stored before has to be looked at again. The general case stays what it was.
alter function cdviz_store.fold_lanes(cdviz_store.fact[], uuid[]) rename to fold_late_lanes;
comment on function cdviz_store.fold_late_lanes(cdviz_store.fact[], uuid[]) is 'fold_lanes() for rows anywhere in their lanes, for closings, and for runs that say something else than before.';

create function cdviz_store.append_deployments(rows cdviz_store.lane_fact[]) returns void
language plpgsql as $$
begin
  with placed as materialized (
    select *, min(case when is_change then at end) over (partition by environment_id, service_id order by at desc, event_uid desc
                                                         rows between unbounded preceding and 1 preceding) as next_change_at
    from (
      select *, cdviz_store.is_change(before_action, before_artifact, action, artifact_id) as is_change
      from (
        select f.*, s.event_uid as last_change_uid,
          -- The row before the first is the lane's last one. It is what the last change was: else it were a change itself.
          case when lag(f.event_uid) over lane is not null then lag(f.action) over lane when s.last_event_uid is not null then s.action end as before_action,
          case when lag(f.event_uid) over lane is not null then lag(f.artifact_id) over lane else s.artifact_id end as before_artifact,
          case when f.artifact_id is not null then row_number() over (partition by f.environment_id, f.service_id, f.artifact_id order by f.at, f.event_uid) end as nth
        from unnest(rows) f join environment_state s on s.environment_id = f.environment_id and s.service_id = f.service_id
        window lane as (partition by f.environment_id, f.service_id order by f.at, f.event_uid)
        offset 0) x
      offset 0) x),
  made as (
    insert into deployment (event_uid, environment_id, service_id, at, action, artifact_id, source, chain_id, actor, inferred, run_kind, environment_raw, service_raw,
      is_change, kind, previous_artifact_id, valid_to)
    select event_uid, environment_id, service_id, at, action, artifact_id, source, chain_id, actor, inferred, run_kind, environment_raw, service_raw,
      is_change, cdviz_store.change_kind(is_change, action, before_action, nth > 1
        or exists (select from deployment o where hashtextextended(o.artifact_id || E'\x1f' || o.environment_id || E'\x1f' || o.service_id, 0) = hashtextextended(x.artifact_id || E'\x1f' || x.environment_id || E'\x1f' || x.service_id, 0)
            and (o.artifact_id || '', o.environment_id || '', o.service_id || '') = (x.artifact_id, x.environment_id, x.service_id) and o.artifact_id is not null)),
      before_artifact, case when is_change then next_change_at end
    from placed x)
  update deployment d set valid_to = n.at
  from (select environment_id, service_id, last_change_uid, min(at) as at from placed where is_change and last_change_uid is not null group by 1, 2, 3 offset 0) n
  where d.event_uid = n.last_change_uid and (d.environment_id || '', d.service_id || '') = (n.environment_id, n.service_id);
end $$;
comment on function cdviz_store.append_deployments(cdviz_store.lane_fact[]) is 'Stores rows that are later than all others of their lanes. The caller holds the locks, and calls write_states() afterwards. Part of fold_lanes().';

create function cdviz_store.fold_lanes(facts cdviz_store.fact[], run_keys uuid[]) returns void
language plpgsql as $$
declare
  rows cdviz_store.lane_fact[];
  ordinary boolean;
  environments text[];
  services text[];
  new_environments text[];
  new_services text[];
begin
  select coalesce(array_agg(row(f.event_uid, coalesce(e.canonical, f.environment, ''), coalesce(s.canonical, f.service), f.at, f.predicate, f.artifact, f.source, f.chain_id, f.actor,
               false, null, case when e.canonical is not null then f.environment end, case when s.canonical is not null then f.service end)::cdviz_store.lane_fact)
      filter (where subject = 'service' and predicate in ('deployed', 'upgraded', 'rolledback', 'removed')), '{}'),
    coalesce(bool_and(not (subject = 'environment' and predicate = 'deleted') and not (subject = 'service' and predicate = 'removed' and environment is null)), true)
  into rows, ordinary
  from (select event_uid, at, subject, predicate, environment, service, source, chain_id, actor, case when predicate <> 'removed' then artifact_id end as artifact
        from unnest(facts) offset 0) f
  cross join lateral (select (select environment_id from cdviz_store.environment_alias where alias = f.environment) as canonical) e
  cross join lateral (select (select service_id from cdviz_store.service_alias where alias = f.service) as canonical) s;
  if ordinary and cardinality(run_keys) > 0 then
    with wanted as (
      select r.run_key, r.environment_id, r.service_id, r.finished_at, r.artifact_id, r.source, r.chain_id, r.kind, r.environment_raw, r.service_raw
      from run r
      where r.kind in ('pipelinerun', 'taskrun', 'deployment') and r.run_key = any (run_keys) and r.deploys and r.outcome = 'success' and r.finished_at is not null)
    select rows || array(select row(run_key, environment_id, service_id, finished_at, 'deployed', artifact_id, source, chain_id, null, kind <> 'deployment', kind, environment_raw, service_raw)::cdviz_store.lane_fact
                         from wanted),
      not exists (select from deployment d where d.event_uid = any (run_keys) and d.run_kind is not null)
    into rows, ordinary;
  end if;
  if not ordinary then
    perform cdviz_store.fold_late_lanes(facts, run_keys);
    return;
  end if;
  if cardinality(rows) = 0 then return; end if;

  select array_agg(environment_id), array_agg(service_id) into environments, services from (select distinct environment_id, service_id from unnest(rows)) l;
  select * into new_environments, new_services from cdviz_store.lock_lanes(environments, services);
  -- From here on nobody else writes these lanes, and every statement sees what the last writer committed.
  if exists (select from unnest(rows) f join environment_state s on s.environment_id = f.environment_id and s.service_id = f.service_id
             where (s.last_event_at, s.last_event_uid) >= (f.at, f.event_uid))
    -- the same event with two times, which two writers can store at once
    or exists (select from unnest(rows) f group by f.event_uid, f.environment_id, f.service_id having count(*) > 1)
    or exists (select from unnest(rows) f join deployment d on d.event_uid = f.event_uid and (d.environment_id || '', d.service_id || '') = (f.environment_id, f.service_id))
  then
    perform cdviz_store.fold_late_lanes(facts, run_keys);
  else
    perform cdviz_store.append_deployments(rows);
    perform cdviz_store.write_states(environments, services);
  end if;
  -- What was closed before it was heard of: with the rows of the closing between those of the lane.
  select array_agg(environment), array_agg(service) into environments, services from unnest(new_environments, new_services) as l(environment, service)
  where exists (select from closing c where c.environment_id = l.environment) or exists (select from closing c where c.service_id = l.service);
  if environments is not null then
    perform cdviz_store.recompute_lanes(environments, services);
    perform cdviz_store.write_states(environments, services);
  end if;
end $$;
comment on function cdviz_store.fold_lanes(cdviz_store.fact[], uuid[]) is 'Folds what service events, closings and runs say about what runs where. Part of project().';

create or replace function cdviz_store.project(events cdviz_store.event[]) returns void
language plpgsql as $$
declare
  facts cdviz_store.fact[] := cdviz_store.facts_of(events);
  -- Each fold gets those that concern it: reading all of them again costs more than picking them once.
  of_runs cdviz_store.fact[];
  of_artifacts cdviz_store.fact[];
  of_changes cdviz_store.fact[];
  of_incidents cdviz_store.fact[];
  of_tickets cdviz_store.fact[];
  of_approvals cdviz_store.fact[];
  of_links cdviz_store.fact[];
  of_names cdviz_store.fact[];
  of_lanes cdviz_store.fact[];
  rule_keys uuid[];
  deployment_keys uuid[];
  ruled cdviz_store.fact[];
begin
  if facts is null then return; end if;
  select array_agg(f) filter (where run_kind is not null), array_agg(f) filter (where artifact_id is not null), array_agg(f) filter (where subject = 'change'),
    array_agg(f) filter (where subject = 'incident'), array_agg(f) filter (where subject = 'ticket'), array_agg(f) filter (where subject = 'approval'),
    array_agg(f) filter (where f.links is not null), array_agg(f) filter (where environment is not null or service is not null or subject = 'deployment'),
    array_agg(f) filter (where subject in ('service', 'environment')),
    array_agg(distinct subject_key) filter (where run_kind in ('pipelinerun', 'taskrun')), array_agg(distinct subject_key) filter (where run_kind = 'deployment')
  into of_runs, of_artifacts, of_changes, of_incidents, of_tickets, of_approvals, of_links, of_names, of_lanes, rule_keys, deployment_keys
  from unnest(facts) f;
  if of_runs is not null then perform cdviz_store.fold_runs(of_runs); end if;
  if rule_keys is not null and exists (select from cdviz_store.deployment_rule) then
    ruled := cdviz_store.match_rules(rule_keys);
    of_artifacts := of_artifacts || ruled;
    of_names := of_names || ruled;
  else
    rule_keys := null;
  end if;
  if of_artifacts is not null then perform cdviz_store.fold_artifacts(of_artifacts); end if;
  if of_changes is not null then perform cdviz_store.fold_changes(of_changes); end if;
  if of_incidents is not null then perform cdviz_store.fold_incidents(of_incidents); end if;
  if of_tickets is not null then perform cdviz_store.fold_tickets(of_tickets); end if;
  if of_approvals is not null then perform cdviz_store.fold_approvals(of_approvals); end if;
  if of_links is not null then perform cdviz_store.fold_links(of_links); end if;
  if of_names is not null then perform cdviz_store.fold_names(of_names); end if;
  if of_lanes is not null or rule_keys is not null or deployment_keys is not null then
    perform cdviz_store.fold_lanes(coalesce(of_lanes, '{}'), coalesce(rule_keys || deployment_keys, '{}'));
  end if;
end $$;

-- ============ what runs where ============
-- Attempts that did not succeed are few, and so are those that began within a day: what runs where asks for them.
create index run_failed_idx on cdviz_store.run (environment_id, service_id, last_at) where deploys and outcome is distinct from 'success';
create index run_deploys_first_idx on cdviz_store.run (first_at) where deploys;
create index run_deploys_started_idx on cdviz_store.run (started_at) where deploys;

-- No other kind can be one (deployment_rule.kind): fewer partitions to look into.
create or replace view cdviz.deployment_attempts as
  select r.run_id, r.source, r.kind, r.name, r.environment_id, v.tier as environment_tier, r.service_id, s.team, r.artifact_id, a.version,
    case when r.finished_at is not null then 'finished' when r.skipped_at is not null then 'skipped'
         when r.last_at < now() - interval '24 hours' then 'abandoned' when r.started_at is not null then 'running' else 'queued' end as state,
    r.outcome, r.reason, r.uri, r.queued_at, r.started_at, r.finished_at, r.chain_id, r.first_at, r.last_at, r.run_key
  from cdviz_store.run r
  left join cdviz_store.environment_place v using (environment_id)
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = r.artifact_id
  where r.deploys and r.kind in ('deployment', 'pipelinerun', 'taskrun');

-- The last change of each lane up to a moment: where nothing changed since, the lane's own row has it, else a probe of an
-- index finds it.
create function cdviz_store.lanes_at(at timestamptz)
returns table (environment_id text, service_id text, artifact_id text, since timestamptz, kind text, previous_artifact_id text, event_uid uuid, source text, actor text, inferred boolean)
language sql stable parallel safe rows 1000
begin atomic
  select e.environment_id, e.service_id, c.artifact_id, c.at, c.kind, c.previous_artifact_id, c.event_uid, c.source, c.actor, c.inferred
  from cdviz_store.environment_state e
  cross join lateral (
    select e.artifact_id, e.since as at, e.kind, e.previous_artifact_id, e.event_uid, e.source, e.actor, e.inferred
    where e.since <= lanes_at.at and not e.removed
    union all
    select d.artifact_id, d.at, d.kind, d.previous_artifact_id, d.event_uid, d.source, d.actor, d.inferred
    from (
      select * from cdviz_store.deployment d
      where e.since > lanes_at.at
        and d.environment_id = e.environment_id and d.service_id = e.service_id and d.is_change and d.at <= lanes_at.at
      order by d.at desc, d.event_uid desc limit 1) d
    where d.action <> 'removed') c;
end;
comment on function cdviz_store.lanes_at(timestamptz) is 'What ran where at a moment, without names and ranks. Part of cdviz.environment_state_at() and cdviz.matrix_at().';

create or replace function cdviz.environment_state_at(at timestamptz) returns setof cdviz.environment_state
language sql stable parallel safe rows 1000
begin atomic
  select l.environment_id, v.tier, v.rank, l.service_id, s.team, l.artifact_id, a.version, l.since,
    extract(epoch from environment_state_at.at - l.since)::double precision, l.kind, l.previous_artifact_id, p.version,
    l.event_uid, l.source, l.actor, l.inferred,
    (select d.at from cdviz_store.deployment d
     where d.environment_id = l.environment_id and d.service_id = l.service_id and d.at <= environment_state_at.at
     order by d.at desc, d.event_uid desc limit 1)
  from cdviz_store.lanes_at(environment_state_at.at) l
  left join cdviz_store.environment_place v on v.environment_id = l.environment_id
  left join cdviz_store.service_setting s on s.service_id = l.service_id
  left join cdviz_store.named_artifact a on a.artifact_id = l.artifact_id
  left join cdviz_store.named_artifact p on p.artifact_id = l.previous_artifact_id;
end;

create or replace function cdviz.matrix_at(at timestamptz, services text[] default null) returns setof cdviz.matrix_cell
language sql stable parallel safe rows 1000
begin atomic
  with cell as materialized (
    select row_number() over of_service as n, dense_rank() over of_service as service, l.environment_id, v.tier as environment_tier, v.rank as environment_rank, l.service_id, s.team, l.artifact_id, a.version, l.since,
      l.kind, l.previous_artifact_id, p.version as previous_version, l.event_uid, l.source, l.actor, l.inferred, a.base_id, a.ranked_at
    from cdviz_store.lanes_at(matrix_at.at) l
    left join cdviz_store.environment_place v using (environment_id)
    left join cdviz_store.service_setting s using (service_id)
    left join cdviz_store.named_artifact a on a.artifact_id = l.artifact_id
    left join cdviz_store.named_artifact p on p.artifact_id = l.previous_artifact_id
    where matrix_at.services is null or l.service_id = any (matrix_at.services)
    window of_service as (order by l.service_id)),
  -- The nearest environment before. Two steps and narrow rows: most services of most environments have one.
  before as materialized (
    select distinct on (c.n) c.n, u.n as upstream
    from cell c join cell u on u.service = c.service and u.artifact_id is not null and u.environment_rank < c.environment_rank and u.environment_tier <> c.environment_tier
    where c.environment_tier <> 'other'
    order by c.n, u.environment_rank desc, u.base_id = c.base_id desc nulls last, u.ranked_at desc, u.artifact_id desc, u.environment_id),
  -- Without one: the newest that runs anywhere.
  paired as (
    select n, upstream from before
    union all
    (select distinct on (c.n) c.n, u.n
     from cell c join cell u on u.service = c.service and u.artifact_id is not null
     where not exists (select from before b where b.n = c.n)
     order by c.n, u.base_id = c.base_id desc nulls last, u.ranked_at desc, u.artifact_id desc, u.environment_id = c.environment_id desc, u.environment_id))
  select c.service_id, c.team, c.environment_id, c.environment_tier, c.environment_rank, c.artifact_id, c.version, c.since, extract(epoch from matrix_at.at - c.since)::double precision, c.kind,
    c.previous_artifact_id, c.previous_version, c.event_uid, c.source, c.actor, c.inferred,
    p.environment_id, p.artifact_id, p.version, n.behind, n.ahead,
    extract(epoch from matrix_at.at - n.first_missing_at)::double precision
  from cell c
  left join (paired join cell p on p.n = paired.upstream) on paired.n = c.n
  left join lateral (
    -- most are what runs upstream: nothing to look for
    select 0::bigint as behind, 0::bigint as ahead, null::timestamptz as first_missing_at where p.artifact_id = c.artifact_id
    union all
    select count(*) filter (where b.missing), count(*) filter (where b.extra), min(x.ranked_at) filter (where b.missing)
    from cdviz_store.named_artifact x
    cross join lateral (select
      (x.ranked_at, x.artifact_id) > (c.ranked_at, c.artifact_id) and (x.ranked_at, x.artifact_id) <= (p.ranked_at, p.artifact_id) as missing,
      (x.ranked_at, x.artifact_id) > (p.ranked_at, p.artifact_id) and (x.ranked_at, x.artifact_id) <= (c.ranked_at, c.artifact_id) as extra) b
    where p.artifact_id <> c.artifact_id and x.base_id = c.base_id
      and x.ranked_at between least(c.ranked_at, p.ranked_at) and greatest(c.ranked_at, p.ranked_at)
    having p.artifact_id <> c.artifact_id) n
    on c.base_id = p.base_id;
end;

-- The same for the lanes that became empty. With a setting, so that it is not inlined: the question about what runs where
-- would be planned with all of it, and nearly always is not asked for it.
create or replace function cdviz.removals_at(at timestamptz) returns setof cdviz.deployments
language sql stable parallel safe rows 10 set jit = off
begin atomic
  select d.*
  from cdviz_store.environment_state e
  cross join lateral (
    select e.event_uid where e.since <= removals_at.at and e.removed
    union all
    select l.event_uid
    from (
      select * from cdviz_store.deployment l
      where e.since > removals_at.at
        and l.environment_id = e.environment_id and l.service_id = e.service_id and l.is_change and l.at <= removals_at.at
      order by l.at desc, l.event_uid desc limit 1) l
    where l.action = 'removed') c
  -- one by one (OFFSET 0): a join would read all deployments for them
  cross join lateral (
    select * from cdviz.deployments d where d.event_uid = c.event_uid and d.environment_id = e.environment_id and d.service_id = e.service_id offset 0) d;
end;

-- ============ delivery ============
-- Asked by the thousand, always for one id that is a long text: a hash finds it in half the time that a tree of texts takes.
create index artifact_id_hash_idx on cdviz_store.artifact using hash (artifact_id);
drop index cdviz_store.change_id_idx;
create index change_id_idx on cdviz_store.change using hash (change_id);

create function cdviz_store.change_of(id text, source text) returns setof cdviz_store.change
language sql stable parallel safe rows 1
begin atomic
  select * from cdviz_store.change x where x.change_id = change_of.id
  order by x.source = change_of.source desc nulls last, x.merged_at nulls last, x.change_key limit 1;
end;
comment on function cdviz_store.change_of(text, text) is 'The change that an artifact was built from: by id, of the source it names if it names one.';

create or replace view cdviz_store.artifact_change as
  select a.artifact_id, c.change_key, c.change_id, c.source, c.repository_id, c.created_at, c.merged_at
  from cdviz_store.artifact a cross join lateral cdviz_store.change_of(a.change_id, a.change_source) c;

-- Those of them whose change is merged: asked of thousands at once, and needs no order.
create view cdviz_store.merged_artifact as
  select a.artifact_id from cdviz_store.artifact a
  where exists (select from cdviz_store.change x where x.change_id = a.change_id and x.merged_at is not null
    and (x.source = a.change_source or a.change_source is null or not exists (select from cdviz_store.change y where y.change_id = a.change_id and y.source = a.change_source)));
comment on view cdviz_store.merged_artifact is 'Artifacts whose change (artifact_change) is merged.';
comment on column cdviz_store.merged_artifact.artifact_id is 'Canonical id';

-- What became of a deployment, apart from its change: the metrics look up each artifact once, and not each deployment.
create view cdviz_store.deployment_fate as
  select d.event_uid, d.at, d.environment_id, v.tier as environment_tier, d.service_id, d.kind, d.artifact_id, d.previous_artifact_id, d.valid_to, d.source, d.actor,
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
    -- incidents that name an artifact are few: nearly always one look into all of those is enough
    where d.artifact_id in (select n.artifact_id from cdviz_store.incident n where n.artifact_id is not null)
      and o.artifact_id = d.artifact_id and o.environment_id = d.environment_id and (o.service_id is null or o.service_id = d.service_id)
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

create or replace view cdviz.deployment_outcomes as
  select d.event_uid, d.at, d.environment_id, d.environment_tier, d.service_id, s.team, d.kind, d.artifact_id, a.version,
    d.previous_artifact_id, d.valid_to, d.source, d.actor,
    c.change_id, c.source as change_source, c.created_at as change_created_at, c.merged_at as change_merged_at,
    extract(epoch from d.at - c.merged_at)::double precision as lead_time_s,
    extract(epoch from d.at - a.published_at)::double precision as publish_to_deploy_s,
    d.failed, d.failed_because, d.incident_id, d.rolled_back_at, d.recovery_s, d.unplanned, d.unplanned_because
  from cdviz_store.deployment_fate d
  left join cdviz_store.service_setting s using (service_id)
  left join cdviz_store.named_artifact a on a.artifact_id = d.artifact_id
  left join cdviz_store.artifact_change c on c.artifact_id = d.artifact_id;
comment on view cdviz_store.deployment_fate is 'What became of each deployment that changed what runs: cdviz.deployment_outcomes without what it was built from.';
do $$
declare
  of_column record;
begin
  -- The same facts, written once.
  for of_column in
    select a.attname, col_description('cdviz.deployment_outcomes'::regclass, b.attnum) as description
    from pg_attribute a join pg_attribute b on b.attrelid = 'cdviz.deployment_outcomes'::regclass and b.attname = a.attname
    where a.attrelid = 'cdviz_store.deployment_fate'::regclass and a.attnum > 0
  loop
    execute format('comment on column cdviz_store.deployment_fate.%I is %L', of_column.attname, of_column.description);
  end loop;
end $$;

create or replace function cdviz.change_lead_times(since timestamptz, until timestamptz default now(), of_tier text default 'production')
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
    -- with nothing before it, itself alone
    join cdviz_store.artifact x on x.base_id = r.base_id and x.ranked_at between coalesce(r.best_before, r.ranked_at) and r.ranked_at
      and (x.artifact_id = r.artifact_id or x.ranked_at > r.best_before)
    cross join lateral cdviz_store.change_of(x.change_id, x.change_source) c
    where r.best_before is null or r.ranked_at > r.best_before
    order by c.change_key, r.base_id, r.at, r.event_uid, x.ranked_at, x.artifact_id)
  select k.change_id, k.change_source, k.repository_id, k.created_at, k.merged_at, k.built_artifact_id,
    k.event_uid, k.at, k.environment_id, k.service_id, s.team, k.artifact_id, n.version,
    case when k.at >= k.merged_at then extract(epoch from k.at - k.merged_at)::double precision end,
    case when k.at >= k.created_at then extract(epoch from k.at - k.created_at)::double precision end
  from carried k left join cdviz_store.service_setting s using (service_id) left join cdviz_store.named_artifact n on n.artifact_id = k.artifact_id;
end;

create or replace function cdviz.delivery_metrics(since timestamptz, until timestamptz default now(), of_tier text default 'production',
  environments text[] default null, services text[] default null, teams text[] default null) returns setof cdviz.delivery_metric
language sql stable parallel safe rows 1
begin atomic
  with span as (
    -- from the first event on: what nobody could have reported does not count as quiet
    select greatest(delivery_metrics.since, min(first_event_at)) as begins, least(delivery_metrics.until, now()) as ends,
      exists (select from cdviz_store.environment_place v where v.tier = delivery_metrics.of_tier
        and (delivery_metrics.environments is null or v.environment_id = any (delivery_metrics.environments))) as known
    from cdviz_store.event_source),
  made as materialized (
    select d.kind, d.at, d.artifact_id, d.failed, d.unplanned, d.recovery_s
    from cdviz_store.deployment_fate d left join cdviz_store.service_setting s using (service_id)
    where d.at >= delivery_metrics.since and d.at < delivery_metrics.until and d.environment_tier = delivery_metrics.of_tier
      and (delivery_metrics.environments is null or d.environment_id = any (delivery_metrics.environments))
      and (delivery_metrics.services is null or d.service_id = any (delivery_metrics.services))
      and (delivery_metrics.teams is null or s.team = any (delivery_metrics.teams))),
  linked as materialized (
    select artifact_id from (select distinct artifact_id from made where kind <> 'rollback') m join cdviz_store.merged_artifact using (artifact_id)),
  counted as (
    select count(*) filter (where kind <> 'rollback') as deployments, count(*) filter (where kind = 'rollback') as rollbacks,
      count(distinct (at at time zone 'UTC')::date) filter (where kind <> 'rollback') as days_with_deployment,
      count(*) filter (where kind <> 'rollback' and artifact_id in (select artifact_id from linked)) as linked,
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

revoke all on all functions in schema cdviz_store from public;
-- named by functions, which run with the rights of who asks
grant select on cdviz_store.deployment_fate, cdviz_store.merged_artifact to cdviz_reader;
grant execute on function cdviz_store.lanes_at(timestamptz), cdviz_store.change_of(text, text) to cdviz_reader;
reset role;
