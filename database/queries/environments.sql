-- Which environments are there, and in which order?
--
-- In the order of delivery: as configured, else by tier.
--
-- example: cdviz-collector query environments
-- column environment_id text: The environment
-- column label text: Name to show
-- column tier text: development, test, staging, production or other
-- column rank integer: Place in the order; above 10,000: not configured, by tier
-- column configured boolean: Somebody configured it
-- column aliases text[]: Its other ids
-- column services bigint: Services that run there now
-- column last_seen_at timestamptz: Last event that names it
select e.environment_id, e.label, e.tier, e.rank, e.configured, e.aliases, coalesce(s.n, 0) as services, e.last_seen_at
from cdviz.environments e
left join (select environment_id, count(*) as n from cdviz.environment_state group by environment_id) s using (environment_id)
order by e.rank, e.environment_id
