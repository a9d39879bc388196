-- GitLab webhooks to CDEvents. `object_kind` of the payload says what it is; those of projects
-- (group and system hooks) have `event_name` instead:
-- https://docs.gitlab.com/user/project/integrations/webhook_events/
--
-- The names of things: a project, merge request, issue, commit, pipeline or job is its https URL, an
-- artifact its package URL, an environment what GitLab calls it, a service the project's name.
-- What belongs to one commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the project

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
  return found or refuse("gitlab: the payload has no " .. what)
end

--- What a call of purl came to; it fails only for names that are no names.
local function checked(ok, id)
  return ok and id or refuse("gitlab: what it names is no artifact")
end

--- `at` may be nil: then the event happened when it arrived.
local function event(kind, at, id, content, custom, chain)
  custom.actor = custom.actor or text("user.username") or text("user_username") or text("user.name")
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
  local path = text("project.path_with_namespace") or source:match("^https?://[^/]+/(.+)$") or source
  return path, path:match("^(.+)/[^/]+$"), path:match("([^/]+)$") or path
end

local function source_purl(version)
  local _, namespace, name = project_path()
  return checked(pcall(purl, { type = "gitlab", namespace = namespace, name = name, version = version }))
end

-- ---- Code ----

local on = {}  -- a function for each object_kind; what it returns goes on

