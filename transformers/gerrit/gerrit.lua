-- Gerrit's stream events, as its webhooks plugin posts them, to CDEvents. `type` says what it is:
-- https://gerrit-review.googlesource.com/Documentation/cmd-stream-events.html
--
-- The names of things: a change is its https URL, a repository the URL to clone it from, a commit its
-- page in Gitiles. What belongs to one commit has its hash as context.chainId.

local body      -- the payload
local settings  -- what the source's metadata has under `gerrit`
local server    -- the URL of Gerrit
local source    -- the URL of the repository

local function need(found, what)
  return found or refuse("gerrit: the event has no " .. what)
end

--- Every event says when it happened.
local function event(kind, id, content, custom, chain)
  return cdevent(kind, {
    context = { source = source, timestamp = moment(body, "eventCreatedOn"), chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

local function commit_url(sha)
  return server .. "/plugins/gitiles" .. source:sub(#server + 1) .. "/+/" .. sha
end

local function person(path) return text(body, path .. ".username", path .. ".name") end

--- The server and the repository. Events of changes have a URL; for the others the source's metadata says it.
local function place()
  local url = web_url(body, "change.url")
  server = url and url:match("^(https?://.-)/c/") or (url and url:match("^(https?://[^/]+)"))
  server = base_url(server or get(settings, "url"))
    or refuse("gerrit: the event does not say where its Gerrit is; the source's metadata must: gerrit.url")
  local project = need(text(body, "change.project", "refUpdate.project", "project.name", "project", "projectName"),
    "project")
  source = web_url(server .. "/" .. project) or refuse("gerrit: the project's name is no part of a URL")
end

local function change()
  local id = need(web_url(body, "change.url"), "change.url; gerrit.canonicalWebUrl of the server must be set")
  return id, { repository = { id = source } }, {
    author = person("change.owner"), uri = id,
    gerrit = { change = text(body, "change.id"), number = integer(body, "change.number"),
               subject = text(body, "change.subject"), branch = text(body, "change.branch"),
               topic = text(body, "change.topic"), patch_set = integer(body, "patchSet.number"), sha = commit_hash(body, "patchSet.revision") },
  }
end

-- ---- Events ----

local on = {}  -- a function for each type; what it returns goes on

on["patchset-created"] = function()
  local id, content, custom = change()
  custom.actor = person("uploader")
  if integer(body, "patchSet.number") == 1 then
    content.description = text(body, "change.subject")
    return event("change.created", id, content, custom)
  end
  custom.gerrit.kind = text(body, "patchSet.kind")
  return event("change.updated", id, content, custom)
end

on["comment-added"] = function()
  local id, content, custom = change()
  custom.actor = person("author")
  local votes = {}
  for _, approval in each(get(body, "approvals"), 20) do
    local label, value = text(approval, "type"), text(approval, "value")
    if label and value then votes[label] = value end
  end
  custom.gerrit.votes = next(votes) and votes or nil
  return event("change.reviewed", id, content, custom)
end

on["change-merged"] = function()
  local id, content, custom = change()
  custom.actor = person("submitter")
  local sha = commit_hash(body, "newRev")
  if not sha then return event("change.merged", id, content, custom) end
  custom.gerrit.merged_as = sha
  local commit = commit_url(sha)
  custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit } } }
  return {
    event("change.merged", id, content, custom, sha),
    -- Artifacts name the commit of which they were made.
    event("change.merged", commit, content,
      { author = custom.author, actor = custom.actor, uri = commit,
        gerrit = { sha = sha, subject = text(body, "change.subject"), branch = text(body, "change.branch") } }, sha),
  }
end

on["change-abandoned"] = function()
  local id, content, custom = change()
  custom.actor = person("abandoner")
  custom.gerrit.reason = first_line(body, "reason")
  return event("change.abandoned", id, content, custom)
end

on["change-restored"] = function()
  local id, content, custom = change()
  custom.actor = person("restorer")
  custom.gerrit.reason = first_line(body, "reason")
  return event("change.updated", id, content, custom)
end

on["ref-updated"] = function()
  local ref = need(text(body, "refUpdate.refName"), "refUpdate.refName")
  local old, new = commit_hash(body, "refUpdate.oldRev"), commit_hash(body, "refUpdate.newRev")
  local branch = ref:match("^refs/heads/(.+)$") or (not ref:find("^refs/") and ref)
  local tag = ref:match("^refs/tags/(.+)$")
  if branch and old and new then
    drop("ref-updated: " .. branch .. " moved, of which the change that was merged tells")
  elseif not branch and not (tag and new) then
    drop("ref-updated: " .. ref .. " is no branch")
  end
  place()
  local custom = { actor = person("submitter"), gerrit = { ref = ref, sha = new or old } }
  if tag then
    local name = source:match("([^/]+)$")
    local id = purl{ type = "gerrit", namespace = source:match("^https?://(.+)/[^/]+$"), name = name, version = tag }
      or refuse("gerrit: the tag names no artifact")
    return event("artifact.packaged", id, { change = { id = commit_url(new) } }, custom, new)
  end
  return event(new and "branch.created" or "branch.deleted",
    server .. "/plugins/gitiles" .. source:sub(#server + 1) .. "/+/refs/heads/" .. branch,
    { repository = { id = source } }, custom)
end

local function project(kind)
  return function()
    place()
    return event(kind, source, { name = source:sub(#server + 2), uri = source, viewUrl =
      server .. "/admin/repos" .. source:sub(#server + 1) },
      { gerrit = { head = text(body, "newHead", "headName") } })
  end
end

on["project-created"] = project("repository.created")
on["project-head-updated"] = project("repository.modified")

function transform(m)
  body = m.body
  settings = get(m.metadata, "gerrit")
  local name = text(body, "type") or refuse("gerrit: the event has no type")
  if not get(body, "eventCreatedOn") then refuse("gerrit: the event has no eventCreatedOn") end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  if name ~= "ref-updated" then place() end  -- which drops most of them before it looks
  return handle()
end
