-- The projections: what the events say, one row for each thing, written with the events in the same transaction.
--
-- Every table below can be made again from the lake. Three rules make that true, and the tests in database/tests hold
-- them: any order of the events, any repetition and any number of writers give the same rows.
--   * Whatever is folded is folded by a function that does not care about order: the earliest, the latest, the greatest,
--     or the whole content with the greatest (time, event_uid).
--   * What depends on its neighbours (what a deployment replaced, what runs now) is never folded. It is computed again,
--     for the keys that were touched, from the rows that are facts.
--   * Row locks are taken in one order: table by table in the order of this file, and in each by key.
-- Ids come from outside and may have any length, an index entry may not: cdviz_store.bounded() shortens them.
-- Environments and services are stored under their canonical id; an alias is resolved when the event is folded, and
-- what the event said is kept beside it (*_raw) when it differs, so that an alias can be undone.
-- Made before the role is set: cdviz_owner may not create schemas.
create schema cdviz_rebuild authorization cdviz_owner;
comment on schema cdviz_rebuild is 'Tables of a rebuild that is under way (cdviz_store.rebuild_step); else empty.';
set local role cdviz_owner;

-- ============ the lake ============
alter table cdviz_store.event add column notes jsonb;
comment on column cdviz_store.event.notes is 'What the collector found out about the event, null if nothing: {"violations": [{"pointer", "rule", "message"}], "normalised": ["id", "time", …], "original": "the text as it was received"}';
comment on column cdviz_store.event.subject is 'Third part of context.type, lower case: service, pipelinerun, …; the first three parts of a type that is not of CDEvents: com.example.probes';
comment on column cdviz.events.subject is 'Third part of context.type, lower case: service, pipelinerun, …; the first three parts of a type that is not of CDEvents: com.example.probes';
comment on column cdviz.events_raw.subject is 'Third part of context.type, lower case: service, pipelinerun, …; the first three parts of a type that is not of CDEvents: com.example.probes';
-- Partial: most events have no chain and no notes, and these cost nothing then.
create index event_chain_idx on cdviz_store.event (hashtextextended(chain_id, 0), time) where chain_id is not null;
create index event_notes_idx on cdviz_store.event (time) where notes is not null;
comment on index cdviz_store.event_chain_idx is 'Events of one chain: where hashtextextended(chain_id, 0) = hashtextextended($1, 0) and chain_id = $1';

-- ============ configuration: written by administrators, never by events ============
create table cdviz_store.environment_setting (
  environment_id text primary key check (octet_length(environment_id) between 1 and 512),
  rank           integer,
  tier           text check (tier in ('development', 'test', 'staging', 'production', 'other')),
  label          text);
comment on table cdviz_store.environment_setting is 'What administrators say about environments. An environment may be configured before any event names it. May be edited with SQL; effective at once.';
comment on column cdviz_store.environment_setting.environment_id is 'Canonical id of the environment';
comment on column cdviz_store.environment_setting.rank is 'Place in the order of delivery: 1 is the first environment a version reaches. Null: by tier, behind all that have a rank';
comment on column cdviz_store.environment_setting.tier is 'development, test, staging, production or other. Null: by the rules of environment_tier_rule';
comment on column cdviz_store.environment_setting.label is 'Name to show. Null: the name its events gave, else its id';

create table cdviz_store.environment_alias (
  alias          text primary key check (octet_length(alias) between 1 and 512),
  environment_id text not null check (octet_length(environment_id) between 1 and 512),
  check (alias <> environment_id));
comment on table cdviz_store.environment_alias is 'Other ids of environments. Events that name the alias count for environment_id; a change folds what was stored again.';
comment on column cdviz_store.environment_alias.alias is 'Id as events name it';
comment on column cdviz_store.environment_alias.environment_id is 'The id it stands for; never an alias itself';

create table cdviz_store.environment_tier_rule (
  priority integer primary key,
  pattern  text not null,
  tier     text not null check (tier in ('development', 'test', 'staging', 'production', 'other')));
comment on table cdviz_store.environment_tier_rule is 'The tier of environments that have none in environment_setting: the first rule whose pattern fits; other, if none does.';
comment on column cdviz_store.environment_tier_rule.priority is 'The lowest number is tried first';
comment on column cdviz_store.environment_tier_rule.pattern is 'Pattern of ILIKE for the id of the environment: % stands for any text, upper and lower case are the same';
comment on column cdviz_store.environment_tier_rule.tier is 'Tier of the environments it fits';
insert into cdviz_store.environment_tier_rule (priority, pattern, tier) values
  (10, '%nonprod%', 'test'), (11, '%non-prod%', 'test'), (12, '%preprod%', 'staging'), (13, '%pre-prod%', 'staging'),
  (20, '%prod%', 'production'), (21, 'live%', 'production'),
  (30, '%stag%', 'staging'), (31, '%uat%', 'staging'),
  (40, '%test%', 'test'), (41, '%qa%', 'test'), (42, 'ci', 'test'), (43, '%integration%', 'test'),
  (50, '%dev%', 'development'), (51, 'local%', 'development'), (52, '%sandbox%', 'development');

create table cdviz_store.service_setting (
  service_id    text primary key check (octet_length(service_id) between 1 and 512),
  team          text,
  label         text,
  labels        jsonb not null default '{}' check (jsonb_typeof(labels) = 'object'),
  repository_id text);
comment on table cdviz_store.service_setting is 'What administrators say about services. May be edited with SQL; effective at once.';
comment on column cdviz_store.service_setting.service_id is 'Canonical id of the service';
comment on column cdviz_store.service_setting.team is 'The team that owns it';
comment on column cdviz_store.service_setting.label is 'Name to show. Null: its id';
comment on column cdviz_store.service_setting.labels is 'Any labels, a JSON object of texts: {"language": "go"}';
comment on column cdviz_store.service_setting.repository_id is 'The repository its changes are in';

create table cdviz_store.service_alias (
  alias      text primary key check (octet_length(alias) between 1 and 512),
  service_id text not null check (octet_length(service_id) between 1 and 512),
  check (alias <> service_id));
comment on table cdviz_store.service_alias is 'Other ids of services, as environment_alias has those of environments.';
comment on column cdviz_store.service_alias.alias is 'Id as events name it';
comment on column cdviz_store.service_alias.service_id is 'The id it stands for; never an alias itself';

create table cdviz_store.deployment_rule (
  name           text primary key,
  priority       integer not null default 100,
  kind           text not null default 'pipelinerun' check (kind in ('pipelinerun', 'taskrun')),
  name_pattern   text not null check (('' ~ ('^(?:' || name_pattern || ')$')) is not null),  -- a pattern that is none fails here, not in ingest()
  source_pattern text check (('' ~ ('^(?:' || source_pattern || ')$')) is not null or source_pattern is null),
  service        text not null,
  environment    text not null,
  artifact       text);
comment on table cdviz_store.deployment_rule is 'Which pipelines are deployments, for tools that send no service events: a run whose name (and source) fits is an attempt to deploy, and a deployment if it finished with success. A change folds the runs again.';
comment on column cdviz_store.deployment_rule.name is 'Name of the rule';
comment on column cdviz_store.deployment_rule.priority is 'The lowest number is tried first, then by name; the first rule that fits and gives a service and an environment counts';
comment on column cdviz_store.deployment_rule.kind is 'Kind of run: pipelinerun or taskrun';
comment on column cdviz_store.deployment_rule.name_pattern is 'Regular expression for the name of the run, anchored on both sides: deploy-(.*)-to-(.*)';
comment on column cdviz_store.deployment_rule.source_pattern is 'Regular expression for the source of the run, anchored on both sides; null fits all';
comment on column cdviz_store.deployment_rule.service is 'The service: a template, in which {1} to {9} stand for the groups of name_pattern, {name} for the name of the run, and {content.a.b} or {customData.a.b} for that field of its events. A placeholder without a value makes the whole template null';
comment on column cdviz_store.deployment_rule.environment is 'The environment: a template as for service';
comment on column cdviz_store.deployment_rule.artifact is 'The artifact: a template as for service; null or without a value: not known';

-- ============ counters ============
create table cdviz_store.event_count_hourly (
  hour timestamptz, subject text, predicate text, n bigint not null,
  primary key (hour, subject, predicate)) with (fillfactor = 70);
comment on table cdviz_store.event_count_hourly is 'Number of stored events for each hour of their time and each type.';
comment on column cdviz_store.event_count_hourly.hour is 'Begin of the hour';
comment on column cdviz_store.event_count_hourly.subject is 'As in event.subject';
comment on column cdviz_store.event_count_hourly.predicate is 'As in event.predicate';
comment on column cdviz_store.event_count_hourly.n is 'Events';

create table cdviz_store.event_count_daily (
  day timestamptz, source text, subject text, n bigint not null,
  primary key (day, source, subject)) with (fillfactor = 70);
comment on table cdviz_store.event_count_daily is 'Number of stored events for each day of their time (UTC), each source and subject.';
comment on column cdviz_store.event_count_daily.day is 'Begin of the day (UTC)';
comment on column cdviz_store.event_count_daily.source is 'context.source, bounded';
comment on column cdviz_store.event_count_daily.subject is 'As in event.subject';
comment on column cdviz_store.event_count_daily.n is 'Events';

create table cdviz_store.event_source (
  source           text primary key,
  events           bigint not null,
  first_event_at   timestamptz not null,
  last_event_at    timestamptz not null,
  last_ingested_at timestamptz not null) with (fillfactor = 50);
comment on table cdviz_store.event_source is 'Who sends events, and when the last one came.';
comment on column cdviz_store.event_source.source is 'context.source, bounded';
comment on column cdviz_store.event_source.events is 'Events stored';
comment on column cdviz_store.event_source.first_event_at is 'Least time of its events';
comment on column cdviz_store.event_source.last_event_at is 'Greatest time of its events';
comment on column cdviz_store.event_source.last_ingested_at is 'When this database stored the last of them';

create table cdviz_store.event_conflict (
  event_uid     uuid        not null,
  digest        text        not null,
  time          timestamptz not null,
  source        text        not null,
  event_id      text        not null,
  stored_digest text        not null,
  payload       jsonb,
  notes         jsonb,
  seen          bigint      not null default 1,
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at  timestamptz not null default clock_timestamp(),
  primary key (event_uid, digest));
create index event_conflict_seen_idx on cdviz_store.event_conflict (last_seen_at);
comment on table cdviz_store.event_conflict is 'Events that came under a key (source, id) that was taken by an event with another content. The first is in the lake and counts; the other is kept here. Of one key 16 contents are kept, further ones are counted in a row without payload.';
comment on column cdviz_store.event_conflict.event_uid is 'The key they share, as in event.event_uid';
comment on column cdviz_store.event_conflict.digest is 'SHA-256 of this content, hexadecimal; empty in the row that counts contents beyond the sixteenth';
comment on column cdviz_store.event_conflict.time is 'Time of the stored event: with event_uid its primary key';
comment on column cdviz_store.event_conflict.source is 'context.source';
comment on column cdviz_store.event_conflict.event_id is 'context.id';
comment on column cdviz_store.event_conflict.stored_digest is 'SHA-256 of the content that is in the lake';
comment on column cdviz_store.event_conflict.payload is 'The whole event that was not stored';
comment on column cdviz_store.event_conflict.notes is 'Its notes, as in event.notes';
comment on column cdviz_store.event_conflict.seen is 'How often it came';
comment on column cdviz_store.event_conflict.first_seen_at is 'When it came first';
comment on column cdviz_store.event_conflict.last_seen_at is 'When it came last';

-- ============ runs ============
create table cdviz_store.run (
  kind            text not null,
  run_key         uuid not null,
  run_id          text not null,
  source          text not null,
  name            text,
  definition_id   text,
  parent_key      uuid,
  environment_id  text,
  environment_raw text,
  service_id      text,
  service_raw     text,
  artifact_id     text,
  deploys         boolean not null default false,
  queued_at       timestamptz,
  started_at      timestamptz,
  finished_at     timestamptz,
  skipped_at      timestamptz,
  outcome         text,
  reason          text,
  severity        text,
  test_type       text,
  trigger_type    text,
  uri             text,
  chain_id        text,
  first_at        timestamptz not null,
  last_at         timestamptz not null,
  primary key (run_key, kind)) partition by list (kind);
do $$
declare of_kind text;
begin
  foreach of_kind in array array['pipelinerun', 'taskrun', 'build', 'testsuiterun', 'testcaserun', 'deployment'] loop
    execute format('create table cdviz_store.run_%s partition of cdviz_store.run for values in (%L) with (fillfactor = 85)', of_kind, of_kind);
    execute format('comment on table cdviz_store.run_%s is %L', of_kind, 'Runs of kind ' || of_kind || ', a partition of cdviz_store.run.');
  end loop;
end $$;
create table cdviz_store.run_other partition of cdviz_store.run default with (fillfactor = 85);
comment on table cdviz_store.run_other is 'Runs of all other kinds, a partition of cdviz_store.run.';
create index run_name_idx on cdviz_store.run (name, last_at);
create index run_last_idx on cdviz_store.run (last_at);
create index run_open_idx on cdviz_store.run (first_at) where finished_at is null and skipped_at is null;
create index run_parent_idx on cdviz_store.run (parent_key) where parent_key is not null;
create index run_deploys_idx on cdviz_store.run (environment_id, service_id, last_at) where deploys;
comment on table cdviz_store.run is 'One row for each run of something: of a pipeline, task, build, test suite, test case, of a deployment (deployment.*), and of every other subject that is queued, started, finished or skipped. Partitions by kind.';
comment on column cdviz_store.run.kind is 'Subject of its events; testcase and testsuite (before CDEvents 0.3) are testcaserun and testsuiterun';
comment on column cdviz_store.run.run_key is 'Identity, as in event.subject_key';
comment on column cdviz_store.run.run_id is 'subject.id, bounded';
comment on column cdviz_store.run.source is 'Where the run is: subject.source, or context.source without it';
comment on column cdviz_store.run.name is 'Name of the pipeline, task, suite or case; the id of suite or case if it has no name';
comment on column cdviz_store.run.definition_id is 'Id of the test suite or test case';
comment on column cdviz_store.run.parent_key is 'run_key of the pipeline run (of a task) or of the suite run (of a test case); that run may not be known';
comment on column cdviz_store.run.environment_id is 'Canonical id of the environment it ran in, or deploys to';
comment on column cdviz_store.run.environment_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.run.service_id is 'Canonical id of the service it deploys';
comment on column cdviz_store.run.service_raw is 'What the event or rule said, if that is an alias; else null';
comment on column cdviz_store.run.artifact_id is 'The artifact it deploys or has built';
comment on column cdviz_store.run.deploys is 'True: it is an attempt to deploy service_id to environment_id (kind deployment, or a row of deployment_rule fits)';
comment on column cdviz_store.run.queued_at is 'Earliest queued event';
comment on column cdviz_store.run.started_at is 'Earliest started event';
comment on column cdviz_store.run.finished_at is 'Latest finished event';
comment on column cdviz_store.run.skipped_at is 'Latest skipped event';
comment on column cdviz_store.run.outcome is 'success, failure, cancel, error, skip, or what else the latest finished event says, lower case';
comment on column cdviz_store.run.reason is 'content.reason, or content.errors';
comment on column cdviz_store.run.severity is 'content.severity of a test: low, medium, high, critical';
comment on column cdviz_store.run.test_type is 'content.testCase.type: unit, integration, e2e, …';
comment on column cdviz_store.run.trigger_type is 'content.trigger.type of a test: manual, pipeline, event, schedule, other';
comment on column cdviz_store.run.uri is 'content.uri, or content.url (before CDEvents 0.5)';
comment on column cdviz_store.run.chain_id is 'The chain its events belong to';
comment on column cdviz_store.run.first_at is 'Time of its first event';
comment on column cdviz_store.run.last_at is 'Time of its last event';

