-- Notifications of Argo Rollouts (https://argo-rollouts.readthedocs.io/en/stable/features/notifications/), with the templates
-- of this mapping's page: what happened, when, and the Rollout as it stands. Its status may be that of just before.
--
-- The names of things: the rollout of a revision is a run, a path with the Rollout's name and UID and the revision; a step
-- of a canary is a task of that run; a service and an environment are what the labels of the Rollout say.

local rollout, at, source, id, page

--- Of the first of its labels or annotations that the Rollout has.
local function said(...)
  return label({ get(rollout, "metadata.labels"), get(rollout, "metadata.annotations") }, ...)
end

--- Names of objects of Kubernetes, https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
local function object_name(path)
  local found = text(rollout, path)
  if found and #found <= 253 and re.find(found, "^[a-z0-9][a-z0-9.-]*$") then return found end
  refuse("argo-rollouts: the Rollout has no " .. path)
end

local function event(cdevents_type, subject, content, custom)
  custom.namespace, custom.rollout = text(rollout, "metadata.namespace"), text(rollout, "metadata.name")
  custom.revision = said("rollout.argoproj.io/revision")
  custom.strategy = kind(get(rollout, "spec.strategy.blueGreen")) == "object" and "blueGreen" or "canary"
  -- Argo Rollouts may tell of one thing again, at another time: the id is that of the thing.
  local thing = table.concat({ cdevents_type, id, subject, content.outcome or content.artifactId or "" }, "\n")
  return cdevent(cdevents_type, {
    context = { id = sha256(thing), source = source, timestamp = at },
    subject = { id = subject, content = content },
    customData = { uri = page, argo_rollouts = custom },
  })
end

local function run(predicate, outcome, errors)
  return event("pipelinerun." .. predicate, id,
    { pipelineName = "rollout " .. text(rollout, "metadata.name"), uri = page or "urn:uuid:" .. text(rollout, "metadata.uid"),
      outcome = outcome, errors = errors }, {})
end

--- The step of a canary that the Rollout is at, as Argo Rollouts calls it.
local function step(predicate, outcome)
  local index = integer(rollout, "status.currentStepIndex")
  local list = get(rollout, "spec.strategy.canary.steps")
  local definition = index and index >= 0 and index < 1000 and kind(list) == "list" and list[index + 1]
  if kind(definition) ~= "object" then drop("argo-rollouts: the Rollout has no step that it is at") end
  local name = "step " .. index + 1
  for _, word in ipairs({ "setWeight", "pause", "analysis", "experiment", "setCanaryScale", "setHeaderRoute", "setMirrorRoute",
                          "plugin" }) do
    local found = get(definition, word)
    if found ~= nil then
      name = name .. ": " .. word
      if word == "setWeight" and integer(found) then name = name .. " " .. integer(found) end
      local duration = integer(found, "duration") or text(found, "duration")
      if word == "pause" and duration then name = name .. " " .. duration end
      break
    end
  end
  return event("taskrun." .. predicate, id .. "&step=" .. index + 1,
    { taskName = name, pipelineRun = { id = id }, outcome = outcome }, { step = index + 1 })
end

local on = {}

on.updated = function() return run("started") end
on.paused = function() return step("started") end
on["step-completed"] = function() return step("finished", "success") end
on.aborted = function() return run("finished", "failure", cut(long_text(rollout, "status.message"), 4000)) end

function on.completed()
  local events = { run("finished", "success") }
  local found = images(texts(get(rollout, "spec.template.spec.containers"), "image"), values.ignore_images)
  local service = #found == 1 and (said("service", "app.kubernetes.io/name") or text(rollout, "metadata.name"))
  local environment = said("environment", "env", "stage") or text(values.environment) or text(rollout, "metadata.namespace")
  for _, one in ipairs(found) do
    events[#events + 1] = event("service.deployed", service or one.name,
      { environment = { id = environment }, artifactId = one.purl }, { image = one.image })
  end
  return events
end

function transform(m)
  rollout = get(m.body, "rollout")
  if kind(rollout) ~= "object" then refuse("argo-rollouts: not a notification of the templates: it has no rollout") end
  local what = text(m.body, "event") or refuse("argo-rollouts: the notification has no event")
  local make = on[what] or drop("argo-rollouts: " .. what .. ": CDEvents have no event for it")
  at = moment(m.body, "time") or refuse("argo-rollouts: the notification has no time")
  local namespace, name = object_name("metadata.namespace"), object_name("metadata.name")
  local uid = text(rollout, "metadata.uid") or ""
  if not re.find(uid, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$") then
    refuse("argo-rollouts: metadata.uid is no UUID")
  end
  local revision = re.match(said("rollout.argoproj.io/revision") or "", "^[0-9]{1,18}$")
    or refuse("argo-rollouts: no annotation says which revision it is")
  local cluster = text(values.cluster) and "/" .. url.encode(values.cluster) or ""
  source = "/argo-rollouts" .. cluster .. "/namespaces/" .. namespace
  id = source .. "/rollouts/" .. name .. "/" .. uid .. "?revision=" .. revision
  local dashboard = base_url(values.dashboard)
  page = dashboard and url.join(dashboard, "rollouts", "rollout", namespace, name)
  return make()
end
