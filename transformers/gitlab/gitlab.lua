-- GitLab webhooks to CDEvents. `object_kind` of the payload says what it is; those of projects
-- (group and system hooks) have `event_name` instead:
-- https://docs.gitlab.com/user/project/integrations/webhook_events/
--
-- The names of things: a project, merge request, issue, commit, pipeline or job is its https URL, an
-- artifact its package URL, an environment what GitLab calls it, a service the project's name.
-- What belongs to one commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the project

local function need(found, what)
  return found or refuse("gitlab: the payload has no " .. what)
end

--- What a call of purl came to: nothing for names that are no names.
local function checked(id)
  return id or refuse("gitlab: what it names is no artifact")
end

--- `at` may be nil: then the event happened when it arrived.
local function event(kind, at, id, content, custom, chain)
  custom.actor = custom.actor or text(body, "user.username", "user_username", "user.name")
  return cdevent(kind, {
    context = { source = source, timestamp = at, chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

local function commit_url(sha) return source .. "/-/commit/" .. sha end

local function change_content() return { repository = { id = source } } end

--- group/subgroup and project, as in the URL.
local function project_path()
  local path = text(body, "project.path_with_namespace") or source:match("^https?://[^/]+/(.+)$") or source
  return path, path:match("^(.+)/[^/]+$"), path:match("([^/]+)$") or path
end

local function source_purl(version)
  local _, namespace, name = project_path()
  return checked(purl{ type = "gitlab", namespace = namespace, name = name, version = version })
end

-- ---- Code ----

local on = {}  -- a function for each object_kind; what it returns goes on

function on.push()
  local ref = need(text(body, "ref"), "ref")
  local branch = ref:match("^refs/heads/(.+)$")
  if not branch then drop("push: " .. ref .. " is no branch") end
  local sha = commit_hash(body, "after")
  local is_new = not commit_hash(body, "before")
  local out = {}
  if is_new or not sha then
    -- Nothing in the payload says when.
    out[1] = event(sha and "branch.created" or "branch.deleted", nil, source .. "/-/tree/" .. branch,
      change_content(), { gitlab = { branch = branch, sha = sha or commit_hash(body, "before") } })
    if not sha then return out end
  end
  if branch ~= text(body, "project.default_branch") then
    if #out > 0 then return out end
    drop("push: " .. branch .. " is not the default branch; merge requests tell of such changes")
  end
  local commits = get(body, "commits")
  local head = "commits[" .. (kind(commits) == "list" and #commits or 0) .. "]."  -- the last one
  local at = moment(body, head .. "timestamp")
  local id = commit_url(sha)
  local created = change_content()
  created.description = first_line(body, head .. "message")
  local custom = { author = text(body, head .. "author.name"), uri = id, gitlab = { sha = sha } }
  out[#out + 1] = event("change.created", at, id, created, custom, sha)
  custom.gitlab = { sha = sha, before = commit_hash(body, "before"), branch = branch, title = created.description,
                    commits = integer(body, "total_commits_count") }
  out[#out + 1] = event("change.merged", at, id, change_content(), custom, sha)
  return out
end

function on.tag_push()
  local tag = need(text(body, "ref"), "ref"):match("^refs/tags/(.+)$")
  local sha = commit_hash(body, "checkout_sha", "after")
  if not tag then drop("tag_push: " .. text(body, "ref") .. " is no tag") end
  if not commit_hash(body, "after") then drop("tag_push: " .. tag .. " was deleted, and CDEvents have no tags") end
  need(sha, "checkout_sha")
  return event("artifact.packaged", nil, source_purl(tag), { change = { id = commit_url(sha) } },
    { gitlab = { tag = tag, sha = sha } }, sha)
end

local function merge_request_custom(at)
  return { uri = web_url(body, at .. ".url"), gitlab = {
    action = text(body, "object_attributes.action"), iid = integer(body, at .. ".iid"), title = text(body, at .. ".title"),
    state = text(body, at .. ".state"), source_branch = text(body, at .. ".source_branch"),
    target_branch = text(body, at .. ".target_branch"), draft = boolean(body, at .. ".draft"),
    sha = commit_hash(body, at .. ".last_commit.id") } }
end

function on.merge_request()
  local it = "object_attributes"
  local id = need(web_url(body, it .. ".url"), it .. ".url")
  local action = text(body, it .. ".action")
  if not action then drop("merge_request: no action, so nothing happened to it") end
  local custom = merge_request_custom(it)
  local content = change_content()
  local at = moment(body, it .. ".updated_at")
  if action == "open" then
    content.description = text(body, it .. ".title")
    custom.author = text(body, "user.username")
    return event("change.created", moment(body, it .. ".created_at"), id, content, custom)
  elseif action == "merge" then
    local sha = commit_hash(body, it .. ".merge_commit_sha", it .. ".squash_commit_sha")
    custom.gitlab.merge_commit_sha = sha
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
    return event("change.merged", moment(body, it .. ".merged_at", it .. ".updated_at"), id, content, custom, sha)
  elseif action == "close" then
    return event("change.abandoned", at, id, content, custom)
  elseif action == "update" or action == "reopen" then
    return event("change.updated", at, id, content, custom)
  elseif action == "approved" or action == "unapproved" or action == "approval" or action == "unapproval" then
    return event("change.reviewed", at, id, content, custom)
  end
  drop("merge_request " .. action .. ": an action that is not known here")
end

function on.note()
  local kind = text(body, "object_attributes.noteable_type") or "something"
  if kind ~= "MergeRequest" then drop("note: a comment on " .. kind .. ", which is no review") end
  if boolean(body, "object_attributes.system") then drop("note: written by GitLab itself") end
  local author = integer(body, "object_attributes.author_id")
  if author and author == integer(body, "merge_request.author_id") then
    drop("note: a comment of the author on the own merge request")
  end
  local id = need(web_url(body, "merge_request.url") or (integer(body, "merge_request.iid") and
    source .. "/-/merge_requests/" .. integer(body, "merge_request.iid")), "merge_request.iid")
  local custom = merge_request_custom("merge_request")
  custom.uri = id
  custom.gitlab.note = web_url(body, "object_attributes.url")
  return event("change.reviewed", moment(body, "object_attributes.created_at"), id, change_content(), custom)
end

-- ---- Issues ----

function on.issue()
  local it = "object_attributes"
  local id = need(web_url(body, it .. ".url"), it .. ".url")
  local action = text(body, it .. ".action")
  if not action then drop("issue: no action, so nothing happened to it") end
  local types = { incident = "incident", task = "task" }
  local labels = texts(get(body, "labels"), "title")
  local ticket = types[(text(body, it .. ".type") or ""):lower()]
  for _, label in ipairs(labels) do
    local word = label:lower():gsub("^type::", "")
    if word == "bug" or word == "enhancement" or word == "question" then ticket = ticket or word end
  end
  local content = { summary = text(body, it .. ".title"), ticketType = ticket, group = (project_path()),
                    assignees = texts(get(body, "assignees"), "username"), labels = labels, uri = id }
  local custom = { gitlab = { action = action, iid = integer(body, it .. ".iid"),
                              severity = text(body, it .. ".severity") } }
  if action == "open" then
    need(content.summary, it .. ".title")
    content.creator = need(text(body, "user.username"), "user.username")
    return event("ticket.created", moment(body, it .. ".created_at"), id, content, custom)
  end
  content.updatedBy = text(body, "user.username")
  if action == "close" then
    content.resolution = "completed"
    return event("ticket.closed", moment(body, it .. ".closed_at", it .. ".updated_at"), id, content, custom)
  elseif action == "update" or action == "reopen" then
    return event("ticket.updated", moment(body, it .. ".updated_at"), id, content, custom)
  end
  drop("issue " .. action .. ": an action that is not known here")
end
on.work_item = on.issue

-- ---- Runs ----

local OUTCOME = { success = "success", failed = "failure", canceled = "cancel", skipped = "cancel" }

function on.pipeline()
  local it = "object_attributes"
  local status = need(text(body, it .. ".status"), it .. ".status")
  local run = need(integer(body, it .. ".id"), it .. ".id")
  local id = web_url(body, it .. ".url") or source .. "/-/pipelines/" .. run
  local sha = commit_hash(body, it .. ".sha")
  -- Its own name often has the branch or a title in it: that would be another pipeline each time.
  local content = { pipelineName = (project_path()), uri = id }
  local custom = { gitlab = { name = text(body, it .. ".name"), iid = integer(body, it .. ".iid"),
                              ref = text(body, it .. ".ref"), sha = sha, source = text(body, it .. ".source"),
                              title = text(body, "commit.title") } }
  local request = web_url(body, "merge_request.url")
  if request then
    custom.links = { { linkKind = "change", subject = { type = "change", id = request } } }
  end
  if status == "pending" then
    return event("pipelinerun.queued", moment(body, it .. ".created_at"), id, content, custom, sha)
  elseif status == "running" then
    -- It started with its first job.
    local started
    for i = 1, #texts(get(body, "builds"), "name") do
      local at = moment(body, "builds[" .. i .. "].started_at")
      if at and (not started or epoch_ms(at) < epoch_ms(started)) then started = at end
    end
    return event("pipelinerun.started", started or moment(body, it .. ".created_at"), id, content, custom, sha)
  elseif OUTCOME[status] then
    content.outcome = OUTCOME[status]
    custom.gitlab.status = status
    return event("pipelinerun.finished", moment(body, it .. ".finished_at"), id, content, custom, sha)
  end
  drop("pipeline " .. status .. ": it neither waits to run, nor runs, nor is done")
end

function on.build()
  local status = need(text(body, "build_status"), "build_status")
  local job = need(integer(body, "build_id"), "build_id")
  if status ~= "running" and status ~= "success" and status ~= "failed" and status ~= "canceled" then
    drop("build " .. status .. ": it has not run, and CDEvents have no task that waits")
  end
  local run = integer(body, "pipeline_id")
  local sha = commit_hash(body, "sha")
  local id = source .. "/-/jobs/" .. job
  local content = {
    taskName = (project_path()) .. ": " .. (text(body, "build_name") or "job"), uri = id,
    pipelineRun = run and { id = source .. "/-/pipelines/" .. run } or nil,
  }
  local custom = { gitlab = { stage = text(body, "build_stage"), ref = text(body, "ref"), sha = sha,
                              runner = text(body, "runner.description"), environment = text(body, "environment.name") } }
  if status == "running" then
    return event("taskrun.started", moment(body, "build_started_at_iso", "build_started_at"), id, content, custom, sha)
  end
  content.outcome = OUTCOME[status]
  local reason = text(body, "build_failure_reason")
  if status == "failed" and reason ~= "unknown_failure" then content.errors = reason end
  custom.gitlab.status = status
  custom.gitlab.allow_failure = boolean(body, "build_allow_failure")
  return event("taskrun.finished", moment(body, "build_finished_at_iso", "build_finished_at"), id, content, custom, sha)
end

-- ---- Deployments, releases ----

function on.deployment()
  local status = need(text(body, "status"), "status")
  if status ~= "success" then
    drop("deployment " .. status .. ": CDEvents tell of deployments that are done")
  end
  local sha = need((text(body, "commit_url") or ""):match("/commit/(%x+)$"), "commit_url")
  local at = moment(body, "status_changed_at")
  local id = source_purl(sha)
  local _, _, service = project_path()
  local custom = { gitlab = { deployment = integer(body, "deployment_id"), ref = text(body, "ref"), sha = sha,
                              title = text(body, "commit_title"), tier = text(body, "environment_tier"),
                              url = web_url(body, "environment_external_url"), job = web_url(body, "deployable_url") } }
  return {
    -- So that the commit is known of which the artifact was made.
    event("artifact.packaged", at, id, { change = { id = commit_url(sha) } }, custom, sha),
    event("service.deployed", at, service,
      { environment = { id = need(text(body, "environment"), "environment") }, artifactId = id }, custom, sha),
  }
end

function on.release()
  local action = text(body, "action") or "create"
  local tag = need(text(body, "tag"), "tag")
  local id = source_purl(tag)
  local sha = commit_hash(body, "commit.id")
  local at = moment(body, "released_at", "created_at")
  local custom = { uri = web_url(body, "url"), gitlab = { tag = tag, name = text(body, "name"), sha = sha } }
  if action == "delete" then return event("artifact.deleted", nil, id, {}, custom) end
  if action ~= "create" then drop("release " .. action .. ": create told that it is there") end
  local out = {}
  if sha then
    out[1] = event("artifact.packaged", at, id, { change = { id = commit_url(sha) } }, custom, sha)
  end
  out[#out + 1] = event("artifact.published", at, id, {}, custom, sha)
  return out
end

-- ---- Projects: group and system hooks, which name the instance in a header ----

local PROJECT = { project_create = "repository.created", project_destroy = "repository.deleted",
                  project_rename = "repository.modified", project_transfer = "repository.modified",
                  project_update = "repository.modified" }

local function project_event(m, name)
  local instance = base_url(m.headers["X-Gitlab-Instance"])
    or refuse("gitlab: no header X-Gitlab-Instance; headers_to_keep of the source must name it")
  local path = need(text(body, "path_with_namespace"), "path_with_namespace")
  source = web_url(instance .. "/" .. path) or refuse("gitlab: path_with_namespace is no part of a URL")
  local kind = PROJECT[name]
  local at
  if kind == "repository.created" then at = moment(body, "created_at") end
  if kind == "repository.modified" then at = moment(body, "updated_at") end
  return event(kind, at, source,
    { name = text(body, "name") or path:match("[^/]+$"), owner = path:match("^(.+)/[^/]+$"), uri = source .. ".git",
      viewUrl = source },
    { actor = text(body, "owner_name"), gitlab = { event = name, id = integer(body, "project_id"),
                                             from = text(body, "old_path_with_namespace") } })
end

local NOTHING = {
  feature_flag = "CDEvents have no feature flags", wiki_page = "CDEvents have no pages",
  emoji = "nothing was delivered", access_token = "nothing was delivered", milestone = "nothing was delivered",
}

function transform(m)
  body = m.body
  local kind = text(body, "object_kind", "event_name")
  if not kind then refuse("gitlab: the payload has neither object_kind nor event_name") end
  if PROJECT[kind] then return project_event(m, kind) end
  if NOTHING[kind] then drop(kind .. ": " .. NOTHING[kind]) end
  local handle = on[kind]
  if not handle then drop(kind .. ": nothing that CDEvents have a word for") end
  source = need(web_url(body, "project.web_url", "repository.homepage"), "project.web_url")
  return handle()
end
