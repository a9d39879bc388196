-- Operation: configuration from commands and TOML, partitions made ahead, retention, sizes and their growth, and what
-- the collectors refused.
--
-- The collector's sink calls maintain() now and then, so that nothing of this needs a scheduler; the commands
-- `cdviz-collector database …` call the same functions.

set local role cdviz_owner;

-- ============ configuration ============
-- One way in for commands and TOML:
--   {"environments": {ID: {"rank", "tier", "label", "aliases"}}, "services": {ID: {"team", "label", "labels", "repository",
--    "aliases"}}, "deployment_rules": {NAME: {"priority", "kind", "pipeline", "source", "service", "environment", "artifact"}}}
-- A member that is not given stays as it is, null takes it back to its default; ID: null forgets the whole entry. "aliases"
-- is the whole list; "add_aliases" and "remove_aliases" change it.
create function cdviz_store.expect_members(what text, given jsonb, known text[]) returns void
language plpgsql immutable set search_path = pg_catalog, cdviz_store, pg_temp as $$
declare
  unknown text;
begin
  if jsonb_typeof(given) <> 'object' then
    raise exception using errcode = '22023', message = format('%s: expected an object', what);
  end if;
  select member into unknown from jsonb_object_keys(given) member where member <> all (known) order by 1 limit 1;
  if unknown is not null then
    raise exception using errcode = '22023', message = format('%s: there is no "%s"; known are %s', what, unknown, array_to_string(known, ', '));
  end if;
end $$;

create function cdviz_store.alias_list(what text, given jsonb) returns text[]
language plpgsql immutable set search_path = pg_catalog, cdviz_store, pg_temp as $$
begin
  if given is null or given = 'null' then return array[]::text[]; end if;
  if jsonb_typeof(given) <> 'array' or exists (select from jsonb_array_elements(given) each where jsonb_typeof(each) <> 'string') then
    raise exception using errcode = '22023', message = format('%s: aliases are a list of texts', what);
  end if;
  return array(select jsonb_array_elements_text(given));
end $$;

create function cdviz_store.configure(settings jsonb) returns int
language plpgsql set search_path = pg_catalog, cdviz_store, pg_temp as $$
declare
  entry   record;
  what    text;
  changed int := 0;
  wanted  text[];
