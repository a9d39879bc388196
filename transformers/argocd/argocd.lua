-- Argo CD's notifications (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/), with the template of
-- this mapping's page: what happened, and the Application as it stands.
--
-- The names of things: an application and its syncs are URLs of Argo CD, an artifact its package URL, an environment and
-- a service what the labels of the application say.

local function is_text(found)
  return type(found) == "string" and found ~= "" and #found <= 1024 and not found:find("\0", 1, true)
end

local body

local function text(path)
  local found = get(body, path)
  if is_text(found) then return found end
end

local function moment(path)
  local ok, at = pcall(time, text(path))
  if ok then return at end
end

local function hash(path)
  local found = text(path)
  if found and re.find(found, "^[0-9a-f]{40,64}$") then return found end
end

local function need(found, what)
  return found or refuse("argocd: the notification has no " .. what)
end

-- The first of its labels or annotations that the application has.
local function label(...)
  for _, name in ipairs({ ... }) do
    for _, place in ipairs({ "labels", "annotations" }) do
      local found = get(body, "/app/metadata/" .. place .. "/" .. name:gsub("~", "~0"):gsub("/", "~1"))
      if is_text(found) then return found end
    end
  end
end

-- A cluster's own name says more than the namespace, but Argo CD's own cluster is always called the same.
local function environment_of()
  local cluster = text("app.spec.destination.name")
  if cluster == "in-cluster" then cluster = nil end
  return label("environment", "env", "stage") or cluster or text("app.spec.destination.namespace")
    or refuse("argocd: neither labels nor destination say in which environment the application is")
end

-- Images by their name, each once: sidecars that values.ignore_images names by their beginning are left out.
local function images()
  local found, seen = {}, {}
  local list = get(body, "app.status.summary.images")
  if kind(list) ~= "list" then return found end
  for i, image in ipairs(list) do
    if i > 100 then break end
    local ignored = not is_text(image)
    if kind(values.ignore_images) == "list" then
      for _, beginning in ipairs(values.ignore_images) do
        ignored = ignored or image:starts_with(beginning)
      end
    end
    if not ignored then
      local ok, id = pcall(purl_from_image, image)
      local name = re.match(image, [[([^/:@]+)(?::[^/@]*)?(?:@.*)?$]])
      if ok and name and not seen[id] then
        seen[id] = true
        found[#found + 1] = { purl = id, name = name, image = image }
      end
    end
  end
  return found
end

-- Back to what ran before: the revision stands in the history, with others since.
local function is_rollback()
  local history = get(body, "app.status.history")
  local current = text("app.status.operationState.syncResult.revision") or text("app.status.sync.revision")
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
    context = { source = source, timestamp = at, chainId = hash("app.status.operationState.syncResult.revision") },
    subject = { id = id, content = content },
    customData = {
      uri = page,
      argocd = {
        application = text("app.metadata.name"),
        project = text("app.spec.project"),
        revision = text("app.status.operationState.syncResult.revision"),
        image = custom and custom.image,
        phase = custom and custom.phase,
        initiatedBy = text("app.status.operationState.operation.initiatedBy.username"),
      },
    },
  })
end

-- One sync: from its start to its end.
local function sync_events(outcome)
  local started = need(moment("app.status.operationState.startedAt"), "app.status.operationState.startedAt")
  local finished = need(moment("app.status.operationState.finishedAt"), "app.status.operationState.finishedAt")
  local id = page .. "?operation=" .. epoch_ms(started)
  local name = "sync " .. text("app.metadata.name")
  local phase = { phase = text("app.status.operationState.phase") }
  local message = text("app.status.operationState.message")
  return {
    event("pipelinerun.started", started, id, { pipelineName = name, uri = page }, phase),
    event("pipelinerun.finished", finished, id,
      { pipelineName = name, uri = page, outcome = outcome, errors = outcome ~= "success" and message or nil }, phase),
  }, finished
end

local function services()
  local found = images()
  local named = label("service", "app.kubernetes.io/name")
  for _, each in ipairs(found) do
    each.service = #found == 1 and named or each.name
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
  return (sync_events(text("app.status.operationState.phase") == "Error" and "error" or "failure"))
end

function on.deleted()
  local found, environment = services()
  local at = need(moment("app.metadata.deletionTimestamp"), "app.metadata.deletionTimestamp")
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
  local what = need(text("event"), "event")
  source = need(text("argocdUrl"), "argocdUrl")
  source = re.match(source, [[^(https?://[^\s/?#"<>\\^`{|}]+(?:/[^\s?#"<>\\^`{|}/]+)*)/*$]]) or refuse("argocd: argocdUrl is no URL")
  local name = need(text("app.metadata.name"), "app.metadata.name")
  local namespace = need(text("app.metadata.namespace"), "app.metadata.namespace")
  page = url.join(source, "applications", namespace, name)
  if #page > 1500 then refuse("argocd: the application's name is too long") end
  local make = on[what] or drop("argocd: " .. what .. ": CDEvents has no event for it")
  return make()
end
