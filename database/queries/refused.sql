-- What was refused, and why?
--
-- Documents that a source could not use or a sink rejected. Their bytes are in the dead letters of the collector.
--
-- example: cdviz-collector query refused
-- parameter limit bigint = 100: At most so many rows (100,000 at most)
-- column at timestamptz: When it was refused
-- column component text: The source that received it or the sink that rejected it
-- column component_kind text: source or sink
-- column code text: A short stable word: json, required, an SQLSTATE
-- column reason text: What was wrong
-- column source text: context.source, if it could be read
-- column event_id text: context.id, if it could be read
-- column bytes bigint: Size of the document in bytes
-- column collector text: Which collector has it
-- column number bigint: Its number there: cdviz-collector dead-letters show NUMBER
select at, component, component_kind, code, reason, source, event_id, bytes, collector, number
from cdviz.refused_events
order by at desc, collector, number desc
limit least(:limit, 100000)
