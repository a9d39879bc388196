-- Service hooks of Azure DevOps to CDEvents. `eventType` of the payload says what it is:
-- https://learn.microsoft.com/azure/devops/service-hooks/events
--
-- The names of things: a repository, pull request, commit or run is its https URL, an artifact its
-- package URL, an environment the stage's name, a service the release pipeline's. What belongs to one
-- commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the repository or project

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
  return web_url(((text(body, path) or ""):gsub("^(https?://)[^/@]*@", "%1"):gsub(" ", "%%20")))
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
  local name = text(body, "resource.project.name", "resource.definition.project.name", "resourceContainers.project.id")
  if base and name then return base:gsub("/+$", "") .. "/" .. url.encode(name) end
end

local function repository_url(at)
  local found = plain_uri(at .. ".remoteUrl") or plain_uri(at .. ".webUrl")
  if found then return found end
  local base = (plain_uri(at .. ".url") or ""):match("^(https?://.-)/_apis/")
  local project, name = text(body, at .. ".project.name"), text(body, at .. ".name")
  if base and project and name then
    -- The API's URL may have the project's id in it.
    base = base:gsub("/%x+%-%x+%-%x+%-%x+%-%x+$", "")
    project = "/" .. url.encode(project)
    if not base:ends_with(project) then base = base .. project end
    return base .. "/_git/" .. url.encode(name)
  end
end

local function person(path) return text(body, path .. ".displayName", path .. ".uniqueName") end

local function commit_url(sha) return source .. "/commit/" .. sha end

local function change_content() return { repository = { id = source } } end

-- ---- Code ----

local on = {}  -- a function for each event; what it returns goes on

