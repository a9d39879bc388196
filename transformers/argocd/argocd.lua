-- Argo CD's notifications (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/), with the template of
-- this mapping's page: what happened, and the Application as it stands.
--
-- The names of things: an application and its syncs are URLs of Argo CD, an artifact its package URL, an environment and
-- a service what the labels of the application say.

local body

local function need(found, what)
  return found or refuse("argocd: the notification has no " .. what)
end

-- The first of its labels or annotations that the application has.
local function named(...)
  return label({ get(body, "app.metadata.labels"), get(body, "app.metadata.annotations") }, ...)
end

-- A cluster's own name says more than the namespace, but Argo CD's own cluster is always called the same.
local function environment_of()
  local cluster = text(body, "app.spec.destination.name")
  if cluster == "in-cluster" then cluster = nil end
  return named("environment", "env", "stage") or cluster or text(body, "app.spec.destination.namespace")
    or refuse("argocd: neither labels nor destination say in which environment the application is")
end

-- Back to what ran before: the revision stands in the history, with others since.
local function is_rollback()
  local history = get(body, "app.status.history")
  local current = text(body, "app.status.operationState.syncResult.revision", "app.status.sync.revision")
  if kind(history) ~= "list" or not current then return false end
  local other_since = false
  for i = #history, math.max(1, #history - 100), -1 do
    local revision = get(history[i], "revision")
    if revision ~= current then
      other_since = true
    elseif other_since then
      return true
    end
  end
  return false
end

-- ---- Events ----

local source, page  -- the URL of Argo CD, that of the application

local function event(cdevents_type, at, id, content, custom)
  return cdevent(cdevents_type, {
    context = { source = source, timestamp = at, chainId = commit_hash(body, "app.status.operationState.syncResult.revision") },
    subject = { id = id, content = content },
    customData = {
      uri = page,
      argocd = {
        application = text(body, "app.metadata.name"),
        project = text(body, "app.spec.project"),
        revision = text(body, "app.status.operationState.syncResult.revision"),
        image = custom and custom.image,
        phase = custom and custom.phase,
        initiatedBy = text(body, "app.status.operationState.operation.initiatedBy.username"),
      },
    },
  })
end

-- One sync: from its start to its end.
local function sync_events(outcome)
  local started = need(moment(body, "app.status.operationState.startedAt"), "app.status.operationState.startedAt")
  local finished = need(moment(body, "app.status.operationState.finishedAt"), "app.status.operationState.finishedAt")
  local id = page .. "?operation=" .. epoch_ms(started)
  local name = "sync " .. text(body, "app.metadata.name")
  local phase = { phase = text(body, "app.status.operationState.phase") }
  local message = text(body, "app.status.operationState.message")
  return {
    event("pipelinerun.started", started, id, { pipelineName = name, uri = page }, phase),
    event("pipelinerun.finished", finished, id,
      { pipelineName = name, uri = page, outcome = outcome, errors = outcome ~= "success" and message or nil }, phase),
  }, finished
end

-- An image each, but for sidecars, which values.ignore_images names by their beginning.
local function services()
  local found = images(get(body, "app.status.summary.images"), values.ignore_images)
  local service = named("service", "app.kubernetes.io/name")
  for _, each in ipairs(found) do
    each.service = #found == 1 and service or each.name
  end
  return found, { id = environment_of() }
end

local on = {}

function on.deployed()
  local events, finished = sync_events("success")
  local found, environment = services()
  if #found == 0 then drop("argocd: the application runs no image") end
  local cdevents_type = is_rollback() and "service.rolledback" or "service.deployed"
  for _, each in ipairs(found) do
    events[#events + 1] = event(cdevents_type, finished, each.service,
      { environment = environment, artifactId = each.purl }, each)
  end
  return events
end

on["sync-failed"] = function()
  return (sync_events(text(body, "app.status.operationState.phase") == "Error" and "error" or "failure"))
end

function on.deleted()
  local found, environment = services()
  local at = need(moment(body, "app.metadata.deletionTimestamp"), "app.metadata.deletionTimestamp")
  if #found == 0 then drop("argocd: the application ran no image") end
  local events = {}
  for _, each in ipairs(found) do
    events[#events + 1] = event("service.removed", at, each.service, { environment = environment }, each)
  end
  return events
end

function transform(m)
  body = m.body
  if kind(get(body, "app")) ~= "object" then refuse("argocd: not a notification of the template: it has no app") end
  local what = need(text(body, "event"), "event")
  source = base_url(need(text(body, "argocdUrl"), "argocdUrl")) or refuse("argocd: argocdUrl is no URL")
  local name = need(text(body, "app.metadata.name"), "app.metadata.name")
  local namespace = need(text(body, "app.metadata.namespace"), "app.metadata.namespace")
  page = url.join(source, "applications", namespace, name)
  if #page > 1500 then refuse("argocd: the application's name is too long") end
  local make = on[what] or drop("argocd: " .. what .. ": CDEvents has no event for it")
  return make()
end