begin
  perform cdviz_store.expect_members('configuration', settings, array['environments', 'services', 'deployment_rules']);

  for entry in select * from jsonb_each(coalesce(settings -> 'environments', '{}')) order by key loop
    what := format('environment "%s"', entry.key);
    changed := changed + 1;
    if entry.value = 'null' then
      delete from cdviz_store.environment_alias where environment_id = entry.key;
      delete from cdviz_store.environment_setting where environment_id = entry.key;
      continue;
    end if;
    perform cdviz_store.expect_members(what, entry.value, array['rank', 'tier', 'label', 'aliases', 'add_aliases', 'remove_aliases']);
    if exists (select from cdviz_store.environment_alias where alias = entry.key) then
      raise exception using errcode = '22023', message = format('%s is an alias of "%s": configure that one', what,
        (select environment_id from cdviz_store.environment_alias where alias = entry.key));
    end if;
    insert into cdviz_store.environment_setting as s (environment_id, rank, tier, label)
    values (entry.key, (entry.value ->> 'rank')::int, entry.value ->> 'tier', entry.value ->> 'label')
    on conflict (environment_id) do update set
      rank = case when entry.value ? 'rank' then excluded.rank else s.rank end,
      tier = case when entry.value ? 'tier' then excluded.tier else s.tier end,
      label = case when entry.value ? 'label' then excluded.label else s.label end;
    wanted := cdviz_store.alias_list(what, entry.value -> 'aliases') || cdviz_store.alias_list(what, entry.value -> 'add_aliases');
    delete from cdviz_store.environment_alias where environment_id = entry.key
      and ((entry.value ? 'aliases' and alias <> all (wanted)) or alias = any (cdviz_store.alias_list(what, entry.value -> 'remove_aliases')));
    insert into cdviz_store.environment_alias (alias, environment_id)
    select distinct alias, entry.key from unnest(wanted) alias
    on conflict (alias) do update set environment_id = excluded.environment_id
      where environment_alias.environment_id <> excluded.environment_id;
  end loop;

  for entry in select * from jsonb_each(coalesce(settings -> 'services', '{}')) order by key loop
    what := format('service "%s"', entry.key);
    changed := changed + 1;
    if entry.value = 'null' then
      delete from cdviz_store.service_alias where service_id = entry.key;
      delete from cdviz_store.service_setting where service_id = entry.key;
      continue;
    end if;
    perform cdviz_store.expect_members(what, entry.value, array['team', 'label', 'labels', 'repository', 'aliases', 'add_aliases', 'remove_aliases']);
    if exists (select from cdviz_store.service_alias where alias = entry.key) then
      raise exception using errcode = '22023', message = format('%s is an alias of "%s": configure that one', what,
        (select service_id from cdviz_store.service_alias where alias = entry.key));
    end if;
    insert into cdviz_store.service_setting as s (service_id, team, label, labels, repository_id)
    values (entry.key, entry.value ->> 'team', entry.value ->> 'label',
            coalesce(nullif(entry.value -> 'labels', 'null'), '{}'), entry.value ->> 'repository')
    on conflict (service_id) do update set
      team = case when entry.value ? 'team' then excluded.team else s.team end,
      label = case when entry.value ? 'label' then excluded.label else s.label end,
      labels = case when entry.value ? 'labels' then excluded.labels else s.labels end,
      repository_id = case when entry.value ? 'repository' then excluded.repository_id else s.repository_id end;
    wanted := cdviz_store.alias_list(what, entry.value -> 'aliases') || cdviz_store.alias_list(what, entry.value -> 'add_aliases');
    delete from cdviz_store.service_alias where service_id = entry.key
      and ((entry.value ? 'aliases' and alias <> all (wanted)) or alias = any (cdviz_store.alias_list(what, entry.value -> 'remove_aliases')));
    insert into cdviz_store.service_alias (alias, service_id)
    select distinct alias, entry.key from unnest(wanted) alias
    on conflict (alias) do update set service_id = excluded.service_id
      where service_alias.service_id <> excluded.service_id;
  end loop;

  for entry in select * from jsonb_each(coalesce(settings -> 'deployment_rules', '{}')) order by key loop
    what := format('deployment rule "%s"', entry.key);
    changed := changed + 1;
    if entry.value = 'null' then
      delete from cdviz_store.deployment_rule where name = entry.key;
      continue;
    end if;
    perform cdviz_store.expect_members(what, entry.value, array['priority', 'kind', 'pipeline', 'source', 'service', 'environment', 'artifact']);
    insert into cdviz_store.deployment_rule as r (name, priority, kind, name_pattern, source_pattern, service, environment, artifact)
    values (entry.key, coalesce((entry.value ->> 'priority')::int, 100), coalesce(entry.value ->> 'kind', 'pipelinerun'),
            coalesce(entry.value ->> 'pipeline', (select name_pattern from cdviz_store.deployment_rule where name = entry.key)),
            entry.value ->> 'source',
            coalesce(entry.value ->> 'service', (select service from cdviz_store.deployment_rule where name = entry.key)),
            coalesce(entry.value ->> 'environment', (select environment from cdviz_store.deployment_rule where name = entry.key)),
            entry.value ->> 'artifact')
    on conflict (name) do update set
      priority = case when entry.value ? 'priority' then excluded.priority else r.priority end,
      kind = case when entry.value ? 'kind' then excluded.kind else r.kind end,
      name_pattern = excluded.name_pattern,
      source_pattern = case when entry.value ? 'source' then excluded.source_pattern else r.source_pattern end,
      service = excluded.service,
      environment = excluded.environment,
      artifact = case when entry.value ? 'artifact' then excluded.artifact else r.artifact end;
  end loop;
  return changed;
exception
  when not_null_violation then
    raise exception using errcode = '22023', message = what || ' needs pipeline, service and environment';
  when check_violation then
    raise exception using errcode = '22023', message = what || ': a value is out of range (tier: development, test, staging, production or other; kind: pipelinerun, taskrun or build; ids and aliases: 1 to 512 bytes, an alias is not its own id)';
  when invalid_text_representation then
    raise exception using errcode = '22023', message = what || ': rank and priority are whole numbers';
end $$;

-- ============ retention ============
create table cdviz_store.retention (
  what text     primary key check (what in ('events', 'test_cases', 'runs', 'refused')),
  keep interval check (keep >= interval '1 day'));
insert into cdviz_store.retention values ('events', null), ('test_cases', null), ('runs', null), ('refused', interval '90 days');

create table cdviz_store.maintenance (
  only_row    boolean     primary key default true check (only_row),
  ran_at      timestamptz not null,
  complaint   text);
insert into cdviz_store.maintenance (ran_at) values ('-infinity');

create table cdviz_store.size_daily (
  day  date   not null,
  what text   not null,
  bytes bigint not null,
  rows  bigint not null,
  primary key (day, what));

