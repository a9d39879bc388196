-- Workloads of Kubernetes: what a Deployment, StatefulSet or DaemonSet runs, once it does so everywhere. Takes events of a watch
-- (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes) and of kubewatch
-- (https://github.com/robusta-dev/kubewatch), whose handlers cloudevent and webhook send different things.
--
-- The names of things: a service is what a label of the workload says or the workload's name, an environment what a label
-- or values.environment says or the namespace, an artifact the package URL of the image.

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

local function number(path)
  local found = get(body, path)
  if math.type(found) == "integer" then return found end
end

-- The first of its labels or annotations that the workload has.
local function label(...)
  for _, name in ipairs({ ... }) do
    for _, place in ipairs({ "labels", "annotations" }) do
      local found = get(body, "/metadata/" .. place .. "/" .. name:gsub("~", "~0"):gsub("/", "~1"))
      if is_text(found) then return found end
    end
  end
end

local function is_ignored(image)
  if kind(values.ignore_images) ~= "list" then return false end
  for _, beginning in ipairs(values.ignore_images) do
    if image:starts_with(beginning) then return true end
  end
  return false
end

--- Images of its containers, each once.
local function images()
  local found, seen = {}, {}
  local list = get(body, "spec.template.spec.containers")
  if kind(list) ~= "list" then return found end
  for i, container in ipairs(list) do
    if i > 100 then break end
    local image = get(container, "image")
    if is_text(image) and not is_ignored(image) then
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

--- When its specification was last changed; the status and the scale, which an autoscaler sets, do not count.
local function changed_at()
  local list = get(body, "metadata.managedFields")
  local last
  if kind(list) == "list" then
    for i = 1, math.min(#list, 100) do
      local path = "metadata.managedFields[" .. i .. "]."
      local at = not text(path .. "subresource") and moment(path .. "time")
      if at and (not last or epoch_ms(at) > epoch_ms(last)) then last = at end
    end
  end
  return last or moment("metadata.creationTimestamp")
end

-- ---- Is it rolled out? When, or nil and the reason ----

local rolled_out = {}

function rolled_out.Deployment()
  local conditions = get(body, "status.conditions")
  if kind(conditions) ~= "list" then return nil, "its status has no conditions yet" end
  for i = 1, math.min(#conditions, 100) do
    local path = "status.conditions[" .. i .. "]."
    if text(path .. "type") == "Progressing" then
      local reason = text(path .. "reason") or "without a reason"
      if reason == "NewReplicaSetAvailable" then return moment(path .. "lastUpdateTime"), "lastUpdateTime is no time" end
      return nil, "it is not rolled out: " .. reason
    end
  end
  return nil, "its status does not say whether it is rolled out"
end

function rolled_out.StatefulSet()
  local wanted = number("spec.replicas") or 1
  local revision = text("status.updateRevision")
  if not revision or revision ~= text("status.currentRevision") or (number("status.readyReplicas") or 0) < wanted then
    return nil, "it is not rolled out"
  end
  return changed_at(), "it does not say when it was changed"
end

function rolled_out.DaemonSet()
  local wanted = number("status.desiredNumberScheduled")
  if not wanted or (number("status.updatedNumberScheduled") or 0) < wanted
    or (number("status.numberAvailable") or 0) < wanted then
    return nil, "it is not rolled out"
  end
  return changed_at(), "it does not say when it was changed"
end

-- ---- Events ----

local function environment(namespace)
  return { id = label("environment", "env", "stage") or (is_text(values.environment) and values.environment) or namespace }
end

local function event(cdevents_type, at, service, content, custom)
  local cluster = is_text(values.cluster) and "/" .. url.encode(values.cluster) or ""
  return cdevent(cdevents_type, {
    context = { source = "/kubernetes" .. cluster .. "/" .. url.encode(custom.namespace), timestamp = at },
    subject = { id = service, content = content },
    customData = { kubernetes = custom },
  })
end

local function workload(what, object)
  body = object
  local kind_of = text("kind") or "something"
  if not rolled_out[kind_of] then drop(kind_of .. ": only Deployment, StatefulSet and DaemonSet are deployments") end
  local name = text("metadata.name") or refuse("kubernetes: the object has no metadata.name")
  local namespace = text("metadata.namespace") or refuse("kubernetes: the object has no metadata.namespace")
  if #name > 253 or #namespace > 253 then refuse("kubernetes: the name of the object is too long") end
  local title = kind_of .. " " .. namespace .. "/" .. name
  local found = images()
  if #found == 0 then drop(title .. ": it runs no image") end
  local at, reason
  if what == "deleted" then
    at = moment("metadata.deletionTimestamp")  -- only of a deletion that waited for something
  else
    local generation, observed = number("metadata.generation"), number("status.observedGeneration")
    if not generation or not observed or observed < generation then
      drop(title .. ": its controller has not seen the change yet")
    end
    if number("spec.replicas") == 0 then drop(title .. ": it is scaled to nothing") end
    at, reason = rolled_out[kind_of]()
    if not at then drop(title .. ": " .. reason) end
  end
  local events = {}
  for _, each in ipairs(found) do
    local service = #found == 1 and (label("service", "app.kubernetes.io/name") or name) or each.name
    local content = { environment = environment(namespace) }
    if what ~= "deleted" then content.artifactId = each.purl end
    events[#events + 1] = event(what == "deleted" and "service.removed" or "service.deployed", at, service, content,
      { kind = kind_of, namespace = namespace, name = name, image = each.image,
        revision = label("deployment.kubernetes.io/revision") or text("status.updateRevision") })
  end
  return events
end

-- What kubewatch's handler `webhook` sends has no image in it: it is good for removals alone.
local KINDS = { deployment = "Deployment", statefulset = "StatefulSet", daemonset = "DaemonSet",
                ["stateful set"] = "StatefulSet", ["daemon set"] = "DaemonSet" }

local function without_object()
  local kind_of = KINDS[(text("eventmeta.kind") or ""):lower()]
    or drop((text("eventmeta.kind") or "something") .. ": only Deployment, StatefulSet and DaemonSet are deployments")
  if (text("eventmeta.reason") or ""):lower() ~= "deleted" then
    drop(kind_of .. " " .. (text("eventmeta.reason") or "") .. ": it does not say which image; kubewatch's handler cloudevent does")
  end
  local name = text("eventmeta.name") or refuse("kubernetes: eventmeta has no name")
  local namespace = text("eventmeta.namespace") or refuse("kubernetes: eventmeta has no namespace")
  name = name:match("([^/]+)$") or name
  if #name > 253 or #namespace > 253 then refuse("kubernetes: the name of the object is too long") end
  return event("service.removed", moment("time"), name, { environment = environment(namespace) },
    { kind = kind_of, namespace = namespace, name = name })
end

local WATCH = { ADDED = "changed", MODIFIED = "changed", DELETED = "deleted" }
local KUBEWATCH = { create = "changed", update = "changed", delete = "deleted" }

function transform(m)
  body = m.body
  if kind(get(body, "eventmeta")) == "object" then return without_object() end
  local data = kind(get(body, "data.obj")) == "object" and body.data or body  -- with or without its envelope
  local operation, object = get(data, "operation"), get(data, "obj")
  local known = KUBEWATCH
  if not is_text(operation) then operation, object, known = text("type"), get(body, "object"), WATCH end
  if not is_text(operation) or kind(object) ~= "object" then
    refuse("kubernetes: neither an event of a watch nor one of kubewatch")
  end
  return workload(known[operation] or drop(operation .. ": nothing happened to a workload"), object)
end
