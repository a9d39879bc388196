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
set local role cdviz_owner;

-- ============ the lake ============
alter table cdviz_store.event add column notes jsonb;
comment on column cdviz_store.event.notes is 'What the collector found out about the event, null if nothing: {"violations": [{"pointer", "rule", "message"}], "normalised": ["id", "time", …], "original": "the text as it was received"}';
-- Partial: most events have no chain, and its search then costs nothing.
create index event_chain_idx on cdviz_store.event (hashtextextended(chain_id, 0), time) where chain_id is not null;
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
  kind           text not null default 'pipelinerun' check (kind in ('pipelinerun', 'taskrun', 'build')),
  name_pattern   text not null,
  source_pattern text,
  service        text not null,
  environment    text not null,
  artifact       text);
comment on table cdviz_store.deployment_rule is 'Which pipelines are deployments, for tools that send no service events: a run whose name (and source) fits is an attempt to deploy, and a deployment if it finished with success. A change folds the runs again.';
comment on column cdviz_store.deployment_rule.name is 'Name of the rule';
comment on column cdviz_store.deployment_rule.priority is 'The lowest number is tried first, then by name; the first rule that fits and gives a service and an environment counts';
comment on column cdviz_store.deployment_rule.kind is 'Kind of run: pipelinerun, taskrun or build';
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
  primary key (kind, run_key)) partition by list (kind);
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
  born_at            timestamptz not null generated always as (coalesce(packaged_at, published_at, first_seen_at)) stored);
create index artifact_base_idx on cdviz_store.artifact (base_id, born_at);
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
comment on column cdviz_store.artifact.born_at is 'What orders the artifacts of one base_id: packaged, else published, else first seen';

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
create index deployment_at_idx on cdviz_store.deployment (at);
create index deployment_artifact_idx on cdviz_store.deployment (artifact_id, at) where artifact_id is not null;
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

create table cdviz_store.rebuild_progress (
  rebuild_id   bigint generated always as identity primary key,
  started_at   timestamptz not null default clock_timestamp(),
  ended_at     timestamptz,
  phase        text not null default 'folding' check (phase in ('folding', 'catching up', 'done', 'given up')),
  keep_before  timestamptz not null,
  done_seq     bigint not null default 0,
  goal_seq     bigint not null,
  events_done  bigint not null default 0,
  rows_changed bigint not null default 0);
create unique index rebuild_progress_one_idx on cdviz_store.rebuild_progress ((true)) where phase in ('folding', 'catching up');
comment on table cdviz_store.rebuild_progress is 'Rebuilds of the projections from the lake (cdviz_store.rebuild_step), one row each; at most one is under way.';
comment on sequence cdviz_store.rebuild_progress_rebuild_id_seq is 'Numbers the rebuilds.';
comment on column cdviz_store.rebuild_progress.rebuild_id is 'Number of the rebuild';
comment on column cdviz_store.rebuild_progress.started_at is 'When it began';
comment on column cdviz_store.rebuild_progress.ended_at is 'When it was done or given up';
comment on column cdviz_store.rebuild_progress.phase is 'folding, catching up (with the events that came meanwhile), done, given up';
comment on column cdviz_store.rebuild_progress.keep_before is 'Rows of before this time are kept: the lake does not have their events any more';
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

reset role;
