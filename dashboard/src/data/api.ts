// Generated from docs/api/openapi.json by tools/api_types.mjs: do not edit.

export type Problem = {
  /** urn:cdviz:problem:database-away, …; left out when the status says all */
  readonly type?: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong, and the fix */
  readonly detail?: string;
  /** The parameter that is wrong */
  readonly parameter?: string;
};

export type Column = {
  readonly name: string;
  /** PostgreSQL's name: text, timestamptz, bigint, double precision, boolean, jsonb, text[] */
  readonly type: string;
  /** seconds, ratio, versions, per day, … */
  readonly unit: string | null;
  /** What it says */
  readonly text: string;
};

export type Meta = {
  /** When the answer was made */
  readonly now: string;
  /** Of the data: the same text, the same data. null: no database was asked */
  readonly version: string | null;
  /** Begin of the time, if the question has one */
  readonly from?: string;
  /** Its end */
  readonly to?: string;
  /** The moment looked at, if the question has one */
  readonly at?: string;
  /** There are more rows than an answer may have */
  readonly truncated: boolean;
  /** cursor of the next page; null: this is the last, or there are no pages */
  readonly next: string | null;
};

export type Overview = {
  readonly product: {
    readonly name: string;
    readonly version: string;
  };
  readonly started_at: string;
  readonly database: {
    /** [dashboard] has a url */
    readonly configured: boolean;
    readonly available: boolean;
    /** host:port/database */
    readonly place: string | null;
    /** Why it is not available */
    readonly error: string | null;
    /** Since when it is so */
    readonly since: string | null;
  };
  /** The demo story is among the data; `cdviz-collector demo remove` takes it out */
  readonly demo: boolean;
  readonly features: {
    /** The dashboard's login may read payloads (/events/{uid}) */
    readonly payloads: boolean;
    readonly live: boolean;
    /** Where Grafana is, as configured */
    readonly grafana_url: string | null;
    /** Lines beside the figures of /delivery, as configured; null: none */
    readonly references: {
      readonly deployments_per_day: number | null;
      readonly lead_time_p50_s: number | null;
      readonly recovery_p50_s: number | null;
      readonly change_fail_rate: number | null;
      readonly rework_rate: number | null;
    };
  };
  readonly environments: readonly EnvironmentsRow[];
  readonly services: readonly ServicesRow[];
  readonly sources: readonly SourcesRow[];
  readonly event_kinds: readonly EventKindsRow[];
};

export type Playground = {
  /** Scripts can be run */
  readonly engine: boolean;
  readonly scripts: readonly {
    readonly name: string;
    readonly text: string;
  }[];
};

export type Trial = {
  /** As they would be stored, at most 100 */
  readonly events: readonly {
    readonly type: string;
    readonly id: string;
    readonly source: string;
    readonly event: Readonly<Record<string, unknown>>;
    readonly violations: readonly Finding[];
    /** What was mended: id, source, time, … */
    readonly normalised: readonly string[];
  }[];
  /** Events that are not shown */
  readonly more: number;
  /** What would go to the dead letters, each with what is wrong */
  readonly refused: readonly (readonly Finding[])[];
  /** Why the script dropped it */
  readonly filtered: readonly string[];
  /** What the script said with log(): at most 100 lines of 1 KiB */
  readonly log: readonly string[];
};

export type Finding = {
  readonly pointer: string;
  readonly rule: string;
  readonly message: string;
};

export type Component = {
  readonly name: string;
  /** webhook, postgres, … */
  readonly type: string;
  readonly state: "starting" | "running" | "waiting" | "stopped" | "ended";
  /** Empty: none */
  readonly last_error: string;
  /** Of a source, since the start */
  readonly received?: number;
  readonly queued?: number;
  readonly with_violations?: number;
  readonly filtered?: number;
  readonly refused?: number;
  /** Of a sink, since the start */
  readonly delivered?: number;
  readonly rejected?: number;
  readonly pending?: number;
};

export type Collector = {
  readonly version: string;
  readonly now: string;
  readonly started_at: string;
  /** Events are accepted */
  readonly ready: boolean;
  /** Why not */
  readonly reasons: readonly string[];
  readonly queue: {
    readonly events: number;
    readonly bytes: number;
    readonly max_bytes: number;
    readonly dead_letters: number;
    readonly dead_letter_bytes: number;
    readonly accepting: boolean;
    readonly sinks: readonly {
      readonly name: string;
      readonly pending_events: number;
      readonly pending_bytes: number;
      /** Of the oldest that waits; left out when none does */
      readonly oldest_age_seconds?: number;
    }[];
  };
  readonly sources: readonly Component[];
  readonly sinks: readonly Component[];
  /** Where events can be sent over HTTP */
  readonly endpoints: readonly {
    readonly name: string;
    readonly url: string;
  }[];
  /** The last events that were queued, newest first */
  readonly recent: readonly {
    readonly source: string;
    readonly id: string;
    readonly type: string;
    readonly subject_id: string;
    readonly timestamp: string;
    /** The source of the collector that took it */
    readonly origin: string;
    readonly received_at: string;
  }[];
};

export type DeadLetter = {
  /** cdviz-collector dead-letters show NUMBER */
  readonly number: number;
  /** When it was refused */
  readonly at: string;
  /** The source that received it or the sink that rejected it */
  readonly component: string;
  readonly component_kind: "source" | "sink";
  readonly code: string;
  readonly reason: string;
  /** context.source, if it could be read */
  readonly event_source: string | null;
  /** context.id, if it could be read */
  readonly event_id: string | null;
  readonly body_bytes: number;
  /** Its checksum does not fit */
  readonly damaged: boolean;
  readonly replay_requested_at: string | null;
};

