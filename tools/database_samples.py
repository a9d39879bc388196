"""What the questions of database/queries answer on the demo story (docs/demo.md), for docs/database/queries.md.

The story ends at one moment and is the same every time, so its answers are too. What depends on the clock, or is not in the
story, has no sample, and the reason stands here: a new question without one of the two fails.
"""

import json
import os
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
END = "2026-01-31T12:00:00Z"
BATCH = 2000
ROWS = 6
# As in docs/operating.md: a demo that `up` loads has this alias too.
CONFIGURATION = {"environments": {"prod-eu": {"aliases": ["production"]}}}

WEEK = f"--from 2026-01-24T12:00:00Z --to {END}"
MONTH = f"--from 2026-01-01 --to {END}"

# The flags of each question; %NAME% is a key of the story that KEYS looks up.
SAMPLES = {
    "artifact-locations": "--artifact pkg:oci/checkout --version 1.18.0 --columns environment_id,service_id,version,valid_from,valid_to,actor",
    "attempts": f"{MONTH} --failed true --columns service_id,environment_id,state,outcome,version,finished_at,reason",
    "compare": f"--a staging --b prod-eu --a-at {END} --b-at {END} --columns service_id,version_a,version_b,relation,distance,lag_s,changes",
    "data-version": "--columns events,api_version",
    "delivery": f"{MONTH} --service checkout --format list",
    "delivery-by-service": f"{MONTH} --columns service_id,deployments,rollbacks,lead_time_p50_s,failed,change_fail_rate,unplanned,rework_rate",
    "delivery-deployments": f"{MONTH} --failed true --columns at,environment_id,service_id,version,failed_because,incident_id,recovery_s",
    "delivery-series": f"--from 2025-12-13 --to 2026-01-31 --step 7d --columns time,deployments,lead_time_p50_s,failed,change_fail_rate,unplanned",
    "deployment-rules": "--columns rule,kind,pipeline,source,service,environment",
    "deployment-series": f"--from 2026-01-29 --to {END} --step 1d --environment staging --environment prod-eu --columns time,environment_id,deployments,rollbacks,services",
    "deployments": f"--from 2026-01-30 --to {END} --service checkout --columns at,environment_id,service_id,kind,version,previous_version,actor",
    "drift": f"--at {END} --columns service_id,environment_id,version,upstream_environment_id,upstream_version,behind,ahead,lag_s",
    "environments": "--columns environment_id,label,tier,rank,configured,aliases,services",
    "event": "--uid %rollback% --columns time,source,event_id,type",
    "event-facets": f"{WEEK} --service checkout",
    "event-histogram": f"--from 2026-01-30 --to {END} --step 6h --subject service --subject incident",
    "event-kinds": "",
    "event-types": f"{WEEK} --columns subject,source,n,first_day",
    "events": f"--from 2026-01-30 --to {END} --service checkout --environment prod-eu --columns time,subject,predicate,name,deployment_kind,version,outcome",
    "events-after": "--from 2026-01-30T10:00:00Z --to 2026-01-30T12:00:00Z --service checkout --environment prod-eu "
                    "--columns time,subject,predicate,name,deployment_kind,version,outcome",
    "events-since": "--since 0 --subject incident --columns ingest_seq,time,subject,predicate,subject_id,environment_id,service_id",
    "incident-series": f"--from 2025-12-13 --to {END} --step 7d --columns time,incidents,resolved,restore_p50_s,restore_max_s",
    "incident-spans": f"{MONTH} --columns incident_id,service_id,environment_id,began_at,resolved_at,time_to_restore_s",
    "incident-suspects": "--id INC-219 --columns suspicion,because,service_id,environment_id,kind,version,deployed_at,before_s",
    "incidents": f"{WEEK} --columns incident_id,open,service_id,environment_id,began_at,resolved_at,suspect,ended_by",
    "journey": "--id pkg:oci/checkout@1.18.0 --columns at,step,subject,name,environment_id,outcome,via",
    "lanes": f"{WEEK} --service checkout --environment prod-eu --columns environment_id,valid_from,valid_to,n,version,kind",
    "lead-time-legs": "--from 2025-12-13 --to 2026-01-31 --step 7d --columns time,changes,to_merge_p50_s,to_publish_p50_s,to_stage_p50_s,to_tier_p50_s,lead_time_p50_s",
    "lead-times": f"{WEEK} --columns change_id,service_id,environment_id,merged_at,deployed_at,version,lead_time_s",
    "pipelines": f"{WEEK} --columns name,runs,pass_rate,p50_s,p95_s,queue_p95_s,change,last_outcome",
    "promotion": f"--a staging --b prod-eu {WEEK} --columns service_id,version,first_in_a,first_in_b,took_s",
    "run": "--key %run% --columns kind,name,run_id,outcome,started_at,duration_s,queue_s",
    "run-tree": "--key %run% --columns depth,kind,name,outcome,started_at,duration_s",
    "run-series": f"{WEEK} --name checkout-ci --step 1d --columns time,runs,success,failure,pass_rate,p50_s,p95_s",
    "runs": f"{WEEK} --name checkout-ci --columns name,run_id,state,outcome,started_at,duration_s,queue_s",
    "search": "--q checkout --columns what,id,name,exact",
    "services": "--columns service_id,team,environments",
    "state": f"--at {END} --service checkout --service payments --columns service_id,environment_id,version,age_s,kind,behind,ahead,attempt_state,incidents",
    "test-case": f"--id auth/unit/login-retry {MONTH} --columns run_id,outcome,reason,suite_name,duration_s",
    "test-environments": f"{MONTH} --columns environment_id,cases,runs,failures,pass_rate,failing_cases,only_here",
    "test-suites": f"{WEEK} --columns day,name,runs,success,pass_rate,p50_s",
    "tests": f"{MONTH} --columns case_id,state,because,runs,failures,flips,since,history",
    "timeline": f"{WEEK} --service checkout --environment prod-eu --columns environment_id,valid_from,valid_to,version,kind,previous_version",
}
WITHOUT = {
    "conflicts": "the story has none",
    "data-moves": "it is about the order of storing",
    "newest-event": "it is about the order and the moment of storing",
    "open-runs": "it is about now",
    "refused": "that is what collectors refused, and the story is put into the database without one",
    "sources": "it is about now",
    "violations": "the story has none",
}
STALE = sorted({*SAMPLES, *WITHOUT} - {path.stem for path in (ROOT / "database/queries").glob("*.sql")})
if STALE:
    raise RuntimeError(f"there are no such questions any more: {', '.join(STALE)}")
