-- Several writers at once. A row that two of them change makes one wait until the other has committed: so the rows that
-- nearly every batch changes (counters, environments, services, artifacts) come last, and are held for the shortest time.
-- Everybody takes them in this order: nobody waits in a circle. What a function is for stands where it was made first.
set local role cdviz_owner;

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
    perform cdviz_store.project(stored);
    perform cdviz_store.count_events(stored, stored_at);
  end if;
  if duplicates > 0 then
    perform cdviz_store.keep_conflicts(events, notes);
  end if;
end $$;

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
  if of_changes is not null then perform cdviz_store.fold_changes(of_changes); end if;
  if of_incidents is not null then perform cdviz_store.fold_incidents(of_incidents); end if;
  if of_tickets is not null then perform cdviz_store.fold_tickets(of_tickets); end if;
  if of_approvals is not null then perform cdviz_store.fold_approvals(of_approvals); end if;
  if of_links is not null then perform cdviz_store.fold_links(of_links); end if;
  if of_lanes is not null or rule_keys is not null or deployment_keys is not null then
    perform cdviz_store.fold_lanes(coalesce(of_lanes, '{}'), coalesce(rule_keys || deployment_keys, '{}'));
  end if;
  -- Hot rows: see above.
  if of_artifacts is not null then perform cdviz_store.fold_artifacts(of_artifacts); end if;
  if of_names is not null then perform cdviz_store.fold_names(of_names); end if;
end $$;