export type WholeDeadLetter = DeadLetter & {
  /** Values of secret headers are replaced by *** */
  readonly headers: readonly {
    readonly name: string;
    readonly value: string;
  }[];
  /** As it came; null when it is not UTF-8 */
  readonly body: string | null;
  /** Its bytes when it is not UTF-8 */
  readonly body_base64: string | null;
  /** Only the first MiB is here */
  readonly body_truncated: boolean;
};

export type LiveEvent = EventsSinceRow;

/** Which version of each service runs in each environment? A row of the query state. */
export type StateRow = {
  /** The service */
  readonly service_id: string;
  /** The team that owns it, if configured */
  readonly team: string | null;
  /** The environment */
  readonly environment_id: string;
  /** development, test, staging, production or other */
  readonly environment_tier: string;
  /** Place of the environment in the order of delivery */
  readonly environment_rank: number;
  /** What runs; null if the events do not say */
  readonly artifact_id: string | null;
  /** Its version, as people call it */
  readonly version: string | null;
  /** Since when */
  readonly since: string;
  /** How long before the moment that was (seconds) */
  readonly age_s: number;
  /** How it came: deploy (nothing ran before), upgrade or rollback; remove: it runs no more */
  readonly kind: string;
  /** What it replaced */
  readonly previous_version: string | null;
  /** Who did it, if the event says so */
  readonly actor: string | null;
  /** Who reported it */
  readonly source: string | null;
  /** The event that reported it */
  readonly event_uid: string;
  /** The environment that it is compared with */
  readonly upstream_environment_id: string | null;
  /** What ran there */
  readonly upstream_version: string | null;
  /** Versions between this one and upstream; null if they cannot be compared (versions) */
  readonly behind: number | null;
  /** Versions that upstream does not have: a hotfix (versions) */
  readonly ahead: number | null;
  /** Since when the first missing version was there (seconds) */
  readonly lag_s: number | null;
  /** A later attempt to deploy that did not become this: queued, running or finished */
  readonly attempt_state: string | null;
  /** Its outcome, once it has finished */
  readonly attempt_outcome: string | null;
  /** What it wanted to deploy, if known */
  readonly attempt_version: string | null;
  /** When it began */
  readonly attempt_at: string | null;
  /** Where it can be looked at */
  readonly attempt_uri: string | null;
  /** Incidents of this service here that were open */
  readonly incidents: readonly string[] | null;
};

/** What is behind, and by how much? A row of the query drift. */
export type DriftRow = {
  /** The service */
  readonly service_id: string;
  /** The team that owns it */
  readonly team: string | null;
  /** The environment */
  readonly environment_id: string;
  /** What runs there */
  readonly version: string | null;
  /** Since when */
  readonly since: string;
  /** The environment that it is compared with */
  readonly upstream_environment_id: string;
  /** What runs there */
  readonly upstream_version: string | null;
  /** Versions that are missing (versions) */
  readonly behind: number | null;
  /** Versions that upstream does not have (versions) */
  readonly ahead: number | null;
  /** Since when the first missing one was there (seconds) */
  readonly lag_s: number | null;
};

/** Which environments are there, and in which order? A row of the query environments. */
export type EnvironmentsRow = {
  /** The environment */
  readonly environment_id: string;
  /** Name to show */
  readonly label: string;
  /** development, test, staging, production or other */
  readonly tier: string;
  /** Place in the order; above 10,000: not configured, by tier */
  readonly rank: number;
  /** Somebody configured it */
  readonly configured: boolean;
  /** Its other ids */
  readonly aliases: readonly string[];
  /** Services that run there now */
  readonly services: number;
  /** Last event that names it */
  readonly last_seen_at: string | null;
};

/** Which services are there, and whose are they? A row of the query services. */
export type ServicesRow = {
  /** The service */
  readonly service_id: string;
  /** Name to show */
  readonly label: string;
  /** The team that owns it */
  readonly team: string | null;
  /** Labels, as configured */
  readonly labels: unknown;
  /** The repository of its changes */
  readonly repository_id: string | null;
  /** Where it runs now, in the order of delivery */
  readonly environments: readonly string[];
  /** When it last changed anywhere */
  readonly last_change_at: string | null;
  /** Last event that names it */
  readonly last_seen_at: string | null;
};

/** What was deployed, by whom, and what did it replace? A row of the query deployments. */
export type DeploymentsRow = {
  /** When */
  readonly at: string;
  /** The environment */
  readonly environment_id: string;
  /** Its tier */
  readonly environment_tier: string;
  /** The service */
  readonly service_id: string;
  /** The team that owns it */
  readonly team: string | null;
  /** deploy, upgrade, rollback, redeploy or remove */
  readonly kind: string;
  /** What came */
  readonly artifact_id: string | null;
  /** Its version */
  readonly version: string | null;
  /** What it replaced */
  readonly previous_version: string | null;
  /** When the next change came; null: it runs still */
  readonly valid_to: string | null;
  /** Who did it, if the event says so */
  readonly actor: string | null;
  /** Who reported it */
  readonly source: string | null;
  /** No event says so: a rule took a pipeline for a deployment */
  readonly inferred: boolean;
  /** The event */
  readonly event_uid: string;
};

/** What ran when, and in which order did it change? A row of the query timeline. */
export type TimelineRow = {
  /** The service */
  readonly service_id: string;
  /** The environment */
  readonly environment_id: string;
  /** Its tier */
  readonly environment_tier: string;
  /** What ran */
  readonly artifact_id: string | null;
  /** Its version */
  readonly version: string | null;
  /** When it came; may be before the time asked for */
  readonly valid_from: string;
  /** When something else came or it was removed; null: it runs still */
  readonly valid_to: string | null;
  /** How it came: deploy, upgrade or rollback */
  readonly kind: string | null;
  /** What it replaced */
  readonly previous_version: string | null;
  /** Who did it, if the event says so */
  readonly actor: string | null;
  /** The event that reported it */
  readonly event_uid: string;
};

