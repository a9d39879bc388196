-- Workflows of Argo Workflows (https://argo-workflows.readthedocs.io/en/stable/fields/#workflow): the object itself, as Argo
-- Events sends it (https://argoproj.github.io/argo-events/eventsources/setup/resource/) or a watch of Kubernetes does. All that
-- has happened is in its status, so each state tells what those before it told: the same events, which are stored once.
--
-- The names of things: a workflow is its path, /argo-workflows/namespaces/NAMESPACE/workflows/NAME/UID, with values.cluster
-- behind /argo-workflows; a task is a node of the workflow that does something, below that path.

local NODES = 400  -- of which each gives two events: a script may give 1,000

local workflow, id, page, context

local function need(found, what)
  return found or refuse("argo-workflows: the Workflow has no " .. what)
end

--- Names of objects of Kubernetes, https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
local function object_name(path)
  local found = text(workflow, path)
  if found and #found <= 253 and re.find(found, "^[a-z0-9][a-z0-9.-]*$") then return found end
end

local function said(...)
  return label(get(workflow, "metadata.labels"), ...) or label(get(workflow, "metadata.annotations"), ...)
end

-- ---- The commit: a parameter or a label that is named so and is a hash ----

local COMMIT = { "revision", "commit", "commit-sha", "commit_sha", "git-commit", "git_commit", "git-revision", "git_revision", "sha" }

local function commit()
  for _, name in ipairs(COMMIT) do
    for _, parameter in each(get(workflow, "spec.arguments.parameters")) do
      if text(parameter, "name") == name then
        local sha = commit_hash(parameter, "value")
        if sha then return sha end
      end
    end
  end
  return commit_hash(said(COMMIT))
end

-- ---- Events ----

local OUTCOME = { Succeeded = "success", Failed = "failure", Error = "error" }

--- Who stops a workflow makes it fail; what it says is all that tells.
local function outcome(phase, message)
  local is_stopped = message and re.find(message, "(?i)^(workflow shutdown with strategy|stopped with strategy|terminated)")
  return phase == "Failed" and is_stopped and "cancel" or OUTCOME[phase]
end

local function event(cdevents_type, at, subject, content, custom)
  return cdevent(cdevents_type, {
    context = { source = context.source, timestamp = at, chainId = context.sha },
    subject = { id = subject, content = content },
    customData = { uri = page, argo_workflows = custom },
  })
end

local function custom_of(more)
  more.namespace, more.name = object_name("metadata.namespace"), object_name("metadata.name")
  more.template = text(workflow, "spec.workflowTemplateRef.name")
  more.cron = said("workflows.argoproj.io/cron-workflow")
  return more
end

local function run(events)
  local phase = text(workflow, "status.phase")
  local content = { uri = page or "urn:uuid:" .. text(workflow, "metadata.uid"),
                    pipelineName = text(workflow, "spec.workflowTemplateRef.name") or said("workflows.argoproj.io/cron-workflow")
                      or re.gsub(text(workflow, "metadata.generateName") or text(workflow, "metadata.name"), "-$", "") }
  local started = moment(workflow, "status.startedAt")
  if not started then
    events[#events + 1] = event("pipelinerun.queued", moment(workflow, "metadata.creationTimestamp"), id, content, custom_of({}))
    return
  end
  events[#events + 1] = event("pipelinerun.started", started, id, content, custom_of({}))
  local message = cut(long_text(workflow, "status.message"), 4000)
  content.outcome = outcome(phase, message)
  if not content.outcome then return end
  if content.outcome ~= "success" then content.errors = message end
  events[#events + 1] = event("pipelinerun.finished", moment(workflow, "status.finishedAt"), id, content,
    custom_of({ progress = text(workflow, "status.progress") }))
end

-- Steps, DAG, TaskGroup and the like only hold others; what was skipped or waits for somebody did nothing.
local WORKS = { Pod = true, HTTP = true, Plugin = true, Container = true }

local function task(key, node, events)
  local started = moment(node, "startedAt")
  local phase, type_of_node = text(node, "phase"), text(node, "type")
  local has_begun = started and phase ~= "Pending" and phase ~= "Omitted" and phase ~= "Skipped"
  if not WORKS[type_of_node] or not has_begun then return end
  local name = text(node, "displayName") or text(node, "name") or key
  local subject = id .. "/nodes/" .. url.encode(text(node, "id") or key)
  if #subject > 1500 then return end
  local content = { taskName = name, pipelineRun = { id = id } }
  local custom = custom_of({ type = type_of_node, task_template = text(node, "templateName") or text(node, "templateRef.template") })
  events[#events + 1] = event("taskrun.started", started, subject, content, custom)
  local message = cut(long_text(node, "message"), 4000)
  content.outcome = outcome(phase, message)
  if not content.outcome then return end
  if content.outcome ~= "success" then content.errors = message end
  events[#events + 1] = event("taskrun.finished", moment(node, "finishedAt"), subject, content, custom)
end

local function tasks(events)
  local nodes = get(workflow, "status.nodes")
  if kind(nodes) ~= "object" then return end
  local count = 0
  for key, node in pairs(nodes) do
    count = count + 1
    if count > NODES then break end
    if #key <= 1024 then task(key, node, events) end
  end
end

function transform(m)
  -- Argo Events has it in `body`, a watch in `object`, who posts the object has it as it is.
  local what = text(m.body, "type")
  workflow = get(m.body, "body") or get(m.body, "object") or m.body
  if type(workflow) == "string" then workflow = json.decode(workflow) end  -- Argo Events without useRawData
  if kind(workflow) ~= "object" or text(workflow, "kind") ~= "Workflow" and kind(get(workflow, "status.nodes")) ~= "object" then
    refuse("argo-workflows: not a Workflow of Argo Workflows, nor an event of one")
  end
  if what == "DELETE" or what == "DELETED" then drop("argo-workflows: a Workflow was deleted: nothing happened to its run") end
  local namespace = need(object_name("metadata.namespace"), "metadata.namespace")
  local name = need(object_name("metadata.name"), "metadata.name")
  local uid = need(text(workflow, "metadata.uid"), "metadata.uid")
  if not re.find(uid, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$") then refuse("argo-workflows: metadata.uid is no UUID") end
  if not text(workflow, "status.phase") then drop("argo-workflows: " .. name .. ": its controller has not seen it yet") end
  local cluster = text(values.cluster) and "/" .. url.encode(values.cluster) or ""
  context = { source = "/argo-workflows" .. cluster .. "/namespaces/" .. namespace, sha = commit() }
  id = context.source .. "/workflows/" .. name .. "/" .. uid
  local server = base_url(values.server)
  page = server and url.join(server, "workflows", namespace, name) .. "?uid=" .. uid
  local events = {}
  run(events)
  tasks(events)
  return events
end
