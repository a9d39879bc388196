-- Webhooks of Harbor, in its format Default:
-- https://goharbor.io/docs/edge/working-with-projects/project-configuration/configure-webhooks/

local TOOL = "harbor"
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

local TYPE = {
  PUSH_ARTIFACT = "artifact.published", PULL_ARTIFACT = "artifact.downloaded", DELETE_ARTIFACT = "artifact.deleted",
}

function transform(m)
  body = m.body
  if kind(get(body, "resources")) == "list" then
    -- The data of its CloudEvents, which does not say what happened.
    refuse("harbor: choose the payload format Default in the webhook of Harbor, not CloudEvents")
  end
  local what = text("type")
  if not what or kind(get(body, "event_data")) ~= "object" then
    refuse("harbor: not a webhook of Harbor: it has no type or no event_data")
  end
  local cdevents_type = TYPE[what] or drop(what .. ": nothing that CDEvents have a word for")
  local repository = text("event_data.repository.repo_full_name")
    or refuse("harbor: the webhook has no event_data.repository.repo_full_name")
  local list = get(body, "event_data.resources")
  if kind(list) ~= "list" or #list == 0 then drop(what .. ": it has no resources") end
  local at = moment("occur_at")
  local operator = text("operator")
  local found = {}
  for i = 1, math.min(#list, 100) do
    local path = "event_data.resources[" .. i .. "]."
    local host = re.match(text(path .. "resource_url") or "", "^([A-Za-z0-9.-]+(?::[0-9]+)?)/")
      or refuse("harbor: " .. path .. "resource_url does not say which Harbor")
    local sha = digest(path .. "digest")
    local tag = text(path .. "tag")
    if tag and tag:starts_with("sha256:") then tag = nil end  -- what has no tag has the digest there
    found[#found + 1] = cdevent(cdevents_type, {
      context = { source = "https://" .. host .. "/harbor/projects", timestamp = at },
      subject = { id = artifact(host .. "/" .. repository, tag, sha), content = { user = operator } },
      customData = {
        actor = operator,
        harbor = { repository = repository, type = text("event_data.repository.repo_type"), tag = tag },
      },
    })
  end
  return found
end