/** What ran when, drawn as bars? A row of the query lanes. */
export type LanesRow = {
  /** The service */
  readonly service_id: string;
  /** The environment */
  readonly environment_id: string;
  /** Its tier */
  readonly environment_tier: string;
  /** Its place in the order of delivery */
  readonly environment_rank: number | null;
  /** When it came, the first of them */
  readonly valid_from: string;
  /** When it went, the last of them; null: it runs still */
  readonly valid_to: string | null;
  /** 1: one version; more: so many came and went */
  readonly n: number;
  /** Its version; of more the last */
  readonly version: string | null;
  /** deploy, upgrade or rollback; of more rollback if one of them was */
  readonly kind: string | null;
  /** What it replaced; of more what the first replaced */
  readonly previous_version: string | null;
  /** Who did it, if one event says so */
  readonly actor: string | null;
  /** The event; of more the last */
  readonly event_uid: string;
};

/** Which attempts to deploy were there, and what became of each? A row of the query attempts. */
export type AttemptsRow = {
  /** The service */
  readonly service_id: string;
  /** The team that owns it */
  readonly team: string | null;
  /** The environment */
  readonly environment_id: string;
  /** Its tier */
  readonly environment_tier: string | null;
  /** queued, running, finished, skipped or abandoned */
  readonly state: string;
  /** success, failure, error, cancel, …; null: not finished */
  readonly outcome: string | null;
  /** Why, if the event says so */
  readonly reason: string | null;
  /** What it was to deploy, if known */
  readonly version: string | null;
  /** The same, by its id */
  readonly artifact_id: string | null;
  /** When it was queued */
  readonly queued_at: string | null;
  /** When it started */
  readonly started_at: string | null;
  /** When it finished */
  readonly finished_at: string | null;
  /** Name of the pipeline */
  readonly name: string | null;
  /** Id of the run */
  readonly run_id: string;
  /** deployment, pipelinerun, taskrun or build */
  readonly kind: string;
  /** Key of the run: --key of the query "run-tree" */
  readonly run_key: string;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Who reported it */
  readonly source: string;
};

/** Where does an artifact run, and where did it run? A row of the query artifact-locations. */
export type ArtifactLocationsRow = {
  /** The environment */
  readonly environment_id: string;
  /** Its tier */
  readonly environment_tier: string;
  /** The service */
  readonly service_id: string;
  /** The version */
  readonly version: string | null;
  /** When it came */
  readonly valid_from: string;
  /** When it went; null: it runs there now */
  readonly valid_to: string | null;
  /** How long it ran (seconds) */
  readonly ran_s: number;
  /** Who put it there */
  readonly actor: string | null;
  /** The artifact */
  readonly artifact_id: string;
  /** The event that reported it */
  readonly event_uid: string;
};

/** What differs between two environments, or between two moments? A row of the query compare. */
export type CompareRow = {
  /** The service */
  readonly service_id: string;
  /** What runs in a */
  readonly version_a: string | null;
  /** Since when */
  readonly since_a: string | null;
  /** What runs in b */
  readonly version_b: string | null;
  /** Since when */
  readonly since_b: string | null;
  /** same, a is ahead, b is ahead, only in a, only in b, not comparable */
  readonly relation: string;
  /** Versions between the two (versions) */
  readonly distance: number | null;
  /** Since when the first missing version was there (seconds) */
  readonly lag_s: number | null;
  /** Changes that wait, oldest first */
  readonly changes: readonly string[] | null;
  /** What runs in a, by its id */
  readonly artifact_a: string | null;
  /** What runs in b, by its id */
  readonly artifact_b: string | null;
};

/** How long does a version take from one environment to the next? A row of the query promotion. */
export type PromotionRow = {
  /** The service */
  readonly service_id: string;
  /** What was promoted */
  readonly artifact_id: string;
  /** Its version */
  readonly version: string | null;
  /** When it first ran in a */
  readonly first_in_a: string;
  /** When it first ran in b */
  readonly first_in_b: string;
  /** Between the two (seconds) */
  readonly took_s: number;
};

/** Where is a change or an artifact now, and what did it go through? A row of the query journey. */
export type JourneyRow = {
  /** When it happened or began */
  readonly at: string;
  /** created, reviewed, merged; packaged, signed, published; ran; deploy, upgrade, rollback; incident; linked: … */
  readonly step: string;
  /** change, artifact, service, incident, or the kind of the run */
  readonly subject: string;
  /** Its id */
  readonly subject_id: string;
  /** Name of the run, version of the artifact, description of change or incident */
  readonly name: string | null;
  /** The environment, for deployments, tests and incidents */
  readonly environment_id: string | null;
  /** The service */
  readonly service_id: string | null;
  /** Outcome of a run; open or resolved for an incident */
  readonly outcome: string | null;
  /** How long it took, or the version ran (seconds) */
  readonly duration_s: number | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** How it is known to belong here: id, field: …, chain, link */
  readonly via: string;
  /** Where it is from */
  readonly source: string | null;
  /** The event, for deployments */
  readonly event_uid: string | null;
};

/** What is called like this? A row of the query search. */
export type SearchRow = {
  /** service, environment, artifact, change, incident, or the kind of a run */
  readonly what: string;
  /** Its id: what "journey" and the others take; of a pipeline, task, build or suite its name, or the id of a run */
  readonly id: string;
  /** Its name or version */
  readonly name: string | null;
  /** When it was last heard of */
  readonly last_at: string | null;
  /** The id is this very text */
  readonly exact: boolean;
};

