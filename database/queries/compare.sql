-- What differs between two environments, or between two moments?
--
-- The versions of a and b side by side, with the changes that wait on the way from the one that is behind.
--
-- example: cdviz-collector query compare --a staging --b prod-eu
-- example: cdviz-collector query compare --a prod-eu --b prod-eu --b-at 7d --all true
-- parameter a text: One environment
-- parameter b text: The other
-- parameter a_at timestamptz = now(): The moment to look at a
-- parameter b_at timestamptz = now(): The moment to look at b
-- parameter all boolean = false: Also what is the same
-- column service_id text: The service
-- column version_a text: What runs in a
-- column since_a timestamptz: Since when
-- column version_b text: What runs in b
-- column since_b timestamptz: Since when
-- column relation text: same, a is ahead, b is ahead, only in a, only in b, not comparable
-- column distance bigint (versions): Versions between the two
-- column lag_s double precision (seconds): Since when the first missing version was there
-- column changes text[]: Changes that wait, oldest first
-- column artifact_a text: What runs in a, by its id
-- column artifact_b text: What runs in b, by its id
select service_id, version_a, since_a, version_b, since_b, relation, distance, lag_s, changes, artifact_a, artifact_b
from cdviz.compare_environments(:a, :b, :a_at, :b_at)
where :all or not same
order by service_id
