-- The lake: every event once, as it came, and the one function that writes it.
--
-- Two schemas: cdviz_store is private (tables, write path), cdviz is the public API (views and functions, read only).
-- Needs PostgreSQL 15 or later, a database in UTF8, and a role that may create roles and schemas (or the four roles
-- below made beforehand and membership of cdviz_owner). Applied by `cdviz-collector migrate` in one transaction.

do $$
begin
  if current_setting('server_version_num')::int < 150000 then
    raise exception using errcode = '0A000', message = format('PostgreSQL %s is too old: 15 or later is needed', current_setting('server_version'));
  end if;
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception using errcode = '0A000', message = format('the database has the encoding %s: JSON needs UTF8; create one with: create database NAME encoding ''UTF8'' template template0', current_setting('server_encoding'));
  end if;
end $$;

-- ============ roles ============
-- Roles belong to the whole cluster: another database of it may have made them already.
do $$
declare wanted text;
begin
  foreach wanted in array array['cdviz_owner', 'cdviz_ingest', 'cdviz_reader', 'cdviz_reader_raw'] loop
    if exists (select from pg_roles where rolname = wanted) then continue; end if;
    begin
      execute format('create role %I nologin', wanted);
    exception
      when duplicate_object or unique_violation then null;  -- another migration of this cluster was faster
      when insufficient_privilege then
        raise exception using errcode = '42501',
          message = format('role "%s" may not create the role "%s"', current_user, wanted),
          hint = format('Migrate as a role with CREATEROLE, or let an administrator run: create role cdviz_owner nologin; create role cdviz_ingest nologin; create role cdviz_reader nologin; create role cdviz_reader_raw nologin; grant cdviz_reader to cdviz_reader_raw; grant cdviz_owner to %I;', current_user);
    end;
  end loop;
  if not pg_has_role(current_user, 'cdviz_owner', 'member') then
    begin
      execute format('grant cdviz_owner to %I', current_user);
    exception when insufficient_privilege then
      raise exception using errcode = '42501', message = format('role "%s" is not a member of cdviz_owner', current_user),
        hint = format('Let an administrator run: grant cdviz_owner to %I;', current_user);
    end;
  end if;
  if not pg_has_role('cdviz_reader_raw', 'cdviz_reader', 'member') then
    grant cdviz_reader to cdviz_reader_raw;
  end if;
end $$;

create schema cdviz_store authorization cdviz_owner;
create schema cdviz authorization cdviz_owner;
set local role cdviz_owner;
-- What later migrations add is closed until it is granted.
alter default privileges for role cdviz_owner revoke execute on functions from public;

-- ============ which migrations were applied ============
create table cdviz_store.migration (
  number     integer     primary key check (number > 0),
  name       text        not null,
  checksum   text        not null,
  applied_at timestamptz not null default clock_timestamp());

-- ============ the lake ============
create sequence cdviz_store.ingest_seq as bigint;
create table cdviz_store.event (
  event_uid      uuid        not null,
  time           timestamptz not null,
  ingested_at    timestamptz not null default clock_timestamp(),
  ingest_seq     bigint      not null default nextval('cdviz_store.ingest_seq'),
  subject        text        not null,
  predicate      text        not null,
  type_version   text        not null,
  source         text        not null,
  event_id       text        not null,
  subject_source text        not null,
  subject_id     text        not null,
  subject_key    uuid        not null,
  chain_id       text,
  payload        jsonb       not null,
  primary key (event_uid, time)
) partition by range (time);
create index event_type_time_idx on cdviz_store.event (subject, predicate, time);
-- Partial, though the condition is always true: the views repeat it, so readers get this index, and the search for
-- duplicates in ingest() does not. There it looks as cheap as the primary key while a partition is small, and a plan
-- that was kept from that moment reads two months for every event.
create index event_time_idx on cdviz_store.event (time) where time > '-infinity';
-- Ids may have 2,048 bytes, more than an index entry: their hash is indexed.
create index event_subject_idx on cdviz_store.event (hashtextextended(subject_id, 0), time);
-- Grows at its right edge, so it costs little; a BRIN index knows nothing of the newest rows, which are those asked for.
create index event_ingest_seq_idx on cdviz_store.event (ingest_seq);

