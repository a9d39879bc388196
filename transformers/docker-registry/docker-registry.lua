-- Notifications of the registry that CNCF Distribution is (https://distribution.github.io/distribution/about/notifications/),
-- and of those that are made of it. One message has many events.

local TOOL = "docker-registry"
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

local function digest(path)
  local found = text(path)
  if found and re.find(found, "^sha256:[0-9a-f]{64}$") then return found end
end

--- The package URL of `image`, a name without tag and digest.
local function artifact(image, tag, sha)
  local ok, id = pcall(purl_from_image, image .. (tag and ":" .. tag or ""), sha)
  return ok and id or refuse(TOOL .. ": " .. image .. " is no name of an image")
end

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
local function event(each)
  body = each
  local cdevents_type = ACTION[text("action")]
  local repository, sha = text("target.repository"), digest("target.digest")
  -- A deletion of a manifest has a digest and no type; that of a tag has the tag alone.
  local is_manifest = MANIFEST[text("target.mediaType")]
    or text("action") == "delete" and not text("target.mediaType") and (sha or text("target.tag"))
  if not cdevents_type or not is_manifest then return nil end
  if not repository then refuse("docker-registry: an event has no target.repository") end
  local scheme, host = re.match(text("target.url") or "", "^(https?)://([A-Za-z0-9.-]+(?::[0-9]+)?)/")
  host = host or re.match(text("request.host") or "", "^[A-Za-z0-9.-]+(?::[0-9]+)?$")
    or refuse("docker-registry: an event has neither target.url nor request.host")
  local tag = text("target.tag")
  return cdevent(cdevents_type, {
    context = { source = (scheme or "https") .. "://" .. host, timestamp = moment("timestamp") },
    subject = { id = artifact(host .. "/" .. repository, tag, sha), content = { user = text("actor.name") } },
    customData = {
      actor = text("actor.name"),
      docker_registry = {
        repository = repository,
        tag = tag,
        mediaType = text("target.mediaType"),
        useragent = text("request.useragent"),
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
