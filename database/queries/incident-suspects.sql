-- Which deployments may have caused an incident?
--
-- The strongest suspicion first, with its reason.
--
-- example: cdviz-collector query incident-suspects --id INC-214
-- parameter id text: The incident
-- parameter source text = null: Where it is from, if the id is not enough
-- column suspicion integer: 1 is the strongest
-- column because text: Why
-- column service_id text: What was deployed
-- column environment_id text: Where
-- column kind text: deploy, upgrade or rollback
-- column version text: What came
-- column previous_version text: What it replaced: what to go back to
-- column deployed_at timestamptz: When
-- column before_s double precision (seconds): How long before the incident
-- column actor text: Who did it
-- column event_uid uuid: The event
select suspicion, because, service_id, environment_id, kind, version, previous_version, deployed_at, before_s, actor, event_uid
from cdviz.incident_suspects
where incident_id = :id and (:source is null or source = :source)
order by suspicion, before_s, event_uid