/** Which events came in? A row of the query events. */
export type EventsRow = {
  /** When it happened */
  readonly time: string;
  /** Its subject */
  readonly subject: string;
  /** What happened to it */
  readonly predicate: string;
  /** Version of its type */
  readonly type_version: string;
  /** Which one */
  readonly subject_id: string;
  /** Who says so */
  readonly source: string;
  /** Its id */
  readonly event_id: string;
  /** The chain it belongs to */
  readonly chain_id: string | null;
  /** The environment that it names, or that its run deploys to */
  readonly environment_id: string | null;
  /** The service that it names, or that its run deploys */
  readonly service_id: string | null;
  /** Name of the pipeline, task, suite or case */
  readonly name: string | null;
  /** deploy, upgrade, rollback, redeploy or remove, if it tells of one */
  readonly deployment_kind: string | null;
  /** Version that it deployed */
  readonly version: string | null;
  /** success, failure, error, cancel, skip, …, if it says so */
  readonly outcome: string | null;
  /** Why, or what it describes */
  readonly reason: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Rules of the specification that it breaks (rules) */
  readonly violation_count: number;
  /** How long after it happened it was stored; negative: a clock is wrong (seconds) */
  readonly late_s: number;
  /** Its key */
  readonly event_uid: string;
};

/** Which events came after one that I have seen? A row of the query events-after. */
export type EventsAfterRow = {
  /** When it happened */
  readonly time: string;
  /** Its subject */
  readonly subject: string;
  /** What happened to it */
  readonly predicate: string;
  /** Version of its type */
  readonly type_version: string;
  /** Which one */
  readonly subject_id: string;
  /** Who says so */
  readonly source: string;
  /** Its id */
  readonly event_id: string;
  /** The chain it belongs to */
  readonly chain_id: string | null;
  /** The environment that it names, or that its run deploys to */
  readonly environment_id: string | null;
  /** The service that it names, or that its run deploys */
  readonly service_id: string | null;
  /** Name of the pipeline, task, suite or case */
  readonly name: string | null;
  /** deploy, upgrade, rollback, redeploy or remove, if it tells of one */
  readonly deployment_kind: string | null;
  /** Version that it deployed */
  readonly version: string | null;
  /** success, failure, error, cancel, skip, …, if it says so */
  readonly outcome: string | null;
  /** Why, or what it describes */
  readonly reason: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Rules of the specification that it breaks (rules) */
  readonly violation_count: number;
  /** How long after it happened it was stored; negative: a clock is wrong (seconds) */
  readonly late_s: number;
  /** Its key */
  readonly event_uid: string;
};

/** What was stored since I asked last? A row of the query events-since. */
export type EventsSinceRow = {
  /** Its place in the order of storing; gaps are normal */
  readonly ingest_seq: number;
  /** When it happened */
  readonly time: string;
  /** Its subject */
  readonly subject: string;
  /** What happened to it */
  readonly predicate: string;
  /** Version of its type */
  readonly type_version: string;
  /** Which one */
  readonly subject_id: string;
  /** Who says so */
  readonly source: string;
  /** Its id */
  readonly event_id: string;
  /** The chain it belongs to */
  readonly chain_id: string | null;
  /** The environment that it names, or that its run deploys to */
  readonly environment_id: string | null;
  /** The service that it names, or that its run deploys */
  readonly service_id: string | null;
  /** Name of the pipeline, task, suite or case */
  readonly name: string | null;
  /** deploy, upgrade, rollback, redeploy or remove, if it tells of one */
  readonly deployment_kind: string | null;
  /** Version that it deployed */
  readonly version: string | null;
  /** success, failure, error, cancel, skip, …, if it says so */
  readonly outcome: string | null;
  /** Why, or what it describes */
  readonly reason: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Rules of the specification that it breaks (rules) */
  readonly violation_count: number;
  /** How long after it happened it was stored; negative: a clock is wrong (seconds) */
  readonly late_s: number;
  /** Its key */
  readonly event_uid: string;
};

/** Which event was stored last? A row of the query newest-event. */
export type NewestEventRow = {
  /** Its place in the order of storing */
  readonly ingest_seq: number;
  /** When it happened */
  readonly time: string;
  /** When it was stored */
  readonly ingested_at: string;
  /** Its key */
  readonly event_uid: string;
};

/** How many events came in when, and of what? A row of the query event-histogram. */
export type EventHistogramRow = {
  /** Begin of the step */
  readonly time: string;
  /** What they are about */
  readonly subject: string;
  /** How many (events) */
  readonly n: number;
};

/** Of what kinds are these events? A row of the query event-facets. */
export type EventFacetsRow = {
  /** subject, predicate, source, environment, service, outcome or valid */
  readonly facet: string;
  /** The value */
  readonly value: string;
  /** Events that have it (events) */
  readonly n: number;
  /** Events that were looked at; 10,000: there may be more (events) */
  readonly of_n: number;
};

/** Which kinds of events were ever received? A row of the query event-kinds. */
export type EventKindsRow = {
  /** What they are about */
  readonly subject: string;
  /** What happened */
  readonly predicate: string;
  /** How many (events) */
  readonly n: number;
  /** Hour of the first */
  readonly first_at: string;
  /** Hour of the last */
  readonly last_at: string;
};

/** Which types of events come, from whom? A row of the query event-types. */
export type EventTypesRow = {
  /** What they are about */
  readonly subject: string;
  /** Who sends them */
  readonly source: string;
  /** How many (events) */
  readonly n: number;
  /** First day within the time */
  readonly first_day: string;
  /** Last day within the time */
  readonly last_day: string;
};

/** Which events break a rule of the specification, or had to be mended? A row of the query violations. */
export type ViolationsRow = {
  /** When it happened */
  readonly time: string;
  /** Who sent it */
  readonly source: string;
  /** Its id */
  readonly event_id: string;
  /** What it is about */
  readonly subject: string;
  /** What happened */
  readonly predicate: string;
  /** How many rules it breaks */
  readonly violation_count: number;
  /** Which: pointer, rule, message */
  readonly violations: unknown;
  /** What was changed so that it fits */
  readonly normalised: unknown;
  /** Its key */
  readonly event_uid: string;
};

