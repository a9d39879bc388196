-- What ran when, drawn as bars?
--
-- The query "timeline" for a drawing: one row for each time that a version ran, and where there would be more than --marks of them,
-- one for all that came and went in the same small part of the time (`n` of them). If there are more lanes than half of
-- --marks, each still has one to three.
--
-- example: cdviz-collector query lanes --from 90d --service checkout
-- parameter from timestamptz = now() - interval '7 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter environment text[] = null: Only these environments; without it all
-- parameter service text[] = null: Only these services; without it all
-- parameter marks bigint = 2000: Draw about so many at most
-- column service_id text: The service
-- column environment_id text: The environment
-- column environment_tier text: Its tier
-- column environment_rank integer: Its place in the order of delivery
-- column valid_from timestamptz: When it came, the first of them
-- column valid_to timestamptz: When it went, the last of them; null: it runs still
-- column n bigint: 1: one version; more: so many came and went
-- column version text: Its version; of more the last
-- column kind text: deploy, upgrade or rollback; of more rollback if one of them was
-- column previous_version text: What it replaced; of more what the first replaced
-- column actor text: Who did it, if one event says so
-- column event_uid uuid: The event; of more the last
with carried as (
  select event_uid, environment_id, service_id from cdviz.environment_state_at(:from)
  where (:environment is null or environment_id = any (:environment)) and (:service is null or service_id = any (:service))),
bar as (
  -- one by one (OFFSET 0): a join would make all of the history for them
  select h.* from carried c
  cross join lateral (select * from cdviz.environment_state_history h where h.environment_id = c.environment_id and h.service_id = c.service_id and h.event_uid = c.event_uid offset 0) h
  union all
  select h.* from cdviz.environment_state_history h
  where h.valid_from > :from and h.valid_from <= :to
    and (:environment is null or h.environment_id = any (:environment)) and (:service is null or h.service_id = any (:service))),
step as (
  select case when count(*) > :marks then
    greatest((:to - :from) / greatest(1, :marks / (2 * greatest(1, count(distinct (environment_id, service_id))))), interval '1 second') end as length
  from bar),
placed as (
  -- what came and went in one step: at most one mark for all of it, and one for what lasted longer
  select b.*, case when date_bin(s.length, b.valid_from, :from) = date_bin(s.length, b.valid_to, :from) then date_bin(s.length, b.valid_from, :from) end as step
  from bar b cross join step s)
select p.service_id, p.environment_id, min(p.environment_tier) as environment_tier, min(e.rank) as environment_rank, min(p.valid_from) as valid_from,
  max(p.valid_to) as valid_to, count(*) as n, (array_agg(p.version order by p.valid_from desc, p.event_uid desc))[1] as version,
  case when bool_or(p.kind = 'rollback') then 'rollback' else (array_agg(p.kind order by p.valid_from desc, p.event_uid desc))[1] end as kind,
  (array_agg(p.previous_version order by p.valid_from, p.event_uid))[1] as previous_version, case when count(*) = 1 then min(p.actor) end as actor,
  (array_agg(p.event_uid order by p.valid_from desc, p.event_uid desc))[1] as event_uid
from placed p
left join cdviz.environments e using (environment_id)
group by p.service_id, p.environment_id, p.step, case when p.step is null then p.event_uid end
order by p.service_id, min(e.rank), p.environment_id, min(p.valid_from)
limit 100000
