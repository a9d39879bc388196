-- Webhooks of Gitea and Forgejo to CDEvents. The header X-Gitea-Event, or X-Forgejo-Event, says what
-- a payload is: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/
--
-- The names of things: a repository, pull request, issue, commit, run or job is its https URL, an
-- artifact its package URL. What belongs to one commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the repository

local function need(found, what)
  return found or refuse("gitea: the payload has no " .. what)
end

--- What a call of purl came to: nothing for names that are no names.
local function checked(id)
  return id or refuse("gitea: what it names is no artifact")
end

local function source_purl(version)
  return checked(purl{ type = "gitea", namespace = text(body, "repository.owner.login"), version = version,
                               name = need(text(body, "repository.name"), "repository.name") })
end

--- `at` may be nil: then the event happened when it arrived.
local function event(kind, at, id, content, custom, chain)
  custom.actor = custom.actor or text(body, "sender.login")
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
  local ref = need(text(body, "ref"), "ref")
  local branch = ref:match("^refs/heads/(.+)$")
  local tag = ref:match("^refs/tags/(.+)$")
  local sha = commit_hash(body, "after")
  if not sha then drop("push: " .. ref .. " was deleted, of which the delete event tells") end
  if tag then
    return event("artifact.packaged", nil, source_purl(tag), { change = { id = commit_url(sha) } },
      { gitea = { tag = tag, sha = sha } }, sha)
  end
  if not branch then drop("push: " .. ref .. " is neither a branch nor a tag") end
  if branch ~= text(body, "repository.default_branch") then
    drop("push: " .. branch .. " is not the default branch; pull requests tell of such changes")
  end
  local at = moment(body, "head_commit.timestamp", "commits[1].timestamp")
  local id = commit_url(sha)
  local created = change_content()
  created.description = first_line(body, "head_commit.message")
  local custom = { author = text(body, "head_commit.author.username", "head_commit.author.name"), uri = id,
                   gitea = { sha = sha } }
  local out = { event("change.created", at, id, created, custom, sha) }
  custom.gitea = { sha = sha, before = commit_hash(body, "before"), branch = branch, title = created.description,
                   commits = integer(body, "total_commits") }
  out[2] = event("change.merged", at, id, change_content(), custom, sha)
  return out
end

local function branch_event(kind, what)
  local name = need(text(body, "ref"), "ref")
  if text(body, "ref_type") ~= "branch" then
    drop(what .. ": " .. (text(body, "ref_type") or "it") .. " is no branch; the push tells of tags")
  end
  name = name:gsub("^refs/heads/", "")
  return event(kind, nil, source .. "/src/branch/" .. name, change_content(),
    { gitea = { branch = name, sha = commit_hash(body, "sha") } })
end

function on.create() return branch_event("branch.created", "create") end
function on.delete() return branch_event("branch.deleted", "delete") end

function on.repository(action)
  local content = { name = need(text(body, "repository.name"), "repository.name"),
                    owner = text(body, "repository.owner.login"), uri = web_url(body, "repository.clone_url") or source,
                    viewUrl = source }
  local custom = { gitea = { id = integer(body, "repository.id"), private = boolean(body, "repository.private") } }
  if action == "created" then
    return event("repository.created", moment(body, "repository.created_at"), source, content, custom)
  elseif action == "deleted" then
    return event("repository.deleted", nil, source, content, custom)  -- no member says when
  end
end

-- ---- Pull requests ----

local function pull_request()
  local id = need(web_url(body, "pull_request.html_url", "pull_request.url"), "pull_request.html_url")
  return id, {
    author = text(body, "pull_request.user.login"), uri = id,
    gitea = { action = text(body, "action"), number = integer(body, "pull_request.number"),
              title = text(body, "pull_request.title"), branch = text(body, "pull_request.head.ref"),
              sha = commit_hash(body, "pull_request.head.sha"), base = text(body, "pull_request.base.ref"), draft = boolean(body, "pull_request.draft") },
  }
end

local PULL_REQUEST_UPDATES = " assigned demilestoned edited label_cleared label_updated milestoned reopened \z
  review_request_removed review_requested synchronized unassigned "

