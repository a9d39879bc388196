-- Audit logs of Google Cloud Run (https://cloud.google.com/run/docs/audit-logging): an entry as Eventarc sends it, a CloudEvent
-- of the type google.cloud.audit.log.v1.written (https://github.com/googleapis/google-cloudevents), or as a sink of Cloud Logging
-- sends it through Pub/Sub (https://cloud.google.com/pubsub/docs/push#receive_push).
--
-- A service is deployed when the system says that it is ready ("/Services.ReplaceService"), and that entry names the image. Who
-- called the API is in another one ("google.cloud.run.v1.Services.ReplaceService"), which mostly does not name it.

local entry

local AUDIT, PUBSUB = "google.cloud.audit.log.v1.written", "google.cloud.pubsub.topic.v1.messagePublished"

local TYPE = {
  CreateService = "service.deployed", ReplaceService = "service.upgraded", UpdateService = "service.upgraded",
  DeleteService = "service.removed",
}

--- The entry of the log, whoever brings it.
local function entry_of(m)
  local type_of_event = text(m.metadata, "cloudevents.type")
  if type_of_event and type_of_event ~= AUDIT and type_of_event ~= PUBSUB then
    drop("google-cloud-run: " .. type_of_event .. ": no entry of an audit log")
  end
  return pubsub_data(m.body) or m.body
end

-- ---- The service: the object of the API v1, as Knative has it, or v2 ----

local OBJECTS = { "protoPayload.response", "protoPayload.request.service", "protoPayload.request" }

local function first(read, ...)
  for _, object in ipairs(OBJECTS) do
    for _, path in ipairs({ ... }) do
      local found = read(get(entry, object), path)
      if found ~= nil then return found end
    end
  end
end

local function list_at(object, path)
  local found = get(object, path)
  return kind(found) == "list" and #found > 0 and found or nil
end

local function environment()
  local labels_of = function(object, path)
    return label(get(object, path), "environment", "env", "stage")
  end
  return { id = first(labels_of, "metadata.labels", "labels") or text(values.environment)
    or text(entry, "resource.labels.project_id") }
end

--- The last path segment: v2 says projects/P/locations/L/services/S/revisions/R.
local function revision()
  local found = first(text, "status.latestReadyRevisionName", "latestReadyRevision")
  return found and re.match(found, "[^/]+$")
end

--- A service becomes ready, too, when its traffic goes back to an older revision: what that runs is not said.
local function has_traffic()
  local traffic, current = first(list_at, "status.traffic"), first(text, "status.latestReadyRevisionName")
  if not traffic or not current then return true end
  for _, target in each(traffic) do
    if text(target, "revisionName") == current and (integer(target, "percent") or 0) > 0 then return true end
  end
  return false
end

-- ---- Events ----

local function event(cdevents_type, service, content, image)
  local labels_of = "resource.labels."
  local project, location, name = text(entry, labels_of .. "project_id"), text(entry, labels_of .. "location"),
    text(entry, labels_of .. "service_name")
  local who = text(entry, "protoPayload.authenticationInfo.principalEmail")
  return cdevent(cdevents_type, {
    context = {
      source = url.join("https://run.googleapis.com/v2/projects", project, "locations", location),
      timestamp = moment(entry, "timestamp"),
    },
    subject = { id = service, content = content },
    customData = {
      actor = who and who:ends_with(".gserviceaccount.com") and who or nil,  -- others are addresses of people
      uri = url.join("https://console.cloud.google.com/run/detail", location, name, "revisions") .. "?project=" .. url.encode(project),
      google_cloud_run = { project = project, location = location, service = name, revision = image and revision(), image = image,
                           method = text(entry, "protoPayload.methodName") },
    },
  })
end

function transform(m)
  entry = entry_of(m)
  if text(entry, "protoPayload.serviceName") ~= "run.googleapis.com" then
    refuse("google-cloud-run: not an entry of the audit log of Cloud Run: protoPayload.serviceName is not run.googleapis.com")
  end
  local method = text(entry, "protoPayload.methodName") or refuse("google-cloud-run: the entry has no protoPayload.methodName")
  local action = re.match(method, [[^(?:google\.cloud\.run\.v[0-9a-z]+\.|/)Services\.(\w+)$]])
  local cdevents_type = TYPE[action] or drop("google-cloud-run: " .. method .. ": nothing was deployed")
  local resource = text(entry, "protoPayload.resourceName") or ""
  if not re.find(resource, "/services/[^/]+$") then drop("google-cloud-run: " .. method .. ": not of a service, which tells itself") end
  if (integer(entry, "protoPayload.status.code") or 0) ~= 0 then drop("google-cloud-run: " .. method .. ": the call has failed") end
  for _, name in ipairs({ "project_id", "location", "service_name" }) do
    if not re.find(text(entry, "resource.labels." .. name) or "", "^[a-z][a-z0-9.:-]{0,62}$") then
      refuse("google-cloud-run: the entry has no resource.labels." .. name)
    end
  end
  local service = text(entry, "resource.labels.service_name")
  if action == "DeleteService" then return event(cdevents_type, service, { environment = environment() }) end
  if method:starts_with("/") then
    local ready = re.match(text(entry, "protoPayload.status.message") or "", "^Ready condition status changed to (\\w+) for Service")
    if ready ~= "True" then drop("google-cloud-run: " .. service .. " is not ready") end
    if not has_traffic() then drop("google-cloud-run: the newest revision of " .. service .. " gets no traffic") end
  end
  local found = images(texts(first(list_at, "spec.template.spec.containers", "template.containers"), "image"),
    values.ignore_images)
  if #found == 0 then drop("google-cloud-run: " .. method .. ": the entry does not say which image; that of the system does") end
  local events = {}
  for i, one in ipairs(found) do
    events[i] = event(cdevents_type, #found == 1 and service or one.name,
      { environment = environment(), artifactId = one.purl }, one.image)
  end
  return events
end
