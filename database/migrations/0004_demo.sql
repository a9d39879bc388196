-- The demo story (docs/demo.md) in a database: what is said about its services, and how all of it is taken out again.
-- An event is the demo's if its source stands below /demo/ and its customData says demo: true.
set local role cdviz_owner;

create function cdviz_store.configure_demo() returns void
language sql security definer set search_path = pg_catalog, cdviz_store, pg_temp as $$
  insert into cdviz_store.service_setting (service_id, team, labels)
  select service, team, '{"demo": "true"}'
  from (values ('web-shop', 'storefront'), ('checkout', 'storefront'), ('catalog', 'storefront'), ('search', 'storefront'),
               ('payments', 'money'), ('ledger', 'money'), ('notifier', 'platform'), ('auth', 'platform')) as v(service, team)
  on conflict do nothing;
  insert into cdviz_store.deployment_rule (name, name_pattern, source_pattern, service, environment, artifact)
  values ('demo', 'deploy-.*', '/demo/.*', '{customData.service}', '{customData.environment}', '{customData.artifact}')
  on conflict do nothing
$$;
comment on function cdviz_store.configure_demo() is 'Gives the services of the demo story their teams (services that have settings keep them), and says which of its pipelines are deployments. Undone by remove_demo().';

create function cdviz_store.remove_demo(finish boolean default true) returns bigint
language plpgsql security definer set search_path = pg_catalog, cdviz_store, pg_temp set jit = off as $$
declare
  begins timestamptz;
  ends timestamptz;
  removed bigint;
  of_table text;
begin
  perform cdviz_store.lock_fold(alone => true);
  select min(first_event_at), max(last_event_at) into begins, ends from cdviz_store.event_source where source like '/demo/%';
  delete from cdviz_store.event
  where time between begins and ends and source like '/demo/%' and payload @> '{"customData": {"demo": true}}';
  get diagnostics removed = row_count;
  delete from cdviz_store.event_conflict where source like '/demo/%' and payload @> '{"customData": {"demo": true}}';
  delete from cdviz_store.service_setting where labels ->> 'demo' = 'true';
  delete from cdviz_store.deployment_rule where name = 'demo' and source_pattern = '/demo/.*';
  if removed > 0 then
    -- What the demo's events shared with others (an environment, a service, a lane, an hour's count) is made again from
    -- the events that are left. A rebuild keeps what is older than the lake: there, the rows that are the demo's go now.
    foreach of_table in array array['run', 'change', 'incident', 'ticket', 'approval', 'deployment', 'closing', 'event_count_daily', 'event_source'] loop
      execute format('delete from cdviz_store.%I where source like ''/demo/%%''', of_table);
    end loop;
    perform cdviz_store.recompute_lanes(array_agg(environment_id), array_agg(service_id)) from cdviz_store.environment_state;
    perform cdviz_store.write_states(array_agg(environment_id), array_agg(service_id)) from cdviz_store.environment_state;
    perform cdviz_store.rebuild_begin();
    while finish and (select phase from cdviz_store.rebuild_step(20000)) <> 'done' loop null; end loop;
  end if;
  return removed;
end $$;
comment on function cdviz_store.remove_demo(boolean) is 'Deletes the demo''s events and what was made of them; all other events stay. Returns how many it deleted. With finish = false the projections are still to be rebuilt: call rebuild_step() until its phase is done, each time in a transaction of its own, so that events are stored meanwhile. Example: select cdviz_store.remove_demo()';
revoke all on all functions in schema cdviz_store from public;

reset role;
