-- Flux's notifications, providers `generic` and `generic-hmac` (https://fluxcd.io/flux/components/notification/providers/):
-- releases of Helm, and Kustomizations whose Alert says which image they deploy.

local body

local function need(found, what)
  return found or refuse("flux: the event has no " .. what)
end

-- An Alert's eventMetadata comes as metadata; HelmReleases give theirs the name of their API before it.
local function metadata(name)
  return text(body, "metadata." .. name, "/metadata/helm.toolkit.fluxcd.io~1" .. name,
    "/metadata/kustomize.toolkit.fluxcd.io~1" .. name)
end

local function environment()
  local found = metadata("environment") or metadata("env") or metadata("cluster")
    or text(values.environment) or text(body, "involvedObject.namespace")
  return { id = need(found, "environment in its metadata, and no namespace") }
end

-- The image that eventMetadata names, else the chart that Helm says it installed.
local function artifact()
  local image = metadata("image")
  if image then return purl_from_image(image) or refuse("flux: metadata.image is no image") end
  local chart, version = re.match(text(body, "message") or "", [[with chart ([A-Za-z0-9._-]+)@([^\s@]+)]])
  if chart then return (purl{ type = "helm", name = chart, version = version }) end
end

local deployments = {
  InstallSucceeded = "service.deployed",
  UpgradeSucceeded = "service.deployed",
  RollbackSucceeded = "service.rolledback",
  ReconciliationSucceeded = "service.deployed",
}

local function event(cdevents_type, content)
  local name = need(text(body, "involvedObject.name"), "involvedObject.name")
  local place = url.join("/flux", need(text(body, "involvedObject.namespace"), "involvedObject.namespace"),
    text(body, "involvedObject.kind"), name)
  if #place > 1500 then refuse("flux: the object's name is too long") end
  return cdevent(cdevents_type, {
    context = { source = place, timestamp = need(moment(body, "timestamp"), "timestamp") },
    subject = { id = metadata("service") or name, content = content },
    customData = {
      flux = {
        reason = text(body, "reason"),
        revision = metadata("revision"),
        controller = text(body, "reportingController"),
        summary = metadata("summary"),
      },
    },
  })
end

function transform(m)
  body = m.body
  if kind(get(body, "involvedObject")) ~= "object" then refuse("flux: not an event of Flux: it has no involvedObject") end
  local what = need(text(body, "involvedObject.kind"), "involvedObject.kind")
  local reason = need(text(body, "reason"), "reason")
  if what ~= "HelmRelease" and what ~= "Kustomization" then drop("flux: " .. what .. ": says nothing of what runs") end
  if reason == "UninstallSucceeded" then return event("service.removed", { environment = environment() }) end
  local cdevents_type = deployments[reason] or drop("flux: " .. reason .. ": nothing was deployed")
  local id = artifact()
  if not id then
    drop("flux: " .. what .. " " .. reason .. ": does not say what it deployed: give the Alert an eventMetadata with image")
  end
  return event(cdevents_type, { environment = environment(), artifactId = id })
end
