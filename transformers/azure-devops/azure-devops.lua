-- Service hooks of Azure DevOps to CDEvents. `eventType` of the payload says what it is:
-- https://learn.microsoft.com/azure/devops/service-hooks/events
--
-- The names of things: a repository, pull request, commit or run is its https URL, an artifact its
-- package URL, an environment the stage's name, a service the release pipeline's. What belongs to one
-- commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the repository or project

-- ---- Reading: what is absent, null, empty, of another type or endless is nil ----

--- A NUL cannot be stored.
local function is_text(found)
  return type(found) == "string" and found ~= "" and #found <= 1024 and not found:find("\0", 1, true)
end

local function text(path)
  local found = get(body, path)
  if is_text(found) then return found end
end

local function number(path)
  local found = get(body, path)
  if math.type(found) == "integer" then return found end
end

local function flag(path)
  local found = get(body, path)
  if type(found) == "boolean" then return found end
end

--- An absolute URL, https://www.rfc-editor.org/rfc/rfc3986
local URI = [[^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/([A-Za-z0-9/:@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*)?]]
  .. [[(\?([A-Za-z0-9/?:@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*)?(#([A-Za-z0-9/?:@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*)?$]]

local function uri(path)
  local found = text(path)
  if found and re.find(found, URI) then return found end
end

--- A hash of a commit; not the one of zeros, which stands for none.
local function hash(path)
  local found = text(path)
  if found and re.find(found, "^[0-9a-f]{40,64}$") and found:find("[^0]") then return found end
end

--- The first of the paths that leads to a moment.
local function moment(...)
  for _, path in ipairs({...}) do
    local found = get(body, path)
    if (type(found) == "string" and #found <= 64) or math.type(found) == "integer" then
      local ok, at = pcall(time, found)
      if ok then return at end
    end
  end
end

--- What is at `path` in the elements of a list, where it is a text.
local function texts(list, path)
  local out = array{}
  local found = get(body, list)
  if kind(found) ~= "list" then return out end
  for i, each in ipairs(found) do
    local one = get(each, path)
    if is_text(one) then out[#out + 1] = one end
    if i == 100 then break end
  end
  return out
end

--- The first 200 bytes of it at most, and whole characters.
local function first_line(path)
  local found = get(body, path)
  if type(found) ~= "string" then return end
  local line = found:sub(1, 200):match("^[^\r\n]*")
  local length, wrong = utf8.len(line)
  if not length then line = line:sub(1, wrong - 1) end
  if is_text(line) then return line end
end

-- ---- Writing ----

local function need(found, what)
  return found or refuse("azure-devops: the payload has no " .. what)
end

local function event(kind, at, id, content, custom, chain)
  return cdevent(kind, {
    context = { source = source, timestamp = at, chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

--- A URL without the user that Azure DevOps writes into it.
local function plain_uri(path)
  local found = (text(path) or ""):gsub("^(https?://)[^/@]*@", "%1"):gsub(" ", "%%20")
  if re.find(found, URI) then return found end
end

--- https://dev.azure.com/ORGANIZATION/PROJECT of any URL below it.
local function project_url(...)
  for _, path in ipairs({...}) do
    local found = plain_uri(path)
    local project = found and (found:match("^(https?://[^/]*visualstudio%.com/[^/_]+)/_")
      or found:match("^(https?://[^/]+/[^/]+/[^/_][^/]*)/_"))
    if project then return project end
  end
  -- Else of the parts: what the hook says of its account, and the project's name.
  local base = plain_uri("resourceContainers.project.baseUrl") or plain_uri("resourceContainers.account.baseUrl")
    or plain_uri("resourceContainers.collection.baseUrl")
  local name = text("resource.project.name") or text("resource.definition.project.name")
    or text("resourceContainers.project.id")
  if base and name then return base:gsub("/+$", "") .. "/" .. url.encode(name) end
end

local function repository_url(at)
  local found = plain_uri(at .. ".remoteUrl") or plain_uri(at .. ".webUrl")
  if found then return found end
  local base = (plain_uri(at .. ".url") or ""):match("^(https?://.-)/_apis/")
  local project, name = text(at .. ".project.name"), text(at .. ".name")
  if base and project and name then
    -- The API's URL may have the project's id in it.
    base = base:gsub("/%x+%-%x+%-%x+%-%x+%-%x+$", "")
    project = "/" .. url.encode(project)
    if not base:ends_with(project) then base = base .. project end
    return base .. "/_git/" .. url.encode(name)
  end
end

local function person(path) return text(path .. ".displayName") or text(path .. ".uniqueName") end

local function commit_url(sha) return source .. "/commit/" .. sha end

local function change_content() return { repository = { id = source } } end

-- ---- Code ----

local on = {}  -- a function for each event; what it returns goes on

on["git.push"] = function()
  source = need(repository_url("resource.repository"), "resource.repository.remoteUrl")
  local updates = get(body, "resource.refUpdates")
  need(kind(updates) == "list", "resource.refUpdates")
  local at = moment("resource.date", "createdDate")
  local actor = person("resource.pushedBy")
  local out = {}
  for i = 1, math.min(#updates, 100) do
    local update = "resource.refUpdates[" .. i .. "]."
    local ref, old, new = text(update .. "name") or "", hash(update .. "oldObjectId"), hash(update .. "newObjectId")
    local branch, tag = ref:match("^refs/heads/(.+)$"), ref:match("^refs/tags/(.+)$")
    if branch and not (old and new) then
      out[#out + 1] = event(new and "branch.created" or "branch.deleted", at,
        source .. "?version=GB" .. url.encode(branch), change_content(),
        { actor = actor, azureDevOps = { branch = branch, sha = new or old } })
    end
    if branch and new and ref == text("resource.repository.defaultBranch") then
      local commit = "resource.commits[1]."  -- the newest comes first
      local created = change_content()
      created.description = first_line(commit .. "comment")
      local id = commit_url(new)
      local custom = { actor = actor, author = text(commit .. "author.name"), uri = id, azureDevOps = { sha = new } }
      out[#out + 1] = event("change.created", moment(commit .. "committer.date", commit .. "author.date") or at, id,
        created, custom, new)
      custom.azureDevOps = { sha = new, before = old, branch = branch, title = created.description,
                             push = number("resource.pushId") }
      out[#out + 1] = event("change.merged", at, id, change_content(), custom, new)
    elseif tag and new then
      local parts = { type = "generic", name = text("resource.repository.name"), version = tag,
                      namespace = text("resource.repository.project.name"), qualifiers = { vcs_url = "git+" .. source } }
      local ok, id = pcall(purl, parts)
      if ok then
        out[#out + 1] = event("artifact.packaged", at, id, { change = { id = commit_url(new) } },
          { actor = actor, azureDevOps = { tag = tag, sha = new } }, new)
      end
    end
  end
  if #out == 0 then
    drop("git.push: no branch came or went, and the default one did not move; pull requests tell of other changes")
  end
  return out
end

--- A pull request at `at`; `more` are words to add to customData.
local function pull_request(kind, when, at, more)
  source = need(repository_url(at .. ".repository"), at .. ".repository.remoteUrl")
  local number_of = need(number(at .. ".pullRequestId"), at .. ".pullRequestId")
  local id = source .. "/pullrequest/" .. number_of
  local content = change_content()
  local sha
  local custom = {
    author = person(at .. ".createdBy"), uri = id,
    azureDevOps = { id = number_of, title = text(at .. ".title"), status = text(at .. ".status"),
                    branch = text(at .. ".sourceRefName"), base = text(at .. ".targetRefName"),
                    sha = hash(at .. ".lastMergeSourceCommit.commitId"), draft = flag(at .. ".isDraft") },
  }
  for name, value in pairs(more or {}) do custom.azureDevOps[name] = value end
  if kind == "change.created" then content.description = text(at .. ".title") end
  if kind == "change.merged" then
    custom.actor = person(at .. ".closedBy")
    sha = hash(at .. ".lastMergeCommit.commitId")
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
  end
  return event(kind, when, id, content, custom, sha)
end

on["git.pullrequest.created"] = function()
  return pull_request("change.created", moment("resource.creationDate"), "resource")
end

on["git.pullrequest.updated"] = function()
  local status = text("resource.status")
  if status == "completed" then
    return pull_request("change.merged", moment("resource.closedDate", "createdDate"), "resource")
  elseif status == "abandoned" then
    return pull_request("change.abandoned", moment("resource.closedDate", "createdDate"), "resource")
  end
  return pull_request("change.updated", moment("createdDate"), "resource")
end

on["git.pullrequest.merged"] = function()
  if text("resource.status") ~= "completed" then
    drop("git.pullrequest.merged: it was only tried whether it could be merged")
  end
  return pull_request("change.merged", moment("resource.closedDate", "createdDate"), "resource")
end

on["ms.vss-code.git-pullrequest-comment-event"] = function()
  if text("resource.comment.commentType") == "system" then drop("pull request comment: written by Azure DevOps itself") end
  return pull_request("change.reviewed", moment("resource.comment.publishedDate", "createdDate"), "resource.pullRequest",
    { review = "comment", reviewer = person("resource.comment.author") })
end

-- ---- Runs ----

local OUTCOME = { succeeded = "success", partiallySucceeded = "failure", failed = "failure", canceled = "cancel",
                  skipped = "cancel", rejected = "failure" }

local function project_name()
  return text("resource.project.name") or text("resource.definition.project.name")
    or url.decode(source:match("[^/]+$") or source)
end

on["build.complete"] = function()
  local build = need(number("resource.id"), "resource.id")
  source = need(project_url("resource._links.web.href", "resource.url"), "resource._links.web.href")
  local id = plain_uri("resource._links.web.href") or source .. "/_build/results?buildId=" .. build
  local result = text("resource.result") or text("resource.status")  -- version 1.0 has only the status
  local sha = hash("resource.sourceVersion") or hash("resource.sourceGetVersion")
  local name = project_name() .. ": " .. (text("resource.definition.name") or "build")
  local custom = { actor = person("resource.requestedFor"), azureDevOps = {
    number = text("resource.buildNumber"), branch = text("resource.sourceBranch"), sha = sha,
    reason = text("resource.reason") } }
  -- The hook comes when all is over, and tells of all of it.
  local out = {}
  local queued, started = moment("resource.queueTime"), moment("resource.startTime")
  if queued then
    out[1] = event("pipelinerun.queued", queued, id, { pipelineName = name, uri = id }, custom, sha)
  end
  if started then
    out[#out + 1] = event("pipelinerun.started", started, id, { pipelineName = name, uri = id }, custom, sha)
  end
  custom.azureDevOps.result = result
  out[#out + 1] = event("pipelinerun.finished", moment("resource.finishTime", "createdDate"), id,
    { pipelineName = name, uri = id, outcome = OUTCOME[result] }, custom, sha)
  return out
end

--- Runs of YAML pipelines. Their pages name the project by its id.
local function run_url()
  local id = need(plain_uri("resource.run._links.web.href"), "resource.run._links.web.href")
  source = need(project_url("resource.run._links.web.href"), "resource.run._links.web.href")
  return id
end

local function pipeline_name()
  return text("resource.pipeline.name") or text("resource.run.pipeline.name") or "pipeline"
end

on["ms.vss-pipelines.run-state-changed-event"] = function()
  local id = run_url()
  local state, result = text("resource.run.state") or "no state", text("resource.run.result")
  local content = { pipelineName = pipeline_name(), uri = id }
  local custom = { azureDevOps = { run = number("resource.run.id"), number = text("resource.run.name"),
                                   folder = text("resource.pipeline.folder") } }
  if state == "inProgress" then
    return event("pipelinerun.started", moment("resource.run.createdDate", "createdDate"), id, content, custom)
  elseif state == "completed" then
    content.outcome = OUTCOME[result]
    custom.azureDevOps.result = result
    return event("pipelinerun.finished", moment("resource.run.finishedDate", "createdDate"), id, content, custom)
  end
  drop("run-state-changed: " .. state .. " is neither running nor done")
end

on["ms.vss-pipelines.job-state-changed-event"] = function()
  local run = run_url()
  local job = need(text("resource.job.id"), "resource.job.id")
  local state, result = text("resource.job.state") or "no state", text("resource.job.result")
  local id = run .. "&view=logs&j=" .. url.encode(job)
  local attempt = number("resource.job.attempt")
  if attempt and attempt > 1 then id = id .. "&attempt=" .. attempt end
  local stage = text("resource.stage.displayName") or text("resource.stage.name")
  local content = { uri = id, pipelineRun = { id = run }, taskName = pipeline_name() .. (stage and " / " .. stage or "")
    .. " / " .. (text("resource.job.displayName") or text("resource.job.name") or "job") }
  local custom = { azureDevOps = { run = number("resource.run.id"), attempt = attempt, result = result } }
  if state == "running" or state == "inProgress" then
    return event("taskrun.started", moment("resource.job.startTime", "createdDate"), id, content, custom)
  elseif state == "completed" and result ~= "skipped" then
    content.outcome = OUTCOME[result]
    return event("taskrun.finished", moment("resource.job.finishTime", "createdDate"), id, content, custom)
  end
  drop("job-state-changed: " .. (result or state) .. ", and CDEvents have no task that waits or is skipped")
end

-- ---- Releases ----

--- What was deployed: the release's primary artifact, else the release itself.
local function deployed(name)
  local artifacts = get(body, "resource.deployment.release.artifacts")
  local version, product, sha
  for i = 1, math.min(kind(artifacts) == "list" and #artifacts or 0, 20) do
    local at = "resource.deployment.release.artifacts[" .. i .. "]."
    if not version or flag(at .. "isPrimary") then
      version = text(at .. "definitionReference.version.name") or version
      product = text(at .. "definitionReference.definition.name") or text(at .. "alias") or product
      sha = hash(at .. "definitionReference.sourceVersion.id") or sha
    end
  end
  if not version then
    product, version = name, text("resource.deployment.release.name") or text("resource.environment.release.name")
  end
  need(version, "resource.deployment.release")
  local ok, id = pcall(purl, { type = "generic", name = product or name, version = version,
                               namespace = text("resource.project.name") })
  return ok and id or refuse("azure-devops: the release names no artifact"), sha
end

on["ms.vss-release.deployment-completed-event"] = function()
  local status = text("resource.environment.status") or text("resource.deployment.deploymentStatus") or "no status"
  if status ~= "succeeded" then
    drop("deployment-completed: " .. status .. ", and CDEvents tell of deployments that succeeded")
  end
  source = need(project_url("resource.deployment.release._links.web.href", "resource.deployment.release.webAccessUri",
    "resource.environment.release._links.web.href", "resource.environment.release.url"), "resource.deployment.release")
  local name = need(text("resource.environment.releaseDefinition.name")
    or text("resource.deployment.releaseDefinition.name"), "resource.environment.releaseDefinition.name")
  local environment = need(text("resource.environment.name") or text("resource.deployment.releaseEnvironment.name"),
    "resource.environment.name")
  local artifact, sha = deployed(name)
  return event("service.deployed", moment("resource.deployment.completedOn", "resource.environment.modifiedOn",
      "createdDate"), name, { environment = { id = environment }, artifactId = artifact },
    { actor = person("resource.deployment.requestedFor"), uri = plain_uri("resource.deployment.release._links.web.href"),
      azureDevOps = { release = text("resource.deployment.release.name") or text("resource.environment.release.name"),
                      release_id = number("resource.environment.releaseId") } }, sha)
end

local NOTHING = {
  ["ms.vss-release.release-created-event"] = "nothing is deployed yet",
  ["ms.vss-release.deployment-started-event"] = "CDEvents tell of deployments that succeeded",
  ["ms.vss-release.deployment-approval-pending-event"] = "nothing is deployed yet",
  ["ms.vss-release.deployment-approval-completed-event"] = "nothing is deployed yet",
  ["ms.vss-release.release-abandoned-event"] = "nothing was deployed",
  ["ms.vss-pipelines.stage-state-changed-event"] = "its jobs tell of themselves",
}

function transform(m)
  body = m.body
  local name = text("eventType") or refuse("azure-devops: the payload has no eventType")
  if NOTHING[name] then drop(name .. ": " .. NOTHING[name]) end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that is mapped here") end
  return handle()
end