-- ============ artifacts and changes ============
create table cdviz_store.artifact (
  artifact_id        text primary key,
  base_id            text not null,
  purl_type          text,
  namespace          text,
  name               text,
  version            text,
  tag                text,
  repository_url     text,
  packaged_at        timestamptz,
  published_at       timestamptz,
  signed_at          timestamptz,
  deleted_at         timestamptz,
  downloaded_at      timestamptz,
  change_id          text,
  change_source      text,
  sbom_uri           text,
  signature          text,
  published_by       text,
  chain_id           text,
  first_seen_at      timestamptz not null,
  last_seen_at       timestamptz not null,
  ranked_at          timestamptz not null generated always as (coalesce(published_at, packaged_at, first_seen_at)) stored,
  -- a digest is nobody's name for a version
  known_as           text        not null generated always as (
    coalesce(case when version !~ '^[a-z0-9]+:[0-9a-fA-F]{12}' then nullif(version, '') end, nullif(tag, ''),
             nullif(left(split_part(version, ':', 2), 12), ''), artifact_id)) stored);
create index artifact_rank_idx on cdviz_store.artifact (base_id, ranked_at, artifact_id);
create index artifact_change_idx on cdviz_store.artifact (change_id) where change_id is not null;
comment on table cdviz_store.artifact is 'One row for each artifact that events name. All spellings of a package URL are one artifact.';
comment on column cdviz_store.artifact.artifact_id is 'Canonical: pkg:type/namespace/name@version, percent-decoded, without qualifiers (with ?tag= if it has no version). What is no package URL stays as it is';
comment on column cdviz_store.artifact.base_id is 'pkg:type/namespace/name: the same for all versions';
comment on column cdviz_store.artifact.purl_type is 'oci, npm, maven, …; null if it is no package URL';
comment on column cdviz_store.artifact.namespace is 'Namespace of the package URL';
comment on column cdviz_store.artifact.name is 'Name of the package URL';
comment on column cdviz_store.artifact.version is 'Version of the package URL: a version, or a digest (sha256:…)';
comment on column cdviz_store.artifact.tag is 'Qualifier tag; of several the greatest';
comment on column cdviz_store.artifact.repository_url is 'Qualifier repository_url; of several the greatest';
comment on column cdviz_store.artifact.packaged_at is 'Earliest artifact.packaged';
comment on column cdviz_store.artifact.published_at is 'Earliest artifact.published';
comment on column cdviz_store.artifact.signed_at is 'Earliest artifact.signed';
comment on column cdviz_store.artifact.deleted_at is 'Latest artifact.deleted';
comment on column cdviz_store.artifact.downloaded_at is 'Latest artifact.downloaded';
comment on column cdviz_store.artifact.change_id is 'content.change.id of artifact.packaged: the change it was built from';
comment on column cdviz_store.artifact.change_source is 'content.change.source';
comment on column cdviz_store.artifact.sbom_uri is 'content.sbom.uri: its bill of materials';
comment on column cdviz_store.artifact.signature is 'content.signature of artifact.signed';
comment on column cdviz_store.artifact.published_by is 'content.user of artifact.published';
comment on column cdviz_store.artifact.chain_id is 'The chain its events belong to';
comment on column cdviz_store.artifact.first_seen_at is 'Time of the first event that names it';
comment on column cdviz_store.artifact.last_seen_at is 'Time of the last event that names it';
comment on column cdviz_store.artifact.known_as is 'What people call it: the version of the package URL, else its tag, else the first 12 digits of its digest, else its id';
comment on column cdviz_store.artifact.ranked_at is 'What orders the artifacts of one base_id: published, else packaged, else first seen; then artifact_id';
comment on index cdviz_store.artifact_rank_idx is 'Which artifacts lie between two of the same name (cdviz.drift, cdviz.compare_environments).';

create table cdviz_store.change (
  change_key        uuid primary key,
  change_id         text not null,
  source            text not null,
  repository_id     text,
  description       text,
  author            text,
  uri               text,
  created_at        timestamptz,
  first_reviewed_at timestamptz,
  updated_at        timestamptz,
  merged_at         timestamptz,
  abandoned_at      timestamptz,
  chain_id          text,
  first_at          timestamptz not null,
  last_at           timestamptz not null);
create index change_id_idx on cdviz_store.change (change_id);
create index change_last_idx on cdviz_store.change (last_at);
create index change_repository_idx on cdviz_store.change (repository_id, merged_at) where merged_at is not null;
comment on table cdviz_store.change is 'One row for each change: a pull or merge request, or a commit.';
comment on column cdviz_store.change.change_key is 'Identity, as in event.subject_key';
comment on column cdviz_store.change.change_id is 'subject.id, bounded';
comment on column cdviz_store.change.source is 'subject.source, or context.source without it';
comment on column cdviz_store.change.repository_id is 'content.repository.id';
comment on column cdviz_store.change.description is 'content.description of change.created';
comment on column cdviz_store.change.author is 'customData.author or customData.user, if that is a text';
comment on column cdviz_store.change.uri is 'customData.uri or customData.url, if that is a text';
comment on column cdviz_store.change.created_at is 'Earliest change.created';
comment on column cdviz_store.change.first_reviewed_at is 'Earliest change.reviewed';
comment on column cdviz_store.change.updated_at is 'Latest change.updated';
comment on column cdviz_store.change.merged_at is 'Earliest change.merged';
comment on column cdviz_store.change.abandoned_at is 'Latest change.abandoned';
comment on column cdviz_store.change.chain_id is 'The chain its events belong to';
comment on column cdviz_store.change.first_at is 'Time of its first event';
comment on column cdviz_store.change.last_at is 'Time of its last event';

-- ============ incidents, tickets, approvals ============
create table cdviz_store.incident (
  incident_key    uuid primary key,
  incident_id     text not null,
  source          text not null,
  detected_at     timestamptz,
  reported_at     timestamptz,
  resolved_at     timestamptz,
  environment_id  text,
  environment_raw text,
  service_id      text,
  service_raw     text,
  artifact_id     text,
  ticket_uri      text,
  chain_id        text,
  first_at        timestamptz not null,
  last_at         timestamptz not null,
  last_uid        uuid not null,
  last_content    jsonb not null);
create index incident_first_idx on cdviz_store.incident (first_at);
create index incident_lane_idx on cdviz_store.incident (service_id, environment_id, first_at);
comment on table cdviz_store.incident is 'One row for each incident.';
comment on column cdviz_store.incident.incident_key is 'Identity, as in event.subject_key';
comment on column cdviz_store.incident.incident_id is 'subject.id, bounded';
comment on column cdviz_store.incident.source is 'subject.source, or context.source without it';
comment on column cdviz_store.incident.detected_at is 'Earliest incident.detected';
comment on column cdviz_store.incident.reported_at is 'Earliest incident.reported';
comment on column cdviz_store.incident.resolved_at is 'Latest incident.resolved; null: it is open';
comment on column cdviz_store.incident.environment_id is 'Canonical id of the environment';
comment on column cdviz_store.incident.environment_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.incident.service_id is 'Canonical id of the service, if the events name one';
comment on column cdviz_store.incident.service_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.incident.artifact_id is 'Canonical id of the artifact, if the events name one';
comment on column cdviz_store.incident.ticket_uri is 'content.ticketURI';
comment on column cdviz_store.incident.chain_id is 'The chain its events belong to';
comment on column cdviz_store.incident.first_at is 'Time of its first event: when it began, as far as known';
comment on column cdviz_store.incident.last_at is 'Time of its last event';
comment on column cdviz_store.incident.last_uid is 'event_uid of its last event: the greater of two at the same time';
comment on column cdviz_store.incident.last_content is 'Content of its last event: description, …';

create table cdviz_store.ticket (
  ticket_key   uuid primary key,
  ticket_id    text not null,
  source       text not null,
  created_at   timestamptz,
  updated_at   timestamptz,
  closed_at    timestamptz,
  uri          text,
  chain_id     text,
  first_at     timestamptz not null,
  last_at      timestamptz not null,
  last_uid     uuid not null,
  last_content jsonb not null);
create index ticket_first_idx on cdviz_store.ticket (first_at);
create index ticket_uri_idx on cdviz_store.ticket (uri) where uri is not null;
comment on table cdviz_store.ticket is 'One row for each ticket.';
comment on column cdviz_store.ticket.ticket_key is 'Identity, as in event.subject_key';
comment on column cdviz_store.ticket.ticket_id is 'subject.id, bounded';
comment on column cdviz_store.ticket.source is 'subject.source, or context.source without it';
comment on column cdviz_store.ticket.created_at is 'Earliest ticket.created';
comment on column cdviz_store.ticket.updated_at is 'Latest ticket.updated';
comment on column cdviz_store.ticket.closed_at is 'Latest ticket.closed';
comment on column cdviz_store.ticket.uri is 'content.uri';
comment on column cdviz_store.ticket.chain_id is 'The chain its events belong to';
comment on column cdviz_store.ticket.first_at is 'Time of its first event';
comment on column cdviz_store.ticket.last_at is 'Time of its last event';
comment on column cdviz_store.ticket.last_uid is 'event_uid of its last event: the greater of two at the same time';
comment on column cdviz_store.ticket.last_content is 'Content of its last event: summary, ticketType, priority, labels, assignees, resolution, …';

create table cdviz_store.approval (
  approval_key uuid primary key,
  approval_id  text not null,
  source       text not null,
  created_at   timestamptz,
  updated_at   timestamptz,
  closed_at    timestamptz,
  requestor    text,
  responder    text,
  decision     text,
  status       text,
  details_uri  text,
  target_uri   text,
  chain_id     text,
  first_at     timestamptz not null,
  last_at      timestamptz not null,
  last_uid     uuid not null,
  last_content jsonb not null);
create index approval_first_idx on cdviz_store.approval (first_at);
comment on table cdviz_store.approval is 'One row for each approval (approval.* of the draft of CDEvents 0.6).';
comment on column cdviz_store.approval.approval_key is 'Identity, as in event.subject_key';
comment on column cdviz_store.approval.approval_id is 'subject.id, bounded';
comment on column cdviz_store.approval.source is 'subject.source, or context.source without it';
comment on column cdviz_store.approval.created_at is 'Earliest approval.created';
comment on column cdviz_store.approval.updated_at is 'Latest approval.updated';
comment on column cdviz_store.approval.closed_at is 'Latest approval.closed; null: it is open';
comment on column cdviz_store.approval.requestor is 'content.requestor';
comment on column cdviz_store.approval.responder is 'content.responder of its last event';
comment on column cdviz_store.approval.decision is 'content.decision of its last event: approved, rejected, escalated, …';
comment on column cdviz_store.approval.status is 'content.status of its last event: approved, rejected, cancelled, expired';
comment on column cdviz_store.approval.details_uri is 'content.approvalDetailsUrl';
comment on column cdviz_store.approval.target_uri is 'content.resourceTargetUrl: what is to be approved';
comment on column cdviz_store.approval.chain_id is 'The chain its events belong to';
comment on column cdviz_store.approval.first_at is 'Time of its first event';
comment on column cdviz_store.approval.last_at is 'Time of its last event';
comment on column cdviz_store.approval.last_uid is 'event_uid of its last event: the greater of two at the same time';
comment on column cdviz_store.approval.last_content is 'Content of its last event';

-- ============ links ============
create table cdviz_store.link (
  from_type text,
  from_id   text,
  kind      text,
  to_type   text,
  to_id     text,
  chain_id  text,
  first_at  timestamptz not null,
  last_at   timestamptz not null,
  primary key (from_type, from_id, kind, to_type, to_id));
create index link_to_idx on cdviz_store.link (to_type, to_id);
comment on table cdviz_store.link is 'Links that events state themselves: context.links of CDEvents, and customData.links as cdviz writes them. The first 100 of an event.';
comment on column cdviz_store.link.from_type is 'Subject of the event that states it';
comment on column cdviz_store.link.from_id is 'subject.id of that event, bounded; canonical if it is an artifact';
comment on column cdviz_store.link.kind is 'linkKind, else linkType, lower case';
comment on column cdviz_store.link.to_type is 'Type of the other subject, lower case; event: to_id is the context.id of an event; domain: it is a domainId';
comment on column cdviz_store.link.to_id is 'Id of the other subject, event or domain, bounded';
comment on column cdviz_store.link.chain_id is 'The chain of the event that states it: where to look for the event it names';
comment on column cdviz_store.link.first_at is 'Time of the first event that states it';
comment on column cdviz_store.link.last_at is 'Time of the last event that states it';

-- ============ environments and services ============
create table cdviz_store.environment (
  environment_id text primary key,
  name           text,
  uri            text,
  created_at     timestamptz,
  modified_at    timestamptz,
  deleted_at     timestamptz,
  first_seen_at  timestamptz not null,
  last_seen_at   timestamptz not null) with (fillfactor = 50);
comment on table cdviz_store.environment is 'Environments as events name them: an alias has its own row. cdviz_store.environment_known has them under their canonical id, with their settings.';
comment on column cdviz_store.environment.environment_id is 'Id as events name it, bounded';
comment on column cdviz_store.environment.name is 'content.name of environment.*';
comment on column cdviz_store.environment.uri is 'content.uri or content.url of environment.*';
comment on column cdviz_store.environment.created_at is 'Earliest environment.created';
comment on column cdviz_store.environment.modified_at is 'Latest environment.modified';
comment on column cdviz_store.environment.deleted_at is 'Latest environment.deleted; it may have been used again since';
comment on column cdviz_store.environment.first_seen_at is 'Time of the first event that names it';
comment on column cdviz_store.environment.last_seen_at is 'Time of the last event that names it';

create table cdviz_store.service (
  service_id    text primary key,
  published_at  timestamptz,
  first_seen_at timestamptz not null,
  last_seen_at  timestamptz not null) with (fillfactor = 50);
comment on table cdviz_store.service is 'Services as events name them: an alias has its own row. cdviz_store.service_known has them under their canonical id, with their settings.';
comment on column cdviz_store.service.service_id is 'Id as events name it, bounded';
comment on column cdviz_store.service.published_at is 'Latest service.published: when it became reachable';
comment on column cdviz_store.service.first_seen_at is 'Time of the first event that names it';
comment on column cdviz_store.service.last_seen_at is 'Time of the last event that names it';

-- ============ what runs where ============
create table cdviz_store.closing (
  event_uid       uuid primary key,
  at              timestamptz not null,
  environment_id  text,
  environment_raw text,
  service_id      text,
  service_raw     text,
  source          text not null,
  chain_id        text,
  actor           text,
  check ((environment_id is null) <> (service_id is null)));
create index closing_environment_idx on cdviz_store.closing (environment_id) where environment_id is not null;
create index closing_service_idx on cdviz_store.closing (service_id) where service_id is not null;
comment on table cdviz_store.closing is 'Events that end many deployments at once: environment.deleted ends all of that environment, service.removed without an environment all of that service. Each has a row in deployment for every pair it ends.';
comment on column cdviz_store.closing.event_uid is 'The event';
comment on column cdviz_store.closing.at is 'Its time';
comment on column cdviz_store.closing.environment_id is 'Canonical id of the environment that was deleted, or null';
comment on column cdviz_store.closing.environment_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.closing.service_id is 'Canonical id of the service that was removed everywhere, or null';
comment on column cdviz_store.closing.service_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.closing.source is 'context.source, bounded';
comment on column cdviz_store.closing.chain_id is 'The chain it belongs to';
comment on column cdviz_store.closing.actor is 'As in deployment.actor';