-- Not one DEFAULT partition for times out of range: attaching a month beside one locks it against every reader.
create table cdviz_store.event_before_2000 partition of cdviz_store.event
  for values from (minvalue) to ('2000-01-01 00:00:00+00');
create table cdviz_store.event_from_2100 partition of cdviz_store.event
  for values from ('2100-01-01 00:00:00+00') to (maxvalue);

create function cdviz_store.ensure_partition(t timestamptz) returns void
language plpgsql set search_path = pg_catalog, cdviz_store, pg_temp as $$
declare
  utc       timestamp := t at time zone 'UTC';
  year      int := extract(year from utc);
  this_year int := extract(year from now() at time zone 'UTC');
  by_month  text := to_char(utc, '"event_"YYYYMM');
  by_year   text := to_char(utc, '"event_"YYYY');
  yearly    boolean := year > this_year + 1;
  name      text := case when yearly then by_year else by_month end;
  lower     timestamp := date_trunc(case when yearly then 'year' else 'month' end, utc);
  upper     timestamp := lower + case when yearly then interval '1 year' else interval '1 month' end;
begin
  if year < 2000 or year >= 2100 then return; end if;
  for attempt in 1..2 loop
    -- A year that was made when it was far away stays whole. Asked by a query: to_regclass() may answer from a cache
    -- that does not know yet what another session committed while we waited for the lock.
    if exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
               where i.inhparent = 'cdviz_store.event'::regclass and c.relname in (by_month, by_year)) then
      return;
    end if;
    if attempt = 1 then
      perform pg_advisory_xact_lock(hashtextextended('cdviz_store.ensure_partition', 0));
    end if;
  end loop;
  if exists (select from pg_class where relnamespace = 'cdviz_store'::regnamespace and relname = name) then
    raise exception using errcode = '55000',
      message = format('table cdviz_store.%s exists, but is not a partition of cdviz_store.event', name),
      hint = 'Attach it again, or rename or drop it.';
  end if;
  -- CREATE, then ATTACH: that locks the lake only against another ATTACH; readers and writers go on.
  execute format('create table cdviz_store.%I (like cdviz_store.event including defaults including constraints)', name);
  execute format('alter table cdviz_store.event attach partition cdviz_store.%I for values from (%L) to (%L)', name,
                 -- as text in UTC, whatever the session's time zone and date style
                 to_char(lower, 'YYYY-MM-DD"T00:00:00Z"'), to_char(upper, 'YYYY-MM-DD"T00:00:00Z"'));
  execute format('comment on table cdviz_store.%I is %L', name,
                 format('Events of %s (UTC), a partition of cdviz_store.event.', to_char(utc, case when yearly then 'YYYY' else 'YYYY-MM' end)));
end $$;

-- ============ identity ============
-- Written so that the planner can inline them: stable, one expression.
create function cdviz_store.event_uid(source text, id text) returns uuid
language sql stable parallel safe as $$
  -- 0x1f separates. A source that holds it (no URI does) is escaped with 0x1e, or two keys could be one.
  select encode(substring(sha256(convert_to(
    case when source ~ '[\x1e\x1f]' then replace(replace(source, E'\x1e', E'\x1e\x1e'), E'\x1f', E'\x1e\x1f') else source end
    || E'\x1f' || id, 'UTF8')) for 16), 'hex')::uuid
$$;