function on.pull_request(action)
  local id, custom = pull_request()
  local content = change_content()
  if action == "opened" then
    content.description = text(body, "pull_request.title")
    return event("change.created", moment(body, "pull_request.created_at"), id, content, custom)
  elseif action == "closed" and boolean(body, "pull_request.merged") then
    local sha = commit_hash(body, "pull_request.merge_commit_sha")
    custom.gitea.merge_commit_sha = sha
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
    return event("change.merged", moment(body, "pull_request.merged_at", "pull_request.closed_at"), id, content,
      custom, sha)
  elseif action == "closed" then
    return event("change.abandoned", moment(body, "pull_request.closed_at", "pull_request.updated_at"), id, content, custom)
  elseif PULL_REQUEST_UPDATES:find(" " .. action .. " ", 1, true) then
    return event("change.updated", moment(body, "pull_request.updated_at"), id, content, custom)
  end
end

local function review(verdict)
  return function()
    local id, custom = pull_request()
    custom.gitea.review = verdict
    return event("change.reviewed", moment(body, "pull_request.updated_at"), id, change_content(), custom)
  end
end

on.pull_request_approved = review("approved")
on.pull_request_rejected = review("rejected")
on.pull_request_comment = review("comment")

-- ---- Issues ----

local TICKET_UPDATES = " assigned demilestoned edited label_cleared label_updated milestoned reopened unassigned "

function on.issues(action)
  local id = need(web_url(body, "issue.html_url"), "issue.html_url")
  local labels = texts(get(body, "issue.labels"), "name")
  local ticket
  for _, label in ipairs(labels) do
    local word = label:lower():gsub("^kind/", "")
    if word == "bug" or word == "enhancement" or word == "question" or word == "task" then ticket = ticket or word end
  end
  local content = {
    summary = text(body, "issue.title"), ticketType = ticket, group = text(body, "repository.full_name"),
    creator = text(body, "issue.user.login"), assignees = texts(get(body, "issue.assignees"), "login"), labels = labels,
    milestone = text(body, "issue.milestone.title"), uri = id,
  }
  local custom = { gitea = { action = action, number = integer(body, "issue.number") } }
  if action == "opened" then
    need(content.summary, "issue.title")
    need(content.creator, "issue.user.login")
    return event("ticket.created", moment(body, "issue.created_at"), id, content, custom)
  end
  content.updatedBy = text(body, "sender.login")
  if action == "closed" then
    content.resolution = "completed"
    return event("ticket.closed", moment(body, "issue.closed_at", "issue.updated_at"), id, content, custom)
  elseif TICKET_UPDATES:find(" " .. action .. " ", 1, true) then
    return event("ticket.updated", moment(body, "issue.updated_at"), id, content, custom)
  end
end

-- ---- Runs (Gitea Actions) ----

local OUTCOME = { success = "success", neutral = "success", failure = "failure", timed_out = "error",
                  cancelled = "cancel", skipped = "cancel", action_required = "cancel" }

local function run_name(a, b)
  return (text(body, "repository.full_name") or source) .. (a and ": " .. a or "") .. (b and " / " .. b or "")
end

function on.workflow_run(action)
  local id = need(web_url(body, "workflow_run.html_url"), "workflow_run.html_url")
  local sha = commit_hash(body, "workflow_run.head_sha")
  local path = text(body, "workflow_run.path")
  local content = { uri = id, pipelineName =
    run_name(text(body, "workflow.name", "workflow_run.name") or path and path:match("([^/@]+)@?[^/]*$")) }
  local custom = { actor = text(body, "workflow_run.triggering_actor.login", "workflow_run.actor.login"), gitea = {
    event = text(body, "workflow_run.event"), branch = text(body, "workflow_run.head_branch"), sha = sha,
    title = text(body, "workflow_run.display_title"), run_number = integer(body, "workflow_run.run_number"),
    conclusion = text(body, "workflow_run.conclusion") } }
  if action == "requested" or action == "queued" or action == "waiting" then
    return event("pipelinerun.queued", moment(body, "workflow_run.created_at"), id, content, custom, sha)
  elseif action == "in_progress" then
    return event("pipelinerun.started", moment(body, "workflow_run.started_at", "workflow_run.run_started_at"), id,
      content, custom, sha)
  elseif action == "completed" then
    content.outcome = OUTCOME[text(body, "workflow_run.conclusion")]
    return event("pipelinerun.finished", moment(body, "workflow_run.completed_at", "workflow_run.updated_at"), id,
      content, custom, sha)
  end
