-- Where does an artifact run, and where did it run?
--
-- For a bad artifact: every environment and service it ever ran in, where it runs now first. The artifact by its id (a
-- package URL, with or without qualifiers), or all artifacts of a version.
--
-- example: cdviz-collector query artifact-locations --artifact pkg:oci/checkout@1.18.0
-- example: cdviz-collector query artifact-locations --artifact pkg:oci/log4j --version 2.14.1
-- parameter artifact text: Its id, or the id of its name without a version
-- parameter version text = null: Its version, if the id has none
-- column environment_id text: The environment
-- column environment_tier text: Its tier
-- column service_id text: The service
-- column version text: The version
-- column valid_from timestamptz: When it came
-- column valid_to timestamptz: When it went; null: it runs there now
-- column ran_s double precision (seconds): How long it ran
-- column actor text: Who put it there
-- column artifact_id text: The artifact
-- column event_uid uuid: The event that reported it
select h.environment_id, h.environment_tier, h.service_id, h.version, h.valid_from, h.valid_to, h.ran_s, h.actor, h.artifact_id, h.event_uid
from cdviz.artifacts a
join cdviz.environment_state_history h on h.artifact_id = a.artifact_id
where a.artifact_id in (:artifact, split_part(split_part(:artifact, '#', 1), '?', 1))
  or (a.base_id = split_part(split_part(:artifact, '#', 1), '?', 1) and (:version is null or a.version = :version))
order by h.valid_to desc nulls first, h.valid_from desc, h.environment_id, h.service_id