/** Which events came twice with different contents? A row of the query conflicts. */
export type ConflictsRow = {
  /** When it came last */
  readonly last_seen_at: string;
  /** Who sent it */
  readonly source: string;
  /** The id that both have */
  readonly event_id: string;
  /** How often the other content came */
  readonly seen: number;
  /** When it came first */
  readonly first_seen_at: string;
  /** Time of the event that counts */
  readonly time: string | null;
  /** The key that both have */
  readonly event_uid: string;
};

/** What exactly was received? A row of the query event. */
export type EventRow = {
  /** When it happened */
  readonly time: string;
  /** When it was stored */
  readonly ingested_at: string;
  /** Who sent it */
  readonly source: string;
  /** Its id */
  readonly event_id: string;
  /** subject.predicate.version */
  readonly type: string;
  /** The whole event */
  readonly payload: unknown;
  /** What the collector found out about it: violations, what it changed; and the headers that were kept */
  readonly notes: unknown;
};

/** Which pipelines fail or got slower? A row of the query pipelines. */
export type PipelinesRow = {
  /** Name of the pipeline */
  readonly name: string;
  /** Runs that finished (runs) */
  readonly runs: number;
  /** success / (success + failure + error), 0 to 1; null: none of these (ratio) */
  readonly pass_rate: number | null;
  /** With success (runs) */
  readonly success: number;
  /** With failure (runs) */
  readonly failure: number;
  /** With an error, which is no verdict (runs) */
  readonly error: number;
  /** Cancelled (runs) */
  readonly cancelled: number;
  /** Median duration (seconds) */
  readonly p50_s: number | null;
  /** 95th percentile of the durations (seconds) */
  readonly p95_s: number | null;
  /** 95th percentile of the time in the queue (seconds) */
  readonly queue_p95_s: number | null;
  /** Change of the median against the time before: 0.4 is 40 % slower (ratio) */
  readonly change: number | null;
  /** Outcome of the last */
  readonly last_outcome: string | null;
  /** When it finished */
  readonly last_finished_at: string | null;
  /** First failure since the last success; null if the last did not fail */
  readonly failing_since: string | null;
  /** Runs that are queued, running or stuck now (runs) */
  readonly open: number;
  /** Of them longer than 3 times the 95th percentile (runs) */
  readonly stuck: number;
  /** Outcomes of the last 30, oldest first */
  readonly recent_outcomes: readonly string[];
  /** Their durations (seconds) */
  readonly recent_durations_s: readonly number[];
  /** Their keys: --key of the query "run-tree" */
  readonly recent_run_keys: readonly string[] | null;
};

/** Which runs were there, how long did they take and wait? A row of the query runs. */
export type RunsRow = {
  /** Name of the pipeline, task, suite or case */
  readonly name: string | null;
  /** Id of the run */
  readonly run_id: string;
  /** queued, running, finished, skipped or abandoned */
  readonly state: string;
  /** success, failure, error, cancel, skip, … */
  readonly outcome: string | null;
  /** Why, if the event says so */
  readonly reason: string | null;
  /** When it was queued */
  readonly queued_at: string | null;
  /** When it started */
  readonly started_at: string | null;
  /** When it finished */
  readonly finished_at: string | null;
  /** From started to finished (seconds) */
  readonly duration_s: number | null;
  /** From queued to started (seconds) */
  readonly queue_s: number | null;
  /** Where it ran, or deploys to */
  readonly environment_id: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Where it is from */
  readonly source: string;
  /** Its key: --parent of its tasks or cases */
  readonly run_key: string;
  /** The key of the run it belongs to */
  readonly parent_key: string | null;
};

/** What is queued, running or stuck right now? A row of the query open-runs. */
export type OpenRunsRow = {
  /** Kind of the run */
  readonly kind: string;
  /** Its name */
  readonly name: string | null;
  /** Its id */
  readonly run_id: string;
  /** queued, running or stuck */
  readonly state: string;
  /** How long it has been running, or waiting (seconds) */
  readonly open_s: number | null;
  /** How long 95 % of the last 100 took at most (seconds) */
  readonly typical_p95_s: number | null;
  /** Where it runs, or deploys to */
  readonly environment_id: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Where it is from */
  readonly source: string;
};

/** What is known of one run? A row of the query run. */
export type RunRow = {
  /** pipelinerun, taskrun, build, testsuiterun, testcaserun or deployment */
  readonly kind: string;
  /** Name of the pipeline, task, suite or case */
  readonly name: string | null;
  /** Id of the run */
  readonly run_id: string;
  /** queued, running, finished, skipped or abandoned */
  readonly state: string;
  /** success, failure, error, cancel, skip, … */
  readonly outcome: string | null;
  /** Why, if the event says so */
  readonly reason: string | null;
  /** When it was queued */
  readonly queued_at: string | null;
  /** When it started */
  readonly started_at: string | null;
  /** When it finished */
  readonly finished_at: string | null;
  /** From started to finished (seconds) */
  readonly duration_s: number | null;
  /** From queued to started (seconds) */
  readonly queue_s: number | null;
  /** Where it ran, or deploys to */
  readonly environment_id: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Where it is from */
  readonly source: string;
  /** Its key */
  readonly run_key: string;
  /** The key of the run it belongs to */
  readonly parent_key: string | null;
};

