-- Webhooks of Harbor, in its format Default:
-- https://goharbor.io/docs/edge/working-with-projects/project-configuration/configure-webhooks/

local TYPE = {
  PUSH_ARTIFACT = "artifact.published", PULL_ARTIFACT = "artifact.downloaded", DELETE_ARTIFACT = "artifact.deleted",
}

function transform(m)
  local body = m.body
  if kind(get(body, "resources")) == "list" then
    -- The data of its CloudEvents, which does not say what happened.
    refuse("harbor: choose the payload format Default in the webhook of Harbor, not CloudEvents")
  end
  local what = text(body, "type")
  if not what or kind(get(body, "event_data")) ~= "object" then
    refuse("harbor: not a webhook of Harbor: it has no type or no event_data")
  end
  local cdevents_type = TYPE[what] or drop(what .. ": nothing that CDEvents have a word for")
  local repository = text(body, "event_data.repository.repo_full_name")
    or refuse("harbor: the webhook has no event_data.repository.repo_full_name")
  local list = get(body, "event_data.resources")
  if kind(list) ~= "list" or #list == 0 then drop(what .. ": it has no resources") end
  local at = moment(body, "occur_at")
  local operator = text(body, "operator")
  local found = {}
  for i, resource in each(list) do
    local host = re.match(text(resource, "resource_url") or "", "^([A-Za-z0-9.-]+(?::[0-9]+)?)/")
      or refuse("harbor: event_data.resources[" .. i .. "].resource_url does not say which Harbor")
    local sha = digest(resource, "digest")
    local tag = text(resource, "tag")
    if tag and tag:starts_with("sha256:") then tag = nil end  -- what has no tag has the digest there
    local image = host .. "/" .. repository
    local id = purl_from_image(image, sha, tag) or refuse("harbor: " .. image .. " is no name of an image")
    found[#found + 1] = cdevent(cdevents_type, {
      context = { source = "https://" .. host .. "/harbor/projects", timestamp = at },
      subject = { id = id, content = { user = operator } },
      customData = {
        actor = operator,
        harbor = { repository = repository, type = text(body, "event_data.repository.repo_type"), tag = tag },
      },
    })
  end
  return found
end