on["git.push"] = function()
  source = need(repository_url("resource.repository"), "resource.repository.remoteUrl")
  local updates = get(body, "resource.refUpdates")
  need(kind(updates) == "list", "resource.refUpdates")
  local at = moment(body, "resource.date", "createdDate")
  local actor = person("resource.pushedBy")
  local out = {}
  for _, update in each(updates) do
    local ref = text(update, "name") or ""
    local old, new = commit_hash(update, "oldObjectId"), commit_hash(update, "newObjectId")
    local branch, tag = ref:match("^refs/heads/(.+)$"), ref:match("^refs/tags/(.+)$")
    if branch and not (old and new) then
      out[#out + 1] = event(new and "branch.created" or "branch.deleted", at,
        source .. "?version=GB" .. url.encode(branch), change_content(),
        { actor = actor, azureDevOps = { branch = branch, sha = new or old } })
    end
    if branch and new and ref == text(body, "resource.repository.defaultBranch") then
      local commit = get(body, "resource.commits[1]")  -- the newest comes first
      local created = change_content()
      created.description = first_line(commit, "comment")
      local id = commit_url(new)
      local custom = { actor = actor, author = text(commit, "author.name"), uri = id, azureDevOps = { sha = new } }
      out[#out + 1] = event("change.created", moment(commit, "committer.date", "author.date") or at, id,
        created, custom, new)
      custom.azureDevOps = { sha = new, before = old, branch = branch, title = created.description,
                             push = integer(body, "resource.pushId") }
      out[#out + 1] = event("change.merged", at, id, change_content(), custom, new)
    elseif tag and new then
      local id = purl{ type = "generic", namespace = text(body, "resource.repository.project.name"),
                       name = text(body, "resource.repository.name"), version = tag,
                       qualifiers = { vcs_url = "git+" .. source } }
      if id then
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
  local number_of = need(integer(body, at .. ".pullRequestId"), at .. ".pullRequestId")
  local id = source .. "/pullrequest/" .. number_of
  local content = change_content()
  local sha
  local custom = {
    author = person(at .. ".createdBy"), uri = id,
    azureDevOps = { id = number_of, title = text(body, at .. ".title"), status = text(body, at .. ".status"),
                    branch = text(body, at .. ".sourceRefName"), base = text(body, at .. ".targetRefName"),
                    sha = commit_hash(body, at .. ".lastMergeSourceCommit.commitId"),
                    draft = boolean(body, at .. ".isDraft") },
  }
  for name, value in pairs(more or {}) do custom.azureDevOps[name] = value end
  if kind == "change.created" then content.description = text(body, at .. ".title") end
  if kind == "change.merged" then
    custom.actor = person(at .. ".closedBy")
    sha = commit_hash(body, at .. ".lastMergeCommit.commitId")
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
  end
  return event(kind, when, id, content, custom, sha)
end

on["git.pullrequest.created"] = function()
  return pull_request("change.created", moment(body, "resource.creationDate"), "resource")
end

on["git.pullrequest.updated"] = function()
  local status = text(body, "resource.status")
  if status == "completed" then
    return pull_request("change.merged", moment(body, "resource.closedDate", "createdDate"), "resource")
  elseif status == "abandoned" then
    return pull_request("change.abandoned", moment(body, "resource.closedDate", "createdDate"), "resource")
  end
  return pull_request("change.updated", moment(body, "createdDate"), "resource")
end

on["git.pullrequest.merged"] = function()
  if text(body, "resource.status") ~= "completed" then
    drop("git.pullrequest.merged: it was only tried whether it could be merged")
  end
  return pull_request("change.merged", moment(body, "resource.closedDate", "createdDate"), "resource")
end

on["ms.vss-code.git-pullrequest-comment-event"] = function()
  if text(body, "resource.comment.commentType") == "system" then
    drop("pull request comment: written by Azure DevOps itself")
  end
  return pull_request("change.reviewed", moment(body, "resource.comment.publishedDate", "createdDate"),
    "resource.pullRequest", { review = "comment", reviewer = person("resource.comment.author") })
end

-- ---- Runs ----

local OUTCOME = { succeeded = "success", partiallySucceeded = "failure", failed = "failure", canceled = "cancel",
                  skipped = "cancel", rejected = "failure" }

local function project_name()
  return text(body, "resource.project.name", "resource.definition.project.name")
    or url.decode(source:match("[^/]+$") or source)
end

on["build.complete"] = function()
  local build = need(integer(body, "resource.id"), "resource.id")
  source = need(project_url("resource._links.web.href", "resource.url"), "resource._links.web.href")
  local id = plain_uri("resource._links.web.href") or source .. "/_build/results?buildId=" .. build
  local result = text(body, "resource.result", "resource.status")  -- version 1.0 has only the status
  local sha = commit_hash(body, "resource.sourceVersion", "resource.sourceGetVersion")
  local name = project_name() .. ": " .. (text(body, "resource.definition.name") or "build")
  local custom = { actor = person("resource.requestedFor"), azureDevOps = {
    number = text(body, "resource.buildNumber"), branch = text(body, "resource.sourceBranch"), sha = sha,
    reason = text(body, "resource.reason") } }
  -- The hook comes when all is over, and tells of all of it.
  local out = {}
  local queued, started = moment(body, "resource.queueTime"), moment(body, "resource.startTime")
  if queued then
    out[1] = event("pipelinerun.queued", queued, id, { pipelineName = name, uri = id }, custom, sha)
  end
  if started then
    out[#out + 1] = event("pipelinerun.started", started, id, { pipelineName = name, uri = id }, custom, sha)
  end
  custom.azureDevOps.result = result
  out[#out + 1] = event("pipelinerun.finished", moment(body, "resource.finishTime", "createdDate"), id,
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
  return text(body, "resource.pipeline.name", "resource.run.pipeline.name") or "pipeline"
end

on["ms.vss-pipelines.run-state-changed-event"] = function()
  local id = run_url()
  local state, result = text(body, "resource.run.state") or "no state", text(body, "resource.run.result")
  local content = { pipelineName = pipeline_name(), uri = id }
  local custom = { azureDevOps = { run = integer(body, "resource.run.id"), number = text(body, "resource.run.name"),
                                   folder = text(body, "resource.pipeline.folder") } }
  if state == "inProgress" then
    return event("pipelinerun.started", moment(body, "resource.run.createdDate", "createdDate"), id, content, custom)
  elseif state == "completed" then
    content.outcome = OUTCOME[result]
    custom.azureDevOps.result = result
    return event("pipelinerun.finished", moment(body, "resource.run.finishedDate", "createdDate"), id, content, custom)
  end
  drop("run-state-changed: " .. state .. " is neither running nor done")
end

on["ms.vss-pipelines.job-state-changed-event"] = function()
  local run = run_url()
  local job = need(text(body, "resource.job.id"), "resource.job.id")
  local state, result = text(body, "resource.job.state") or "no state", text(body, "resource.job.result")
  local id = run .. "&view=logs&j=" .. url.encode(job)
  local attempt = integer(body, "resource.job.attempt")
  if attempt and attempt > 1 then id = id .. "&attempt=" .. attempt end
  local stage = text(body, "resource.stage.displayName", "resource.stage.name")
  local content = { uri = id, pipelineRun = { id = run }, taskName = pipeline_name() .. (stage and " / " .. stage or "")
    .. " / " .. (text(body, "resource.job.displayName", "resource.job.name") or "job") }
  local custom = { azureDevOps = { run = integer(body, "resource.run.id"), attempt = attempt, result = result } }
  if state == "running" or state == "inProgress" then
    return event("taskrun.started", moment(body, "resource.job.startTime", "createdDate"), id, content, custom)
  elseif state == "completed" and result ~= "skipped" then
    content.outcome = OUTCOME[result]
    return event("taskrun.finished", moment(body, "resource.job.finishTime", "createdDate"), id, content, custom)
  end
  drop("job-state-changed: " .. (result or state) .. ", and CDEvents have no task that waits or is skipped")
end

-- ---- Releases ----

--- What was deployed: the release's primary artifact, else the release itself.
local function deployed(name)
  local version, product, sha
  for _, artifact in each(get(body, "resource.deployment.release.artifacts"), 20) do
    if not version or boolean(artifact, "isPrimary") then
      version = text(artifact, "definitionReference.version.name") or version
      product = text(artifact, "definitionReference.definition.name", "alias") or product
      sha = commit_hash(artifact, "definitionReference.sourceVersion.id") or sha
    end
  end
  if not version then
    product, version = name, text(body, "resource.deployment.release.name", "resource.environment.release.name")
  end
  need(version, "resource.deployment.release")
  local id = purl{ type = "generic", namespace = text(body, "resource.project.name"), name = product or name,
                   version = version }
  return id or refuse("azure-devops: the release names no artifact"), sha
end

on["ms.vss-release.deployment-completed-event"] = function()
  local status = text(body, "resource.environment.status", "resource.deployment.deploymentStatus") or "no status"
  if status ~= "succeeded" then
    drop("deployment-completed: " .. status .. ", and CDEvents tell of deployments that succeeded")
  end
  source = need(project_url("resource.deployment.release._links.web.href", "resource.deployment.release.webAccessUri",
    "resource.environment.release._links.web.href", "resource.environment.release.url"), "resource.deployment.release")
  local name = need(text(body, "resource.environment.releaseDefinition.name")
    or text(body, "resource.deployment.releaseDefinition.name"), "resource.environment.releaseDefinition.name")
  local environment = need(text(body, "resource.environment.name", "resource.deployment.releaseEnvironment.name"),
    "resource.environment.name")
  local artifact, sha = deployed(name)
  return event("service.deployed", moment(body, "resource.deployment.completedOn", "resource.environment.modifiedOn",
      "createdDate"), name, { environment = { id = environment }, artifactId = artifact },
    { actor = person("resource.deployment.requestedFor"), uri = plain_uri("resource.deployment.release._links.web.href"),
      azureDevOps = { release = text(body, "resource.deployment.release.name", "resource.environment.release.name"),
                      release_id = integer(body, "resource.environment.releaseId") } }, sha)
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
  local name = text(body, "eventType") or refuse("azure-devops: the payload has no eventType")
  if NOTHING[name] then drop(name .. ": " .. NOTHING[name]) end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that is mapped here") end
  return handle()
end