/** What happened in a run, and where did its time go? A row of the query run-tree. */
export type RunTreeRow = {
  /** 0: the run itself, 1: what belongs to it, 2: what belongs to that, … */
  readonly depth: number;
  /** pipelinerun, taskrun, build, testsuiterun, testcaserun, deployment, … */
  readonly kind: string;
  /** Name of the pipeline, task, suite or case */
  readonly name: string | null;
  /** Id of the run */
  readonly run_id: string;
  /** queued, running, finished, skipped or abandoned */
  readonly state: string;
  /** success, failure, error, cancel, skip, … */
  readonly outcome: string | null;
  /** Why, if the event says so */
  readonly reason: string | null;
  /** When it was queued */
  readonly queued_at: string | null;
  /** When it started */
  readonly started_at: string | null;
  /** When it finished */
  readonly finished_at: string | null;
  /** From started to finished (seconds) */
  readonly duration_s: number | null;
  /** From queued to started (seconds) */
  readonly queue_s: number | null;
  /** Where it ran, or deploys to */
  readonly environment_id: string | null;
  /** The service that it deploys */
  readonly service_id: string | null;
  /** The artifact that it deploys or built */
  readonly artifact_id: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Where it is from */
  readonly source: string;
  /** The chain it belongs to */
  readonly chain_id: string | null;
  /** Its key */
  readonly run_key: string;
  /** The key of the run it belongs to */
  readonly parent_key: string | null;
};

/** Which pipelines are taken for deployments? A row of the query deployment-rules. */
export type DeploymentRulesRow = {
  /** Name of the rule */
  readonly rule: string;
  /** The lowest is tried first */
  readonly priority: number;
  /** pipelinerun, taskrun or build */
  readonly kind: string;
  /** Regular expression for the whole name of the run */
  readonly pipeline: string;
  /** Regular expression for the whole source of the run */
  readonly source: string | null;
  /** Template of the service */
  readonly service: string;
  /** Template of the environment */
  readonly environment: string;
  /** Template of the artifact */
  readonly artifact: string | null;
};

/** How did the test suites do, day by day? A row of the query test-suites. */
export type TestSuitesRow = {
  /** The day (UTC) */
  readonly day: string;
  /** The suite */
  readonly name: string;
  /** Runs that finished (runs) */
  readonly runs: number;
  /** With success (runs) */
  readonly success: number;
  /** success / (success + failure + error); null: none of these (ratio) */
  readonly pass_rate: number | null;
  /** Median duration (seconds) */
  readonly p50_s: number | null;
};

/** Where do tests fail? A row of the query test-environments. */
export type TestEnvironmentsRow = {
  /** Where; null: the events do not say */
  readonly environment_id: string | null;
  /** Cases that finished there */
  readonly cases: number;
  /** Their runs (runs) */
  readonly runs: number;
  /** Of them failures and errors (runs) */
  readonly failures: number;
  /** success / (success + failure + error), 0 to 1 (ratio) */
  readonly pass_rate: number;
  /** Cases that failed there at least once */
  readonly failing_cases: number;
  /** Cases that failed there and passed wherever else they ran, those that fail most first; at most 20 */
  readonly only_here: readonly string[];
  /** Median duration of a case (seconds) */
  readonly p50_s: number | null;
  /** When the last one finished */
  readonly last_finished_at: string | null;
};

/** Which tests are broken or flaky, and since when? A row of the query tests. */
export type TestsRow = {
  /** The test case */
  readonly case_id: string;
  /** Its name */
  readonly name: string | null;
  /** broken, flaky, failing or healthy */
  readonly state: string;
  /** Why it is judged so */
  readonly because: string | null;
  /** Runs that finished (runs) */
  readonly runs: number;
  /** Of them failed (runs) */
  readonly failures: number;
  /** failures / runs, 0 to 1 (ratio) */
  readonly fail_rate: number | null;
  /** Changes of outcome within the last 30 runs */
  readonly flips: number;
  /** First failure that speaks for it; of a flaky case the first behind which it never passed 30 times in a row */
  readonly since: string | null;
  /** Outcome of the last run */
  readonly last_outcome: string | null;
  /** When it finished */
  readonly last_finished_at: string | null;
  /** The last 30 runs, oldest first: . passed, x failed */
  readonly history: string;
  /** Median duration (seconds) */
  readonly p50_s: number | null;
  /** Time of suite runs that failed only through flaky cases, this one among them (seconds) */
  readonly cost_s: number | null;
  /** Where it ran */
  readonly environments: readonly string[];
};

/** How did one test case do, run by run? A row of the query test-case. */
export type TestCaseRow = {
  /** Its name */
  readonly name: string | null;
  /** Id of the run */
  readonly run_id: string;
  /** queued, running, finished, skipped or abandoned */
  readonly state: string;
  /** success, failure, error, … */
  readonly outcome: string | null;
  /** Why, if the event says so */
  readonly reason: string | null;
  /** low, medium, high or critical, if the event says so */
  readonly severity: string | null;
  /** unit, integration, e2e, … */
  readonly test_type: string | null;
  /** When it started */
  readonly started_at: string | null;
  /** When it finished */
  readonly finished_at: string | null;
  /** From started to finished (seconds) */
  readonly duration_s: number | null;
  /** Where it ran */
  readonly environment_id: string | null;
  /** Name of the suite */
  readonly suite_name: string | null;
  /** Id of its run */
  readonly suite_run_id: string | null;
  /** The key of that run: --key of the query "run-tree" */
  readonly suite_run_key: string | null;
  /** The chain: what it ran on */
  readonly chain_id: string | null;
  /** Where it can be looked at */
  readonly uri: string | null;
  /** Where it is from */
  readonly source: string;
  /** Its key */
  readonly run_key: string;
};

