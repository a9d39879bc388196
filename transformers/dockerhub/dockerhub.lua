-- Webhooks of Docker Hub (https://docs.docker.com/docker-hub/repos/manage/webhooks/): a tag was pushed. They have no digest.

local TOOL = "dockerhub"
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

--- The package URL of `image`, a name without tag and digest.
local function artifact(image, tag, sha)
  local ok, id = pcall(purl_from_image, image .. (tag and ":" .. tag or ""), sha)
  return ok and id or refuse(TOOL .. ": " .. image .. " is no name of an image")
end

function transform(m)
  body = m.body
  if kind(get(body, "push_data")) ~= "object" then refuse("dockerhub: not a webhook of Docker Hub: it has no push_data") end
  local repository = text("repository.repo_name") or refuse("dockerhub: the webhook has no repository.repo_name")
  local tag = text("push_data.tag") or refuse("dockerhub: the webhook has no push_data.tag")
  local pusher = text("push_data.pusher")
  return cdevent("artifact.published", {
    context = { source = "https://hub.docker.com", timestamp = moment("push_data.pushed_at") },
    subject = { id = artifact("docker.io/" .. repository, tag), content = { user = pusher } },
    customData = {
      actor = pusher,
      dockerhub = { repository = repository, tag = tag, status = text("repository.status") },
    },
  })
end
