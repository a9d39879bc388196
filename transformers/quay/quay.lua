-- Notifications of Quay, quay.io or one's own (https://docs.redhat.com/en/documentation/red_hat_quay/3/html/use_red_hat_quay/
-- repository_notifications). They have neither a type nor a time: what they are is known by what they have.

local TOOL = "quay"
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

--- Of NAME@DIGEST, or of a digest alone.
local function digest(path)
  return re.match(text(path) or "", "^(?:[^@]+@)?(sha256:[0-9a-f]{64})$")
end

--- The package URL of `image`, a name without tag and digest.
local function artifact(image, tag, sha)
  local ok, id = pcall(purl_from_image, image .. (tag and ":" .. tag or ""), sha)
  return ok and id or refuse(TOOL .. ": " .. image .. " is no name of an image")
end

--- Texts of a list, at most 100.
local function texts(path)
  local out = {}
  local found = get(body, path)
  if kind(found) ~= "list" then return out end
  for _, each in ipairs(found) do
    if is_text(each) and #out < 100 then out[#out + 1] = each end
  end
  return out
end

local function event(cdevents_type, id, custom)
  local source = re.match(text("homepage") or "", [[^(https?://[A-Za-z0-9.-]+(?::[0-9]+)?)/]])
    or refuse("quay: the notification has no homepage, so it does not say which Quay")
  return cdevent(cdevents_type, {
    context = { source = source, chainId = custom.commit },
    subject = { id = id, content = {} },
    customData = { quay = custom },
  })
end

function transform(m)
  body = m.body
  local image = text("docker_url") or refuse("quay: not a notification of Quay: it has no docker_url")
  local repository = text("repository") or refuse("quay: the notification has no repository")
  local found = {}
  if kind(get(body, "updated_tags")) == "list" then
    for _, tag in ipairs(texts("updated_tags")) do
      found[#found + 1] = event("artifact.published", artifact(image, tag), { repository = repository, tag = tag })
    end
    if #found == 0 then drop("quay: no tag was pushed") end
    return found
  end
  if not text("build_id") then drop("quay: neither a push nor a build: nothing that CDEvents have a word for") end
  -- Only a build that succeeded has made something.
  local commit = text("trigger_metadata.commit")
  if commit and not re.find(commit, "^[0-9a-f]{40,64}$") then commit = nil end
  for i = 1, #texts("manifest_digests") do
    local sha = digest("manifest_digests[" .. i .. "]")
    if sha then
      found[#found + 1] = event("artifact.published", artifact(image, nil, sha),
        { repository = repository, tags = array(texts("docker_tags")), build = text("build_id"), commit = commit })
    end
  end
  if #found == 0 then drop("quay: a build that waits, runs or failed: it does not say which") end
  return found
end
