-- Which tests are broken or flaky, and since when?
--
-- Test cases that ran within the time; broken, flaky and failing ones first. With --state healthy all others.
--
-- example: cdviz-collector query tests --from 30d
-- example: cdviz-collector query tests --state flaky --format csv
-- parameter from timestamptz = now() - interval '30 days': Begin of the time
-- parameter to timestamptz = now(): End of the time
-- parameter state text[] = '{broken,flaky,failing}': broken, flaky, failing, healthy
-- parameter limit bigint = 200: At most so many rows (100,000 at most)
-- column case_id text: The test case
-- column name text: Its name
-- column state text: broken, flaky, failing or healthy
-- column because text: Why it is judged so
-- column runs bigint (runs): Runs that finished
-- column failures bigint (runs): Of them failed
-- column fail_rate double precision (ratio): failures / runs, 0 to 1
-- column flips bigint: Changes of outcome within the last 30 runs
-- column since timestamptz: First failure that speaks for it; of a flaky case the first behind which it never passed 30 times in a row
-- column last_outcome text: Outcome of the last run
-- column last_finished_at timestamptz: When it finished
-- column history text: The last 30 runs, oldest first: . passed, x failed
-- column p50_s double precision (seconds): Median duration
-- column cost_s double precision (seconds): Time of suite runs that failed only through flaky cases, this one among them
-- column environments text[]: Where it ran
select case_id, name, state, because, runs, failures, fail_rate, flips, since, last_outcome, last_finished_at, history, p50_s, cost_s, environments
from cdviz.test_case_healths(:from, :to)
where state = any (:state)
order by array_position('{broken,flaky,failing,healthy}', state), cost_s desc nulls last, failures desc, case_id
limit least(:limit, 100000)
