-- Webhooks of Gitea and Forgejo to CDEvents. The header X-Gitea-Event, or X-Forgejo-Event, says what
-- a payload is: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/
--
-- The names of things: a repository, pull request, issue, commit, run or job is its https URL, an
-- artifact its package URL. What belongs to one commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the repository

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
  return found or refuse("gitea: the payload has no " .. what)
end

--- What a call of purl came to; it fails only for names that are no names.
local function checked(ok, id)
  return ok and id or refuse("gitea: what it names is no artifact")
end

local function source_purl(version)
  return checked(pcall(purl, { type = "gitea", namespace = text("repository.owner.login"), version = version,
                               name = need(text("repository.name"), "repository.name") }))
end

--- `at` may be nil: then the event happened when it arrived.
local function event(kind, at, id, content, custom, chain)
  custom.actor = custom.actor or text("sender.login")
  return cdevent(kind, {
    context = { source = source, timestamp = at, chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

local function commit_url(sha) return source .. "/commit/" .. sha end

local function change_content() return { repository = { id = source } } end

-- ---- Code ----

local on = {}  -- a function for each event; what it returns goes on

function on.push()
  local ref = need(text("ref"), "ref")
  local branch = ref:match("^refs/heads/(.+)$")
  local tag = ref:match("^refs/tags/(.+)$")
  local sha = hash("after")
  if not sha then drop("push: " .. ref .. " was deleted, of which the delete event tells") end
  if tag then
    return event("artifact.packaged", nil, source_purl(tag), { change = { id = commit_url(sha) } },
      { gitea = { tag = tag, sha = sha } }, sha)
  end
  if not branch then drop("push: " .. ref .. " is neither a branch nor a tag") end
  if branch ~= text("repository.default_branch") then
    drop("push: " .. branch .. " is not the default branch; pull requests tell of such changes")
  end
  local at = moment("head_commit.timestamp", "commits[1].timestamp")
  local id = commit_url(sha)
  local created = change_content()
  created.description = first_line("head_commit.message")
  local custom = { author = text("head_commit.author.username") or text("head_commit.author.name"), uri = id,
                   gitea = { sha = sha } }
  local out = { event("change.created", at, id, created, custom, sha) }
  custom.gitea = { sha = sha, before = hash("before"), branch = branch, title = created.description,
                   commits = number("total_commits") }
  out[2] = event("change.merged", at, id, change_content(), custom, sha)
  return out
end

local function branch_event(kind, what)
  local name = need(text("ref"), "ref")
  if text("ref_type") ~= "branch" then
    drop(what .. ": " .. (text("ref_type") or "it") .. " is no branch; the push tells of tags")
  end
  name = name:gsub("^refs/heads/", "")
  return event(kind, nil, source .. "/src/branch/" .. name, change_content(),
    { gitea = { branch = name, sha = hash("sha") } })
end

function on.create() return branch_event("branch.created", "create") end
function on.delete() return branch_event("branch.deleted", "delete") end

function on.repository(action)
  local content = { name = need(text("repository.name"), "repository.name"),
                    owner = text("repository.owner.login"), uri = uri("repository.clone_url") or source,
                    viewUrl = source }
  local custom = { gitea = { id = number("repository.id"), private = flag("repository.private") } }
  if action == "created" then
    return event("repository.created", moment("repository.created_at"), source, content, custom)
  elseif action == "deleted" then
    return event("repository.deleted", nil, source, content, custom)  -- no member says when
  end
end

-- ---- Pull requests ----

local function pull_request()
  local id = need(uri("pull_request.html_url") or uri("pull_request.url"), "pull_request.html_url")
  return id, {
    author = text("pull_request.user.login"), uri = id,
    gitea = { action = text("action"), number = number("pull_request.number"), title = text("pull_request.title"),
              branch = text("pull_request.head.ref"), sha = hash("pull_request.head.sha"),
              base = text("pull_request.base.ref"), draft = flag("pull_request.draft") },
  }
end

local PULL_REQUEST_UPDATES = " assigned demilestoned edited label_cleared label_updated milestoned reopened \z
  review_request_removed review_requested synchronized unassigned "

function on.pull_request(action)
  local id, custom = pull_request()
  local content = change_content()
  if action == "opened" then
    content.description = text("pull_request.title")
    return event("change.created", moment("pull_request.created_at"), id, content, custom)
  elseif action == "closed" and flag("pull_request.merged") then
    local sha = hash("pull_request.merge_commit_sha")
    custom.gitea.merge_commit_sha = sha
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
    return event("change.merged", moment("pull_request.merged_at", "pull_request.closed_at"), id, content,
      custom, sha)
  elseif action == "closed" then
    return event("change.abandoned", moment("pull_request.closed_at", "pull_request.updated_at"), id, content, custom)
  elseif PULL_REQUEST_UPDATES:find(" " .. action .. " ", 1, true) then
    return event("change.updated", moment("pull_request.updated_at"), id, content, custom)
  end
end

local function review(verdict)
  return function()
    local id, custom = pull_request()
    custom.gitea.review = verdict
    return event("change.reviewed", moment("pull_request.updated_at"), id, change_content(), custom)
  end
end

on.pull_request_approved = review("approved")
on.pull_request_rejected = review("rejected")
on.pull_request_comment = review("comment")

-- ---- Issues ----

local TICKET_UPDATES = " assigned demilestoned edited label_cleared label_updated milestoned reopened unassigned "

function on.issues(action)
  local id = need(uri("issue.html_url"), "issue.html_url")
  local labels = texts("issue.labels", "name")
  local ticket
  for _, label in ipairs(labels) do
    local word = label:lower():gsub("^kind/", "")
    if word == "bug" or word == "enhancement" or word == "question" or word == "task" then ticket = ticket or word end
  end
  local content = {
    summary = text("issue.title"), ticketType = ticket, group = text("repository.full_name"),
    creator = text("issue.user.login"), assignees = texts("issue.assignees", "login"), labels = labels,
    milestone = text("issue.milestone.title"), uri = id,
  }
  local custom = { gitea = { action = action, number = number("issue.number") } }
  if action == "opened" then
    need(content.summary, "issue.title")
    need(content.creator, "issue.user.login")
    return event("ticket.created", moment("issue.created_at"), id, content, custom)
  end
  content.updatedBy = text("sender.login")
  if action == "closed" then
    content.resolution = "completed"
    return event("ticket.closed", moment("issue.closed_at", "issue.updated_at"), id, content, custom)
  elseif TICKET_UPDATES:find(" " .. action .. " ", 1, true) then
    return event("ticket.updated", moment("issue.updated_at"), id, content, custom)
  end
end

-- ---- Runs (Gitea Actions) ----

local OUTCOME = { success = "success", neutral = "success", failure = "failure", timed_out = "error",
                  cancelled = "cancel", skipped = "cancel", action_required = "cancel" }

local function run_name(a, b)
  return (text("repository.full_name") or source) .. (a and ": " .. a or "") .. (b and " / " .. b or "")
end

function on.workflow_run(action)
  local id = need(uri("workflow_run.html_url"), "workflow_run.html_url")
  local sha = hash("workflow_run.head_sha")
  local path = text("workflow_run.path")
  local content = { uri = id, pipelineName =
    run_name(text("workflow.name") or text("workflow_run.name") or path and path:match("([^/@]+)@?[^/]*$")) }
  local custom = { actor = text("workflow_run.triggering_actor.login") or text("workflow_run.actor.login"), gitea = {
    event = text("workflow_run.event"), branch = text("workflow_run.head_branch"), sha = sha,
    title = text("workflow_run.display_title"), run_number = number("workflow_run.run_number"),
    conclusion = text("workflow_run.conclusion") } }
  if action == "requested" or action == "queued" or action == "waiting" then
    return event("pipelinerun.queued", moment("workflow_run.created_at"), id, content, custom, sha)
  elseif action == "in_progress" then
    return event("pipelinerun.started", moment("workflow_run.started_at", "workflow_run.run_started_at"), id,
      content, custom, sha)
  elseif action == "completed" then
    content.outcome = OUTCOME[text("workflow_run.conclusion")]
    return event("pipelinerun.finished", moment("workflow_run.completed_at", "workflow_run.updated_at"), id,
      content, custom, sha)
  end
end

function on.workflow_job(action)
  if action == "queued" or action == "waiting" then
    drop("workflow_job " .. action .. ": CDEvents have no task that waits")
  end
  local conclusion = text("workflow_job.conclusion")
  if action == "completed" and conclusion == "skipped" then
    drop("workflow_job completed: skipped, so it never ran")
  end
  if action ~= "in_progress" and action ~= "completed" then return end
  local id = need(uri("workflow_job.html_url"), "workflow_job.html_url")
  local run = id:match("^(.+/actions/runs/%d+)/")
  local sha = hash("workflow_job.head_sha")
  local content = { taskName = run_name(text("workflow_job.workflow_name"), text("workflow_job.name")), uri = id,
                    pipelineRun = run and { id = run } or nil }
  local custom = { gitea = { branch = text("workflow_job.head_branch"), sha = sha, conclusion = conclusion,
                             runner = text("workflow_job.runner_name") } }
  if action == "in_progress" then
    return event("taskrun.started", moment("workflow_job.started_at"), id, content, custom, sha)
  end
  content.outcome = OUTCOME[conclusion]
  return event("taskrun.finished", moment("workflow_job.completed_at"), id, content, custom, sha)
end

-- ---- Artifacts ----

function on.release(action)
  if action == "updated" then drop("release updated: published told that it is there") end
  if action ~= "published" and action ~= "deleted" then return end
  local tag = need(text("release.tag_name"), "release.tag_name")
  local custom = { uri = uri("release.html_url"), gitea = { tag = tag, name = text("release.name"),
                   target = text("release.target_commitish"), prerelease = flag("release.prerelease") } }
  if action == "deleted" then
    return event("artifact.deleted", nil, source_purl(tag), { user = text("sender.login") }, custom)
  end
  return event("artifact.published", moment("release.published_at", "release.created_at"), source_purl(tag),
    { user = text("release.author.login") or text("sender.login") }, custom)
end

function on.package(action)
  if action ~= "created" and action ~= "deleted" then return end
  local registry = need(text("package.type"), "package.type")
  local name = need(text("package.name"), "package.name")
  local version = need(text("package.version"), "package.version")
  local owner = text("package.owner.login") or text("organization.username") or text("sender.login") or ""
  local host = source:match("^https?://([^/]+)")
  local id
  if registry == "container" then
    local image = (host .. "/" .. owner .. "/" .. name):lower()
    if version:find("^sha256:") then
      id = checked(pcall(purl_from_image, image, version))
    else
      id = checked(pcall(purl_from_image, image .. ":" .. version))
    end
  else
    local types = { rubygems = "gem", go = "golang" }
    local namespace
    if registry == "maven" then
      namespace, name = name:match("^(.+):([^:]+)$")
      name = name or text("package.name")
    elseif registry == "npm" and name:find("/", 1, true) then
      namespace, name = name:match("^(.+)/([^/]+)$")
    end
    id = checked(pcall(purl, { type = types[registry] or registry, namespace = namespace,
                               name = name or text("package.name"), version = version }))
  end
  local custom = { uri = uri("package.html_url"), gitea = { type = registry, name = text("package.name"),
                                                            version = version } }
  if action == "deleted" then
    return event("artifact.deleted", nil, id, { user = text("sender.login") }, custom)
  end
  return event("artifact.published", moment("package.created_at"), id,
    { user = text("package.creator.login") or text("sender.login") }, custom)
end

function transform(m)
  local name = m.headers["X-Forgejo-Event"] or m.headers["X-Gitea-Event"]
  if not name then
    refuse("gitea: no header X-Gitea-Event or X-Forgejo-Event; headers_to_keep of the source must name it")
  end
  body = m.body
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  source = uri("repository.html_url") or uri("package.repository.html_url")
  if not source and name == "package" then  -- one of an owner, not of a repository
    source = (uri("package.html_url") or ""):match("^(https?://[^/]+/[^/]+)/%-/packages/")
  end
  need(source, "repository.html_url")
  local action = text("action") or ""
  local out = handle(action)
  if out then return out end
  drop(name .. " " .. action .. ": an action that is not known here")
end
