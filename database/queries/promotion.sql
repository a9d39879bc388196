-- How long does a version take from one environment to the next?
--
-- One row for each version that first reached the second environment within the time.
--
-- example: cdviz-collector query promotion --a staging --b prod-eu --from 90d
-- parameter a text: The environment it comes from
-- parameter b text: The environment it goes to
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter service text[] = null: Only these services; without it all
-- column service_id text: The service
-- column artifact_id text: What was promoted
-- column version text: Its version
-- column first_in_a timestamptz: When it first ran in a
-- column first_in_b timestamptz: When it first ran in b
-- column took_s double precision (seconds): Between the two
select service_id, artifact_id, version, first_in_from as first_in_a, first_in_to as first_in_b, took_s
from cdviz.promotion_times(:a, :b, :from, :to)
where :service is null or service_id = any (:service)
order by first_in_to, service_id, artifact_id