function on.push()
  local ref = need(text("ref"), "ref")
  local branch = ref:match("^refs/heads/(.+)$")
  if not branch then drop("push: " .. ref .. " is no branch") end
  local sha = hash("after")
  local is_new = not hash("before")
  local out = {}
  if is_new or not sha then
    -- Nothing in the payload says when.
    out[1] = event(sha and "branch.created" or "branch.deleted", nil, source .. "/-/tree/" .. branch,
      change_content(), { gitlab = { branch = branch, sha = sha or hash("before") } })
    if not sha then return out end
  end
  if branch ~= text("project.default_branch") then
    if #out > 0 then return out end
    drop("push: " .. branch .. " is not the default branch; merge requests tell of such changes")
  end
  local commits = get(body, "commits")
  local head = "commits[" .. (kind(commits) == "list" and #commits or 0) .. "]."  -- the last one
  local at = moment(head .. "timestamp")
  local id = commit_url(sha)
  local created = change_content()
  created.description = first_line(head .. "message")
  local custom = { author = text(head .. "author.name"), uri = id, gitlab = { sha = sha } }
  out[#out + 1] = event("change.created", at, id, created, custom, sha)
  custom.gitlab = { sha = sha, before = hash("before"), branch = branch, title = created.description,
                    commits = number("total_commits_count") }
  out[#out + 1] = event("change.merged", at, id, change_content(), custom, sha)
  return out
end

function on.tag_push()
  local tag = need(text("ref"), "ref"):match("^refs/tags/(.+)$")
  local sha = hash("checkout_sha") or hash("after")
  if not tag then drop("tag_push: " .. text("ref") .. " is no tag") end
  if not hash("after") then drop("tag_push: " .. tag .. " was deleted, and CDEvents have no tags") end
  need(sha, "checkout_sha")
  return event("artifact.packaged", nil, source_purl(tag), { change = { id = commit_url(sha) } },
    { gitlab = { tag = tag, sha = sha } }, sha)
end

local function merge_request_custom(at)
  return { uri = uri(at .. ".url"), gitlab = {
    action = text("object_attributes.action"), iid = number(at .. ".iid"), title = text(at .. ".title"),
    state = text(at .. ".state"), source_branch = text(at .. ".source_branch"),
    target_branch = text(at .. ".target_branch"), draft = flag(at .. ".draft"),
    sha = hash(at .. ".last_commit.id") } }
end

function on.merge_request()
  local it = "object_attributes"
  local id = need(uri(it .. ".url"), it .. ".url")
  local action = text(it .. ".action")
  if not action then drop("merge_request: no action, so nothing happened to it") end
  local custom = merge_request_custom(it)
  local content = change_content()
  local at = moment(it .. ".updated_at")
  if action == "open" then
    content.description = text(it .. ".title")
    custom.author = text("user.username")
    return event("change.created", moment(it .. ".created_at"), id, content, custom)
  elseif action == "merge" then
    local sha = hash(it .. ".merge_commit_sha") or hash(it .. ".squash_commit_sha")
    custom.gitlab.merge_commit_sha = sha
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
    return event("change.merged", moment(it .. ".merged_at", it .. ".updated_at"), id, content, custom, sha)
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
  local kind = text("object_attributes.noteable_type") or "something"
  if kind ~= "MergeRequest" then drop("note: a comment on " .. kind .. ", which is no review") end
  if flag("object_attributes.system") then drop("note: written by GitLab itself") end
  local author = number("object_attributes.author_id")
  if author and author == number("merge_request.author_id") then
    drop("note: a comment of the author on the own merge request")
  end
  local id = need(uri("merge_request.url") or (number("merge_request.iid") and
    source .. "/-/merge_requests/" .. number("merge_request.iid")), "merge_request.iid")
  local custom = merge_request_custom("merge_request")
  custom.uri = id
  custom.gitlab.note = uri("object_attributes.url")
  return event("change.reviewed", moment("object_attributes.created_at"), id, change_content(), custom)
end

-- ---- Issues ----

function on.issue()
  local it = "object_attributes"
  local id = need(uri(it .. ".url"), it .. ".url")
  local action = text(it .. ".action")
  if not action then drop("issue: no action, so nothing happened to it") end
  local types = { incident = "incident", task = "task" }
  local labels = texts("labels", "title")
  local ticket = types[(text(it .. ".type") or ""):lower()]
  for _, label in ipairs(labels) do
    local word = label:lower():gsub("^type::", "")
    if word == "bug" or word == "enhancement" or word == "question" then ticket = ticket or word end
  end
  local content = { summary = text(it .. ".title"), ticketType = ticket, group = (project_path()),
                    assignees = texts("assignees", "username"), labels = labels, uri = id }
  local custom = { gitlab = { action = action, iid = number(it .. ".iid"), severity = text(it .. ".severity") } }
  if action == "open" then
    need(content.summary, it .. ".title")
    content.creator = need(text("user.username"), "user.username")
    return event("ticket.created", moment(it .. ".created_at"), id, content, custom)
  end
  content.updatedBy = text("user.username")
  if action == "close" then
    content.resolution = "completed"
    return event("ticket.closed", moment(it .. ".closed_at", it .. ".updated_at"), id, content, custom)
  elseif action == "update" or action == "reopen" then
    return event("ticket.updated", moment(it .. ".updated_at"), id, content, custom)
  end
  drop("issue " .. action .. ": an action that is not known here")
end
on.work_item = on.issue

-- ---- Runs ----

local OUTCOME = { success = "success", failed = "failure", canceled = "cancel", skipped = "cancel" }

function on.pipeline()
  local it = "object_attributes"
  local status = need(text(it .. ".status"), it .. ".status")
  local run = need(number(it .. ".id"), it .. ".id")
  local id = uri(it .. ".url") or source .. "/-/pipelines/" .. run
  local sha = hash(it .. ".sha")
  -- Its own name often has the branch or a title in it: that would be another pipeline each time.
  local content = { pipelineName = (project_path()), uri = id }
  local custom = { gitlab = { name = text(it .. ".name"), iid = number(it .. ".iid"), ref = text(it .. ".ref"), sha = sha,
                              source = text(it .. ".source"), title = text("commit.title") } }
  local request = uri("merge_request.url")
  if request then
    custom.links = { { linkKind = "change", subject = { type = "change", id = request } } }
  end
  if status == "pending" then
    return event("pipelinerun.queued", moment(it .. ".created_at"), id, content, custom, sha)
  elseif status == "running" then
    -- It started with its first job.
    local started
    for i = 1, #texts("builds", "name") do
      local at = moment("builds[" .. i .. "].started_at")
      if at and (not started or epoch_ms(at) < epoch_ms(started)) then started = at end
    end
    return event("pipelinerun.started", started or moment(it .. ".created_at"), id, content, custom, sha)
  elseif OUTCOME[status] then
    content.outcome = OUTCOME[status]
    custom.gitlab.status = status
    return event("pipelinerun.finished", moment(it .. ".finished_at"), id, content, custom, sha)
  end
  drop("pipeline " .. status .. ": it neither waits to run, nor runs, nor is done")
end

function on.build()
  local status = need(text("build_status"), "build_status")
  local job = need(number("build_id"), "build_id")
  if status ~= "running" and status ~= "success" and status ~= "failed" and status ~= "canceled" then
    drop("build " .. status .. ": it has not run, and CDEvents have no task that waits")
  end
  local run = number("pipeline_id")
  local sha = hash("sha")
  local id = source .. "/-/jobs/" .. job
  local content = {
    taskName = (project_path()) .. ": " .. (text("build_name") or "job"), uri = id,
    pipelineRun = run and { id = source .. "/-/pipelines/" .. run } or nil,
  }
  local custom = { gitlab = { stage = text("build_stage"), ref = text("ref"), sha = sha,
                              runner = text("runner.description"), environment = text("environment.name") } }
  if status == "running" then
    return event("taskrun.started", moment("build_started_at_iso", "build_started_at"), id, content, custom, sha)
  end
  content.outcome = OUTCOME[status]
  local reason = text("build_failure_reason")
  if status == "failed" and reason ~= "unknown_failure" then content.errors = reason end
  custom.gitlab.status = status
  custom.gitlab.allow_failure = flag("build_allow_failure")
  return event("taskrun.finished", moment("build_finished_at_iso", "build_finished_at"), id, content, custom, sha)
end

-- ---- Deployments, releases ----

function on.deployment()
  local status = need(text("status"), "status")
  if status ~= "success" then
    drop("deployment " .. status .. ": CDEvents tell of deployments that are done")
  end
  local sha = need((text("commit_url") or ""):match("/commit/(%x+)$"), "commit_url")
  local at = moment("status_changed_at")
  local id = source_purl(sha)
  local _, _, service = project_path()
  local custom = { gitlab = { deployment = number("deployment_id"), ref = text("ref"), sha = sha,
                              title = text("commit_title"), tier = text("environment_tier"),
                              url = uri("environment_external_url"), job = uri("deployable_url") } }
  return {
    -- So that the commit is known of which the artifact was made.
    event("artifact.packaged", at, id, { change = { id = commit_url(sha) } }, custom, sha),
    event("service.deployed", at, service,
      { environment = { id = need(text("environment"), "environment") }, artifactId = id }, custom, sha),
  }
end

function on.release()
  local action = text("action") or "create"
  local tag = need(text("tag"), "tag")
  local id = source_purl(tag)
  local sha = hash("commit.id")
  local at = moment("released_at", "created_at")
  local custom = { uri = uri("url"), gitlab = { tag = tag, name = text("name"), sha = sha } }
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
  local instance = m.headers["X-Gitlab-Instance"]
  if not instance or not re.find(instance, URI) then
    refuse("gitlab: no header X-Gitlab-Instance; headers_to_keep of the source must name it")
  end
  local path = need(text("path_with_namespace"), "path_with_namespace")
  source = instance:gsub("/+$", "") .. "/" .. path
  if not re.find(source, URI) then refuse("gitlab: path_with_namespace is no part of a URL") end
  local kind = PROJECT[name]
  local at
  if kind == "repository.created" then at = moment("created_at") end
  if kind == "repository.modified" then at = moment("updated_at") end
  return event(kind, at, source,
    { name = text("name") or path:match("[^/]+$"), owner = path:match("^(.+)/[^/]+$"), uri = source .. ".git",
      viewUrl = source },
    { actor = text("owner_name"), gitlab = { event = name, id = number("project_id"),
                                             from = text("old_path_with_namespace") } })
end

local NOTHING = {
  feature_flag = "CDEvents have no feature flags", wiki_page = "CDEvents have no pages",
  emoji = "nothing was delivered", access_token = "nothing was delivered", milestone = "nothing was delivered",
}

function transform(m)
  body = m.body
  local kind = text("object_kind") or text("event_name")
  if not kind then refuse("gitlab: the payload has neither object_kind nor event_name") end
  if PROJECT[kind] then return project_event(m, kind) end
  if NOTHING[kind] then drop(kind .. ": " .. NOTHING[kind]) end
  local handle = on[kind]
  if not handle then drop(kind .. ": nothing that CDEvents have a word for") end
  source = need(uri("project.web_url") or uri("repository.homepage"), "project.web_url")
  return handle()
end
