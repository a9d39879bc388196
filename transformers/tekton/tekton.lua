-- CloudEvents of Tekton Pipelines (https://tekton.dev/docs/pipelines/events/): the body is the PipelineRun or TaskRun, whose
-- status says what happened. Tekton tells more than once that a run runs: that is the same event.
--
-- The names of things: a run is its path, /tekton/namespaces/NAMESPACE/pipelineruns/NAME/UID, with values.cluster behind /tekton.

local body

-- ---- Reading: what is absent, null, empty, of another type or endless is nil; a NUL cannot be stored ----

local function is_text(found)
  return type(found) == "string" and found ~= "" and #found <= 1024 and not found:find("\0", 1, true)
end

local function text(path)
  local found = get(body, path)
  if is_text(found) then return found end
end

--- A moment: a text, or a number of seconds or milliseconds.
local function moment(path)
  local found = get(body, path)
  if (is_text(found) and #found <= 64) or (math.type(found) == "integer" and found > 0) then
    local ok, at = pcall(time, found)
    if ok then return at end
  end
end

--- A label or an annotation; `name` may have dots and slashes.
local function label(name)
  for _, place in ipairs({ "labels", "annotations" }) do
    local found = get(body, "/metadata/" .. place .. "/" .. name:gsub("/", "~1"))
    if is_text(found) then return found end
  end
end

local function need(found, what)
  return found or refuse("tekton: the run has no " .. what)
end

--- Names of objects of Kubernetes, https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
local function object_name(path)
  local found = text(path)
  if found and #found <= 253 and re.find(found, "^[a-z0-9][a-z0-9.-]*$") then return found end
end

--- The condition Succeeded: where it is, or nil.
local function condition()
  local list = get(body, "status.conditions")
  if kind(list) ~= "list" then return nil end
  for i = 1, math.min(#list, 20) do
    if text("status.conditions[" .. i .. "].type") == "Succeeded" then return "status.conditions[" .. i .. "]." end
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
  local cluster = is_text(values.cluster) and "/" .. url.encode(values.cluster) or ""
  return "/tekton" .. cluster .. "/namespaces/" .. namespace .. (plural and "/" .. plural .. "/" .. name .. "/" .. uid or "")
end

--- The pipeline's run that a task's run belongs to.
local function owner(namespace)
  local list = get(body, "metadata.ownerReferences")
  if kind(list) ~= "list" then return nil end
  for i = 1, math.min(#list, 20) do
    local path = "metadata.ownerReferences[" .. i .. "]."
    local name, uid = object_name(path .. "name"), object_name(path .. "uid")
    if text(path .. "kind") == "PipelineRun" and name and uid then
      return { id = path_of(namespace, "pipelineruns", name, uid) }
    end
  end
end

local function run(subject, plural)
  local name = need(object_name("metadata.name"), "metadata.name")
  local namespace = need(object_name("metadata.namespace"), "metadata.namespace")
  local uid = need(text("metadata.uid"), "metadata.uid")
  if not re.find(uid, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$") then refuse("tekton: metadata.uid is no UUID") end
  local is_pipeline = subject == "pipelinerun"
  local content = {}
  local page = is_text(values.dashboard)
    and values.dashboard:gsub("/+$", "") .. "/#/namespaces/" .. namespace .. "/" .. plural .. "/" .. name or nil
  -- A run of a pipeline must have one.
  content.uri = page or is_pipeline and "urn:uuid:" .. uid or nil
  if is_pipeline then
    content.pipelineName = text("spec.pipelineRef.name") or label("tekton.dev/pipeline") or name
  else
    content.taskName = label("tekton.dev/pipelineTask") or text("spec.taskRef.name") or label("tekton.dev/task") or name
    content.pipelineRun = owner(namespace)
  end
  local sha = label("pipelinesascode.tekton.dev/sha")
  if sha and not re.find(sha, "^[0-9a-f]{40,64}$") then sha = nil end
  local custom = { namespace = namespace, name = name, pipeline = label("tekton.dev/pipeline"),
                   task = label("tekton.dev/task"), sha = sha }
  local function event(predicate, at)
    return cdevent(subject .. "." .. predicate, {
      context = { source = path_of(namespace), timestamp = at, chainId = sha },
      subject = { id = path_of(namespace, plural, name, uid), content = content },
      customData = { uri = page, tekton = custom },
    })
  end
  local at = condition()
  local status = at and text(at .. "status")
  local started = moment("status.startTime")
  if status == "True" or status == "False" then
    custom.reason = text(at .. "reason")
    content.outcome = outcome(status, custom.reason)
    if status == "False" then content.errors = text(at .. "message") end
    return event("finished", moment("status.completionTime") or moment(at .. "lastTransitionTime"))
  elseif started then
    return event("started", started)
  elseif is_pipeline then
    return event("queued", moment("metadata.creationTimestamp"))
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