create function cdviz_store.make_partitions_ahead(months int default 3) returns int
language plpgsql set search_path = pg_catalog, cdviz_store, pg_temp as $$
declare
  before int;
  after  int;
begin
  select count(*) into before from pg_inherits where inhparent = 'cdviz_store.event'::regclass;
  for ahead in 0..months loop
    perform cdviz_store.ensure_partition(now() + make_interval(months => ahead));
  end loop;
  select count(*) into after from pg_inherits where inhparent = 'cdviz_store.event'::regclass;
  return after - before;
end $$;

-- Partitions of the lake that hold nothing younger than the retention allows. A partition's name says its month or
-- year; those of before 2000 and from 2100 hold events with wrong clocks and stay.
create function cdviz_store.expired_partitions(keep interval)
returns table (name text, ends_at timestamptz, bytes bigint)
language sql stable set search_path = pg_catalog, cdviz_store, pg_temp as $$
  select name, ends_at, bytes
  from (
    select c.relname::text as name, pg_total_relation_size(c.oid) as bytes,
      case when c.relname ~ '^event_[0-9]{6}$' then to_timestamp(right(c.relname, 6) || '01 00 +00', 'YYYYMMDD HH24 TZH') + interval '1 month'
           when c.relname ~ '^event_[0-9]{4}$' then to_timestamp(right(c.relname, 4) || '0101 00 +00', 'YYYYMMDD HH24 TZH') + interval '1 year'
      end as ends_at
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'cdviz_store.event'::regclass) part
  where ends_at <= now() - keep
  order by ends_at
$$;

-- One slice: at most one partition dropped, or `rows_max` rows deleted, so that each transaction is short. Called until
-- it returns no row.
create function cdviz_store.apply_retention(rows_max int default 10000)
returns table (what text, name text, rows bigint)
language plpgsql set search_path = pg_catalog, cdviz_store, pg_temp set lock_timeout = '5s' as $$
declare
  rule    record;
  victim  text;
  upto    timestamptz;
  deleted bigint;
begin
  for rule in select r.what, r.keep from cdviz_store.retention r where r.keep is not null order by r.what loop
    if rule.what = 'events' then
      select e.name, e.ends_at into victim, upto from cdviz_store.expired_partitions(rule.keep) e limit 1;
      if victim is not null then
        perform cdviz_store.lock_fold(alone => true);  -- no rebuild may count on what goes away
        execute format('drop table cdviz_store.%I', victim);
        update cdviz_store.lake_begin set begins_at = greatest(begins_at, upto);
        return query select rule.what, victim, null::bigint;
        return;
      end if;
    else
      if rule.what = 'refused' then
        delete from cdviz_store.refused_event where ctid = any (array(
          select ctid from cdviz_store.refused_event where at < now() - rule.keep limit rows_max));
      else
        delete from cdviz_store.run r
        using (select kind, run_key from cdviz_store.run
               where (kind = 'testcaserun') = (rule.what = 'test_cases') and last_at < now() - rule.keep
               limit rows_max for update skip locked) old
        where r.kind = old.kind and r.run_key = old.run_key;
      end if;
      get diagnostics deleted = row_count;
      if deleted > 0 then
        return query select rule.what, null::text, deleted;
        return;
      end if;
    end if;
  end loop;
end $$;

-- ============ sizes ============
create function cdviz_store.sizes()
returns table (what text, bytes bigint, rows bigint, partitions int, oldest timestamptz)
language sql stable set search_path = pg_catalog, cdviz_store, pg_temp as $$
  with relation as (
    select case when c.relname like 'event\_%' and i.inhparent = 'cdviz_store.event'::regclass then 'event'
                when i.inhparent = 'cdviz_store.run'::regclass then c.relname::text
                else c.relname::text end as what,
      c.oid, greatest(c.reltuples, 0)::bigint as rows, i.inhparent
    from pg_class c left join pg_inherits i on i.inhrelid = c.oid
    where c.relnamespace = 'cdviz_store'::regnamespace and c.relkind = 'r')
  select what, sum(pg_total_relation_size(oid))::bigint, sum(rows)::bigint, count(*)::int,
    case when what = 'event' then (select min(time) from cdviz_store.event where time > '2000-01-01') end
  from relation group by what order by 2 desc
$$;

create function cdviz_store.note_sizes() returns void
language sql set search_path = pg_catalog, cdviz_store, pg_temp as $$
  insert into cdviz_store.size_daily (day, what, bytes, rows)
  select (now() at time zone 'UTC')::date, what, bytes, rows from cdviz_store.sizes()
  on conflict (day, what) do update set bytes = excluded.bytes, rows = excluded.rows