/** How fast and how safely do we deliver, and is it better than before? A row of the query delivery. */
export type DeliveryRow = {
  /** asked or before */
  readonly period: string;
  /** Begin of the period */
  readonly since: string;
  /** Its end */
  readonly until: string;
  /** Days of it that could be known: from the first event on (days) */
  readonly days: number | null;
  /** Deployments that changed what runs, without rollbacks; null: nothing can be known */
  readonly deployments: number | null;
  /** Rollbacks */
  readonly rollbacks: number | null;
  /** Deployment frequency (per day) */
  readonly deployments_per_day: number | null;
  /** Days with at least one (days) */
  readonly days_with_deployment: number | null;
  /** Change lead time: median from merge to production (seconds) */
  readonly lead_time_p50_s: number | null;
  /** 90th percentile of the same (seconds) */
  readonly lead_time_p90_s: number | null;
  /** Changes that this rests on (changes) */
  readonly lead_time_changes: number | null;
  /** Deployments that could be linked to a merged change (deployments) */
  readonly lead_time_linked: number | null;
  /** Their share, 0 to 1 (ratio) */
  readonly lead_time_coverage: number | null;
  /** Deployments that failed (deployments) */
  readonly failed: number | null;
  /** failed / deployments, 0 to 1 (ratio) */
  readonly change_fail_rate: number | null;
  /** Failed deployment recovery time: median until the failure ended (seconds) */
  readonly recovery_p50_s: number | null;
  /** Failed deployments that recovered (deployments) */
  readonly recovery_n: number | null;
  /** Rollbacks and hotfixes (deployments) */
  readonly unplanned: number | null;
  /** unplanned / (deployments + rollbacks), 0 to 1 (ratio) */
  readonly rework_rate: number | null;
};

/** How do the delivery metrics develop? A row of the query delivery-series. */
export type DeliverySeriesRow = {
  /** Begin of the step */
  readonly time: string;
  /** Deployments that changed what runs, without rollbacks */
  readonly deployments: number;
  /** Rollbacks */
  readonly rollbacks: number;
  /** Deployment frequency (per day) */
  readonly deployments_per_day: number | null;
  /** Change lead time: median from merge to production (seconds) */
  readonly lead_time_p50_s: number | null;
  /** Changes that this rests on (changes) */
  readonly lead_time_changes: number | null;
  /** Deployments that failed (deployments) */
  readonly failed: number | null;
  /** failed / deployments, 0 to 1 (ratio) */
  readonly change_fail_rate: number | null;
  /** Failed deployment recovery time: median (seconds) */
  readonly recovery_p50_s: number | null;
  /** Rollbacks and hotfixes (deployments) */
  readonly unplanned: number | null;
  /** unplanned / (deployments + rollbacks), 0 to 1 (ratio) */
  readonly rework_rate: number | null;
};

/** Which service delivers slower, or fails more, than the others? A row of the query delivery-by-service. */
export type DeliveryByServiceRow = {
  /** The service */
  readonly service_id: string;
  /** The team that owns it */
  readonly team: string | null;
  /** Deployments that changed what runs, without rollbacks */
  readonly deployments: number;
  /** Rollbacks */
  readonly rollbacks: number;
  /** Change lead time: median from merge to production (seconds) */
  readonly lead_time_p50_s: number | null;
  /** Changes that this rests on (changes) */
  readonly lead_time_changes: number | null;
  /** Deployments that failed (deployments) */
  readonly failed: number | null;
  /** failed / deployments, 0 to 1 (ratio) */
  readonly change_fail_rate: number | null;
  /** Failed deployment recovery time: median (seconds) */
  readonly recovery_p50_s: number | null;
  /** Rollbacks and hotfixes (deployments) */
  readonly unplanned: number | null;
  /** unplanned / (deployments + rollbacks), 0 to 1 (ratio) */
  readonly rework_rate: number | null;
};

/** Which deployments are behind the metrics, and why does each count? A row of the query delivery-deployments. */
export type DeliveryDeploymentsRow = {
  /** When */
  readonly at: string;
  /** The environment */
  readonly environment_id: string;
  /** The service */
  readonly service_id: string;
  /** The team that owns it */
  readonly team: string | null;
  /** deploy, upgrade or rollback */
  readonly kind: string;
  /** What came */
  readonly version: string | null;
  /** The change it was built from */
  readonly change_id: string | null;
  /** When that was merged; null: not linked */
  readonly change_merged_at: string | null;
  /** From that merge to this deployment (seconds) */
  readonly lead_time_s: number | null;
  /** It failed */
  readonly failed: boolean;
  /** Why it is said to have failed */
  readonly failed_because: string | null;
  /** The incident that names it */
  readonly incident_id: string | null;
  /** When it was rolled back */
  readonly rolled_back_at: string | null;
  /** How long the failure lasted (seconds) */
  readonly recovery_s: number | null;
  /** A rollback or a hotfix */
  readonly unplanned: boolean;
  /** Why it is said to be */
  readonly unplanned_because: string | null;
  /** The event */
  readonly event_uid: string;
};

/** Which changes reached production, and how long did each take? A row of the query lead-times. */
export type LeadTimesRow = {
  /** The change */
  readonly change_id: string;
  /** Its repository */
  readonly repository_id: string | null;
  /** The service that brought it */
  readonly service_id: string;
  /** Where it came first */
  readonly environment_id: string;
  /** When it was created */
  readonly created_at: string | null;
  /** When it was merged */
  readonly merged_at: string | null;
  /** When it was deployed */
  readonly deployed_at: string;
  /** The version that carried it */
  readonly version: string | null;
  /** From merged to deployed; null: not merged before (seconds) */
  readonly lead_time_s: number | null;
  /** From created to deployed (seconds) */
  readonly from_created_s: number | null;
  /** The deployment */
  readonly event_uid: string;
};

/** Where does the lead time go? A row of the query lead-time-legs. */
export type LeadTimeLegsRow = {
  /** Begin of the step */
  readonly time: string | null;
  /** Changes that reached the tier (changes) */
  readonly changes: number | null;
  /** From created to merged (seconds) */
  readonly to_merge_p50_s: number | null;
  /** From merged to the publication of the artifact that carried it (seconds) */
  readonly to_publish_p50_s: number | null;
  /** From there to the first deployment of that artifact in the stage (seconds) */
  readonly to_stage_p50_s: number | null;
  /** From there to the deployment in the tier (seconds) */
  readonly to_tier_p50_s: number | null;
  /** From merged to the deployment in the tier (seconds) */
  readonly lead_time_p50_s: number | null;
  /** Changes that this rests on (changes) */
  readonly lead_time_changes: number | null;
};

