-- Webhooks of Bitbucket Cloud to CDEvents. The header X-Event-Key says what a payload is:
-- https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
--
-- The names of things: a repository, pull request, issue or commit is its https URL, a pipeline the
-- page it reports. What belongs to one commit has its hash as context.chainId.
--
-- A push does not say which branch is the default one: it is main or master, or what
-- the source's metadata has as bitbucket.branches.

local body      -- the payload
local settings  -- what the source's metadata has under `bitbucket`
local source    -- the URL of the repository

local function need(found, what)
  return found or refuse("bitbucket: the payload has no " .. what)
end

--- `at` may be nil: then the event happened when it arrived.
local function event(kind, at, id, content, custom, chain)
  custom.actor = custom.actor or text(body, "actor.nickname", "actor.display_name")
  return cdevent(kind, {
    context = { source = source, timestamp = at, chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

local function commit_url(sha) return source .. "/commits/" .. sha end

local function change_content() return { repository = { id = source } } end

local function is_main(branch)
  local named = get(settings, "branches")
  if kind(named) ~= "list" then return branch == "main" or branch == "master" end
  for _, each in ipairs(named) do
    if each == branch then return true end
  end
  return false
end

-- ---- Code ----

local on = {}  -- a function for each event; what it returns goes on

--- Adds to `out` what one of the changes of a push comes to.
local function push_change(out, change)
  local new, old = text(change, "new.name"), text(change, "old.name")
  local what = text(change, "new.type", "old.type")
  local sha = commit_hash(change, "new.target.hash")
  local name = new or old
  if not name then return end
  if what == "tag" or what == "annotated_tag" then
    if not new or not sha then return end
    local full = source:match("^https?://[^/]+/(.+)$") or ""
    local id = purl{ type = "bitbucket", namespace = full:match("^(.+)/"), name = full:match("[^/]+$"), version = name }
      or refuse("bitbucket: the tag names no artifact")
    out[#out + 1] = event("artifact.packaged", moment(change, "new.date"), id, { change = { id = commit_url(sha) } },
      { bitbucket = { tag = name, sha = sha } }, sha)
    return
  end
  local branch_id = source .. "/branch/" .. name
  if not new then
    out[#out + 1] = event("branch.deleted", nil, branch_id, change_content(), { bitbucket = { branch = name } })
    return
  end
  if not old then
    out[#out + 1] = event("branch.created", nil, branch_id, change_content(), { bitbucket = { branch = name, sha = sha } })
  end
  if not is_main(name) or not sha then return end
  local when = moment(change, "new.target.date")
  local id = commit_url(sha)
  local created = change_content()
  created.description = first_line(change, "new.target.message")
  local custom = { author = text(change, "new.target.author.user.nickname", "new.target.author.user.display_name"), uri = id,
                   bitbucket = { sha = sha } }
  out[#out + 1] = event("change.created", when, id, created, custom, sha)
  custom.bitbucket = { sha = sha, before = commit_hash(change, "old.target.hash"), branch = name,
                       title = created.description, forced = boolean(change, "forced") }
  out[#out + 1] = event("change.merged", when, id, change_content(), custom, sha)
end

on["repo:push"] = function()
  local changes = get(body, "push.changes")
  need(kind(changes) == "list", "push.changes")
  local out = {}
  for _, change in each(changes) do push_change(out, change) end
  if #out == 0 then
    drop("repo:push: no branch came or went, and none that is the default one moved; pull requests tell of other changes")
  end
  return out
end

on["repo:updated"] = function()
  return event("repository.modified", moment(body, "repository.updated_on"), source,
    { name = text(body, "repository.name"), owner = text(body, "repository.workspace.slug"), uri = source .. ".git",
      viewUrl = source },
    { bitbucket = { full_name = text(body, "repository.full_name"), from = text(body, "changes.full_name.old") } })
end

-- ---- Builds: Bitbucket Pipelines and other systems report to the commit ----

local OUTCOME = { SUCCESSFUL = "success", FAILED = "failure", STOPPED = "cancel" }

local function build()
  local state = need(text(body, "commit_status.state"), "commit_status.state")
  local page = web_url(body, "commit_status.url")
  local sha = commit_hash(body, "commit_status.commit.hash")
  if not sha then
    sha = (text(body, "commit_status.commit.links.html.href", "commit_status.links.commit.href") or "")
      :match("/commits?/(%x+)$")
  end
  local id = need(page, "commit_status.url")
  -- "Pipeline #7 for main": without the number, all runs have one name.
  local name = (text(body, "commit_status.name", "commit_status.key") or "build"):gsub("%s*#%d+.*$", "")
  local content = { uri = id, pipelineName = (text(body, "repository.full_name") or source) .. ": " .. name }
  local custom = { bitbucket = { key = text(body, "commit_status.key"), name = text(body, "commit_status.name"),
                                 branch = text(body, "commit_status.refname"), sha = sha,
                                 description = text(body, "commit_status.description") } }
  if state == "INPROGRESS" then
    return event("pipelinerun.started", moment(body, "commit_status.updated_on", "commit_status.created_on"), id, content,
      custom, sha)
  elseif OUTCOME[state] then
    content.outcome = OUTCOME[state]
    return event("pipelinerun.finished", moment(body, "commit_status.updated_on"), id, content, custom, sha)
  end
  drop("commit_status " .. state .. ": a state that is not known here")
end

on["repo:commit_status_created"] = build
on["repo:commit_status_updated"] = build

-- ---- Pull requests ----

local function pull_request(kind, at, more)
  local id = need(web_url(body, "pullrequest.links.html.href"), "pullrequest.links.html.href")
  local content = change_content()
  local custom = {
    author = text(body, "pullrequest.author.nickname", "pullrequest.author.display_name"), uri = id,
    bitbucket = { id = integer(body, "pullrequest.id"), title = text(body, "pullrequest.title"),
                  state = text(body, "pullrequest.state"), branch = text(body, "pullrequest.source.branch.name"),
                  base = text(body, "pullrequest.destination.branch.name"),
                  sha = text(body, "pullrequest.source.commit.hash"), draft = boolean(body, "pullrequest.draft") },
  }
  for name, value in pairs(more or {}) do custom.bitbucket[name] = value end
  local chain
  if kind == "change.created" then content.description = text(body, "pullrequest.title") end
  if kind == "change.merged" then
    custom.bitbucket.merge_commit = text(body, "pullrequest.merge_commit.hash")
    chain = commit_hash(body, "pullrequest.merge_commit.hash")  -- Bitbucket mostly sends 12 digits of it
    if chain then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(chain) } } }
    end
  end
  return event(kind, at, id, content, custom, chain)
end

on["pullrequest:created"] = function() return pull_request("change.created", moment(body, "pullrequest.created_on")) end
on["pullrequest:updated"] = function() return pull_request("change.updated", moment(body, "pullrequest.updated_on")) end
on["pullrequest:fulfilled"] = function() return pull_request("change.merged", moment(body, "pullrequest.updated_on")) end
on["pullrequest:rejected"] = function()
  return pull_request("change.abandoned", moment(body, "pullrequest.updated_on"),
    { reason = first_line(body, "pullrequest.reason") })
end
on["pullrequest:approved"] = function()
  return pull_request("change.reviewed", moment(body, "approval.date", "pullrequest.updated_on"), { review = "approved" })
end
on["pullrequest:unapproved"] = function()
  return pull_request("change.reviewed", moment(body, "approval.date", "pullrequest.updated_on"), { review = "unapproved" })
end
on["pullrequest:changes_request_created"] = function()
  return pull_request("change.reviewed", moment(body, "changes_request.date", "pullrequest.updated_on"),
    { review = "changes requested" })
end
on["pullrequest:changes_request_removed"] = function()
  return pull_request("change.reviewed", moment(body, "changes_request.date", "pullrequest.updated_on"),
    { review = "changes no longer requested" })
end
on["pullrequest:comment_created"] = function()
  return pull_request("change.reviewed", moment(body, "comment.created_on"),
    { review = "comment", comment = web_url(body, "comment.links.html.href") })
end

-- ---- Issues ----

local CLOSED = { resolved = "completed", closed = "completed", duplicate = "duplicate", invalid = "withdrawn",
                 wontfix = "withdrawn" }

local function issue(created)
  local id = need(web_url(body, "issue.links.html.href"), "issue.links.html.href")
  local kinds = { bug = "bug", enhancement = "enhancement", proposal = "enhancement", task = "task" }
  local assignee = text(body, "issue.assignee.nickname", "issue.assignee.display_name")
  local content = {
    summary = text(body, "issue.title"), ticketType = kinds[text(body, "issue.kind")],
    group = text(body, "repository.full_name"),
    creator = text(body, "issue.reporter.nickname", "issue.reporter.display_name"),
    assignees = array{ assignee }, priority = text(body, "issue.priority"),
    milestone = text(body, "issue.milestone.name"), uri = id,
  }
  local custom = { bitbucket = { id = integer(body, "issue.id"), state = text(body, "issue.state") } }
  if created then
    need(content.summary, "issue.title")
    content.creator = content.creator or need(text(body, "actor.nickname", "actor.display_name"), "issue.reporter")
    return event("ticket.created", moment(body, "issue.created_on"), id, content, custom)
  end
  content.updatedBy = text(body, "actor.nickname", "actor.display_name")
  content.resolution = CLOSED[text(body, "changes.status.new")]
  return event(content.resolution and "ticket.closed" or "ticket.updated", moment(body, "issue.updated_on"), id, content,
    custom)
end

on["issue:created"] = function() return issue(true) end
on["issue:updated"] = function() return issue(false) end

function transform(m)
  local name = m.headers["X-Event-Key"]
  if not name then
    refuse("bitbucket: no header X-Event-Key; headers_to_keep of the source must name it")
  end
  body = m.body
  settings = get(m.metadata, "bitbucket")
  if name == "diagnostics:ping" then drop("diagnostics:ping: the webhook works; nothing happened") end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  source = need(web_url(body, "repository.links.html.href"), "repository.links.html.href")
  return handle()
end
