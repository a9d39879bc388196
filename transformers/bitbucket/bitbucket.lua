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
  return found or refuse("bitbucket: the payload has no " .. what)
end

--- `at` may be nil: then the event happened when it arrived.
local function event(kind, at, id, content, custom, chain)
  custom.actor = custom.actor or text("actor.nickname") or text("actor.display_name")
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
local function push_change(out, at)
  local new, old = text(at .. ".new.name"), text(at .. ".old.name")
  local what = text(at .. ".new.type") or text(at .. ".old.type")
  local sha = hash(at .. ".new.target.hash")
  local name = new or old
  if not name then return end
  if what == "tag" or what == "annotated_tag" then
    if not new or not sha then return end
    local full = source:match("^https?://[^/]+/(.+)$") or ""
    local ok, id = pcall(purl, { type = "bitbucket", namespace = full:match("^(.+)/"), name = full:match("[^/]+$"),
                                 version = name })
    if not ok then refuse("bitbucket: the tag names no artifact") end
    out[#out + 1] = event("artifact.packaged", moment(at .. ".new.date"), id, { change = { id = commit_url(sha) } },
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
  local when = moment(at .. ".new.target.date")
  local id = commit_url(sha)
  local created = change_content()
  created.description = first_line(at .. ".new.target.message")
  local custom = { author = text(at .. ".new.target.author.user.nickname")
                     or text(at .. ".new.target.author.user.display_name"), uri = id, bitbucket = { sha = sha } }
  out[#out + 1] = event("change.created", when, id, created, custom, sha)
  custom.bitbucket = { sha = sha, before = hash(at .. ".old.target.hash"), branch = name,
                       title = created.description, forced = flag(at .. ".forced") }
  out[#out + 1] = event("change.merged", when, id, change_content(), custom, sha)
end

on["repo:push"] = function()
  local changes = get(body, "push.changes")
  need(kind(changes) == "list", "push.changes")
  local out = {}
  for i = 1, math.min(#changes, 100) do push_change(out, "push.changes[" .. i .. "]") end
  if #out == 0 then
    drop("repo:push: no branch came or went, and none that is the default one moved; pull requests tell of other changes")
  end
  return out
end

on["repo:updated"] = function()
  return event("repository.modified", moment("repository.updated_on"), source,
    { name = text("repository.name"), owner = text("repository.workspace.slug"), uri = source .. ".git",
      viewUrl = source }, { bitbucket = { full_name = text("repository.full_name"), from = text("changes.full_name.old") } })
end

-- ---- Builds: Bitbucket Pipelines and other systems report to the commit ----

local OUTCOME = { SUCCESSFUL = "success", FAILED = "failure", STOPPED = "cancel" }

local function build()
  local state = need(text("commit_status.state"), "commit_status.state")
  local page = uri("commit_status.url")
  local sha = hash("commit_status.commit.hash")
  if not sha then
    sha = (text("commit_status.commit.links.html.href") or text("commit_status.links.commit.href") or "")
      :match("/commits?/(%x+)$")
  end
  local id = need(page, "commit_status.url")
  -- "Pipeline #7 for main": without the number, all runs have one name.
  local name = (text("commit_status.name") or text("commit_status.key") or "build"):gsub("%s*#%d+.*$", "")
  local content = { uri = id, pipelineName = (text("repository.full_name") or source) .. ": " .. name }
  local custom = { bitbucket = { key = text("commit_status.key"), name = text("commit_status.name"), branch = text("commit_status.refname"), sha = sha,
                                 description = text("commit_status.description") } }
  if state == "INPROGRESS" then
    return event("pipelinerun.started", moment("commit_status.updated_on", "commit_status.created_on"), id, content,
      custom, sha)
  elseif OUTCOME[state] then
    content.outcome = OUTCOME[state]
    return event("pipelinerun.finished", moment("commit_status.updated_on"), id, content, custom, sha)
  end
  drop("commit_status " .. state .. ": a state that is not known here")
end

on["repo:commit_status_created"] = build
on["repo:commit_status_updated"] = build

-- ---- Pull requests ----

local function pull_request(kind, at, more)
  local id = need(uri("pullrequest.links.html.href"), "pullrequest.links.html.href")
  local content = change_content()
  local custom = {
    author = text("pullrequest.author.nickname") or text("pullrequest.author.display_name"), uri = id,
    bitbucket = { id = number("pullrequest.id"), title = text("pullrequest.title"), state = text("pullrequest.state"),
                  branch = text("pullrequest.source.branch.name"), base = text("pullrequest.destination.branch.name"),
                  sha = text("pullrequest.source.commit.hash"), draft = flag("pullrequest.draft") },
  }
  for name, value in pairs(more or {}) do custom.bitbucket[name] = value end
  local chain
  if kind == "change.created" then content.description = text("pullrequest.title") end
  if kind == "change.merged" then
    custom.bitbucket.merge_commit = text("pullrequest.merge_commit.hash")
    chain = hash("pullrequest.merge_commit.hash")  -- Bitbucket mostly sends 12 digits of it
    if chain then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(chain) } } }
    end
  end
  return event(kind, at, id, content, custom, chain)
end

on["pullrequest:created"] = function() return pull_request("change.created", moment("pullrequest.created_on")) end
on["pullrequest:updated"] = function() return pull_request("change.updated", moment("pullrequest.updated_on")) end
on["pullrequest:fulfilled"] = function() return pull_request("change.merged", moment("pullrequest.updated_on")) end
on["pullrequest:rejected"] = function()
  return pull_request("change.abandoned", moment("pullrequest.updated_on"), { reason = first_line("pullrequest.reason") })
end
on["pullrequest:approved"] = function()
  return pull_request("change.reviewed", moment("approval.date", "pullrequest.updated_on"), { review = "approved" })
end
on["pullrequest:unapproved"] = function()
  return pull_request("change.reviewed", moment("approval.date", "pullrequest.updated_on"), { review = "unapproved" })
end
on["pullrequest:changes_request_created"] = function()
  return pull_request("change.reviewed", moment("changes_request.date", "pullrequest.updated_on"),
    { review = "changes requested" })
end
on["pullrequest:changes_request_removed"] = function()
  return pull_request("change.reviewed", moment("changes_request.date", "pullrequest.updated_on"),
    { review = "changes no longer requested" })
end
on["pullrequest:comment_created"] = function()
  return pull_request("change.reviewed", moment("comment.created_on"),
    { review = "comment", comment = uri("comment.links.html.href") })
end

-- ---- Issues ----

local CLOSED = { resolved = "completed", closed = "completed", duplicate = "duplicate", invalid = "withdrawn",
                 wontfix = "withdrawn" }

local function issue(created)
  local id = need(uri("issue.links.html.href"), "issue.links.html.href")
  local kinds = { bug = "bug", enhancement = "enhancement", proposal = "enhancement", task = "task" }
  local assignee = text("issue.assignee.nickname") or text("issue.assignee.display_name")
  local content = {
    summary = text("issue.title"), ticketType = kinds[text("issue.kind")], group = text("repository.full_name"),
    creator = text("issue.reporter.nickname") or text("issue.reporter.display_name"),
    assignees = array{ assignee }, priority = text("issue.priority"), milestone = text("issue.milestone.name"), uri = id,
  }
  local custom = { bitbucket = { id = number("issue.id"), state = text("issue.state") } }
  if created then
    need(content.summary, "issue.title")
    content.creator = content.creator or need(text("actor.nickname") or text("actor.display_name"), "issue.reporter")
    return event("ticket.created", moment("issue.created_on"), id, content, custom)
  end
  content.updatedBy = text("actor.nickname") or text("actor.display_name")
  content.resolution = CLOSED[text("changes.status.new")]
  return event(content.resolution and "ticket.closed" or "ticket.updated", moment("issue.updated_on"), id, content, custom)
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
  source = need(uri("repository.links.html.href"), "repository.links.html.href")
  return handle()
end
