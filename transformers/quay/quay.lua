-- Notifications of Quay, quay.io or one's own (https://docs.redhat.com/en/documentation/red_hat_quay/3/html/use_red_hat_quay/
-- repository_notifications). They have neither a type nor a time: what they are is known by what they have.

local body

--- The package URL of `image`, a name without tag and digest.
local function artifact(image, tag, sha)
  return purl_from_image(image, sha, tag) or refuse("quay: " .. image .. " is no name of an image")
end

local function event(cdevents_type, id, custom)
  local source = re.match(text(body, "homepage") or "", [[^(https?://[A-Za-z0-9.-]+(?::[0-9]+)?)/]])
    or refuse("quay: the notification has no homepage, so it does not say which Quay")
  return cdevent(cdevents_type, {
    context = { source = source, chainId = custom.commit },
    subject = { id = id, content = {} },
    customData = { quay = custom },
  })
end

function transform(m)
  body = m.body
  local image = text(body, "docker_url") or refuse("quay: not a notification of Quay: it has no docker_url")
  local repository = text(body, "repository") or refuse("quay: the notification has no repository")
  local found = {}
  if kind(get(body, "updated_tags")) == "list" then
    for _, tag in ipairs(texts(body.updated_tags)) do
      found[#found + 1] = event("artifact.published", artifact(image, tag), { repository = repository, tag = tag })
    end
    if #found == 0 then drop("quay: no tag was pushed") end
    return found
  end
  if not text(body, "build_id") then drop("quay: neither a push nor a build: nothing that CDEvents have a word for") end
  -- Only a build that succeeded has made something.
  local commit = commit_hash(body, "trigger_metadata.commit")
  for _, manifest in each(get(body, "manifest_digests")) do
    local sha = digest(manifest)
    if sha then
      found[#found + 1] = event("artifact.published", artifact(image, nil, sha),
        { repository = repository, tags = texts(get(body, "docker_tags")), build = text(body, "build_id"), commit = commit })
    end
  end
  if #found == 0 then drop("quay: a build that waits, runs or failed: it does not say which") end
  return found
end