KEYS = {
    "rollback": "select event_uid::text from cdviz.deployments where service_id = 'checkout' and kind = 'rollback' order by at desc limit 1",
    "run": "select run_key::text from cdviz.pipeline_runs where name = 'checkout-ci' order by last_at desc, run_key limit 1",
}


class Story:
    """The demo story in a database of `server`, and the program to ask it with."""

    def __init__(self, server, program, cursor):
        self.url = server.url()
        self.program = program
        told = subprocess.run([program, "demo", "--until", END, "--output", "-"], check=True, capture_output=True, text=True).stdout.splitlines()
        events = [line for line in told if self.is_event(json.loads(line))]
        cursor.execute("select cdviz_store.configure_demo()")
        cursor.execute("select cdviz_store.configure(%s)", (json.dumps(CONFIGURATION),))
        for first in range(0, len(events), BATCH):
            cursor.execute("select * from cdviz_store.ingest(%s::jsonb[])", (events[first:first + BATCH],))
        cursor.connection.commit()
        self.keys = {}
        for name, sql in KEYS.items():
            cursor.execute(sql)
            self.keys[name] = cursor.fetchone()[0]

    @staticmethod
    def is_event(document):
        """What a collector would pass on: the story has three documents that it refuses."""
        context = document["context"]
        return context["type"].startswith("dev.cdevents") and context["timestamp"].endswith("Z") and "id" in document["subject"]

    def sample(self, name):
        """The lines that show it: what was asked, and the first rows of the answer. None for what has no sample."""
        if name in WITHOUT:
            return None
        flags = SAMPLES[name]  # a KeyError: give the new question a sample, or say why it has none
        for key, value in self.keys.items():
            flags = flags.replace(f"%{key}%", value)
        done = subprocess.run([self.program, "query", name, *shlex.split(flags), "--url", self.url], check=True, capture_output=True, text=True,
                              env={**os.environ, "TZ": "UTC"})
        lines = [line.rstrip() for line in done.stdout.splitlines()]
        if len(lines) < 2:
            raise RuntimeError(f"the sample of {name} has no rows")
        shown = lines if "--format list" in flags else lines[:ROWS + 1]
        rest = len(lines) - len(shown)
        return [f"$ cdviz-collector query {name} {flags}".rstrip(), *shown, *([f"… {rest} more"] if rest else [])]
