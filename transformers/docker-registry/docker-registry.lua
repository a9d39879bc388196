-- Notifications of the registry that CNCF Distribution is (https://distribution.github.io/distribution/about/notifications/),
-- and of those that are made of it. One message has many events.

local ACTION = { push = "artifact.published", pull = "artifact.downloaded", delete = "artifact.deleted" }

-- Layers and configurations come alone too; an image is its manifest, or the index of those of its platforms.
local MANIFEST = {
  ["application/vnd.docker.distribution.manifest.v2+json"] = true,
  ["application/vnd.docker.distribution.manifest.list.v2+json"] = true,
  ["application/vnd.docker.distribution.manifest.v1+prettyjws"] = true,
  ["application/vnd.oci.image.manifest.v1+json"] = true,
  ["application/vnd.oci.image.index.v1+json"] = true,
}

--- What one event says, or nil: a layer, an action without word.
local function event(body)
  local action = text(body, "action")
  local cdevents_type = ACTION[action]
  local repository, sha, tag = text(body, "target.repository"), digest(body, "target.digest"), text(body, "target.tag")
  -- A deletion of a manifest has a digest and no type; that of a tag has the tag alone.
  local is_manifest = MANIFEST[text(body, "target.mediaType")]
    or action == "delete" and not text(body, "target.mediaType") and (sha or tag)
  if not cdevents_type or not is_manifest then return nil end
  if not repository then refuse("docker-registry: an event has no target.repository") end
  local scheme, host = re.match(text(body, "target.url") or "", "^(https?)://([A-Za-z0-9.-]+(?::[0-9]+)?)/")
  host = host or re.match(text(body, "request.host") or "", "^[A-Za-z0-9.-]+(?::[0-9]+)?$")
    or refuse("docker-registry: an event has neither target.url nor request.host")
  local image = host .. "/" .. repository
  local id = purl_from_image(image, sha, tag) or refuse("docker-registry: " .. image .. " is no name of an image")
  return cdevent(cdevents_type, {
    context = { source = (scheme or "https") .. "://" .. host, timestamp = moment(body, "timestamp") },
    subject = { id = id, content = { user = text(body, "actor.name") } },
    customData = {
      actor = text(body, "actor.name"),
      docker_registry = {
        repository = repository,
        tag = tag,
        mediaType = text(body, "target.mediaType"),
        useragent = text(body, "request.useragent"),
      },
    },
  })
end

function transform(m)
  local list = get(m.body, "events")
  if kind(list) ~= "list" then refuse("docker-registry: not a notification of a registry: it has no list of events") end
  local found = {}
  for _, each in ipairs(list) do found[#found + 1] = event(each) end
  if #found == 0 then drop("docker-registry: only layers, or actions that CDEvents have no word for") end
  return found
end
