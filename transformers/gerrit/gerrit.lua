-- Gerrit's stream events, as its webhooks plugin posts them, to CDEvents. `type` says what it is:
-- https://gerrit-review.googlesource.com/Documentation/cmd-stream-events.html
--
-- The names of things: a change is its https URL, a repository the URL to clone it from, a commit its
-- page in Gitiles. What belongs to one commit has its hash as context.chainId.

local body      -- the payload
local settings  -- what the source's metadata has under `gerrit`
local server    -- the URL of Gerrit
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
  return found or refuse("gerrit: the event has no " .. what)
end

--- Every event says when it happened.
local function event(kind, id, content, custom, chain)
  return cdevent(kind, {
    context = { source = source, timestamp = moment("eventCreatedOn"), chainId = chain },
    subject = { id = id, content = content },
    customData = custom,
  })
end

local function commit_url(sha)
  return server .. "/plugins/gitiles" .. source:sub(#server + 1) .. "/+/" .. sha
end

local function person(path) return text(path .. ".username") or text(path .. ".name") end

--- The server and the repository. Events of changes have a URL; for the others the source's metadata says it.
local function place()
  local url = uri("change.url")
  server = url and url:match("^(https?://.-)/c/") or (url and url:match("^(https?://[^/]+)"))
  server = server or get(settings, "url")
  if type(server) ~= "string" or not re.find(server, URI) then
    refuse("gerrit: the event does not say where its Gerrit is; the source's metadata must: gerrit.url")
  end
  server = server:gsub("/+$", "")
  local project = need(text("change.project") or text("refUpdate.project") or text("project.name")
    or text("project") or text("projectName"), "project")
  source = server .. "/" .. project
  if not re.find(source, URI) then refuse("gerrit: the project's name is no part of a URL") end
end

local function change()
  local id = need(uri("change.url"), "change.url; gerrit.canonicalWebUrl of the server must be set")
  return id, { repository = { id = source } }, {
    author = person("change.owner"), uri = id,
    gerrit = { change = text("change.id"), number = number("change.number"), subject = text("change.subject"),
               branch = text("change.branch"), topic = text("change.topic"),
               patch_set = number("patchSet.number"), sha = hash("patchSet.revision") },
  }
end

-- ---- Events ----

local on = {}  -- a function for each type; what it returns goes on

on["patchset-created"] = function()
  local id, content, custom = change()
  custom.actor = person("uploader")
  if number("patchSet.number") == 1 then
    content.description = text("change.subject")
    return event("change.created", id, content, custom)
  end
  custom.gerrit.kind = text("patchSet.kind")
  return event("change.updated", id, content, custom)
end

on["comment-added"] = function()
  local id, content, custom = change()
  custom.actor = person("author")
  local votes = {}
  local approvals = get(body, "approvals")
  for i = 1, math.min(kind(approvals) == "list" and #approvals or 0, 20) do
    local label, value = text("approvals[" .. i .. "].type"), text("approvals[" .. i .. "].value")
    if label and value then votes[label] = value end
  end
  custom.gerrit.votes = next(votes) and votes or nil
  return event("change.reviewed", id, content, custom)
end

on["change-merged"] = function()
  local id, content, custom = change()
  custom.actor = person("submitter")
  local sha = hash("newRev")
  if not sha then return event("change.merged", id, content, custom) end
  custom.gerrit.merged_as = sha
  local commit = commit_url(sha)
  custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit } } }
  return {
    event("change.merged", id, content, custom, sha),
    -- Artifacts name the commit of which they were made.
    event("change.merged", commit, content,
      { author = custom.author, actor = custom.actor, uri = commit,
        gerrit = { sha = sha, subject = text("change.subject"), branch = text("change.branch") } }, sha),
  }
end

on["change-abandoned"] = function()
  local id, content, custom = change()
  custom.actor = person("abandoner")
  custom.gerrit.reason = first_line("reason")
  return event("change.abandoned", id, content, custom)
end

on["change-restored"] = function()
  local id, content, custom = change()
  custom.actor = person("restorer")
  custom.gerrit.reason = first_line("reason")
  return event("change.updated", id, content, custom)
end

on["ref-updated"] = function()
  local ref = need(text("refUpdate.refName"), "refUpdate.refName")
  local old, new = hash("refUpdate.oldRev"), hash("refUpdate.newRev")
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
    local ok, id = pcall(purl, { type = "gerrit", namespace = source:match("^https?://(.+)/[^/]+$"), name = name,
                                 version = tag })
    if not ok then refuse("gerrit: the tag names no artifact") end
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
      { gerrit = { head = text("newHead") or text("headName") } })
  end
end

on["project-created"] = project("repository.created")
on["project-head-updated"] = project("repository.modified")

function transform(m)
  body = m.body
  settings = get(m.metadata, "gerrit")
  local name = text("type") or refuse("gerrit: the event has no type")
  if not get(body, "eventCreatedOn") then refuse("gerrit: the event has no eventCreatedOn") end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  if name ~= "ref-updated" then place() end  -- which drops most of them before it looks
  return handle()
end