create function cdviz_store.subject_key(subject text, id text, source text) returns uuid
language sql stable parallel safe as $$
  select encode(substring(sha256(convert_to(
    subject || E'\x1f'
    || case when subject in ('artifact', 'service', 'environment', 'repository')
              or id ~ '^(/|pkg:|[a-zA-Z][a-zA-Z0-9+.-]*://)' then '' else source end
    || E'\x1f' || id, 'UTF8')) for 16), 'hex')::uuid
$$;

-- ============ checks of the write path ============
-- What is wrong with an event raises class 22: the collector halves the batch until the bad event stands alone, and
-- keeps it in its dead letters. So there is one place for refused events, and it has their original bytes.
create function cdviz_store.refuse(code text, reason text) returns text
language plpgsql as $$
begin
  raise exception using errcode = code, message = reason;
end $$;

create function cdviz_store.uncommon_instant(stamp text) returns timestamptz
language plpgsql stable set search_path = pg_catalog, cdviz_store, pg_temp as $$
declare
  part text[] := regexp_match(stamp,
    '^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:(\.[0-9]{1,6})[0-9]*)?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))$');
begin
  if part is null then
    raise exception using errcode = '22007',
      message = format('context.timestamp is not an RFC 3339 date-time: %s', coalesce(quote_literal(left(stamp, 64)), 'missing'));
  end if;
  -- Digits behind the microsecond are cut, not rounded: rounding can reach into the next second, or the year 10000.
  return ((part[1] || ' ' || part[2] || coalesce(part[3], ''))::timestamp
          - coalesce((part[4] || part[5] || ':' || part[6])::interval, '0')) at time zone 'UTC';
end $$;

create function cdviz_store.instant(stamp text) returns timestamptz
language sql stable as $$
  -- PostgreSQL's own reader is right for this form. It refuses offsets beyond 15:59, and rounds.
  select case when stamp ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$'
              then stamp::timestamptz else cdviz_store.uncommon_instant(stamp) end
$$;

-- ============ the only write path ============
create function cdviz_store.ingest(events jsonb[], out inserted int, out duplicates int)
language plpgsql security definer
set search_path = pg_catalog, cdviz_store, pg_temp
set plan_cache_mode = force_generic_plan
set work_mem = '32MB'
set enable_seqscan = off      -- a plan made while a partition is small must still be right when it is large
set enable_bitmapscan = off
as $$
declare
  month timestamp;