/** Which incidents are open or were, and how long did they last? A row of the query incidents. */
export type IncidentsRow = {
  /** The incident */
  readonly incident_id: string;
  /** It is not resolved */
  readonly open: boolean;
  /** The service */
  readonly service_id: string | null;
  /** The team that owns it */
  readonly team: string | null;
  /** The environment */
  readonly environment_id: string | null;
  /** When it began */
  readonly began_at: string | null;
  /** When it was resolved */
  readonly resolved_at: string | null;
  /** How long it lasted; null: it still does (seconds) */
  readonly time_to_restore_s: number | null;
  /** What it is about */
  readonly description: string | null;
  /** Its ticket */
  readonly ticket_uri: string | null;
  /** Service and version of the strongest suspect */
  readonly suspect: string | null;
  /** Why it is suspected */
  readonly suspect_because: string | null;
  /** When that was deployed */
  readonly suspect_deployed_at: string | null;
  /** Kind and version of the first deployment of that service there since it began: rollback 1.17.0 */
  readonly ended_by: string | null;
  /** When that was; it may have ended the incident or not */
  readonly ended_at: string | null;
  /** The event of the suspect */
  readonly suspect_event_uid: string | null;
  /** The event of that deployment */
  readonly ended_event_uid: string | null;
  /** Where the incident is from */
  readonly source: string;
};

/** Which deployments may have caused an incident? A row of the query incident-suspects. */
export type IncidentSuspectsRow = {
  /** 1 is the strongest */
  readonly suspicion: number;
  /** Why */
  readonly because: string;
  /** What was deployed */
  readonly service_id: string;
  /** Where */
  readonly environment_id: string;
  /** deploy, upgrade or rollback */
  readonly kind: string;
  /** What came */
  readonly version: string | null;
  /** What it replaced: what to go back to */
  readonly previous_version: string | null;
  /** When */
  readonly deployed_at: string;
  /** How long before the incident (seconds) */
  readonly before_s: number | null;
  /** Who did it */
  readonly actor: string | null;
  /** The event */
  readonly event_uid: string;
};

/** Who sends events, and who went silent? A row of the query sources. */
export type SourcesRow = {
  /** Who */
  readonly source: string;
  /** Events stored (events) */
  readonly events: number;
  /** Of them of today (UTC) (events) */
  readonly events_today: number;
  /** Time of the first */
  readonly first_event_at: string | null;
  /** Time of the last */
  readonly last_event_at: string | null;
  /** How long ago that was (seconds) */
  readonly silent_s: number | null;
  /** How long it is usually silent at this time of the week; null: not known so long (seconds) */
  readonly usual_silence_s: number | null;
  /** It went silent; null: what is usual is not known yet */
  readonly quiet: boolean | null;
  /** When the last was stored */
  readonly last_ingested_at: string | null;
};

/** What was refused, and why? A row of the query refused. */
export type RefusedRow = {
  /** When it was refused */
  readonly at: string;
  /** The source that received it or the sink that rejected it */
  readonly component: string;
  /** source or sink */
  readonly component_kind: string;
  /** A short stable word: json, required, an SQLSTATE */
  readonly code: string;
  /** What was wrong */
  readonly reason: string;
  /** context.source, if it could be read */
  readonly source: string | null;
  /** context.id, if it could be read */
  readonly event_id: string | null;
  /** Size of the document in bytes */
  readonly bytes: number;
  /** Which collector has it */
  readonly collector: string;
  /** Its number there: cdviz-collector dead-letters show NUMBER */
  readonly number: number;
};

/** The query of the library behind an endpoint: for its SQL. */
export const queryOf: Readonly<Record<string, string>> = {
  "/state": "state",
  "/drift": "drift",
  "/environments": "environments",
  "/services": "services",
  "/deployments": "deployments",
  "/timeline": "timeline",
  "/timeline/lanes": "lanes",
  "/attempts": "attempts",
  "/artifacts/locations": "artifact-locations",
  "/compare": "compare",
  "/promotion": "promotion",
  "/journey": "journey",
  "/search": "search",
  "/events": "events",
  "/events/after": "events-after",
  "/events/since": "events-since",
  "/events/newest": "newest-event",
  "/events/histogram": "event-histogram",
  "/events/facets": "event-facets",
  "/events/kinds": "event-kinds",
  "/events/types": "event-types",
  "/events/violations": "violations",
  "/events/conflicts": "conflicts",
  "/events/{uid}": "event",
  "/pipelines": "pipelines",
  "/pipelines/{name}/runs": "runs",
  "/runs": "runs",
  "/runs/open": "open-runs",
  "/runs/{key}": "run",
  "/runs/{key}/tasks": "runs",
  "/runs/{key}/tree": "run-tree",
  "/deployment-rules": "deployment-rules",
  "/tests/suites": "test-suites",
  "/tests/environments": "test-environments",
  "/tests/cases": "tests",
  "/tests/cases/{id}": "test-case",
  "/delivery": "delivery",
  "/delivery/series": "delivery-series",
  "/delivery/services": "delivery-by-service",
  "/delivery/deployments": "delivery-deployments",
  "/delivery/changes": "lead-times",
  "/delivery/legs": "lead-time-legs",
  "/incidents": "incidents",
  "/incidents/{id}": "incidents",
  "/incidents/{id}/suspects": "incident-suspects",
  "/sources": "sources",
  "/refused": "refused",
};

/** What an endpoint with filters takes: a page offers no filter that its server does not know. */
export const takes: Readonly<Record<string, readonly string[]>> = {
  "/events": ["from","to","subject","predicate","source","subject_id","env","service","outcome","valid","q","not_type","not_subject","not_predicate","not_source","not_env","not_service","not_outcome","limit"],
};