$$;

-- ============ what the collectors refused ============
-- The documents themselves stay in the dead letters of the collector that refused them; readers see that, when and why.
create table cdviz_store.refused_event (
  collector  text        not null,
  number     bigint      not null,
  at         timestamptz not null,
  component  text        not null,
  from_sink  boolean     not null,
  code       text        not null,
  reason     text        not null,
  source     text,
  event_id   text,
  bytes      bigint      not null,
  noted_at   timestamptz not null default clock_timestamp(),
  primary key (collector, number, at));
create index refused_event_at_idx on cdviz_store.refused_event (at);

create function cdviz_store.note_refused(collector text, refused jsonb[]) returns int
language plpgsql security definer set search_path = pg_catalog, cdviz_store, pg_temp as $$
declare
  noted int;
begin
  insert into cdviz_store.refused_event (collector, number, at, component, from_sink, code, reason, source, event_id, bytes)
  select left(note_refused.collector, 256), r.number, r.at, left(r.component, 256), coalesce(r.from_sink, false), left(r.code, 64),
    left(r.reason, 2048), left(nullif(r.source, ''), 2048), left(nullif(r.event_id, ''), 2048), coalesce(r.bytes, 0)
  from unnest(refused) document,
    jsonb_to_record(document) as r(number bigint, at timestamptz, component text, from_sink boolean, code text, reason text,
                                   source text, event_id text, bytes bigint)
  order by r.number
  on conflict do nothing;
  get diagnostics noted = row_count;
  return noted;
end $$;

-- ============ what the collector does now and then ============
-- Due once an hour, by whoever comes first; short; never fails: what went wrong is kept for `database status`.
create function cdviz_store.maintain() returns boolean
language plpgsql security definer set search_path = pg_catalog, cdviz_store, pg_temp set lock_timeout = '2s' as $$
declare
  slices int := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('cdviz_store.maintain', 0)) then return false; end if;
  if (select ran_at from cdviz_store.maintenance) > clock_timestamp() - interval '1 hour' then return false; end if;
  begin
    perform cdviz_store.make_partitions_ahead();
    perform cdviz_store.note_sizes();
    while slices < 20 and exists (select from cdviz_store.apply_retention(5000)) loop
      slices := slices + 1;
    end loop;
    update cdviz_store.maintenance set ran_at = clock_timestamp(), complaint = null;
  exception when others then
    update cdviz_store.maintenance set ran_at = clock_timestamp(), complaint = sqlerrm;
  end;
  return true;
end $$;

-- ============ public ============
create view cdviz.refused_events as
  select at, component, case when from_sink then 'sink' else 'source' end as component_kind, code, reason, source, event_id, bytes, collector, number
  from cdviz_store.refused_event;
comment on view cdviz.refused_events is 'Documents that a collector could not use, newest kept 90 days: when, why and from whom. The bytes are in that collector''s dead letters. Example: select at, component, reason from cdviz.refused_events order by at desc limit 20';
comment on column cdviz.refused_events.at is 'When it was refused.';
comment on column cdviz.refused_events.component is 'Name of the source that received it, or of the sink that rejected it.';
comment on column cdviz.refused_events.component_kind is 'source or sink.';
comment on column cdviz.refused_events.code is 'A short stable word: json, required, unknown_type, an SQLSTATE, http_422.';
comment on column cdviz.refused_events.reason is 'What was wrong, for people.';
comment on column cdviz.refused_events.source is 'context.source, if it could be read.';
comment on column cdviz.refused_events.event_id is 'context.id, if it could be read.';
comment on column cdviz.refused_events.bytes is 'Size of the document in bytes.';
comment on column cdviz.refused_events.collector is 'Which collector has it.';
comment on column cdviz.refused_events.number is 'Its number there: cdviz-collector dead-letters show NUMBER.';

create view cdviz.deployment_rules as
  select name as rule, priority, kind, name_pattern as pipeline, source_pattern as source, service, environment, artifact
  from cdviz_store.deployment_rule;
comment on view cdviz.deployment_rules is 'Which pipelines are taken for deployments. Example: select * from cdviz.deployment_rules order by priority, rule';
comment on column cdviz.deployment_rules.rule is 'Name of the rule: cdviz-collector deployment-rules set NAME.';
comment on column cdviz.deployment_rules.priority is 'The lowest is tried first, then by name.';
comment on column cdviz.deployment_rules.kind is 'Which runs it looks at: pipelinerun, taskrun or build.';
comment on column cdviz.deployment_rules.pipeline is 'Regular expression for the whole name of the run.';
comment on column cdviz.deployment_rules.source is 'Regular expression for the whole source of the run; null: any.';
comment on column cdviz.deployment_rules.service is 'Template of the service.';
comment on column cdviz.deployment_rules.environment is 'Template of the environment.';
comment on column cdviz.deployment_rules.artifact is 'Template of the artifact; null: the version is not known.';

