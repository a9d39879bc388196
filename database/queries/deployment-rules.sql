-- Which pipelines are taken for deployments?
--
-- In the order in which the rules are tried.
--
-- example: cdviz-collector query deployment-rules
-- column rule text: Name of the rule
-- column priority integer: The lowest is tried first
-- column kind text: pipelinerun, taskrun or build
-- column pipeline text: Regular expression for the whole name of the run
-- column source text: Regular expression for the whole source of the run
-- column service text: Template of the service
-- column environment text: Template of the environment
-- column artifact text: Template of the artifact
select rule, priority, kind, pipeline, source, service, environment, artifact
from cdviz.deployment_rules
order by priority, rule
