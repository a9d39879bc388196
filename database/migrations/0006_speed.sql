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

create or replace function cdviz_store.subject_key(subject text, id text, source text) returns uuid
language sql stable parallel safe as $$
  select encode(substring(sha256(convert_to(
    subject || E'\x1f'
    || case when subject in ('artifact', 'service', 'environment', 'repository')
              or left(id, 1) = '/' or left(id, 4) = 'pkg:'
              or (position('://' in id) > 1 and id ~ '^[a-zA-Z][a-zA-Z0-9+.-]*://') then '' else source end
    || E'\x1f' || id, 'UTF8')) for 16), 'hex')::uuid
$$;

-- ============ the write path ============
create function cdviz_store.read_events(events jsonb[], notes jsonb[], stored_at timestamptz,
                                        out given cdviz_store.event[], out months timestamp[], out closes boolean)
language plpgsql stable as $$
begin
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
    array_agg(row(uid, time, stored_at, null, subject, predicate, type_version, source, id, subject_source, subject_id,
                  cdviz_store.subject_key(subject, subject_id, subject_source), chain_id, event, note)::cdviz_store.event),
    array_agg(distinct date_trunc('month', time at time zone 'UTC')),
    bool_or(case subject when 'environment' then predicate = 'deleted'
                         when 'service' then predicate = 'removed' and coalesce(event #>> '{subject,content,environment,id}', '') = '' else false end)
  into given, months, closes
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
end $$;
comment on function cdviz_store.read_events(jsonb[], jsonb[], timestamptz) is 'Documents as rows of the lake, each key once, in the order of their keys; with them the months they are of, in order, and whether one of them closes many lanes. Raises class 22 if one cannot be stored. Part of ingest().';

-- The same event with another time is a duplicate too, if the other is within 31 days: that is three partitions to look
-- into and not all. Month by month, so that a batch with a wrong clock in it does not look into all years between.
create function cdviz_store.known_events(given cdviz_store.event[], months timestamp[]) returns uuid[]
language plpgsql stable as $$
declare
  month timestamp;
  keys uuid[];
  earliest timestamptz;
  latest timestamptz;
  known uuid[] := '{}';
begin
  foreach month in array months loop
    select array_agg(event_uid), min(time) - interval '31 days', max(time) + interval '31 days' into keys, earliest, latest
    from unnest(given) where cardinality(months) = 1 or date_trunc('month', time at time zone 'UTC') = month;
    known := known || array(
      select g.event_uid
      from (select event_uid, time from cdviz_store.event where event_uid = any (keys) and time between earliest and latest offset 0) there
      join unnest(given) g on g.event_uid = there.event_uid and there.time between g.time - interval '31 days' and g.time + interval '31 days');
  end loop;
  return known;
end $$;
comment on function cdviz_store.known_events(cdviz_store.event[], timestamp[]) is 'Keys of those that the lake has already, with the same time or another one within 31 days. Part of ingest().';

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
  read record;
  stored cdviz_store.event[];
  known uuid[];
  month timestamp;
begin
  if cardinality(notes) > coalesce(cardinality(events), 0) then
    raise exception using errcode = '22023', message = format('%s notes for %s events', cardinality(notes), coalesce(cardinality(events), 0));
  end if;
  select * into read from cdviz_store.read_events(events, notes, clock_timestamp());
  inserted := 0;
  duplicates := coalesce(cardinality(events), 0);
  if read.given is null then return; end if;
  perform cdviz_store.lock_fold(read.closes);
  foreach month in array read.months loop
    perform cdviz_store.ensure_partition(month at time zone 'UTC');
  end loop;

  stored := read.given;
  known := cdviz_store.known_events(stored, read.months);
  if cardinality(known) > 0 then
    stored := array(select g from unnest(stored) g left join unnest(known) k (event_uid) on k.event_uid = g.event_uid where k.event_uid is null order by g.event_uid);
  end if;
  with new as (
    insert into cdviz_store.event
      (event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, notes)
    select event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, g.notes
    from unnest(stored) g
    on conflict do nothing
    returning event_uid)
  select coalesce(array_agg(event_uid), '{}') into known from new;
  inserted := cardinality(known);
  duplicates := duplicates - inserted;
  if inserted < cardinality(stored) then
    -- Another writer has stored the rest since we looked.
    stored := array(select g from unnest(stored) g join unnest(known) k (event_uid) on k.event_uid = g.event_uid order by g.event_uid);
  end if;
  if inserted > 0 then
    perform cdviz_store.count_events(stored);
    perform cdviz_store.project(stored);
  end if;
  if duplicates > 0 then
    perform cdviz_store.keep_conflicts(events, notes);
  end if;
end $$;

revoke all on all functions in schema cdviz_store from public;
reset role;
