-- Webhooks of Harbor, in either of its formats, Default and CloudEvents, which give the same events:
-- https://goharbor.io/docs/edge/working-with-projects/project-configuration/configure-webhooks/

local TYPE = {
  PUSH_ARTIFACT = "artifact.published", PULL_ARTIFACT = "artifact.downloaded", DELETE_ARTIFACT = "artifact.deleted",
  ["harbor.artifact.pushed"] = "artifact.published", ["harbor.artifact.pulled"] = "artifact.downloaded",
  ["harbor.artifact.deleted"] = "artifact.deleted",
}

--- What happened, when, who did it, and to what. As a CloudEvent the body is the last of them, the others are attributes.
local function parts_of(m)
  local attributes = get(m.metadata, "cloudevents")
  if attributes then
    return text(attributes, "type"), moment(attributes, "time"), text(attributes, "operator"), m.body
  end
  if kind(get(m.body, "resources")) == "list" then
    refuse("harbor: the data of a CloudEvent without its attributes, which say what happened")
  end
  return text(m.body, "type"), moment(m.body, "occur_at"), text(m.body, "operator"), get(m.body, "event_data")
end

function transform(m)
  local what, at, operator, data = parts_of(m)
  if not what or kind(data) ~= "object" then
    refuse("harbor: not a webhook of Harbor: it has no type or no event_data")
  end
  local cdevents_type = TYPE[what] or drop(what .. ": nothing that CDEvents have a word for")
  local repository = text(data, "repository.repo_full_name") or refuse("harbor: the webhook has no repository.repo_full_name")
  local list = get(data, "resources")
  if kind(list) ~= "list" or #list == 0 then drop(what .. ": it has no resources") end
  local found = {}
  for i, resource in each(list) do
    local host = re.match(text(resource, "resource_url") or "", "^([A-Za-z0-9.-]+(?::[0-9]+)?)/")
      or refuse("harbor: resources[" .. i .. "].resource_url does not say which Harbor")
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
        harbor = { repository = repository, type = text(data, "repository.repo_type"), tag = tag },
      },
    })
  end
  return found
end
