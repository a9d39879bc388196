-- Workloads of Kubernetes: what a Deployment, StatefulSet or DaemonSet runs, once it does so everywhere. Takes events of a watch
-- (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes) and of kubewatch
-- (https://github.com/robusta-dev/kubewatch), whose handlers cloudevent and webhook send different things.
--
-- The names of things: a service is what a label of the workload says or the workload's name, an environment what a label
-- or values.environment says or the namespace, an artifact the package URL of the image.

local body

-- The first of its labels or annotations that the workload has.
local function named(...)
  return label({ get(body, "metadata.labels"), get(body, "metadata.annotations") }, ...)
end

--- When its specification was last changed; the status and the scale, which an autoscaler sets, do not count.
local function changed_at()
  local last
  for _, field in each(get(body, "metadata.managedFields")) do
    local at = not text(field, "subresource") and moment(field, "time")
    if at and (not last or epoch_ms(at) > epoch_ms(last)) then last = at end
  end
  return last or moment(body, "metadata.creationTimestamp")
end

-- ---- Is it rolled out? When, or nil and the reason ----

local rolled_out = {}

function rolled_out.Deployment()
  local conditions = get(body, "status.conditions")
  if kind(conditions) ~= "list" then return nil, "its status has no conditions yet" end
  for _, condition in each(conditions) do
    if text(condition, "type") == "Progressing" then
      local reason = text(condition, "reason") or "without a reason"
      if reason == "NewReplicaSetAvailable" then return moment(condition, "lastUpdateTime"), "lastUpdateTime is no time" end
      return nil, "it is not rolled out: " .. reason
    end
  end
  return nil, "its status does not say whether it is rolled out"
end

function rolled_out.StatefulSet()
  local wanted = integer(body, "spec.replicas") or 1
  local revision = text(body, "status.updateRevision")
  if not revision or revision ~= text(body, "status.currentRevision") or (integer(body, "status.readyReplicas") or 0) < wanted then
    return nil, "it is not rolled out"
  end
  return changed_at(), "it does not say when it was changed"
end

function rolled_out.DaemonSet()
  local wanted = integer(body, "status.desiredNumberScheduled")
  if not wanted or (integer(body, "status.updatedNumberScheduled") or 0) < wanted
    or (integer(body, "status.numberAvailable") or 0) < wanted then
    return nil, "it is not rolled out"
  end
  return changed_at(), "it does not say when it was changed"
end

-- ---- Events ----

local function environment(namespace)
  return { id = named("environment", "env", "stage") or text(values.environment) or namespace }
end

local function event(cdevents_type, at, service, content, custom)
  local cluster = text(values.cluster) and "/" .. url.encode(values.cluster) or ""
  return cdevent(cdevents_type, {
    context = { source = "/kubernetes" .. cluster .. "/" .. url.encode(custom.namespace), timestamp = at },
    subject = { id = service, content = content },
    customData = { kubernetes = custom },
  })
end

local function workload(what, object)
  body = object
  local kind_of = text(body, "kind") or "something"
  if not rolled_out[kind_of] then drop(kind_of .. ": only Deployment, StatefulSet and DaemonSet are deployments") end
  local name = text(body, "metadata.name") or refuse("kubernetes: the object has no metadata.name")
  local namespace = text(body, "metadata.namespace") or refuse("kubernetes: the object has no metadata.namespace")
  if #name > 253 or #namespace > 253 then refuse("kubernetes: the name of the object is too long") end
  local title = kind_of .. " " .. namespace .. "/" .. name
  local found = images(texts(get(body, "spec.template.spec.containers"), "image"), values.ignore_images)
  if #found == 0 then drop(title .. ": it runs no image") end
  local at, reason
  if what == "deleted" then
    at = moment(body, "metadata.deletionTimestamp")  -- only of a deletion that waited for something
  else
    local generation, observed = integer(body, "metadata.generation"), integer(body, "status.observedGeneration")
    if not generation or not observed or observed < generation then
      drop(title .. ": its controller has not seen the change yet")
    end
    if integer(body, "spec.replicas") == 0 then drop(title .. ": it is scaled to nothing") end
    at, reason = rolled_out[kind_of]()
    if not at then drop(title .. ": " .. reason) end
  end
  local events = {}
  for _, each in ipairs(found) do
    local service = #found == 1 and (named("service", "app.kubernetes.io/name") or name) or each.name
    local content = { environment = environment(namespace) }
    if what ~= "deleted" then content.artifactId = each.purl end
    events[#events + 1] = event(what == "deleted" and "service.removed" or "service.deployed", at, service, content,
      { kind = kind_of, namespace = namespace, name = name, image = each.image,
        revision = named("deployment.kubernetes.io/revision") or text(body, "status.updateRevision") })
  end
  return events
end

-- What kubewatch's handler `webhook` sends has no image in it: it is good for removals alone.
local KINDS = { deployment = "Deployment", statefulset = "StatefulSet", daemonset = "DaemonSet",
                ["stateful set"] = "StatefulSet", ["daemon set"] = "DaemonSet" }

local function without_object()
  local kind_of = KINDS[(text(body, "eventmeta.kind") or ""):lower()]
    or drop((text(body, "eventmeta.kind") or "something") .. ": only Deployment, StatefulSet and DaemonSet are deployments")
  if (text(body, "eventmeta.reason") or ""):lower() ~= "deleted" then
    drop(kind_of .. " " .. (text(body, "eventmeta.reason") or "")
      .. ": it does not say which image; kubewatch's handler cloudevent does")
  end
  local name = text(body, "eventmeta.name") or refuse("kubernetes: eventmeta has no name")
  local namespace = text(body, "eventmeta.namespace") or refuse("kubernetes: eventmeta has no namespace")
  name = name:match("([^/]+)$") or name
  if #name > 253 or #namespace > 253 then refuse("kubernetes: the name of the object is too long") end
  return event("service.removed", moment(body, "time"), name, { environment = environment(namespace) },
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
  if not text(operation) then operation, object, known = text(body, "type"), get(body, "object"), WATCH end
  if not text(operation) or kind(object) ~= "object" then
    refuse("kubernetes: neither an event of a watch nor one of kubewatch")
  end
  return workload(known[operation] or drop(operation .. ": nothing happened to a workload"), object)
end
