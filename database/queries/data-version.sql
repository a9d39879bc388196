-- Is an answer that I kept still right?
--
-- One row that changes whenever an answer may change, other than by the clock: with new events, after a rebuild, with the
-- configuration of environments and services, and with the schema.
--
-- example: cdviz-collector query data-version
-- column events bigint: Events that are stored; null: none ever was
-- column last_ingested_at timestamptz: When the last one was stored
-- column rebuilt_at timestamptz: When the last rebuild of the projections ended
-- column configuration text: A digest of the configuration of environments, services and deployments
-- column api_version integer: Version of the schema cdviz
-- column schema_version integer: Number of the last migration
select events, last_ingested_at, rebuilt_at, configuration, api_version, schema_version
from cdviz.data_version
