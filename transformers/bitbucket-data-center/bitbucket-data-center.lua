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
  return found or refuse("bitbucket-data-center: the payload has no " .. what)
end

--- Every payload says when it happened.
local function event(kind, at, id, content, custom, chain)
  custom.actor = text("actor.name") or text("actor.displayName")
  return cdevent(kind, {
    context = { source = source, timestamp = at or moment("date"), chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

--- The page of the repository at `at`. Older versions send no links: then the metadata says where Bitbucket is.
local function repository_url(at)
  local page = uri(at .. ".links.self[1].href")
  if page then return (page:gsub("/browse/?$", "")) end
  local server, project, slug = get(settings, "url"), text(at .. ".project.key"), text(at .. ".slug")
  if type(server) ~= "string" or not re.find(server, URI) then
    refuse("bitbucket-data-center: the payload does not say where its Bitbucket is; the source's metadata must: bitbucket.url")
  end
  return url.join(server, "projects", need(project, at .. ".project.key"), "repos", need(slug, at .. ".slug"))
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
local function push_change(out, at)
  local ref = text(at .. ".ref.id") or text(at .. ".refId") or ""
  local branch, tag = ref:match("^refs/heads/(.+)$"), ref:match("^refs/tags/(.+)$")
  local old, new = hash(at .. ".fromHash"), hash(at .. ".toHash")
  if tag and new then
    local ok, id = pcall(purl, { type = "bitbucket", version = tag, name = need(text("repository.slug"), "repository.slug"),
                                 namespace = text("repository.project.key") })
    if not ok then refuse("bitbucket-data-center: the tag names no artifact") end
    out[#out + 1] = event("artifact.packaged", nil, id, { change = { id = commit_url(new) } },
      { bitbucket = { tag = tag, sha = new } }, new)
  elseif branch then
    if not (old and new) then
      out[#out + 1] = event(new and "branch.created" or "branch.deleted", nil,
        source .. "/browse?at=" .. url.encode(ref), change_content(), { bitbucket = { branch = branch, sha = new or old } })
    end
    if new and is_main(branch) then
      local id = commit_url(new)
      local is_told = hash("toCommit.id") == new
      local created = change_content()
      created.description = is_told and first_line("toCommit.message") or nil
      local custom = { author = is_told and (text("toCommit.author.name") or text("toCommit.author.displayName")) or nil,
                       uri = id, bitbucket = { sha = new } }
      out[#out + 1] = event("change.created", is_told and moment("toCommit.committerTimestamp") or nil, id, created,
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
  for i = 1, math.min(#changes, 100) do push_change(out, "changes[" .. i .. "]") end
  if #out == 0 then
    drop("repo:refs_changed: no branch came or went, and none that is the default one moved; pull requests tell of other changes")
  end
  return out
end

on["repo:modified"] = function()
  source = repository_url("new")
  return event("repository.modified", nil, source, { name = text("new.name"), owner = text("new.project.key"), uri = source,
    viewUrl = source }, { bitbucket = { slug = text("new.slug"), from = text("old.slug") } })
end

-- ---- Pull requests ----

local function pull_request(kind, more)
  return function()
    source = repository_url("pullRequest.toRef.repository")
    local number_of = need(number("pullRequest.id"), "pullRequest.id")
    local id = source .. "/pull-requests/" .. number_of
    local content = change_content()
    local custom = { author = text("pullRequest.author.user.name"), uri = id, bitbucket = {
      id = number_of, title = text("pullRequest.title"), state = text("pullRequest.state"),
      branch = text("pullRequest.fromRef.displayId"), base = text("pullRequest.toRef.displayId"),
      sha = hash("pullRequest.fromRef.latestCommit"), draft = flag("pullRequest.draft"), review = more } }
    if kind == "change.created" then content.description = text("pullRequest.title") end
    local sha
    if kind == "change.merged" then
      sha = hash("pullRequest.properties.mergeCommit.id")
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
  local name = m.headers["X-Event-Key"] or text("eventKey")
  if not name then
    refuse("bitbucket-data-center: no header X-Event-Key; headers_to_keep of the source must name it")
  end
  if name == "diagnostics:ping" then drop("diagnostics:ping: the webhook works; nothing happened") end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  need(moment("date"), "date")
  return handle()
end