create table cdviz_store.environment_state (
  environment_id       text,
  service_id           text,
  event_uid            uuid,
  artifact_id          text,
  action               text,
  kind                 text,
  removed              boolean not null default true,
  since                timestamptz,
  previous_artifact_id text,
  source               text,
  actor                text,
  inferred             boolean,
  last_event_at        timestamptz,
  last_event_uid       uuid,
  primary key (environment_id, service_id)) with (fillfactor = 70);
create index environment_state_service_idx on cdviz_store.environment_state (service_id);
comment on table cdviz_store.environment_state is 'What runs where now: one row for each pair of environment and service that ever met. Computed from deployment; its rows are also the locks under which deployment is written. A row whose last_event_uid is null has no deployment (any more): not to be shown.';
comment on column cdviz_store.environment_state.environment_id is 'Canonical id of the environment; empty if the event named none';
comment on column cdviz_store.environment_state.service_id is 'Canonical id of the service';
comment on column cdviz_store.environment_state.event_uid is 'The deployment (deployment.event_uid) that brought what runs now: the last with is_change';
comment on column cdviz_store.environment_state.artifact_id is 'What runs: canonical id, or null if it is removed or not known';
comment on column cdviz_store.environment_state.action is 'As in deployment.action, of event_uid';
comment on column cdviz_store.environment_state.kind is 'As in deployment.kind, of event_uid';
comment on column cdviz_store.environment_state.removed is 'True: nothing runs';
comment on column cdviz_store.environment_state.since is 'Since when';
comment on column cdviz_store.environment_state.previous_artifact_id is 'What ran there before, null if nothing did';
comment on column cdviz_store.environment_state.source is 'Who reported it: context.source';
comment on column cdviz_store.environment_state.actor is 'Who did it, as in deployment.actor';
comment on column cdviz_store.environment_state.inferred is 'As in deployment.inferred';
comment on column cdviz_store.environment_state.last_event_at is 'Time of the last deployment row, also one that changed nothing';
comment on column cdviz_store.environment_state.last_event_uid is 'event_uid of that row';

create table cdviz_store.deployment (
  event_uid            uuid        not null,
  environment_id       text        not null,
  service_id           text        not null,
  at                   timestamptz not null,
  action               text        not null check (action in ('deployed', 'upgraded', 'rolledback', 'removed')),
  artifact_id          text,
  source               text        not null,
  chain_id             text,
  actor                text,
  inferred             boolean     not null default false,
  closes               boolean     not null default false,
  run_kind             text,
  environment_raw      text,
  service_raw          text,
  is_change            boolean     not null default false,
  kind                 text        not null default 'redeploy' check (kind in ('deploy', 'upgrade', 'rollback', 'redeploy', 'remove')),
  previous_artifact_id text,
  valid_to             timestamptz,
  primary key (event_uid, environment_id, service_id)) with (fillfactor = 80);
create index deployment_lane_idx on cdviz_store.deployment (environment_id, service_id, at, event_uid);
create index deployment_change_idx on cdviz_store.deployment (environment_id, service_id, at, event_uid) where is_change;
-- Few rows: what a failed deployment is found by (cdviz.deployment_outcomes).
create index deployment_return_idx on cdviz_store.deployment (environment_id, service_id, at) where is_change and kind in ('rollback', 'deploy');
create index deployment_at_idx on cdviz_store.deployment (at);
create index deployment_artifact_idx on cdviz_store.deployment (artifact_id, environment_id, service_id, at) where artifact_id is not null;
-- Two for the fold alone. Its plans are kept from the moment when a table is empty and all indexes look alike; so each
-- of these searches names an expression that only the right index has.
create index deployment_lane_change_idx on cdviz_store.deployment (hashtextextended(environment_id || E'\x1f' || service_id, 0), at, event_uid) where is_change;
create index deployment_lane_artifact_idx on cdviz_store.deployment (hashtextextended(artifact_id || E'\x1f' || environment_id || E'\x1f' || service_id, 0), at, event_uid) where artifact_id is not null;
comment on table cdviz_store.deployment is 'Facts: every report that a service was deployed, upgraded, rolled back or removed in an environment. Rows of one environment and service are a lane, ordered by (at, event_uid). Never deleted by retention.';
comment on column cdviz_store.deployment.event_uid is 'The event; for a run (run_kind is not null) the run_key';
comment on column cdviz_store.deployment.environment_id is 'Canonical id of the environment; empty if the event named none';
comment on column cdviz_store.deployment.service_id is 'Canonical id of the service';
comment on column cdviz_store.deployment.at is 'Time of the event, or when the run finished';
comment on column cdviz_store.deployment.action is 'What was reported: deployed, upgraded, rolledback or removed';
comment on column cdviz_store.deployment.artifact_id is 'Canonical id of the artifact; null if not known, and for removed';
comment on column cdviz_store.deployment.source is 'Who reported it: context.source, bounded';
comment on column cdviz_store.deployment.chain_id is 'The chain it belongs to';
comment on column cdviz_store.deployment.actor is 'Who did it: customData.actor, customData.user or customData.author, if that is a text; CDEvents has no field for it';
comment on column cdviz_store.deployment.inferred is 'True: no event says so; a rule of deployment_rule took a pipeline for a deployment, or closing ended it';
comment on column cdviz_store.deployment.closes is 'True: made from a row of closing';
comment on column cdviz_store.deployment.run_kind is 'Kind of the run it was made from (event_uid is its run_key), or null';
comment on column cdviz_store.deployment.environment_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.deployment.service_raw is 'What the event said, if that is an alias; else null';
comment on column cdviz_store.deployment.is_change is 'False: what was reported ran (or was removed) already. An artifact that is not known is always a change';
comment on column cdviz_store.deployment.kind is 'deploy (nothing ran before), upgrade, rollback (so reported, or to an artifact that ran in this lane before), redeploy (no change), remove';
comment on column cdviz_store.deployment.previous_artifact_id is 'What ran before; null if nothing did';
comment on column cdviz_store.deployment.valid_to is 'When the next change of the lane came: this ran from at to valid_to. Null: it runs now, or is_change is false';

create sequence cdviz_store.configuration_seq as bigint;
comment on sequence cdviz_store.configuration_seq is 'Counts the changes of aliases and rules.';

create table cdviz_store.rebuild_progress (
  rebuild_id    bigint generated always as identity primary key,
  started_at    timestamptz not null default clock_timestamp(),
  ended_at      timestamptz,
  phase         text not null default 'folding' check (phase in ('folding', 'catching up', 'done', 'given up')),
  keep_before   timestamptz not null,
  configuration bigint not null,
  done_seq      bigint not null default 0,
  goal_seq      bigint not null,
  events_done   bigint not null default 0,
  rows_changed  bigint not null default 0);
create unique index rebuild_progress_one_idx on cdviz_store.rebuild_progress ((true)) where phase in ('folding', 'catching up');
comment on table cdviz_store.rebuild_progress is 'Rebuilds of the projections from the lake (cdviz_store.rebuild_step), one row each; at most one is under way.';
comment on sequence cdviz_store.rebuild_progress_rebuild_id_seq is 'Numbers the rebuilds.';
comment on column cdviz_store.rebuild_progress.rebuild_id is 'Number of the rebuild';
comment on column cdviz_store.rebuild_progress.started_at is 'When it began';
comment on column cdviz_store.rebuild_progress.ended_at is 'When it was done or given up';
comment on column cdviz_store.rebuild_progress.phase is 'folding, catching up (with the events that came meanwhile), done, given up';
comment on column cdviz_store.rebuild_progress.keep_before is 'Rows of before this time are kept: the lake does not have their events any more';
comment on column cdviz_store.rebuild_progress.configuration is 'cdviz_store.configuration_seq when it began: with another one it begins again';
comment on column cdviz_store.rebuild_progress.done_seq is 'Events up to this ingest_seq are folded';
comment on column cdviz_store.rebuild_progress.goal_seq is 'The ingest_seq to reach in this phase';
comment on column cdviz_store.rebuild_progress.events_done is 'Events folded';
comment on column cdviz_store.rebuild_progress.rows_changed is 'Rows of the live tables that were wrong: inserted, updated or deleted at the end';

-- ============ environments and services under their canonical id ============
create view cdviz_store.environment_known as
  with named as (
    select coalesce(a.environment_id, e.environment_id) as environment_id, a.alias, e.name, e.uri, e.created_at, e.modified_at, e.deleted_at, e.first_seen_at, e.last_seen_at
    from cdviz_store.environment e left join cdviz_store.environment_alias a on a.alias = e.environment_id
    union all
    select environment_id, null, null, null, null, null, null, null, null from cdviz_store.environment_setting),
  merged as (
    select environment_id, max(name) as name, max(uri) as uri, min(created_at) as created_at, max(modified_at) as modified_at,
      max(deleted_at) as deleted_at, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
    from named group by environment_id)
  select m.environment_id, coalesce(s.label, m.name, m.environment_id) as label, t.tier,
    coalesce(s.rank, case t.tier when 'development' then 10001 when 'test' then 10002 when 'staging' then 10003 when 'production' then 10004 else 10005 end) as rank,
    s.environment_id is not null as configured, m.name, m.uri, m.created_at, m.modified_at, m.deleted_at, m.first_seen_at, m.last_seen_at,
    array(select a.alias from cdviz_store.environment_alias a where a.environment_id = m.environment_id order by 1) as aliases
  from merged m
  left join cdviz_store.environment_setting s using (environment_id)
  cross join lateral (select coalesce(s.tier, (select r.tier from cdviz_store.environment_tier_rule r
                                               where m.environment_id ilike r.pattern order by r.priority limit 1), 'other') as tier) t;
comment on view cdviz_store.environment_known is 'Environments that events name or administrators configured, each once.';
comment on column cdviz_store.environment_known.environment_id is 'Canonical id';
comment on column cdviz_store.environment_known.label is 'Name to show: as configured, else as events say, else the id';
comment on column cdviz_store.environment_known.tier is 'development, test, staging, production or other: as configured, else by environment_tier_rule';
comment on column cdviz_store.environment_known.rank is 'Place in the order of delivery: as configured, else above 10,000 by tier; equal ranks are ordered by id';
comment on column cdviz_store.environment_known.configured is 'Has a row in environment_setting';
comment on column cdviz_store.environment_known.name is 'Name that its events give';
comment on column cdviz_store.environment_known.uri is 'URI that its events give';
comment on column cdviz_store.environment_known.created_at is 'Earliest environment.created';
comment on column cdviz_store.environment_known.modified_at is 'Latest environment.modified';
comment on column cdviz_store.environment_known.deleted_at is 'Latest environment.deleted';
comment on column cdviz_store.environment_known.first_seen_at is 'Time of the first event that names it; null if none does';
comment on column cdviz_store.environment_known.last_seen_at is 'Time of the last event that names it';
comment on column cdviz_store.environment_known.aliases is 'Its other ids';

create view cdviz_store.service_known as
  with named as (
    select coalesce(a.service_id, e.service_id) as service_id, e.published_at, e.first_seen_at, e.last_seen_at
    from cdviz_store.service e left join cdviz_store.service_alias a on a.alias = e.service_id
    union all
    select service_id, null, null, null from cdviz_store.service_setting),
  merged as (
    select service_id, max(published_at) as published_at, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
    from named group by service_id)
  select m.service_id, coalesce(s.label, m.service_id) as label, s.team, coalesce(s.labels, '{}') as labels, s.repository_id,
    s.service_id is not null as configured, m.published_at, m.first_seen_at, m.last_seen_at,
    array(select a.alias from cdviz_store.service_alias a where a.service_id = m.service_id order by 1) as aliases
  from merged m left join cdviz_store.service_setting s using (service_id);
comment on view cdviz_store.service_known is 'Services that events name or administrators configured, each once.';
comment on column cdviz_store.service_known.service_id is 'Canonical id';
comment on column cdviz_store.service_known.label is 'Name to show: as configured, else the id';
comment on column cdviz_store.service_known.team is 'The team that owns it, if configured';
comment on column cdviz_store.service_known.labels is 'Labels, if configured; a JSON object';
comment on column cdviz_store.service_known.repository_id is 'The repository of its changes, if configured';
comment on column cdviz_store.service_known.configured is 'Has a row in service_setting';
comment on column cdviz_store.service_known.published_at is 'Latest service.published';
comment on column cdviz_store.service_known.first_seen_at is 'Time of the first event that names it; null if none does';
comment on column cdviz_store.service_known.last_seen_at is 'Time of the last event that names it';
comment on column cdviz_store.service_known.aliases is 'Its other ids';

-- ============ small things the fold is made of ============
create function cdviz_store.bounded(id text) returns text
language sql stable parallel safe as $$
  -- Three of them fit into an index entry (2,704 bytes), even of characters of four bytes.
  select case when octet_length(id) <= 512 then nullif(id, '')
              else left(id, 100) || '~' || encode(sha256(convert_to(id, 'UTF8')), 'hex') end
$$;
comment on function cdviz_store.bounded(text) is 'An id as the projections keep it: itself up to 512 bytes, else its first 100 characters and its SHA-256. Null for an empty text.';

create function cdviz_store.outcome(said text) returns text
language sql immutable parallel safe as $$
  select case lower(said)
    when 'pass' then 'success' when 'passed' then 'success' when 'succeeded' then 'success'
    when 'fail' then 'failure' when 'failed' then 'failure'
    when 'cancelled' then 'cancel' when 'canceled' then 'cancel' when 'abort' then 'cancel' when 'aborted' then 'cancel'
    when 'skipped' then 'skip' else left(lower(said), 64) end
$$;
comment on function cdviz_store.outcome(text) is 'One spelling for the outcomes of all versions of CDEvents: success, failure, cancel, error, skip. What it does not know stays, in lower case.';

create function cdviz_store.percent_decoded(given text) returns text
language plpgsql immutable parallel safe as $$
declare
  quick text;
  result bytea := '';
  part text;
begin
  if position('%' in given) = 0 or given is null then return given; end if;
  -- Nearly always it is one of these. What they stand for cannot become part of another escape.
  quick := replace(replace(replace(replace(given, '%3A', ':'), '%3a', ':'), '%2F', '/'), '%40', '@');
  if position('%' in quick) = 0 then return quick; end if;
  for part in select m[1] from regexp_matches(given, '(%[0-9A-Fa-f]{2}|[^%]+|%)', 'g') m loop
    result := result || case when length(part) = 3 and part ~ '^%[0-9A-Fa-f]{2}$' then decode(substr(part, 2), 'hex') else convert_to(part, 'UTF8') end;
  end loop;
  return convert_from(result, 'UTF8');
exception when character_not_in_repertoire or untranslatable_character then
  return given;  -- it stands for bytes that are no text
end $$;
comment on function cdviz_store.percent_decoded(text) is 'The text with each %XX replaced by its byte. Unchanged if that is no UTF-8.';

