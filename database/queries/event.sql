-- What exactly was received?
--
-- One event with its payload as it came. Needs a login of cdviz_reader_raw: payloads may hold personal data or secrets.
--
-- example: cdviz-collector query event --uid 0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77 --format json
-- parameter uid uuid: The event's key, as other queries give it
-- column time timestamptz: When it happened
-- column ingested_at timestamptz: When it was stored
-- column source text: Who sent it
-- column event_id text: Its id
-- column type text: subject.predicate.version
-- column payload jsonb: The whole event
-- column notes jsonb: What the collector found out about it: violations, what it changed; and the headers that were kept
select time, ingested_at, source, event_id, subject || '.' || predicate || '.' || type_version as type, payload, notes
from cdviz.events_raw
where event_uid = :uid
order by time
