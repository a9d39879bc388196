-- Which event was stored last?
--
-- One row, none before the first event. Where to begin with "events-since" when only what comes from now on matters.
--
-- example: cdviz-collector query newest-event
-- column ingest_seq bigint: Its place in the order of storing
-- column time timestamptz: When it happened
-- column ingested_at timestamptz: When it was stored
-- column event_uid uuid: Its key
select ingest_seq, time, ingested_at, event_uid
from cdviz.event_details
order by ingest_seq desc
limit 1
