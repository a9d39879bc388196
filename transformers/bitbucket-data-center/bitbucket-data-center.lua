-- Webhooks of Bitbucket Data Center (and Server) to CDEvents. The header X-Event-Key says what a
-- payload is: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
--
-- The names of things: a repository, pull request or commit is its https URL. What belongs to one
-- commit has its hash as context.chainId.
--
-- A push does not say which branch is the default one: it is main or master, or what the source's
-- metadata has as bitbucket.branches.

local body      -- the payload
local settings  -- what the source's metadata has under `bitbucket`
local source    -- the URL of the repository

local function need(found, what)
  return found or refuse("bitbucket-data-center: the payload has no " .. what)
end

--- Every payload says when it happened.
local function event(kind, at, id, content, custom, chain)
  custom.actor = text(body, "actor.name", "actor.displayName")
  return cdevent(kind, {
    context = { source = source, timestamp = at or moment(body, "date"), chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

--- The page of the repository at `at`. Older versions send no links: then the metadata says where Bitbucket is.
local function repository_url(at)
  local page = web_url(body, at .. ".links.self[1].href")
  if page then return (page:gsub("/browse/?$", "")) end
  local server = base_url(settings, "url")
    or refuse("bitbucket-data-center: the payload does not say where its Bitbucket is; the source's metadata must: bitbucket.url")
  return url.join(server, "projects", need(text(body, at .. ".project.key"), at .. ".project.key"),
    "repos", need(text(body, at .. ".slug"), at .. ".slug"))
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

local on = {}  -- a function for each event; what it returns goes on

-- ---- Code ----

--- Adds to `out` what one of the changes of a push comes to.
local function push_change(out, change)
  local ref = text(change, "ref.id", "refId") or ""
  local branch, tag = ref:match("^refs/heads/(.+)$"), ref:match("^refs/tags/(.+)$")
  local old, new = commit_hash(change, "fromHash"), commit_hash(change, "toHash")
  if tag and new then
    local name = need(text(body, "repository.slug"), "repository.slug")
    local id = purl{ type = "bitbucket", namespace = text(body, "repository.project.key"), name = name, version = tag }
      or refuse("bitbucket-data-center: the tag names no artifact")
    out[#out + 1] = event("artifact.packaged", nil, id, { change = { id = commit_url(new) } },
      { bitbucket = { tag = tag, sha = new } }, new)
  elseif branch then
    if not (old and new) then
      out[#out + 1] = event(new and "branch.created" or "branch.deleted", nil,
        source .. "/browse?at=" .. url.encode(ref), change_content(), { bitbucket = { branch = branch, sha = new or old } })
    end
    if new and is_main(branch) then
      local id = commit_url(new)
      local is_told = commit_hash(body, "toCommit.id") == new
      local created = change_content()
      created.description = is_told and first_line(body, "toCommit.message") or nil
      local custom = { author = is_told and (text(body, "toCommit.author.name", "toCommit.author.displayName")) or nil,
                       uri = id, bitbucket = { sha = new } }
      out[#out + 1] = event("change.created", is_told and moment(body, "toCommit.committerTimestamp") or nil, id, created,
        custom, new)
      custom.bitbucket = { sha = new, before = old, branch = branch, title = created.description }
      out[#out + 1] = event("change.merged", nil, id, change_content(), custom, new)
    end
  end
end

on["repo:refs_changed"] = function()
  source = repository_url("repository")
  local changes = get(body, "changes")
  need(kind(changes) == "list", "changes")
  local out = {}
  for _, change in each(changes) do push_change(out, change) end
  if #out == 0 then
    drop("repo:refs_changed: no branch came or went, and none that is the default one moved; pull requests tell of other changes")
  end
  return out
end

on["repo:modified"] = function()
  source = repository_url("new")
  return event("repository.modified", nil, source,
    { name = text(body, "new.name"), owner = text(body, "new.project.key"), uri = source, viewUrl = source },
    { bitbucket = { slug = text(body, "new.slug"), from = text(body, "old.slug") } })
end

-- ---- Pull requests ----

local function pull_request(kind, more)
  return function()
    source = repository_url("pullRequest.toRef.repository")
    local number_of = need(integer(body, "pullRequest.id"), "pullRequest.id")
    local id = source .. "/pull-requests/" .. number_of
    local content = change_content()
    local custom = { author = text(body, "pullRequest.author.user.name"), uri = id, bitbucket = {
      id = number_of, title = text(body, "pullRequest.title"), state = text(body, "pullRequest.state"),
      branch = text(body, "pullRequest.fromRef.displayId"), base = text(body, "pullRequest.toRef.displayId"),
      sha = commit_hash(body, "pullRequest.fromRef.latestCommit"), draft = boolean(body, "pullRequest.draft"),
      review = more } }
    if kind == "change.created" then content.description = text(body, "pullRequest.title") end
    local sha
    if kind == "change.merged" then
      sha = commit_hash(body, "pullRequest.properties.mergeCommit.id")
      if sha then
        custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
      end
    end
    return event(kind, nil, id, content, custom, sha)
  end
end

on["pr:opened"] = pull_request("change.created")
on["pr:modified"] = pull_request("change.updated")
on["pr:from_ref_updated"] = pull_request("change.updated")
on["pr:reviewer:updated"] = pull_request("change.updated")
on["pr:reviewer:approved"] = pull_request("change.reviewed", "approved")
on["pr:reviewer:unapproved"] = pull_request("change.reviewed", "unapproved")
on["pr:reviewer:needs_work"] = pull_request("change.reviewed", "needs work")
on["pr:comment:added"] = pull_request("change.reviewed", "comment")
on["pr:merged"] = pull_request("change.merged")
on["pr:declined"] = pull_request("change.abandoned")
on["pr:deleted"] = pull_request("change.abandoned")

function transform(m)
  body = m.body
  settings = get(m.metadata, "bitbucket")
  local name = m.headers["X-Event-Key"] or text(body, "eventKey")
  if not name then
    refuse("bitbucket-data-center: no header X-Event-Key; headers_to_keep of the source must name it")
  end
  if name == "diagnostics:ping" then drop("diagnostics:ping: the webhook works; nothing happened") end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  need(moment(body, "date"), "date")
  return handle()
end