comment on table cdviz_store.retention is 'How long what is kept; keep null means for ever. Set with: cdviz-collector database retention.';
comment on column cdviz_store.retention.what is 'events: the lake, by whole partitions. test_cases: runs of test cases. runs: all other runs. refused: cdviz.refused_events. Facts (deployments, state, artifacts, changes, incidents) are never deleted.';
comment on column cdviz_store.retention.keep is 'Age above which it is deleted.';
comment on table cdviz_store.maintenance is 'When maintain() ran last.';
comment on column cdviz_store.maintenance.only_row is 'There is one row.';
comment on column cdviz_store.maintenance.ran_at is 'When it ran.';
comment on column cdviz_store.maintenance.complaint is 'What went wrong, if something did.';
comment on table cdviz_store.size_daily is 'Size of the tables, once a day: the growth comes from it.';
comment on column cdviz_store.size_daily.day is 'Day in UTC.';
comment on column cdviz_store.size_daily.what is 'Table, the lake as a whole.';
comment on column cdviz_store.size_daily.bytes is 'With indexes and TOAST.';
comment on column cdviz_store.size_daily.rows is 'The planner''s estimate.';
comment on table cdviz_store.refused_event is 'What collectors refused, behind cdviz.refused_events.';
comment on column cdviz_store.refused_event.collector is 'Which collector: host and sink';
comment on column cdviz_store.refused_event.number is 'Number of its dead letter';
comment on column cdviz_store.refused_event.at is 'When it was refused';
comment on column cdviz_store.refused_event.component is 'The source that received it, or the sink that rejected it';
comment on column cdviz_store.refused_event.from_sink is 'component is a sink';
comment on column cdviz_store.refused_event.code is 'A short stable word';
comment on column cdviz_store.refused_event.reason is 'For people';
comment on column cdviz_store.refused_event.source is 'context.source, if it could be read';
comment on column cdviz_store.refused_event.event_id is 'context.id, if it could be read';
comment on column cdviz_store.refused_event.bytes is 'Size of the document';
comment on column cdviz_store.refused_event.noted_at is 'When this database was told';
comment on function cdviz_store.expect_members(text, jsonb, text[]) is 'Raises 22023 when given is no object or has a member that is not known.';
comment on function cdviz_store.alias_list(text, jsonb) is 'A JSON list of texts as an array; raises 22023 when it is none.';
comment on function cdviz_store.configure(jsonb) is 'Writes configuration of environments, services and deployment rules, all or none. Returns how many entries. Example: select cdviz_store.configure(''{"environments": {"prod": {"rank": 3, "aliases": ["live"]}}}'')';
comment on function cdviz_store.make_partitions_ahead(int) is 'Makes the partitions of this month and the next ones. Returns how many were new.';
comment on function cdviz_store.expired_partitions(interval) is 'Partitions of the lake that hold nothing younger than keep, oldest first.';
comment on function cdviz_store.apply_retention(int) is 'Drops one expired partition, or deletes at most rows_max rows. Call it again, each time in a transaction of its own, until it returns no row.';
comment on function cdviz_store.sizes() is 'Bytes and rows (estimated) of each table, the partitions of the lake as one.';
comment on function cdviz_store.note_sizes() is 'Keeps the sizes of today.';
comment on function cdviz_store.note_refused(text, jsonb[]) is 'Puts refused documents on the list; what is there already stays. Returns how many were new.';
comment on function cdviz_store.maintain() is 'Partitions ahead, sizes, retention: does something at most once an hour, whoever calls it. Returns whether it did.';

grant select on cdviz.refused_events, cdviz.deployment_rules to cdviz_reader;
revoke all on function cdviz_store.maintain(), cdviz_store.note_refused(text, jsonb[]) from public;
grant execute on function cdviz_store.maintain(), cdviz_store.note_refused(text, jsonb[]) to cdviz_ingest;
reset role;

-- Compiling the statements of this schema takes longer than running them, and the estimates that decide about it are
-- those of functions and lateral subqueries. Only the owner of the database may say so; others: docs/data-ops.md.
do $$
begin
  execute format('alter database %I set jit = off', current_database());
exception when insufficient_privilege then
  raise notice 'jit stays on for this database, because % does not own it: let its owner run: alter database % set jit = off', current_user, quote_ident(current_database());
end $$;