begin
  for month in
    select distinct date_trunc('month', cdviz_store.instant(event #>> '{context,timestamp}') at time zone 'UTC')
    from (select unnest(events) as event) given
    order by 1
  loop
    perform cdviz_store.ensure_partition(month at time zone 'UTC');
  end loop;

  -- Rows go in by the order of their key: two writers with the same events wait for each other, but never in a circle.
  insert into cdviz_store.event
    (event_uid, time, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload)
  select distinct on (uid)
    uid, time, subject, predicate, type_version, source, id, subject_source, subject_id,
    cdviz_store.subject_key(subject, subject_id, subject_source), chain_id, event
  from (
    select event, source, id, subject_source, subject_id, chain_id,
      cdviz_store.event_uid(source, id) as uid, cdviz_store.instant(stamp) as time,
      lower(type[3]) as subject, lower(type[4]) as predicate, array_to_string(type[5:], '.') as type_version
    from (
      select event, stamp, chain_id,
        case when octet_length(source) between 1 and 2048 then source
             else cdviz_store.refuse('22023', 'context.source is missing, empty, or longer than 2048 bytes') end as source,
        case when octet_length(id) between 1 and 2048 then id
             else cdviz_store.refuse('22023', 'context.id is missing, empty, or longer than 2048 bytes') end as id,
        case when octet_length(subject_id) between 1 and 2048 then subject_id
             else cdviz_store.refuse('22023', 'subject.id is missing, empty, or longer than 2048 bytes') end as subject_id,
        case when subject_source = '' or subject_source is null then source
             when octet_length(subject_source) <= 2048 then subject_source
             else cdviz_store.refuse('22023', 'subject.source is longer than 2048 bytes') end as subject_source,
        string_to_array(case when type ~ '^dev\.cdeventsx?\.[^.]+\.[^.]+\..' and octet_length(type) <= 256 then type
             else cdviz_store.refuse('22023', format('context.type is not dev.cdevents.<subject>.<predicate>.<version>: %s',
                                                     coalesce(quote_literal(left(type, 256)), 'missing'))) end, '.') as type
      from (
        select event, context ->> 'source' as source, context ->> 'id' as id, context ->> 'type' as type,
          context ->> 'timestamp' as stamp, coalesce(context ->> 'chainId', context ->> 'chain_id') as chain_id,
          subject ->> 'id' as subject_id, subject ->> 'source' as subject_source
        from (
          select event, event -> 'context' as context, event -> 'subject' as subject
          from (select unnest(events) as event) given
          offset 0) part      -- offset 0: each level is computed once for each event
        offset 0) field
      offset 0) checked
    offset 0) keyed
  -- The same event with another time is a duplicate too, if the other is within 31 days: that is three partitions to
  -- look into and not all. A scalar subquery, so that no plan can become a join with the whole lake.
  where (select true from cdviz_store.event there
         where there.event_uid = keyed.uid
           and there.time between keyed.time - interval '31 days' and keyed.time + interval '31 days' limit 1) is null
  order by uid, time
  on conflict do nothing;

  get diagnostics inserted = row_count;
  duplicates := coalesce(cardinality(events), 0) - inserted;
end $$;

-- ============ the public API ============
create view cdviz.events as
  select event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, chain_id
  from cdviz_store.event where time > '-infinity';
create view cdviz.events_raw as
  select event_uid, time, ingested_at, subject, predicate, type_version, source, event_id, subject_source, subject_id, chain_id, payload
  from cdviz_store.event where time > '-infinity';
create view cdviz.schema_info as
  select 1 as api_version, max(number) as schema_version, max(applied_at) as migrated_at from cdviz_store.migration;

-- ============ who may what ============
revoke all on all functions in schema cdviz_store, cdviz from public;
grant usage on schema cdviz_store to cdviz_ingest;
grant execute on function cdviz_store.ingest(jsonb[]) to cdviz_ingest;
grant usage on schema cdviz to cdviz_reader;
grant select on cdviz.events, cdviz.schema_info to cdviz_reader;
grant select on cdviz.events_raw to cdviz_reader_raw;

-- ============ what it all is ============
comment on schema cdviz is 'Public, read-only API v1 (views and functions). Stable: columns are only added; a breaking change goes to schema cdviz_v2.';
comment on schema cdviz_store is 'Private storage and write path. No stability promise.';

comment on table cdviz_store.migration is 'The migrations that were applied, one row each. Written by `cdviz-collector migrate`.';
comment on column cdviz_store.migration.number is 'Number of the file: they are applied in this order';
comment on column cdviz_store.migration.name is 'Name of the file';
comment on column cdviz_store.migration.checksum is 'SHA-256 of the file, in hexadecimal: a file that was applied must not change';
comment on column cdviz_store.migration.applied_at is 'When it was applied';

comment on sequence cdviz_store.ingest_seq is 'Numbers the events in the order they were stored (not committed).';
comment on table cdviz_store.event is 'The lake: every event once, its payload untouched. Partitions by month of the event''s time (UTC); by year from the second year ahead on; one for all before 2000, one for all from 2100.';
comment on column cdviz_store.event.event_uid is 'Identity: first 16 bytes of sha256(context.source, 0x1f, context.id)';
comment on column cdviz_store.event.time is 'context.timestamp, to the microsecond (cut, not rounded): when it happened';
comment on column cdviz_store.event.ingested_at is 'When this database stored it';
comment on column cdviz_store.event.ingest_seq is 'Order of storing; gaps are normal';
comment on column cdviz_store.event.subject is 'Third part of context.type, lower case: service, pipelinerun, …';
comment on column cdviz_store.event.predicate is 'Fourth part of context.type, lower case: deployed, finished, …';
comment on column cdviz_store.event.type_version is 'All that follows in context.type: 0.2.0, 0.5.0-draft, …';
comment on column cdviz_store.event.source is 'context.source';
comment on column cdviz_store.event.event_id is 'context.id';
comment on column cdviz_store.event.subject_source is 'subject.source, or context.source without it';
comment on column cdviz_store.event.subject_id is 'subject.id';
comment on column cdviz_store.event.subject_key is 'Identity of the subject (cdviz_store.subject_key)';
comment on column cdviz_store.event.chain_id is 'context.chainId (chain_id in events of 0.4.0)';
comment on column cdviz_store.event.payload is 'The whole event';
comment on index cdviz_store.event_time_idx is 'Used only by queries that say: time > ''-infinity''. The views do.';
comment on table cdviz_store.event_before_2000 is 'Events with a time before 2000 (bad clocks), a partition of cdviz_store.event.';
comment on table cdviz_store.event_from_2100 is 'Events with a time from 2100 on (bad clocks), a partition of cdviz_store.event.';

comment on function cdviz_store.ensure_partition(timestamptz) is 'Makes the partition of the lake that holds a time, if there is none. Safe to call at once from many sessions.';
comment on function cdviz_store.event_uid(text, text) is 'Identity of an event: first 16 bytes of sha256(source, 0x1f, id). Example: select cdviz_store.event_uid(''/ci'', ''17'')';
comment on function cdviz_store.subject_key(text, text, text) is 'Identity of a subject: of type and id alone if the id is global (artifact, service, environment, repository, or a URI, path, purl), else of type, source and id.';
comment on function cdviz_store.refuse(text, text) is 'Raises an error with this SQLSTATE and message. For use inside expressions.';
comment on function cdviz_store.instant(text) is 'The moment that an RFC 3339 date-time names. Raises class 22 if it is none, or in the year 0000.';
comment on function cdviz_store.uncommon_instant(text) is 'cdviz_store.instant for what PostgreSQL''s own reader refuses or rounds: any offset, any number of digits, lower case.';
comment on function cdviz_store.ingest(jsonb[]) is 'Stores events, all or none, and each only once: the only way to write. An event that cannot be stored raises SQLSTATE class 22. Returns how many were new and how many were there already. Example: select * from cdviz_store.ingest(array[''{…}''::jsonb])';

comment on view cdviz.events is 'Every stored CDEvent, one row each, without the payload. Filter on time: only the partitions of that time are read. Example: select * from cdviz.events where time > now() - interval ''1 day'' order by time desc';
comment on view cdviz.events_raw is 'cdviz.events plus the full payload (may hold personal data or secrets from customData). Granted only to cdviz_reader_raw.';
comment on view cdviz.schema_info is 'Version of this API and of the schema behind it. Example: select * from cdviz.schema_info';
do $$
declare
  of_view text;
  of_column record;
begin
  foreach of_view in array array['cdviz.events', 'cdviz.events_raw'] loop
    -- The same facts, written once.
    for of_column in
      select a.attname, col_description('cdviz_store.event'::regclass, b.attnum) as description
      from pg_attribute a join pg_attribute b on b.attrelid = 'cdviz_store.event'::regclass and b.attname = a.attname
      where a.attrelid = of_view::regclass and a.attnum > 0
    loop
      execute format('comment on column %s.%I is %L', of_view, of_column.attname, of_column.description);
    end loop;
  end loop;
end $$;
comment on column cdviz.schema_info.api_version is 'Version of the schema cdviz: 1';
comment on column cdviz.schema_info.schema_version is 'Number of the last migration that was applied';
comment on column cdviz.schema_info.migrated_at is 'When it was applied';

reset role;