create function cdviz_store.purl_parts(purl text)
returns table (artifact_id text, base_id text, purl_type text, namespace text, name text, version text, tag text, repository_url text)
language sql stable parallel safe as $$
  -- One SELECT, so that the planner can inline it. https://github.com/package-url/purl-spec
  select cdviz_store.bounded(case when base is null then purl else base || coalesce('@' || v, '?tag=' || t, '') end),
    cdviz_store.bounded(coalesce(base, purl)), case when base is not null then left(ty, 64) end, case when base is not null then cdviz_store.bounded(ns) end,
    case when base is not null then cdviz_store.bounded(n) end, case when base is not null then cdviz_store.bounded(v) end, cdviz_store.bounded(t), cdviz_store.bounded(u)
  from (
    select *, case when ty <> '' and n <> '' and last <> path then 'pkg:' || ty || '/' || coalesce(ns || '/', '') || n end as base
    from (
      select purl, path, last, ty, case when lower_case then lower(ns) else ns end as ns, case when lower_case then lower(n) else n end as n, nullif(v, '') as v,
        case when q like '%tag=%' then cdviz_store.percent_decoded(substring('&' || q from '&tag=([^&]+)')) end as t,
        case when q like '%repository_url=%' then cdviz_store.percent_decoded(substring('&' || q from '&repository_url=([^&]+)')) end as u
      from (
        select purl, path, last, lower(ty) as ty, q,
          lower(ty) in ('oci', 'docker', 'github', 'gitlab', 'bitbucket', 'pypi', 'composer', 'deb', 'apk', 'hex', 'golang') as lower_case,
          case when ns like '%\%%' then cdviz_store.percent_decoded(ns) else ns end as ns, case when n like '%\%%' then cdviz_store.percent_decoded(n) else n end as n,
          case when v like '%\%%' then cdviz_store.percent_decoded(v) else v end as v
        from (
          select purl, path, last, ty, n, substr(last, length(n) + 2) as v, nullif(substr(path, length(ty) + 2, greatest(0, length(path) - length(ty) - length(last) - 2)), '') as ns, q
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
comment on function cdviz_store.purl_parts(text) is 'The parts of a package URL, percent-decoded. Two spellings of one artifact have the same artifact_id. What is no package URL (or longer than 4096 bytes) is its own artifact_id and base_id. Example: select * from cdviz_store.purl_parts(''pkg:oci/app@sha256%3Aab?tag=1.2'')';

-- What the fold needs of an event, read once.
create type cdviz_store.fact as (
  event_uid uuid, at timestamptz, subject text, predicate text, subject_key uuid, id text, subject_source text, source text, chain_id text,
  run_kind text, environment text, service text, actor text, content jsonb, custom jsonb, links jsonb,
  artifact_id text, base_id text, purl_type text, namespace text, name text, version text, tag text, repository_url text);
comment on type cdviz_store.fact is 'What the fold needs of an event, read once. Not stored.';
-- One row for deployment, before its place in the lane is known.
create type cdviz_store.lane_fact as (
  event_uid uuid, environment_id text, service_id text, at timestamptz, action text, artifact_id text, source text, chain_id text, actor text,
  inferred boolean, run_kind text, environment_raw text, service_raw text);
comment on type cdviz_store.lane_fact is 'A row for cdviz_store.deployment, before its place among the others is known. Not stored.';

-- Not in SQL: such a function is planned at every call.
create function cdviz_store.facts_of(events cdviz_store.event[]) returns cdviz_store.fact[]
language plpgsql stable as $$
begin
  return (select array_agg(row(event_uid, time, subject, predicate, subject_key, cdviz_store.bounded(subject_id), cdviz_store.bounded(subject_source),
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
      content, custom, links, p.artifact_id, p.base_id, p.purl_type, p.namespace, p.name, p.version, p.tag, p.repository_url)::cdviz_store.fact)
  from (
    select e.*, case when jsonb_typeof(part) = 'object' then part else '{}' end as content,
      case when jsonb_typeof(custom_data) = 'object' then custom_data end as custom,
      case when context_links is not null or custom_links is not null then
        case when jsonb_typeof(context_links) = 'array' then context_links else '[]' end
        || case when jsonb_typeof(custom_links) = 'array' then custom_links else '[]' end end as links
    from (
      select e.*, payload #> '{subject,content}' as part, payload -> 'customData' as custom_data,
        payload #> '{context,links}' as context_links, payload #> '{customData,links}' as custom_links
      from unnest(events) e
      -- the subject of a type of somebody else has dots: it is stored, but says nothing that we know
      where position('.' in subject) = 0
      offset 0) e
    offset 0) e
  left join lateral cdviz_store.purl_parts(nullif(case
      when subject = 'artifact' then subject_id
      when subject in ('service', 'build', 'incident', 'deployment') then coalesce(content ->> 'artifactId', content #>> '{artifact,id}') end, '')) p on true);
end $$;
comment on function cdviz_store.facts_of(cdviz_store.event[]) is 'What the fold needs of each event that it knows.';

-- ============ the fold, one function for each kind of thing ============
-- Their statements name the projections without a schema: rebuild_step() runs them on tables beside the live ones. So
-- none may have a search_path of its own; they are called only from functions that have.

create function cdviz_store.fold_runs(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into run as r (kind, run_key, run_id, source, name, definition_id, parent_key, environment_id, environment_raw, service_id, service_raw,
    artifact_id, deploys, queued_at, started_at, finished_at, skipped_at, outcome, reason, severity, test_type, trigger_type, uri, chain_id, first_at, last_at)
  select kind, run_key, run_id, source, name, definition_id, parent_key,
    coalesce(e.canonical, environment), case when e.canonical is not null then environment end,
    coalesce(s.canonical, service), case when s.canonical is not null then service end,
    artifact, kind = 'deployment' and environment is not null and service is not null,
    queued_at, started_at, finished_at, skipped_at, outcome, reason, severity, test_type, trigger_type, uri, chain_id, first_at, last_at
  from (
    select run_kind as kind, subject_key as run_key, min(id) as run_id, min(subject_source) as source,
      left(max(coalesce(content ->> 'pipelineName', content ->> 'taskName', content #>> '{testCase,name}', content #>> '{testSuite,name}',
                   content #>> '{testCase,id}', content #>> '{testSuite,id}', content ->> 'name')), 512) as name,
      max(cdviz_store.bounded(coalesce(content #>> '{testCase,id}', content #>> '{testSuite,id}'))) as definition_id,
      max(case when content ? 'pipelineRun' then cdviz_store.subject_key('pipelinerun', content #>> '{pipelineRun,id}', coalesce(nullif(content #>> '{pipelineRun,source}', ''), subject_source))
               when content ? 'testSuiteRun' then cdviz_store.subject_key('testsuiterun', content #>> '{testSuiteRun,id}', coalesce(nullif(content #>> '{testSuiteRun,source}', ''), subject_source)) end::text)::uuid as parent_key,
      max(environment) filter (where run_kind not in ('pipelinerun', 'taskrun')) as environment,
      max(case when run_kind = 'deployment' then coalesce(service, facts.name) end) as service,
      max(artifact_id) filter (where run_kind not in ('pipelinerun', 'taskrun')) as artifact,
      min(at) filter (where predicate = 'queued') as queued_at, min(at) filter (where predicate = 'started') as started_at,
      max(at) filter (where predicate = 'finished') as finished_at, max(at) filter (where predicate = 'skipped') as skipped_at,
      (array_agg(cdviz_store.outcome(content ->> 'outcome') order by at desc, cdviz_store.outcome(content ->> 'outcome') desc nulls last)
        filter (where predicate = 'finished'))[1] as outcome,
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
comment on function cdviz_store.fold_runs(cdviz_store.fact[]) is 'Folds runs of every kind. Part of project().';

create function cdviz_store.filled(template text, name text, groups text[], fields jsonb) returns text
language plpgsql immutable as $$
declare
  result text := '';
  part text;
  value text;
begin
  for part in select m[1] from regexp_matches(template, '(\{[^{}]*\}|[^{]+|\{)', 'g') m loop
    if part like '{%}' then
      value := case when part ~ '^\{[1-9]\}$' then groups[substr(part, 2, 1)::int] when part = '{name}' then name else fields ->> part end;
      if coalesce(value, '') = '' then return null; end if;
      result := result || value;
    else
      result := result || part;
    end if;
  end loop;
  return nullif(result, '');
end $$;
comment on function cdviz_store.filled(text, text, text[], jsonb) is 'A template of deployment_rule with its placeholders replaced; null if one of them has no value.';

create function cdviz_store.fitting_rule(run_kind text, run_name text, run_source text, key uuid, id text, first_at timestamptz, last_at timestamptz,
                                         out service text, out environment text, out artifact text)
language plpgsql stable as $$
declare
  rule cdviz_store.deployment_rule;
  groups text[];
  fields jsonb;
  place text;
begin
  for rule in select * from cdviz_store.deployment_rule d where d.kind = run_kind and run_name ~ ('^(?:' || d.name_pattern || ')$')
      and (d.source_pattern is null or run_source ~ ('^(?:' || d.source_pattern || ')$')) order by d.priority, d.name loop
    groups := regexp_match(run_name, '^(?:' || rule.name_pattern || ')$');
    fields := '{}';
    for place in select distinct m[1] from regexp_matches(concat(rule.service, rule.environment, rule.artifact), '(\{(?:content|customData)\.[^{}]+\})', 'g') m loop
      -- Of several events of the run the greatest value, as everywhere. The run may have been folded from this very batch.
      fields := fields || (
        select coalesce(jsonb_object_agg(place, value), '{}') from (
          select max(e.payload #>> (case when place like '{content.%' then array['subject'] else '{}' end || string_to_array(btrim(place, '{}'), '.'))) as value
          from cdviz_store.event e where hashtextextended(e.subject_id, 0) = hashtextextended(id, 0) and e.subject_key = key
            and e.time between first_at and last_at) v where value is not null);
    end loop;
    service := cdviz_store.bounded(cdviz_store.filled(rule.service, run_name, groups, fields));
    environment := cdviz_store.bounded(cdviz_store.filled(rule.environment, run_name, groups, fields));
    artifact := cdviz_store.filled(rule.artifact, run_name, groups, fields);
    if service is not null and environment is not null then return; end if;
  end loop;
  service := null; environment := null; artifact := null;
end $$;
comment on function cdviz_store.fitting_rule(text, text, text, uuid, text, timestamptz, timestamptz) is 'What a run deploys by the first rule of deployment_rule that fits; nulls if none does.';

create function cdviz_store.match_rules(keys uuid[]) returns cdviz_store.fact[]
language plpgsql as $$
declare named cdviz_store.fact[];
begin
  with matched as (
    select r.kind, r.run_key, r.first_at, r.last_at, f.service, f.environment, p.*, e.canonical as environment_canonical, s.canonical as service_canonical
    from run r
    cross join lateral cdviz_store.fitting_rule(r.kind, r.name, r.source, r.run_key, r.run_id, r.first_at, r.last_at) f
    left join lateral cdviz_store.purl_parts(f.artifact) p on true
    cross join lateral (select (select environment_id from cdviz_store.environment_alias where alias = f.environment) as canonical) e
    cross join lateral (select (select service_id from cdviz_store.service_alias where alias = f.service) as canonical) s
    where r.kind in ('pipelinerun', 'taskrun') and r.run_key = any (keys)),
  changed as (
    update run r set deploys = m.service is not null,
      environment_id = coalesce(m.environment_canonical, m.environment), environment_raw = case when m.environment_canonical is not null then m.environment end,
      service_id = coalesce(m.service_canonical, m.service), service_raw = case when m.service_canonical is not null then m.service end,
      artifact_id = m.artifact_id
    from matched m where r.kind in ('pipelinerun', 'taskrun') and r.kind = m.kind and r.run_key = m.run_key
      and (r.deploys, coalesce(r.environment_raw, r.environment_id), r.environment_id, coalesce(r.service_raw, r.service_id), r.service_id, r.artifact_id)
        is distinct from (m.service is not null, m.environment, coalesce(m.environment_canonical, m.environment), m.service, coalesce(m.service_canonical, m.service), m.artifact_id))
  select array_agg(row(null, seen_at, '', '', null, null, null, null, null, null, m.environment, m.service, null, '{}', null, null,
                       m.artifact_id, m.base_id, m.purl_type, m.namespace, m.name, m.version, m.tag, m.repository_url)::cdviz_store.fact)
  into named from matched m cross join lateral (values (m.first_at), (m.last_at)) seen (seen_at) where m.service is not null;
  return coalesce(named, '{}');
end $$;
comment on function cdviz_store.match_rules(uuid[]) is 'Writes into runs what they deploy by deployment_rule. The rows are locked by the caller. Returns what they name (environment, service, artifact), in the form of facts.';

create function cdviz_store.fold_artifacts(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into artifact as a (artifact_id, base_id, purl_type, namespace, name, version, tag, repository_url, packaged_at, published_at, signed_at, deleted_at, downloaded_at,
    change_id, change_source, sbom_uri, signature, published_by, chain_id, first_seen_at, last_seen_at)
  select artifact_id, min(base_id), min(purl_type), min(namespace), min(name), min(version), max(tag), max(repository_url),
    min(packaged_at), min(published_at), min(signed_at), max(deleted_at), max(downloaded_at),
    max(change_id), max(change_source), max(sbom_uri), max(signature), max(published_by), max(chain_id), min(first_at), max(last_at)
  from (
    select artifact_id, base_id, purl_type, namespace, name, version, tag, repository_url,
      case when predicate = 'packaged' then own end as packaged_at, case when predicate = 'published' then own end as published_at,
      case when predicate = 'signed' then own end as signed_at, case when predicate = 'deleted' then own end as deleted_at,
      case when predicate = 'downloaded' then own end as downloaded_at,
      cdviz_store.bounded(content #>> '{change,id}') as change_id, cdviz_store.bounded(content #>> '{change,source}') as change_source,
      left(content #>> '{sbom,uri}', 2048) as sbom_uri, left(content ->> 'signature', 4096) as signature,
      case when predicate = 'published' and own is not null then left(content ->> 'user', 256) end as published_by,
      case when own is not null then chain_id end as chain_id, at as first_at, at as last_at
    from (select *, case when subject = 'artifact' then at end as own from unnest(facts) where artifact_id is not null offset 0) f) x
  group by artifact_id order by artifact_id
  on conflict (artifact_id) do update set
    tag = greatest(a.tag, excluded.tag), repository_url = greatest(a.repository_url, excluded.repository_url),
    packaged_at = least(a.packaged_at, excluded.packaged_at), published_at = least(a.published_at, excluded.published_at), signed_at = least(a.signed_at, excluded.signed_at),
    deleted_at = greatest(a.deleted_at, excluded.deleted_at), downloaded_at = greatest(a.downloaded_at, excluded.downloaded_at),
    change_id = greatest(a.change_id, excluded.change_id), change_source = greatest(a.change_source, excluded.change_source), sbom_uri = greatest(a.sbom_uri, excluded.sbom_uri),
    signature = greatest(a.signature, excluded.signature), published_by = greatest(a.published_by, excluded.published_by), chain_id = greatest(a.chain_id, excluded.chain_id),
    first_seen_at = least(a.first_seen_at, excluded.first_seen_at), last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at);
end $$;
comment on function cdviz_store.fold_artifacts(cdviz_store.fact[]) is 'Folds artifacts: their own events, and what names them. Part of project().';

create function cdviz_store.fold_changes(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into change as c (change_key, change_id, source, repository_id, description, author, uri, created_at, first_reviewed_at, updated_at, merged_at, abandoned_at, chain_id, first_at, last_at)
  select subject_key, min(id), min(subject_source), max(cdviz_store.bounded(content #>> '{repository,id}')), max(left(content ->> 'description', 4096)),
    max(left(coalesce(case when jsonb_typeof(custom -> 'author') = 'string' then custom ->> 'author' end, case when jsonb_typeof(custom -> 'user') = 'string' then custom ->> 'user' end), 256)),
    max(left(coalesce(case when jsonb_typeof(custom -> 'uri') = 'string' then custom ->> 'uri' end, case when jsonb_typeof(custom -> 'url') = 'string' then custom ->> 'url' end), 2048)),
    min(at) filter (where predicate = 'created'), min(at) filter (where predicate = 'reviewed'), max(at) filter (where predicate = 'updated'),
    min(at) filter (where predicate = 'merged'), max(at) filter (where predicate = 'abandoned'), max(chain_id), min(at), max(at)
  from unnest(facts) where subject = 'change' group by subject_key order by subject_key
  on conflict (change_key) do update set change_id = least(c.change_id, excluded.change_id), source = least(c.source, excluded.source),
    repository_id = greatest(c.repository_id, excluded.repository_id), description = greatest(c.description, excluded.description),
    author = greatest(c.author, excluded.author), uri = greatest(c.uri, excluded.uri),
    created_at = least(c.created_at, excluded.created_at), first_reviewed_at = least(c.first_reviewed_at, excluded.first_reviewed_at), updated_at = greatest(c.updated_at, excluded.updated_at),
    merged_at = least(c.merged_at, excluded.merged_at), abandoned_at = greatest(c.abandoned_at, excluded.abandoned_at), chain_id = greatest(c.chain_id, excluded.chain_id),
    first_at = least(c.first_at, excluded.first_at), last_at = greatest(c.last_at, excluded.last_at);
end $$;
comment on function cdviz_store.fold_changes(cdviz_store.fact[]) is 'Folds changes. Part of project().';

create function cdviz_store.fold_incidents(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into incident as i (incident_key, incident_id, source, detected_at, reported_at, resolved_at, environment_id, environment_raw, service_id, service_raw,
    artifact_id, ticket_uri, chain_id, first_at, last_at, last_uid, last_content)
  select subject_key, id, source, detected_at, reported_at, resolved_at,
    coalesce(e.canonical, environment), case when e.canonical is not null then environment end,
    coalesce(s.canonical, service), case when s.canonical is not null then service end,
    artifact, ticket_uri, chain_id, first_at, last_at, last_uid, last_content
  from (
    select subject_key, min(id) as id, min(subject_source) as source,
      min(at) filter (where predicate = 'detected') as detected_at, min(at) filter (where predicate = 'reported') as reported_at, max(at) filter (where predicate = 'resolved') as resolved_at,
      max(environment) as environment, max(service) as service, max(artifact_id) as artifact,
      max(left(content ->> 'ticketURI', 2048)) as ticket_uri, max(chain_id) as chain_id, min(at) as first_at, max(at) as last_at,
      (array_agg(event_uid order by at desc, event_uid desc))[1] as last_uid, (array_agg(content order by at desc, event_uid desc))[1] as last_content
    from unnest(facts) where subject = 'incident' group by subject_key offset 0) x
  cross join lateral (select (select environment_id from cdviz_store.environment_alias where alias = environment) as canonical) e
  cross join lateral (select (select service_id from cdviz_store.service_alias where alias = service) as canonical) s
  order by subject_key
  on conflict (incident_key) do update set incident_id = least(i.incident_id, excluded.incident_id), source = least(i.source, excluded.source),
    detected_at = least(i.detected_at, excluded.detected_at), reported_at = least(i.reported_at, excluded.reported_at), resolved_at = greatest(i.resolved_at, excluded.resolved_at),
    environment_id = case when coalesce(excluded.environment_raw, excluded.environment_id) > coalesce(i.environment_raw, i.environment_id, '') then excluded.environment_id else i.environment_id end,
    environment_raw = case when coalesce(excluded.environment_raw, excluded.environment_id) > coalesce(i.environment_raw, i.environment_id, '') then excluded.environment_raw else i.environment_raw end,
    service_id = case when coalesce(excluded.service_raw, excluded.service_id) > coalesce(i.service_raw, i.service_id, '') then excluded.service_id else i.service_id end,
    service_raw = case when coalesce(excluded.service_raw, excluded.service_id) > coalesce(i.service_raw, i.service_id, '') then excluded.service_raw else i.service_raw end,
    artifact_id = greatest(i.artifact_id, excluded.artifact_id), ticket_uri = greatest(i.ticket_uri, excluded.ticket_uri), chain_id = greatest(i.chain_id, excluded.chain_id),
    last_content = case when (excluded.last_at, excluded.last_uid) > (i.last_at, i.last_uid) then excluded.last_content else i.last_content end,
    last_uid = case when (excluded.last_at, excluded.last_uid) > (i.last_at, i.last_uid) then excluded.last_uid else i.last_uid end,
    first_at = least(i.first_at, excluded.first_at), last_at = greatest(i.last_at, excluded.last_at);
end $$;
comment on function cdviz_store.fold_incidents(cdviz_store.fact[]) is 'Folds incidents. Part of project().';

create function cdviz_store.fold_tickets(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into ticket as t (ticket_key, ticket_id, source, created_at, updated_at, closed_at, uri, chain_id, first_at, last_at, last_uid, last_content)
  select subject_key, min(id), min(subject_source), min(at) filter (where predicate = 'created'), max(at) filter (where predicate = 'updated'), max(at) filter (where predicate = 'closed'),
    max(cdviz_store.bounded(content ->> 'uri')), max(chain_id), min(at), max(at),
    (array_agg(event_uid order by at desc, event_uid desc))[1], (array_agg(content order by at desc, event_uid desc))[1]
  from unnest(facts) where subject = 'ticket' group by subject_key order by subject_key
  on conflict (ticket_key) do update set ticket_id = least(t.ticket_id, excluded.ticket_id), source = least(t.source, excluded.source),
    created_at = least(t.created_at, excluded.created_at), updated_at = greatest(t.updated_at, excluded.updated_at), closed_at = greatest(t.closed_at, excluded.closed_at),
    uri = greatest(t.uri, excluded.uri), chain_id = greatest(t.chain_id, excluded.chain_id),
    last_content = case when (excluded.last_at, excluded.last_uid) > (t.last_at, t.last_uid) then excluded.last_content else t.last_content end,
    last_uid = case when (excluded.last_at, excluded.last_uid) > (t.last_at, t.last_uid) then excluded.last_uid else t.last_uid end,
    first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at);
end $$;
comment on function cdviz_store.fold_tickets(cdviz_store.fact[]) is 'Folds tickets. Part of project().';

create function cdviz_store.fold_approvals(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into approval as a (approval_key, approval_id, source, created_at, updated_at, closed_at, requestor, responder, decision, status, details_uri, target_uri,
    chain_id, first_at, last_at, last_uid, last_content)
  select subject_key, id, source, created_at, updated_at, closed_at, requestor, left(content ->> 'responder', 256), left(content ->> 'decision', 64), left(content ->> 'status', 64),
    details_uri, target_uri, chain_id, first_at, last_at, last_uid, content
  from (
    select subject_key, min(id) as id, min(subject_source) as source,
      min(at) filter (where predicate = 'created') as created_at, max(at) filter (where predicate = 'updated') as updated_at, max(at) filter (where predicate = 'closed') as closed_at,
      max(left(content ->> 'requestor', 256)) as requestor, max(left(content ->> 'approvalDetailsUrl', 2048)) as details_uri, max(left(content ->> 'resourceTargetUrl', 2048)) as target_uri,
      max(chain_id) as chain_id, min(at) as first_at, max(at) as last_at,
      (array_agg(event_uid order by at desc, event_uid desc))[1] as last_uid, (array_agg(content order by at desc, event_uid desc))[1] as content
    from unnest(facts) where subject = 'approval' group by subject_key offset 0) x
  order by subject_key
  on conflict (approval_key) do update set approval_id = least(a.approval_id, excluded.approval_id), source = least(a.source, excluded.source),
    created_at = least(a.created_at, excluded.created_at), updated_at = greatest(a.updated_at, excluded.updated_at), closed_at = greatest(a.closed_at, excluded.closed_at),
    requestor = greatest(a.requestor, excluded.requestor), details_uri = greatest(a.details_uri, excluded.details_uri), target_uri = greatest(a.target_uri, excluded.target_uri),
    chain_id = greatest(a.chain_id, excluded.chain_id),
    responder = case when (excluded.last_at, excluded.last_uid) > (a.last_at, a.last_uid) then excluded.responder else a.responder end,
    decision = case when (excluded.last_at, excluded.last_uid) > (a.last_at, a.last_uid) then excluded.decision else a.decision end,
    status = case when (excluded.last_at, excluded.last_uid) > (a.last_at, a.last_uid) then excluded.status else a.status end,
    last_content = case when (excluded.last_at, excluded.last_uid) > (a.last_at, a.last_uid) then excluded.last_content else a.last_content end,
    last_uid = case when (excluded.last_at, excluded.last_uid) > (a.last_at, a.last_uid) then excluded.last_uid else a.last_uid end,
    first_at = least(a.first_at, excluded.first_at), last_at = greatest(a.last_at, excluded.last_at);
end $$;
comment on function cdviz_store.fold_approvals(cdviz_store.fact[]) is 'Folds approvals. Part of project().';

create function cdviz_store.fold_links(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  insert into link as l (from_type, from_id, kind, to_type, to_id, chain_id, first_at, last_at)
  select from_type, from_id, kind, to_type, to_id, max(chain_id), min(at), max(at)
  from (
    select f.subject as from_type, case when f.subject = 'artifact' then f.artifact_id else f.id end as from_id,
      lower(left(coalesce(k ->> 'linkKind', k ->> 'linkkind', k ->> 'link_kind', k ->> 'linkType', k ->> 'link_type', 'related'), 64)) as kind,
      t.to_type, case when t.to_type = 'artifact' then (select p.artifact_id from cdviz_store.purl_parts(t.to_id) p) else cdviz_store.bounded(t.to_id) end as to_id,
      f.chain_id, f.at
    from unnest(facts) f
    cross join lateral jsonb_array_elements(f.links) with ordinality as given(k, place)
    cross join lateral (select case when jsonb_typeof(k) = 'object' then coalesce(k -> 'target', k -> 'from', k) end as other) o
    cross join lateral (
      select case when o.other #>> '{subject,id}' is not null then lower(left(coalesce(o.other #>> '{subject,type}', 'event'), 64))
                  when coalesce(o.other ->> 'contextId', o.other ->> 'context_id') is not null then 'event' else 'domain' end as to_type,
        coalesce(o.other #>> '{subject,id}', o.other ->> 'contextId', o.other ->> 'context_id', o.other ->> 'domainId') as to_id) t
    where f.links is not null and place <= 100
    offset 0) x
  where from_id is not null and to_id is not null
  group by from_type, from_id, kind, to_type, to_id order by from_type, from_id, kind, to_type, to_id
  on conflict (from_type, from_id, kind, to_type, to_id) do update set
    chain_id = greatest(l.chain_id, excluded.chain_id), first_at = least(l.first_at, excluded.first_at), last_at = greatest(l.last_at, excluded.last_at);
end $$;
comment on function cdviz_store.fold_links(cdviz_store.fact[]) is 'Folds links. Part of project().';

create function cdviz_store.fold_names(facts cdviz_store.fact[]) returns void
language plpgsql as $$
begin
  -- A row that has all of this already is not touched: these rows are few, and every writer would wait for every other.
  insert into environment as v (environment_id, name, uri, created_at, modified_at, deleted_at, first_seen_at, last_seen_at)
  select x.environment, x.name, x.uri, x.created_at, x.modified_at, x.deleted_at, x.first_at, x.last_at
  from (
    select environment, max(left(content ->> 'name', 256)) filter (where subject = 'environment') as name,
      max(left(coalesce(content ->> 'uri', content ->> 'url'), 2048)) filter (where subject = 'environment') as uri,
      min(at) filter (where subject = 'environment' and predicate = 'created') as created_at, max(at) filter (where subject = 'environment' and predicate = 'modified') as modified_at,
      max(at) filter (where subject = 'environment' and predicate = 'deleted') as deleted_at, min(at) as first_at, max(at) as last_at
    from unnest(facts) where environment is not null group by environment offset 0) x
  where not exists (select from environment o where o.environment_id = x.environment and o.first_seen_at <= x.first_at and o.last_seen_at >= x.last_at
                    and (x.name is null or o.name >= x.name) and (x.uri is null or o.uri >= x.uri) and (x.created_at is null or o.created_at <= x.created_at)
                    and (x.modified_at is null or o.modified_at >= x.modified_at) and (x.deleted_at is null or o.deleted_at >= x.deleted_at))
  order by x.environment
  on conflict (environment_id) do update set name = greatest(v.name, excluded.name), uri = greatest(v.uri, excluded.uri), created_at = least(v.created_at, excluded.created_at),
    modified_at = greatest(v.modified_at, excluded.modified_at), deleted_at = greatest(v.deleted_at, excluded.deleted_at),
    first_seen_at = least(v.first_seen_at, excluded.first_seen_at), last_seen_at = greatest(v.last_seen_at, excluded.last_seen_at);

  insert into service as s (service_id, published_at, first_seen_at, last_seen_at)
  select x.service, x.published_at, x.first_at, x.last_at
  from (
    select service, max(at) filter (where subject = 'service' and predicate = 'published') as published_at, min(at) as first_at, max(at) as last_at
    from (select coalesce(service, case when subject = 'deployment' then name end) as service, subject, predicate, at from unnest(facts) offset 0) f
    where service is not null group by service offset 0) x
  where not exists (select from service o where o.service_id = x.service and o.first_seen_at <= x.first_at and o.last_seen_at >= x.last_at
                    and (x.published_at is null or o.published_at >= x.published_at))
  order by x.service
  on conflict (service_id) do update set published_at = greatest(s.published_at, excluded.published_at),
    first_seen_at = least(s.first_seen_at, excluded.first_seen_at), last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at);
end $$;
comment on function cdviz_store.fold_names(cdviz_store.fact[]) is 'Folds the environments and services that events and runs name. Part of project().';

-- ============ lanes: what ran in one environment of one service, in the order of time ============
create function cdviz_store.is_change(before_action text, before_artifact text, action text, artifact text) returns boolean
language sql immutable parallel safe as $$
  select case when action = 'removed' then coalesce(before_action <> 'removed', false)
              else before_action is null or before_action = 'removed' or artifact is null or before_artifact is distinct from artifact end
$$;
comment on function cdviz_store.is_change(text, text, text, text) is 'Whether a row of a lane changes what runs, from the row before it (nulls if there is none).';

create function cdviz_store.change_kind(is_change boolean, action text, before_action text, ran_before boolean) returns text
language sql immutable parallel safe as $$
  select case when not is_change then 'redeploy' when action = 'removed' then 'remove' when action = 'rolledback' then 'rollback'
              when before_action is null or before_action = 'removed' then 'deploy' when ran_before then 'rollback' else 'upgrade' end
$$;
comment on function cdviz_store.change_kind(boolean, text, text, boolean) is 'deployment.kind of a row of a lane.';

create function cdviz_store.recompute_lanes(environments text[], services text[]) returns void
language plpgsql as $$
begin
  -- A closing has a row in each lane that has rows of its own; a lane that has none left is no lane.
  delete from deployment d using unnest(environments, services) as l(environment, service)
  where d.environment_id = l.environment and d.service_id = l.service and d.closes
    and (not exists (select from closing c where c.event_uid = d.event_uid and (c.environment_id = l.environment or c.service_id = l.service))
         or not exists (select from deployment o where o.environment_id = l.environment and o.service_id = l.service and not o.closes));
  delete from environment_state s using unnest(environments, services) as l(environment, service)
  where s.environment_id = l.environment and s.service_id = l.service
    and not exists (select from deployment o where o.environment_id = l.environment and o.service_id = l.service);
  insert into deployment (event_uid, environment_id, service_id, at, action, source, chain_id, actor, inferred, closes)
  select c.event_uid, l.environment, l.service, c.at, 'removed', c.source, c.chain_id, c.actor, true, true
  from unnest(environments, services) as l(environment, service)
  cross join lateral (select * from closing where environment_id = l.environment union all select * from closing where service_id = l.service) c
  where exists (select from deployment o where o.environment_id = l.environment and o.service_id = l.service)
  on conflict do nothing;

  update deployment d set is_change = n.is_change, kind = n.kind, previous_artifact_id = n.before_artifact, valid_to = n.valid_to
  from (
    select *, case when is_change then min(case when is_change then at end) over (partition by environment_id, service_id order by at desc, event_uid desc
                                                                                 rows between unbounded preceding and 1 preceding) end as valid_to
    from (
      select *, cdviz_store.change_kind(is_change, action, before_action, nth > 1) as kind
      from (
        select *, cdviz_store.is_change(before_action, before_artifact, action, artifact_id) as is_change
        from (
          select event_uid, environment_id, service_id, at, action, artifact_id,
            lag(action) over lane as before_action, lag(artifact_id) over lane as before_artifact,
            case when artifact_id is not null then row_number() over (partition by environment_id, service_id, artifact_id order by at, event_uid) end as nth
          from deployment join unnest(environments, services) as l(environment, service) on environment_id = l.environment and service_id = l.service
          window lane as (partition by environment_id, service_id order by at, event_uid)) row_
        ) changed
      ) kinds
    ) n
  where d.event_uid = n.event_uid and (d.environment_id || '', d.service_id || '') = (n.environment_id, n.service_id)
    and (d.is_change, d.kind, d.previous_artifact_id, d.valid_to) is distinct from (n.is_change, n.kind, n.before_artifact, n.valid_to);
end $$;
comment on function cdviz_store.recompute_lanes(text[], text[]) is 'Computes whole lanes from their facts. For what happens seldom: a closing, a run whose outcome changed, another alias. The caller holds the locks, and calls write_states() afterwards.';

create function cdviz_store.write_states(environments text[], services text[]) returns void
language plpgsql as $$
begin
  update environment_state s set event_uid = f.event_uid, artifact_id = f.artifact_id, action = coalesce(f.action, 'removed'), kind = f.kind,
    removed = coalesce(f.action, 'removed') = 'removed', since = f.at, previous_artifact_id = f.previous_artifact_id, source = f.source, actor = f.actor, inferred = f.inferred,
    last_event_at = r.at, last_event_uid = r.event_uid
  from unnest(environments, services) as l(environment, service)
  cross join lateral (select d.at, d.event_uid from deployment d where d.environment_id = l.environment and d.service_id = l.service
                      order by d.at desc, d.event_uid desc limit 1) r
  left join lateral (select d.* from deployment d where hashtextextended(d.environment_id || E'\x1f' || d.service_id, 0) = hashtextextended(l.environment || E'\x1f' || l.service, 0)
                       and (d.environment_id || '', d.service_id || '') = (l.environment, l.service) and d.is_change
                     order by d.at desc, d.event_uid desc limit 1) f on true
  where s.environment_id = l.environment and s.service_id = l.service
    and (s.event_uid, s.artifact_id, s.kind, s.since, s.previous_artifact_id, s.source, s.actor, s.inferred, s.last_event_at, s.last_event_uid)
      is distinct from (f.event_uid, f.artifact_id, f.kind, f.at, f.previous_artifact_id, f.source, f.actor, f.inferred, r.at, r.event_uid);
end $$;
comment on function cdviz_store.write_states(text[], text[]) is 'Writes environment_state from deployment, for these lanes.';

create function cdviz_store.lock_lanes(environments text[], services text[], out new_environments text[], out new_services text[])
language plpgsql as $$
declare
  made_environments text[];
  made_services text[];
  locked int;
begin
  loop
    with made as (
      insert into environment_state (environment_id, service_id)
      select environment, service from unnest(environments, services) as l(environment, service) order by 1, 2
      on conflict do nothing returning environment_id, service_id)
    select array_agg(environment_id), array_agg(service_id) into made_environments, made_services from made;
    new_environments := new_environments || made_environments;
    new_services := new_services || made_services;
    perform from environment_state s join unnest(environments, services) as l(environment, service) on s.environment_id = l.environment and s.service_id = l.service
    order by s.environment_id, s.service_id for update of s;
    get diagnostics locked = row_count;
    exit when locked = cardinality(environments);  -- else somebody deleted one meanwhile
  end loop;
end $$;
comment on function cdviz_store.lock_lanes(text[], text[]) is 'Locks lanes in the order of their key, and makes those that do not exist. Returns those it made.';

create function cdviz_store.fold_lanes(facts cdviz_store.fact[], run_keys uuid[]) returns void
language plpgsql as $$
declare
  rows cdviz_store.lane_fact[];
  stale uuid[];
  environments text[];
  services text[];
  new_environments text[];
  new_services text[];
  slow_environments text[];
  slow_services text[];
  closed_environments text[] := '{}';
  closed_services text[] := '{}';
begin
  if exists (select from unnest(facts) where (subject = 'environment' and predicate = 'deleted') or (subject = 'service' and predicate = 'removed' and environment is null)) then
    with made as (
      insert into closing (event_uid, at, environment_id, environment_raw, service_id, service_raw, source, chain_id, actor)
      select f.event_uid, f.at, coalesce(e.canonical, f.environment), case when e.canonical is not null then f.environment end,
        coalesce(s.canonical, f.service), case when s.canonical is not null then f.service end, f.source, f.chain_id, f.actor
      from (select event_uid, at, case when subject = 'environment' then environment end as environment, case when subject = 'service' then service end as service,
              source, chain_id, actor
            from unnest(facts) where (subject = 'environment' and predicate = 'deleted') or (subject = 'service' and predicate = 'removed' and environment is null)
            offset 0) f
      cross join lateral (select (select environment_id from cdviz_store.environment_alias where alias = f.environment) as canonical) e
      cross join lateral (select (select service_id from cdviz_store.service_alias where alias = f.service) as canonical) s
      order by f.event_uid on conflict do nothing returning environment_id, service_id)
    select coalesce(array_agg(distinct environment_id) filter (where environment_id is not null), '{}'),
      coalesce(array_agg(distinct service_id) filter (where service_id is not null), '{}') into closed_environments, closed_services from made;
  end if;

  -- Rows that events state, and rows that follow from runs; of the latter also those that do not follow any more.
  rows := array(
    select row(f.event_uid, coalesce(e.canonical, f.environment, ''), coalesce(s.canonical, f.service), f.at, f.predicate, f.artifact, f.source, f.chain_id, f.actor,
               false, null, case when e.canonical is not null then f.environment end, case when s.canonical is not null then f.service end)::cdviz_store.lane_fact
    from (select event_uid, at, predicate, environment, service, source, chain_id, actor,
            case when predicate <> 'removed' then artifact_id end as artifact
          from unnest(facts)
          where subject = 'service' and predicate in ('deployed', 'upgraded', 'rolledback', 'removed') and not (predicate = 'removed' and environment is null)
          offset 0) f
    cross join lateral (select (select environment_id from cdviz_store.environment_alias where alias = f.environment) as canonical) e
    cross join lateral (select (select service_id from cdviz_store.service_alias where alias = f.service) as canonical) s);
  if cardinality(run_keys) > 0 then
    with wanted as (
      select r.run_key, r.environment_id, r.service_id, r.finished_at, r.artifact_id, r.source, r.chain_id, r.kind, r.environment_raw, r.service_raw
      from run r
      where r.kind in ('pipelinerun', 'taskrun', 'deployment') and r.run_key = any (run_keys) and r.deploys and r.outcome = 'success' and r.finished_at is not null),
    old as (
      select d.* from deployment d where d.event_uid = any (run_keys) and d.run_kind is not null),
    gone as (
      select o.* from old o where not exists (select from wanted w where w.run_key = o.event_uid
        and (w.environment_id, w.service_id, w.finished_at, w.artifact_id, w.source, w.chain_id) is not distinct from (o.environment_id, o.service_id, o.at, o.artifact_id, o.source, o.chain_id)))
    select array(select event_uid from gone), array(select environment_id from gone), array(select service_id from gone),
      rows || array(select row(run_key, environment_id, service_id, finished_at, 'deployed', artifact_id, source, chain_id, null, kind <> 'deployment', kind, environment_raw, service_raw)::cdviz_store.lane_fact
                    from wanted w where not exists (select from old o where o.event_uid = w.run_key) or exists (select from gone g where g.event_uid = w.run_key))
    into stale, slow_environments, slow_services, rows;
  end if;
  if cardinality(rows) = 0 and coalesce(cardinality(stale), 0) = 0 and cardinality(closed_environments) + cardinality(closed_services) = 0 then return; end if;

  select array_agg(environment), array_agg(service) into environments, services from (
    select environment_id as environment, service_id as service from unnest(rows)
    union select * from unnest(slow_environments, slow_services)
    union select environment_id, service_id from environment_state where environment_id = any (closed_environments)
    union select environment_id, service_id from environment_state where service_id = any (closed_services)) l;
  if environments is null then return; end if;
  select * into new_environments, new_services from cdviz_store.lock_lanes(environments, services);

  -- From here on nobody else writes these lanes, and every statement sees what the last writer committed.
  if cardinality(stale) > 0 then
    delete from deployment where event_uid = any (stale) and run_kind is not null;
  end if;

  insert into deployment (event_uid, environment_id, service_id, at, action, artifact_id, source, chain_id, actor, inferred, run_kind, environment_raw, service_raw,
    is_change, kind, previous_artifact_id, valid_to)
  select event_uid, environment_id, service_id, at, action, artifact_id, source, chain_id, actor, inferred, run_kind, environment_raw, service_raw,
    is_change, cdviz_store.change_kind(is_change, action, before_action, nth > 1
      or exists (select from deployment o where hashtextextended(o.artifact_id || E'\x1f' || o.environment_id || E'\x1f' || o.service_id, 0) = hashtextextended(x.artifact_id || E'\x1f' || x.environment_id || E'\x1f' || x.service_id, 0)
          and (o.artifact_id || '', o.environment_id || '', o.service_id || '') = (x.artifact_id, x.environment_id, x.service_id) and o.artifact_id is not null and (o.at, o.event_uid) < (x.at, x.event_uid))),
    before_artifact, case when is_change and cdviz_store.is_change(action, artifact_id, after_action, after_artifact) then after_at end
  from (
    select *, cdviz_store.is_change(before_action, before_artifact, action, artifact_id) as is_change
    from (
      select f.event_uid, f.environment_id, f.service_id, f.at, f.action, f.artifact_id, f.source, f.chain_id, f.actor, f.inferred, f.run_kind, f.environment_raw, f.service_raw, f.nth,
        case when b.later then b.action else f.b_action end as before_action, case when b.later then b.artifact_id else f.b_artifact end as before_artifact,
        case when a.sooner then a.at else f.a_at end as after_at, case when a.sooner then a.action else f.a_action end as after_action,
        case when a.sooner then a.artifact_id else f.a_artifact end as after_artifact
      from (
        select *, lag(at) over lane as b_at, lag(event_uid) over lane as b_uid, lag(action) over lane as b_action, lag(artifact_id) over lane as b_artifact,
          lead(at) over lane as a_at, lead(event_uid) over lane as a_uid, lead(action) over lane as a_action, lead(artifact_id) over lane as a_artifact,
          case when artifact_id is not null then row_number() over (partition by environment_id, service_id, artifact_id order by at, event_uid) end as nth
        from unnest(rows) window lane as (partition by environment_id, service_id order by at, event_uid)) f
      -- the row before it: the later one of this batch's and the table's
      left join lateral (
        select o.action, o.artifact_id, f.b_at is null or (o.at, o.event_uid) > (f.b_at, f.b_uid) as later
        from deployment o where o.environment_id = f.environment_id and o.service_id = f.service_id and (o.at, o.event_uid) < (f.at, f.event_uid)
        order by o.at desc, o.event_uid desc limit 1) b on true
      left join lateral (
        select o.at, o.action, o.artifact_id, f.a_at is null or (o.at, o.event_uid) < (f.a_at, f.a_uid) as sooner
        from deployment o where o.environment_id = f.environment_id and o.service_id = f.service_id and (o.at, o.event_uid) > (f.at, f.event_uid)
        order by o.at, o.event_uid limit 1) a on true
      offset 0) placed
    offset 0) x
  on conflict do nothing;

  -- Their neighbours: the row after each, and the first later row of the same artifact, which is not its first any more.
  update deployment d set is_change = n.is_change, kind = n.kind, previous_artifact_id = n.before_artifact
  from (
    select *, cdviz_store.change_kind(is_change, action, before_action,
        exists (select from deployment o where hashtextextended(o.artifact_id || E'\x1f' || o.environment_id || E'\x1f' || o.service_id, 0) = hashtextextended(x.artifact_id || E'\x1f' || x.environment_id || E'\x1f' || x.service_id, 0)
          and (o.artifact_id || '', o.environment_id || '', o.service_id || '') = (x.artifact_id, x.environment_id, x.service_id) and o.artifact_id is not null and (o.at, o.event_uid) < (x.at, x.event_uid))) as kind
    from (
      select t.*, b.artifact_id as before_artifact, b.action as before_action, cdviz_store.is_change(b.action, b.artifact_id, t.action, t.artifact_id) as is_change
      from (
        select distinct on (o.event_uid, o.environment_id, o.service_id) o.*
        from unnest(rows) f cross join lateral (
          (select o.event_uid, o.environment_id, o.service_id, o.at, o.action, o.artifact_id from deployment o
           where o.environment_id = f.environment_id and o.service_id = f.service_id and (o.at, o.event_uid) > (f.at, f.event_uid) order by o.at, o.event_uid limit 1)
          union all
          (select o.event_uid, o.environment_id, o.service_id, o.at, o.action, o.artifact_id from deployment o
           where hashtextextended(o.artifact_id || E'\x1f' || o.environment_id || E'\x1f' || o.service_id, 0) = hashtextextended(f.artifact_id || E'\x1f' || f.environment_id || E'\x1f' || f.service_id, 0)
          and (o.artifact_id || '', o.environment_id || '', o.service_id || '') = (f.artifact_id, f.environment_id, f.service_id) and o.artifact_id is not null and (o.at, o.event_uid) > (f.at, f.event_uid) order by o.at, o.event_uid limit 1)) o) t
      left join lateral (
        select o.action, o.artifact_id from deployment o where o.environment_id = t.environment_id and o.service_id = t.service_id and (o.at, o.event_uid) < (t.at, t.event_uid)
        order by o.at desc, o.event_uid desc limit 1) b on true
      offset 0) x
    offset 0) n
  where d.event_uid = n.event_uid and (d.environment_id || '', d.service_id || '') = (n.environment_id, n.service_id)
    and (d.is_change, d.kind, d.previous_artifact_id) is distinct from (n.is_change, n.kind, n.before_artifact);

  -- Until when: of each row, of the change before it, and of the row after it, which may be a change now, or none any more.
  update deployment d set valid_to = n.valid_to
  from (
    select t.event_uid, t.environment_id, t.service_id, case when t.is_change then (
        select o.at from deployment o where hashtextextended(o.environment_id || E'\x1f' || o.service_id, 0) = hashtextextended(t.environment_id || E'\x1f' || t.service_id, 0)
          and (o.environment_id || '', o.service_id || '') = (t.environment_id, t.service_id) and o.is_change and (o.at, o.event_uid) > (t.at, t.event_uid)
        order by o.at, o.event_uid limit 1) end as valid_to
    from (
      select distinct on (o.event_uid, o.environment_id, o.service_id) o.*
      from unnest(rows) f cross join lateral (
        (select o.event_uid, o.environment_id, o.service_id, o.at, o.is_change from deployment o
         where hashtextextended(o.environment_id || E'\x1f' || o.service_id, 0) = hashtextextended(f.environment_id || E'\x1f' || f.service_id, 0)
          and (o.environment_id || '', o.service_id || '') = (f.environment_id, f.service_id) and o.is_change and (o.at, o.event_uid) < (f.at, f.event_uid) order by o.at desc, o.event_uid desc limit 1)
        union all
        (select o.event_uid, o.environment_id, o.service_id, o.at, o.is_change from deployment o
         where o.environment_id = f.environment_id and o.service_id = f.service_id and (o.at, o.event_uid) >= (f.at, f.event_uid) order by o.at, o.event_uid limit 2)) o) t
    offset 0) n
  where d.event_uid = n.event_uid and (d.environment_id || '', d.service_id || '') = (n.environment_id, n.service_id) and d.valid_to is distinct from n.valid_to;

  -- Whole lanes, when something else than new rows touched them.
  select array_agg(environment), array_agg(service) into slow_environments, slow_services from (
    select environment, service from unnest(slow_environments, slow_services) as l(environment, service)
    union select environment, service from unnest(new_environments, new_services) as l(environment, service)
      where exists (select from closing c where c.environment_id = l.environment) or exists (select from closing c where c.service_id = l.service)
    union select environment, service from unnest(environments, services) as l(environment, service)
      where l.environment = any (closed_environments) or l.service = any (closed_services)) l;
  if slow_environments is not null then
    perform cdviz_store.recompute_lanes(slow_environments, slow_services);
  end if;
  perform cdviz_store.write_states(environments, services);
end $$;
comment on function cdviz_store.fold_lanes(cdviz_store.fact[], uuid[]) is 'Folds what service events, closings and runs say about what runs where. Part of project().';

create function cdviz_store.project(events cdviz_store.event[]) returns void
language plpgsql as $$
declare
  facts cdviz_store.fact[] := cdviz_store.facts_of(events);
  subjects text[];
  rule_keys uuid[] := '{}';
  deployment_keys uuid[] := '{}';
  named cdviz_store.fact[];
  runs boolean;
  artifacts boolean;
  links boolean;
  names boolean;
begin
  if facts is null then return; end if;
  select array_agg(distinct subject), bool_or(run_kind is not null), bool_or(artifact_id is not null), bool_or(f.links is not null),
    bool_or(environment is not null or service is not null or subject = 'deployment'),
    coalesce(array_agg(distinct subject_key) filter (where run_kind in ('pipelinerun', 'taskrun')), '{}'), coalesce(array_agg(distinct subject_key) filter (where run_kind = 'deployment'), '{}')
  into subjects, runs, artifacts, links, names, rule_keys, deployment_keys from unnest(facts) f;
  if runs then perform cdviz_store.fold_runs(facts); end if;
  if cardinality(rule_keys) > 0 and exists (select from cdviz_store.deployment_rule) then
    named := facts || cdviz_store.match_rules(rule_keys);
  else
    named := facts;
    rule_keys := '{}';
  end if;
  if artifacts or cardinality(rule_keys) > 0 then perform cdviz_store.fold_artifacts(named); end if;
  if 'change' = any (subjects) then perform cdviz_store.fold_changes(facts); end if;
  if 'incident' = any (subjects) then perform cdviz_store.fold_incidents(facts); end if;
  if 'ticket' = any (subjects) then perform cdviz_store.fold_tickets(facts); end if;
  if 'approval' = any (subjects) then perform cdviz_store.fold_approvals(facts); end if;
  if links then perform cdviz_store.fold_links(facts); end if;
  if names or cardinality(rule_keys) > 0 then perform cdviz_store.fold_names(named); end if;
  if subjects && array['service', 'environment'] or cardinality(rule_keys || deployment_keys) > 0 then
    perform cdviz_store.fold_lanes(facts, rule_keys || deployment_keys);
  end if;
end $$;
comment on function cdviz_store.project(cdviz_store.event[]) is 'Folds events into the projections. Harmless when an event was folded before. The search_path says which tables: the live ones, or those of a rebuild.';

-- ============ the only write path ============
drop function cdviz_store.ingest(jsonb[]);

-- The outermost lock, taken before any other. Whoever folds events shares it. Alone is: a change of aliases or rules,
-- the end of a rebuild, and a batch with an event that closes many lanes at once, because lanes that other writers are
-- making at that moment are not visible to it, nor it to them.
create function cdviz_store.lock_fold(alone boolean) returns void
language plpgsql as $$
begin
  if alone then
    perform pg_advisory_xact_lock(hashtextextended('cdviz_store.fold', 0));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended('cdviz_store.fold', 0));
  end if;
end $$;
comment on function cdviz_store.lock_fold(boolean) is 'The lock between those who fold events (shared) and those who must be alone. To the end of the transaction.';

create function cdviz_store.count_events(events cdviz_store.event[]) returns void
language plpgsql as $$
begin
  insert into event_count_hourly as c (hour, subject, predicate, n)
  select date_trunc('hour', time, 'UTC'), subject, predicate, count(*) from unnest(events) group by 1, 2, 3 order by 1, 2, 3
  on conflict (hour, subject, predicate) do update set n = c.n + excluded.n;
  insert into event_count_daily as c (day, source, subject, n)
  select date_trunc('day', time, 'UTC'), cdviz_store.bounded(source), subject, count(*) from unnest(events) group by 1, 2, 3 order by 1, 2, 3
  on conflict (day, source, subject) do update set n = c.n + excluded.n;
  insert into event_source as s (source, events, first_event_at, last_event_at, last_ingested_at)
  select cdviz_store.bounded(source), count(*), min(time), max(time), max(ingested_at) from unnest(events) group by 1 order by 1
  on conflict (source) do update set events = s.events + excluded.events, first_event_at = least(s.first_event_at, excluded.first_event_at),
    last_event_at = greatest(s.last_event_at, excluded.last_event_at), last_ingested_at = greatest(s.last_ingested_at, excluded.last_ingested_at);
end $$;
comment on function cdviz_store.count_events(cdviz_store.event[]) is 'Counts events that were stored just now.';

create function cdviz_store.keep_conflicts(events jsonb[], notes jsonb[]) returns void
language plpgsql as $$
begin
  insert into cdviz_store.event_conflict as c (event_uid, digest, time, source, event_id, stored_digest, payload, notes, seen)
  select uid, case when kept < 16 then digest else '' end, min(time), min(source), min(event_id), min(stored_digest),
    case when kept < 16 then (array_agg(event))[1] end, case when kept < 16 then (array_agg(note))[1] end, count(*)
  from (
    -- how many others of this key are kept: in the table, and before it in this batch; none if it is kept already
    select x.*, case when k.is_kept then 0 else k.others + dense_rank() over (partition by uid order by x.digest) - 1 end as kept
    from (
      select uid, there.time, there.source, there.event_id, event, note,
        encode(sha256(convert_to((event #- '{context,timestamp}')::text, 'UTF8')), 'hex') as digest,
        encode(sha256(convert_to((there.payload #- '{context,timestamp}')::text, 'UTF8')), 'hex') as stored_digest
      from (
        select event, note, cdviz_store.event_uid(event #>> '{context,source}', event #>> '{context,id}') as uid, cdviz_store.instant(event #>> '{context,timestamp}') as time
        from unnest(events, notes) as given(event, note) offset 0) given
      cross join lateral (
        select e.time, e.source, e.event_id, e.payload from cdviz_store.event e
        where e.event_uid = given.uid and e.time between given.time - interval '31 days' and given.time + interval '31 days' order by e.time limit 1) there
      -- The moment is not content: a collector that got none fills it in, with another one each time.
      where there.payload is distinct from event and there.payload #- '{context,timestamp}' is distinct from event #- '{context,timestamp}'
      offset 0) x
    cross join lateral (select count(*) filter (where k.digest <> '') as others, coalesce(bool_or(k.digest = x.digest), false) as is_kept
                        from cdviz_store.event_conflict k where k.event_uid = x.uid) k
    offset 0) x
  group by uid, case when kept < 16 then digest else '' end, kept < 16
  order by 1, 2
  on conflict (event_uid, digest) do update set seen = c.seen + excluded.seen, last_seen_at = clock_timestamp();
end $$;
comment on function cdviz_store.keep_conflicts(jsonb[], jsonb[]) is 'Keeps those of a batch that have another content than the stored event of the same key. All of them are valid, and stored.';

create function cdviz_store.ingest(events jsonb[], notes jsonb[] default '{}', out inserted int, out duplicates int)
language plpgsql security definer
set search_path = pg_catalog, cdviz_store, pg_temp
set plan_cache_mode = force_generic_plan
set work_mem = '32MB'
set enable_seqscan = off      -- a plan made while a partition is small must still be right when it is large
set enable_bitmapscan = off
set jit = off                 -- a disabled scan counts as so expensive that it would be compiled, at every call
as $$
declare
  month timestamp;
  months timestamp[];  -- in order: array_agg(distinct) sorts
  alone boolean;
  stored cdviz_store.event[];
begin
  if cardinality(notes) > coalesce(cardinality(events), 0) then
    raise exception using errcode = '22023', message = format('%s notes for %s events', cardinality(notes), coalesce(cardinality(events), 0));
  end if;
  select array_agg(distinct x.begins), coalesce(bool_or(x.closes), false) into months, alone from (
    select date_trunc('month', cdviz_store.instant(context ->> 'timestamp') at time zone 'UTC') as begins,
      type like 'dev.cdevents.environment.deleted.%'
        or (type like 'dev.cdevents.service.removed.%' and coalesce(event #>> '{subject,content,environment,id}', '') = '') as closes
    from (
      select event, context, lower(context ->> 'type') as type
      from (select event, event -> 'context' as context from (select unnest(events) as event offset 0) given offset 0) part
      offset 0) field) x;
  perform cdviz_store.lock_fold(alone);
  foreach month in array coalesce(months, '{}') loop
    perform cdviz_store.ensure_partition(month at time zone 'UTC');
  end loop;

  -- Rows go in by the order of their key: two writers with the same events wait for each other, but never in a circle.
  with new as (
  insert into cdviz_store.event
    (event_uid, time, subject, predicate, type_version, source, event_id, subject_source, subject_id, subject_key, chain_id, payload, notes)
  select distinct on (uid)
    uid, time, subject, predicate, type_version, source, id, subject_source, subject_id,
    cdviz_store.subject_key(subject, subject_id, subject_source), chain_id, event, note
  from (
    select place, event, note, source, id, subject_source, subject_id, chain_id,
      cdviz_store.event_uid(source, id) as uid, cdviz_store.instant(stamp) as time,
      case when ours then lower(type[3]) else lower(array_to_string(type[:3], '.')) end as subject,
      lower(type[4]) as predicate, array_to_string(type[5:], '.') as type_version
    from (
      select place, event, stamp, chain_id, lower(left(type, 14)) like any (array['dev.cdevents.%', 'dev.cdeventsx.']) as ours,
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
             else cdviz_store.refuse('22023', 'subject.source is longer than 2048 bytes') end as subject_source,
        string_to_array(case when type ~ '^[^.]+\.[^.]+\.[^.]+\.[^.]+\..' and octet_length(type) <= 256 then type
             else cdviz_store.refuse('22023', format('context.type is not dev.cdevents.<subject>.<predicate>.<version>: %s',
                                                     coalesce(quote_literal(left(type, 256)), 'missing'))) end, '.') as type
      from (
        select place, event, note, context ->> 'source' as source, context ->> 'id' as id, context ->> 'type' as type,
          context ->> 'timestamp' as stamp, coalesce(context ->> 'chainId', context ->> 'chain_id') as chain_id,
          subject ->> 'id' as subject_id, subject ->> 'source' as subject_source
        from (
          select place, event, note, event -> 'context' as context, event -> 'subject' as subject
          from unnest(events, notes) with ordinality as given(event, note, place)
          offset 0) part      -- offset 0: each level is computed once for each event
        offset 0) field
      offset 0) checked
    offset 0) keyed
  -- The same event with another time is a duplicate too, if the other is within 31 days: that is three partitions to
  -- look into and not all. A scalar subquery, so that no plan can become a join with the whole lake.
  where (select true from cdviz_store.event there
         where there.event_uid = keyed.uid
           and there.time between keyed.time - interval '31 days' and keyed.time + interval '31 days' limit 1) is null
  order by uid, time, place
  on conflict do nothing
  returning event.*)
  select array_agg(new::cdviz_store.event), count(*) into stored, inserted from new;

  duplicates := coalesce(cardinality(events), 0) - inserted;
  if inserted > 0 then
    perform cdviz_store.count_events(stored);
    perform cdviz_store.project(stored);
  end if;
  if duplicates > 0 then
    perform cdviz_store.keep_conflicts(events, notes);
  end if;
end $$;
revoke all on all functions in schema cdviz_store from public;
grant execute on function cdviz_store.ingest(jsonb[], jsonb[]) to cdviz_ingest;
comment on function cdviz_store.ingest(jsonb[], jsonb[]) is 'Stores events, all or none, and each only once: the only way to write. In the same transaction it counts them and folds them into the projections. notes[i] is null or a JSON object about events[i] (event.notes). An event that cannot be stored raises SQLSTATE class 22. Returns how many were new and how many were there already. Example: select * from cdviz_store.ingest(array[''{…}''::jsonb])';

-- ============ when the configuration changes ============
create function cdviz_store.refold_alias(what text, raw text) returns void
language plpgsql as $$
declare
  canonical text;
  touched text[];
  environments text[];
  services text[];
  of_table text;
begin
  execute format('select %1$s_id from cdviz_store.%1$s_alias where alias = $1', what) into canonical using raw;
  execute format('select array(select distinct %1$s_id from deployment where %1$s_raw = $1 union select %1$s_id from closing where %1$s_raw = $1)', what) into touched using raw;
  touched := touched || raw || canonical;
  foreach of_table in array array['run', 'incident', 'closing'] loop
    execute format('update %2$I set %1$s_id = coalesce($2, $1), %1$s_raw = case when $2 is not null then $1 end
                    where (%1$s_raw = $1 or (%1$s_raw is null and %1$s_id = $1)) and (%1$s_id, %1$s_raw) is distinct from (coalesce($2, $1), case when $2 is not null then $1 end)',
                   what, of_table) using raw, canonical;
  end loop;
  -- Every lane of the ids concerned is computed again: closings may have moved as well.
  execute format('select array_agg(environment), array_agg(service) from (
                    select environment_id as environment, service_id as service from environment_state where %1$s_id = any ($2)
                    union select %2$s from deployment where not closes and (%1$s_raw = $1 or (%1$s_raw is null and %1$s_id = $1))) l',
                 what, case what when 'environment' then 'coalesce($3, $1), service_id' else 'environment_id, coalesce($3, $1)' end)
    into environments, services using raw, touched, canonical;
  if environments is null then return; end if;
  perform cdviz_store.lock_lanes(environments, services);
  execute format('update deployment set %1$s_id = coalesce($2, $1), %1$s_raw = case when $2 is not null then $1 end
                  where not closes and (%1$s_raw = $1 or (%1$s_raw is null and %1$s_id = $1)) and (%1$s_id, %1$s_raw) is distinct from (coalesce($2, $1), case when $2 is not null then $1 end)',
                 what) using raw, canonical;
  perform cdviz_store.recompute_lanes(environments, services);
  perform cdviz_store.write_states(environments, services);
end $$;
comment on function cdviz_store.refold_alias(text, text) is 'Gives what an event called raw its canonical id again: what is environment or service. Reads whole tables: aliases change seldom.';

create function cdviz_store.refold_rules() returns void
language plpgsql as $$
declare
  keys uuid[];
  named cdviz_store.fact[];
begin
  for keys in
    select array_agg(run_key) from (
      select run_key, row_number() over (order by run_key) / 10000 as part from run r
      where r.kind in ('pipelinerun', 'taskrun') and (r.deploys or exists (
        select from cdviz_store.deployment_rule d where d.kind = r.kind and r.name ~ ('^(?:' || d.name_pattern || ')$')))) k
    group by part
  loop
    named := cdviz_store.match_rules(keys);
    perform cdviz_store.fold_artifacts(named);
    perform cdviz_store.fold_names(named);
    perform cdviz_store.fold_lanes('{}', keys);
  end loop;
end $$;
comment on function cdviz_store.refold_rules() is 'Matches the stored runs with deployment_rule again. Environments, services and artifacts that only a former rule named stay known until a rebuild.';

create function cdviz_store.configuration_changes() returns trigger
language plpgsql security definer set search_path = pg_catalog, cdviz_store, pg_temp as $$
begin
  perform cdviz_store.lock_fold(alone => true);
  perform nextval('cdviz_store.configuration_seq');  -- a rebuild that is under way has folded with the former ones
  return null;
end $$;
comment on function cdviz_store.configuration_changes() is 'Trigger before a change of aliases and rules: nobody folds meanwhile.';

create function cdviz_store.alias_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, cdviz_store, pg_temp set jit = off as $$
declare
  what text := split_part(tg_table_name, '_', 1);
  chained text;
  raw text;
begin
  execute format('select a.alias from cdviz_store.%1$s_alias a join cdviz_store.%1$s_alias b on b.alias = a.%1$s_id limit 1', what) into chained;
  if chained is not null then
    raise exception using errcode = '23514', message = format('the %s alias "%s" stands for an alias', what, chained),
      hint = 'Let it stand for the canonical id.';
  end if;
  for raw in select distinct r from unnest(case tg_op when 'INSERT' then array[new.alias] when 'DELETE' then array[old.alias] else array[old.alias, new.alias] end) r loop
    perform cdviz_store.refold_alias(what, raw);
  end loop;
  return null;
end $$;
comment on function cdviz_store.alias_changed() is 'Trigger after a change of an alias: folds again what was stored under it.';

create function cdviz_store.rules_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, cdviz_store, pg_temp set jit = off as $$
begin
  perform cdviz_store.refold_rules();
  return null;
end $$;
comment on function cdviz_store.rules_changed() is 'Trigger after a change of deployment_rule: folds the runs again.';

create trigger configuration_changes before insert or update or delete on cdviz_store.environment_alias for each statement execute function cdviz_store.configuration_changes();
create trigger configuration_changes before insert or update or delete on cdviz_store.service_alias for each statement execute function cdviz_store.configuration_changes();
create trigger configuration_changes before insert or update or delete or truncate on cdviz_store.deployment_rule for each statement execute function cdviz_store.configuration_changes();
create trigger alias_changed after insert or update or delete on cdviz_store.environment_alias for each row execute function cdviz_store.alias_changed();
create trigger alias_changed after insert or update or delete on cdviz_store.service_alias for each row execute function cdviz_store.alias_changed();
create trigger rules_changed after insert or update or delete or truncate on cdviz_store.deployment_rule for each statement execute function cdviz_store.rules_changed();
create function cdviz_store.not_truncated() returns trigger language plpgsql as $$
begin
  raise exception using errcode = '0A000', message = format('%s cannot be truncated: what was stored under its aliases would not be folded again', tg_table_name),
    hint = format('Use: delete from cdviz_store.%I', tg_table_name);
end $$;
comment on function cdviz_store.not_truncated() is 'Trigger that refuses TRUNCATE.';
create trigger not_truncated before truncate on cdviz_store.environment_alias for each statement execute function cdviz_store.not_truncated();
create trigger not_truncated before truncate on cdviz_store.service_alias for each statement execute function cdviz_store.not_truncated();

-- ============ rebuild: the projections from the lake, beside the live ones ============
-- A rebuild folds the lake into empty tables in the schema cdviz_rebuild, slice by slice in the order of ingest_seq,
-- while events keep coming and readers see the live tables. At the end, with ingest() waiting, it folds what came
-- meanwhile and writes the differences into the live tables, in one transaction: readers see all of it or nothing, rows
-- that were right are not touched, and the views keep their tables. It needs the disk space of the projections twice.
-- Each call of rebuild_step() is a transaction; after a crash or a restart the next call goes on.
create table cdviz_store.lake_begin (
  only_one boolean primary key default true check (only_one),
  begins_at timestamptz not null);
insert into cdviz_store.lake_begin (begins_at) values ('-infinity');
comment on table cdviz_store.lake_begin is 'Since when the lake has all events. Whatever deletes events of the lake writes it, in the same transaction.';
comment on column cdviz_store.lake_begin.only_one is 'There is one row';
comment on column cdviz_store.lake_begin.begins_at is 'Events of before this time are deleted: a rebuild keeps what the projections say about that time';

create function cdviz_store.rebuilt_tables() returns table (name text, key text, begins text)
language sql immutable as $$
  select * from (values
    ('event_count_hourly', 'hour, subject, predicate', 'hour'), ('event_count_daily', 'day, source, subject', 'day'), ('event_source', 'source', 'first_event_at'),
    ('run', 'kind, run_key', 'first_at'), ('artifact', 'artifact_id', 'first_seen_at'), ('change', 'change_key', 'first_at'), ('incident', 'incident_key', 'first_at'),
    ('ticket', 'ticket_key', 'first_at'), ('approval', 'approval_key', 'first_at'), ('link', 'from_type, from_id, kind, to_type, to_id', 'first_at'),
    ('environment', 'environment_id', 'first_seen_at'), ('service', 'service_id', 'first_seen_at'), ('closing', 'event_uid', 'at'),
    ('environment_state', 'environment_id, service_id', null), ('deployment', 'event_uid, environment_id, service_id', 'at')) t
$$;
comment on function cdviz_store.rebuilt_tables() is 'The projections: their keys, and the column that tells when what they say began.';

create function cdviz_store.lock_rebuild() returns void
language sql as $$ select pg_advisory_xact_lock(hashtextextended('cdviz_store.rebuild', 0)) $$;
comment on function cdviz_store.lock_rebuild() is 'One step of a rebuild at a time. Taken before lock_fold(). To the end of the transaction.';

create function cdviz_store.configuration_version() returns bigint
language sql volatile as $$ select case when is_called then last_value else 0 end from cdviz_store.configuration_seq $$;
comment on function cdviz_store.configuration_version() is 'Changes with every change of aliases and rules.';

create function cdviz_store.rebuild_begin(since timestamptz default null) returns bigint
language plpgsql security definer set search_path = pg_catalog, cdviz_rebuild, cdviz_store, pg_temp set jit = off as $$
declare
  t record;
  keep timestamptz;
  id bigint;
begin
  perform cdviz_store.lock_rebuild();
  perform cdviz_store.lock_fold(alone => false);  -- no change of the configuration is half done
  update cdviz_store.rebuild_progress set phase = 'given up', ended_at = clock_timestamp() where phase in ('folding', 'catching up');
  -- whole days: the counters are of days and hours
  select date_trunc('day', greatest(begins_at, since), 'UTC') into keep from cdviz_store.lake_begin;
  for t in select * from cdviz_store.rebuilt_tables() loop
    execute format('drop table if exists cdviz_rebuild.%I', t.name);
    execute format('create table cdviz_rebuild.%I (like cdviz_store.%1$I including all)', t.name);
    if t.name = 'run' then
      -- the live one is partitioned, this one is not: LIKE leaves the fill factor out
      execute 'alter table cdviz_rebuild.run set (fillfactor = 85)';
    end if;
    if t.begins is not null and keep > '-infinity' then
      execute format('insert into cdviz_rebuild.%1$I (%2$s) select %2$s from cdviz_store.%1$I where %3$I < $1', t.name,
                     (select string_agg(quote_ident(attname), ', ') from pg_attribute
                      where attrelid = format('cdviz_store.%I', t.name)::regclass and attnum > 0 and not attisdropped and attgenerated = ''), t.begins) using keep;
    end if;
  end loop;
  insert into cdviz_rebuild.environment_state (environment_id, service_id) select distinct environment_id, service_id from cdviz_rebuild.deployment;
  perform cdviz_store.recompute_lanes(array_agg(environment_id), array_agg(service_id)) from cdviz_rebuild.environment_state;
  perform cdviz_store.write_states(array_agg(environment_id), array_agg(service_id)) from cdviz_rebuild.environment_state;
  insert into cdviz_store.rebuild_progress (keep_before, configuration, goal_seq) values (keep, cdviz_store.configuration_version(), -1) returning rebuild_id into id;
  return id;
end $$;
comment on function cdviz_store.rebuild_begin(timestamptz) is 'Begins a rebuild from nothing; one that is under way is given up. With since only what happened from that day (UTC) on is made again, the rest is kept. Returns its number.';

create function cdviz_store.rebuild_fold(events cdviz_store.event[]) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan set work_mem = '32MB' set jit = off as $$
begin
  perform cdviz_store.count_events(events);
  perform cdviz_store.project(events);
end $$;
comment on function cdviz_store.rebuild_fold(cdviz_store.event[]) is 'Folds events into the tables of a rebuild. The search_path is that of the caller.';

create function cdviz_store.rebuild_slice(above bigint, upto bigint, keep timestamptz) returns bigint
language plpgsql set enable_seqscan = off set enable_hashagg = off set jit = off as $$
declare
  events cdviz_store.event[];
  folded bigint := 0;
begin
  -- At most 1,000 events and about 4 MB (as stored, that is compressed) at once: an array holds 1 GB.
  for events in
    select array_agg(e) from (
      select e, count(*) over before / 1000 as thousands, sum(pg_column_size(e.payload)) over before / 4194304 as megabytes from cdviz_store.event e
      where e.ingest_seq > above and e.ingest_seq <= upto and e.time >= keep
      window before as (order by e.ingest_seq rows unbounded preceding)) x
    group by thousands, megabytes order by thousands, megabytes
  loop
    perform cdviz_store.rebuild_fold(events);
    folded := folded + cardinality(events);
  end loop;
  return folded;
end $$;
comment on function cdviz_store.rebuild_slice(bigint, bigint, timestamptz) is 'Folds the events of a range of ingest_seq into the tables of a rebuild. Returns how many.';

create function cdviz_store.rebuild_end() returns bigint
language plpgsql set work_mem = '256MB' set jit = off as $$
declare
  t record;
  columns text;
  joined text;
  changed bigint := 0;
  n bigint;
begin
  update cdviz_rebuild.event_source s set events = coalesce((select sum(c.n) from cdviz_rebuild.event_count_daily c where c.source = s.source), 0);
  for t in select * from cdviz_store.rebuilt_tables() loop
    execute format('analyze cdviz_rebuild.%I', t.name);
    select string_agg(quote_ident(attname), ', ' order by attnum) into columns from pg_attribute
    where attrelid = format('cdviz_store.%I', t.name)::regclass and attnum > 0 and not attisdropped and attgenerated = '';
    select string_agg(format('l.%1$s = r.%1$s', part), ' and ') into joined from regexp_split_to_table(t.key, ', ') part;
    execute format('delete from cdviz_store.%1$I l where not exists (select from cdviz_rebuild.%1$I r where %2$s)', t.name, joined);
    get diagnostics n = row_count;
    changed := changed + n;
    execute format('insert into cdviz_store.%1$I as l (%2$s) select %2$s from cdviz_rebuild.%1$I r
                    where not exists (select from cdviz_store.%1$I l where %3$s and row(%4$s) is not distinct from row(%5$s))
                    on conflict (%6$s) do update set (%2$s) = row(%7$s)', t.name, columns, joined,
                   'l.' || replace(columns, ', ', ', l.'), 'r.' || replace(columns, ', ', ', r.'), t.key, 'excluded.' || replace(columns, ', ', ', excluded.'));
    get diagnostics n = row_count;
    changed := changed + n;
    execute format('drop table cdviz_rebuild.%I', t.name);
  end loop;
  return changed;
end $$;
comment on function cdviz_store.rebuild_end() is 'Writes the differences between the tables of a rebuild and the live ones into the live ones. Returns how many rows that were.';

create function cdviz_store.rebuild_step(slice int default 5000, out phase text, out events_done bigint, out events_goal bigint, out rows_changed bigint)
language plpgsql security definer set search_path = pg_catalog, cdviz_rebuild, cdviz_store, pg_temp as $$
declare
  p cdviz_store.rebuild_progress;
  last_seq bigint;
begin
  if slice is null or slice < 1 then raise exception using errcode = '22023', message = 'slice must be at least 1'; end if;
  perform cdviz_store.lock_rebuild();
  select * into p from cdviz_store.rebuild_progress r where r.phase in ('folding', 'catching up');
  if p.done_seq >= p.goal_seq then
    -- Numbers are not committed in their order. With nobody else in ingest(), all below the last are there.
    perform cdviz_store.lock_fold(alone => true);
  end if;
  if p.rebuild_id is null or p.configuration <> cdviz_store.configuration_version() or p.keep_before < (select begins_at from cdviz_store.lake_begin) then
    -- None is under way, or it has folded with other aliases and rules, or the lake has lost what it needs.
    perform cdviz_store.rebuild_begin(p.keep_before);
    select * into p from cdviz_store.rebuild_progress r where r.phase in ('folding', 'catching up');
  else
    if p.done_seq >= p.goal_seq then
      select case when is_called then last_value else 0 end into last_seq from cdviz_store.ingest_seq;
      if p.goal_seq >= 0 then p.phase := 'catching up'; end if;
      p.goal_seq := last_seq;
      if last_seq - p.done_seq <= slice then
        p.events_done := p.events_done + cdviz_store.rebuild_slice(p.done_seq, last_seq, p.keep_before);
        p.done_seq := last_seq;
        p.rows_changed := cdviz_store.rebuild_end();
        p.phase := 'done';
        p.ended_at := clock_timestamp();
      end if;
    else
      last_seq := least(p.done_seq + slice, p.goal_seq);
      p.events_done := p.events_done + cdviz_store.rebuild_slice(p.done_seq, last_seq, p.keep_before);
      p.done_seq := last_seq;
    end if;
    update cdviz_store.rebuild_progress r set phase = p.phase, done_seq = p.done_seq, goal_seq = p.goal_seq, events_done = p.events_done, rows_changed = p.rows_changed, ended_at = p.ended_at
    where r.rebuild_id = p.rebuild_id;
  end if;
  phase := p.phase; events_done := p.done_seq; events_goal := greatest(p.goal_seq, p.done_seq); rows_changed := p.rows_changed;
end $$;
comment on function cdviz_store.rebuild_step(int) is 'One slice of a rebuild of the projections; begins one if none is under way. Call it again, each time in a transaction of its own, until phase is done. events_done and events_goal tell how far it is (numbers of events; the goal moves while events come), rows_changed at the end how many rows were wrong. Example: select * from cdviz_store.rebuild_step()';

create function cdviz_store.rebuild_cancel() returns boolean
language plpgsql security definer set search_path = pg_catalog, cdviz_rebuild, cdviz_store, pg_temp as $$
declare
  t record;
  cancelled int;
begin
  perform cdviz_store.lock_rebuild();
  update cdviz_store.rebuild_progress set phase = 'given up', ended_at = clock_timestamp() where phase in ('folding', 'catching up');
  get diagnostics cancelled = row_count;
  for t in select * from cdviz_store.rebuilt_tables() loop
    execute format('drop table if exists cdviz_rebuild.%I', t.name);
  end loop;
  return cancelled > 0;
end $$;
comment on function cdviz_store.rebuild_cancel() is 'Gives up the rebuild that is under way and drops its tables. Returns whether there was one.';

-- ============ events that were stored before there were projections ============
do $$
begin
  if exists (select from cdviz_store.event) then
    while (select phase from cdviz_store.rebuild_step(20000)) <> 'done' loop null; end loop;
  end if;
end $$;
revoke all on all functions in schema cdviz_store from public;

reset role;
