-- What ran when, and in which order did it change?
--
-- One row for each time that a version ran, also those that ran already when the time begins. `valid_to` is null for what
-- still runs. A gap between two rows of a service and environment is a time when nothing ran.
--
-- example: cdviz-collector query timeline --service checkout --from 7d
-- parameter from timestamptz = now() - interval '7 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter limit bigint = 2000: At most so many rows (100,000 at most)
-- column service_id text: The service
-- column environment_id text: The environment
-- column environment_tier text: Its tier
-- column artifact_id text: What ran
-- column version text: Its version
-- column valid_from timestamptz: When it came; may be before the time asked for
-- column valid_to timestamptz: When something else came or it was removed; null: it runs still
-- column kind text: How it came: deploy, upgrade or rollback
-- column previous_version text: What it replaced
-- column actor text: Who did it, if the event says so
-- column event_uid uuid: The event that reported it
with carried as (
  select event_uid, environment_id, service_id from cdviz.environment_state_at(:from)
  where (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service)))
select h.service_id, h.environment_id, h.environment_tier, h.artifact_id, h.version, h.valid_from, h.valid_to, h.kind, h.previous_version, h.actor, h.event_uid
from (
  -- one by one (OFFSET 0): a join would make all of the history for them
  select h.* from carried c
  cross join lateral (select * from cdviz.environment_state_history h where h.environment_id = c.environment_id and h.service_id = c.service_id and h.event_uid = c.event_uid offset 0) h
  union all
  select h.* from cdviz.environment_state_history h
  where h.valid_from > :from and h.valid_from <= :to
    and (:environment is null or h.environment_id = any (:environment)) and (:service is null or h.service_id = any (:service))) h
order by h.service_id, h.environment_id, h.valid_from
limit least(:limit, 100000)