end

function on.workflow_job(action)
  if action == "queued" or action == "waiting" then
    drop("workflow_job " .. action .. ": CDEvents have no task that waits")
  end
  local conclusion = text(body, "workflow_job.conclusion")
  if action == "completed" and conclusion == "skipped" then
    drop("workflow_job completed: skipped, so it never ran")
  end
  if action ~= "in_progress" and action ~= "completed" then return end
  local id = need(web_url(body, "workflow_job.html_url"), "workflow_job.html_url")
  local run = id:match("^(.+/actions/runs/%d+)/")
  local sha = commit_hash(body, "workflow_job.head_sha")
  local content = { taskName = run_name(text(body, "workflow_job.workflow_name"), text(body, "workflow_job.name")), uri = id,
                    pipelineRun = run and { id = run } or nil }
  local custom = { gitea = { branch = text(body, "workflow_job.head_branch"), sha = sha, conclusion = conclusion,
                             runner = text(body, "workflow_job.runner_name") } }
  if action == "in_progress" then
    return event("taskrun.started", moment(body, "workflow_job.started_at"), id, content, custom, sha)
  end
  content.outcome = OUTCOME[conclusion]
  return event("taskrun.finished", moment(body, "workflow_job.completed_at"), id, content, custom, sha)
end

-- ---- Artifacts ----

function on.release(action)
  if action == "updated" then drop("release updated: published told that it is there") end
  if action ~= "published" and action ~= "deleted" then return end
  local tag = need(text(body, "release.tag_name"), "release.tag_name")
  local custom = { uri = web_url(body, "release.html_url"), gitea = { tag = tag, name = text(body, "release.name"),
                   target = text(body, "release.target_commitish"), prerelease = boolean(body, "release.prerelease") } }
  if action == "deleted" then
    return event("artifact.deleted", nil, source_purl(tag), { user = text(body, "sender.login") }, custom)
  end
  return event("artifact.published", moment(body, "release.published_at", "release.created_at"), source_purl(tag),
    { user = text(body, "release.author.login", "sender.login") }, custom)
end

function on.package(action)
  if action ~= "created" and action ~= "deleted" then return end
  local registry = need(text(body, "package.type"), "package.type")
  local name = need(text(body, "package.name"), "package.name")
  local version = need(text(body, "package.version"), "package.version")
  local owner = text(body, "package.owner.login", "organization.username", "sender.login") or ""
  local host = source:match("^https?://([^/]+)")
  local id
  if registry == "container" then
    local image = (host .. "/" .. owner .. "/" .. name):lower()
    local is_digest = version:starts_with("sha256:")
    id = checked(purl_from_image(image, is_digest and version or nil, not is_digest and version or nil))
  else
    local types = { rubygems = "gem", go = "golang" }
    local namespace
    if registry == "maven" then
      namespace, name = name:match("^(.+):([^:]+)$")
      name = name or text(body, "package.name")
    elseif registry == "npm" and name:find("/", 1, true) then
      namespace, name = name:match("^(.+)/([^/]+)$")
    end
    id = checked(purl{ type = types[registry] or registry, namespace = namespace,
                               name = name or text(body, "package.name"), version = version })
  end
  local custom = { uri = web_url(body, "package.html_url"), gitea = { type = registry, name = text(body, "package.name"),
                                                            version = version } }
  if action == "deleted" then
    return event("artifact.deleted", nil, id, { user = text(body, "sender.login") }, custom)
  end
  return event("artifact.published", moment(body, "package.created_at"), id,
    { user = text(body, "package.creator.login", "sender.login") }, custom)
end

function transform(m)
  local name = m.headers["X-Forgejo-Event"] or m.headers["X-Gitea-Event"]
  if not name then
    refuse("gitea: no header X-Gitea-Event or X-Forgejo-Event; headers_to_keep of the source must name it")
  end
  body = m.body
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  source = web_url(body, "repository.html_url", "package.repository.html_url")
  if not source and name == "package" then  -- one of an owner, not of a repository
    source = (web_url(body, "package.html_url") or ""):match("^(https?://[^/]+/[^/]+)/%-/packages/")
  end
  need(source, "repository.html_url")
  local action = text(body, "action") or ""
  local out = handle(action)
  if out then return out end
  drop(name .. " " .. action .. ": an action that is not known here")
end
