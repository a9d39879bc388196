-- CloudEvents of Tekton Pipelines (https://tekton.dev/docs/pipelines/events/): the body is the PipelineRun or TaskRun, whose
-- status says what happened. Tekton tells more than once that a run runs: that is the same event.
--
-- The names of things: a run is its path, /tekton/namespaces/NAMESPACE/pipelineruns/NAME/UID, with values.cluster behind /tekton.

local body

--- A label or an annotation.
local function named(name)
  return label({ get(body, "metadata.labels"), get(body, "metadata.annotations") }, name)
end

local function need(found, what)
  return found or refuse("tekton: the run has no " .. what)
end

--- Names of objects of Kubernetes, https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
local function object_name(value, path)
  local found = text(value, path)
  if found and #found <= 253 and re.find(found, "^[a-z0-9][a-z0-9.-]*$") then return found end
end

--- The condition Succeeded, or nil.
local function succeeded()
  for _, condition in each(get(body, "status.conditions"), 20) do
    if text(condition, "type") == "Succeeded" then return condition end
  end
end

-- ---- Events ----

local CANCELLED = { Cancelled = true, CancelledRunFinally = true, StoppedRunFinally = true, PipelineRunCancelled = true,
                    TaskRunCancelled = true, PipelineRunStopped = true }
local FAILED = { Failed = true, PipelineRunTimeout = true, TaskRunTimeout = true }

-- What is neither has not run as it should: it was not valid, or its image could not be pulled.
local function outcome(status, reason)
  if status == "True" then return "success" end
  return CANCELLED[reason] and "cancel" or FAILED[reason] and "failure" or "error"
end

local function path_of(namespace, plural, name, uid)
  local cluster = text(values.cluster) and "/" .. url.encode(values.cluster) or ""
  return "/tekton" .. cluster .. "/namespaces/" .. namespace .. (plural and "/" .. plural .. "/" .. name .. "/" .. uid or "")
end

--- The pipeline's run that a task's run belongs to.
local function owner(namespace)
  for _, reference in each(get(body, "metadata.ownerReferences"), 20) do
    local name, uid = object_name(reference, "name"), object_name(reference, "uid")
    if text(reference, "kind") == "PipelineRun" and name and uid then
      return { id = path_of(namespace, "pipelineruns", name, uid) }
    end
  end
end

local function run(subject, plural)
  local name = need(object_name(body, "metadata.name"), "metadata.name")
  local namespace = need(object_name(body, "metadata.namespace"), "metadata.namespace")
  local uid = need(text(body, "metadata.uid"), "metadata.uid")
  if not re.find(uid, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$") then refuse("tekton: metadata.uid is no UUID") end
  local is_pipeline = subject == "pipelinerun"
  local content = {}
  local page = text(values.dashboard)
    and values.dashboard:gsub("/+$", "") .. "/#/namespaces/" .. namespace .. "/" .. plural .. "/" .. name or nil
  -- A run of a pipeline must have one.
  content.uri = page or is_pipeline and "urn:uuid:" .. uid or nil
  if is_pipeline then
    content.pipelineName = text(body, "spec.pipelineRef.name") or named("tekton.dev/pipeline") or name
  else
    content.taskName = named("tekton.dev/pipelineTask") or text(body, "spec.taskRef.name") or named("tekton.dev/task") or name
    content.pipelineRun = owner(namespace)
  end
  local sha = commit_hash(named("pipelinesascode.tekton.dev/sha"))
  local custom = { namespace = namespace, name = name, pipeline = named("tekton.dev/pipeline"),
                   task = named("tekton.dev/task"), sha = sha }
  local function event(predicate, at)
    return cdevent(subject .. "." .. predicate, {
      context = { source = path_of(namespace), timestamp = at, chainId = sha },
      subject = { id = path_of(namespace, plural, name, uid), content = content },
      customData = { uri = page, tekton = custom },
    })
  end
  local condition = succeeded()
  local status = text(condition, "status")
  local started = moment(body, "status.startTime")
  if status == "True" or status == "False" then
    custom.reason = text(condition, "reason")
    content.outcome = outcome(status, custom.reason)
    if status == "False" then content.errors = text(condition, "message") end
    return event("finished", moment(body, "status.completionTime") or moment(condition, "lastTransitionTime"))
  elseif started then
    return event("started", started)
  elseif is_pipeline then
    return event("queued", moment(body, "metadata.creationTimestamp"))
  end
  drop("taskrun " .. name .. ": it has not started, and CDEvents have no task that waits")
end

function transform(m)
  body = m.body
  if kind(get(body, "pipelineRun")) == "object" then
    body = body.pipelineRun
    return run("pipelinerun", "pipelineruns")
  elseif kind(get(body, "taskRun")) == "object" then
    body = body.taskRun
    return run("taskrun", "taskruns")
  end
  if kind(get(body, "customRun")) == "object" or kind(get(body, "run")) == "object" then
    drop("customrun: what it does is not Tekton's, and CDEvents have no word for it")
  end
  refuse("tekton: not an event of Tekton Pipelines: it has neither pipelineRun nor taskRun")
end
