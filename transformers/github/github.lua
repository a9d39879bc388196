-- GitHub webhooks to CDEvents. The header X-GitHub-Event says what a payload is:
-- https://docs.github.com/en/webhooks/webhook-events-and-payloads
--
-- The names of things: a repository, pull request, issue, commit, run or job is its https URL, an
-- artifact its package URL, an environment what GitHub calls it, a service the repository's name.
-- What belongs to one commit has its hash as context.chainId.

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
  return found or refuse("github: the payload has no " .. what)
end

--- What a call of purl came to; it fails only for names that are no names.
local function checked(ok, id)
  return ok and id or refuse("github: what it names is no artifact")
end

--- The source of a version: https://github.com/package-url/purl-spec, type github
local function source_purl(version)
  return checked(pcall(purl, { type = "github", version = version,
    namespace = text("repository.owner.login") or text("repository.owner.name"),
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

local function branch_event(kind, name)
  return event(kind, moment("repository.pushed_at"), source .. "/tree/" .. name, change_content(),
    { github = { branch = name } })
end

-- ---- Code ----

local on = {}  -- a function for each event; what it returns goes on

function on.push()
  local ref = need(text("ref"), "ref")
  local branch = ref:match("^refs/heads/(.+)$")
  local tag = ref:match("^refs/tags/(.+)$")
  local sha = hash("after")
  if flag("deleted") or not sha then
    if branch then return branch_event("branch.deleted", branch) end
    drop("push: " .. ref .. " was deleted, and CDEvents have only branches")
  end
  local commit = hash("head_commit.id") or sha
  if tag then
    return event("artifact.packaged", moment("repository.pushed_at", "head_commit.timestamp"),
      source_purl(tag), { change = { id = commit_url(commit) } }, { github = { tag = tag, sha = commit } },
      commit)
  end
  if not branch then drop("push: " .. ref .. " is neither a branch nor a tag") end

  local out = {}
  if flag("created") then out[1] = branch_event("branch.created", branch) end
  if branch ~= text("repository.default_branch") then
    if #out > 0 then return out end
    drop("push: " .. branch .. " is not the default branch; pull requests tell of such changes")
  end
  local author = text("head_commit.author.username") or text("head_commit.author.name")
  local message = first_line("head_commit.message")
  local id = commit_url(commit)
  local created = change_content()
  created.description = message
  out[#out + 1] = event("change.created", moment("head_commit.timestamp", "repository.pushed_at"), id,
    created, { author = author, uri = id, github = { sha = commit } }, commit)
  local commits = get(body, "commits")
  out[#out + 1] = event("change.merged", moment("repository.pushed_at", "head_commit.timestamp"), id,
    change_content(), { author = author, uri = id, github = {
      sha = commit, before = hash("before"), branch = branch, message = message,
      forced = flag("forced"), commits = kind(commits) == "list" and #commits or nil } }, commit)
  return out
end

function on.create()
  local name = need(text("ref"), "ref")
  if text("ref_type") == "branch" then return branch_event("branch.created", name) end
  drop("create: " .. (text("ref_type") or "what was created") .. " is no branch; the push tells of tags")
end

function on.delete()
  local name = need(text("ref"), "ref")
  if text("ref_type") == "branch" then return branch_event("branch.deleted", name) end
  drop("delete: " .. (text("ref_type") or "what was deleted") .. " is no branch")
end

function on.repository(action)
  local content = { name = text("repository.name"), owner = text("repository.owner.login"),
                    uri = uri("repository.clone_url") or source, viewUrl = source }
  local custom = { github = { id = number("repository.id"), action = action,
                              visibility = text("repository.visibility"),
                              from = text("changes.repository.name.from") } }
  if action == "created" then
    need(content.name, "repository.name")
    return event("repository.created", moment("repository.created_at"), source, content, custom)
  elseif action == "deleted" then
    return event("repository.deleted", nil, source, content, custom)  -- no member says when
  elseif action == "edited" or action == "renamed" or action == "transferred" or action == "archived"
    or action == "unarchived" or action == "publicized" or action == "privatized" then
    return event("repository.modified", moment("repository.updated_at"), source, content, custom)
  end
end

-- ---- Pull requests ----

local function pull_request_custom(action)
  return {
    author = text("pull_request.user.login"), uri = uri("pull_request.html_url"),
    github = {
      action = action, number = number("pull_request.number"), title = text("pull_request.title"),
      branch = text("pull_request.head.ref"), sha = hash("pull_request.head.sha"),
      base = text("pull_request.base.ref"), draft = flag("pull_request.draft"),
    },
  }
end

local function pull_request_id()
  return need(uri("pull_request.html_url"), "pull_request.html_url")
end

local PULL_REQUEST_UPDATES = " assigned auto_merge_disabled auto_merge_enabled converted_to_draft \z
  demilestoned dequeued edited enqueued labeled milestoned ready_for_review reopened \z
  review_request_removed review_requested synchronize unassigned unlabeled "

function on.pull_request(action)
  local id = pull_request_id()
  local content = change_content()
  local custom = pull_request_custom(action)
  if action == "opened" then
    content.description = text("pull_request.title")
    return event("change.created", moment("pull_request.created_at"), id, content, custom)
  elseif action == "closed" and flag("pull_request.merged") then
    local sha = hash("pull_request.merge_commit_sha")
    custom.github.merge_commit_sha = sha
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
    return event("change.merged", moment("pull_request.merged_at", "pull_request.closed_at"), id, content,
      custom, sha)
  elseif action == "closed" then
    return event("change.abandoned", moment("pull_request.closed_at"), id, content, custom)
  elseif PULL_REQUEST_UPDATES:find(" " .. action .. " ", 1, true) then
    custom.github.label = text("label.name")
    custom.github.assignee = text("assignee.login")
    custom.github.reviewer = text("requested_reviewer.login") or text("requested_team.slug")
    return event("change.updated", moment("pull_request.updated_at"), id, content, custom)
  elseif action == "locked" or action == "unlocked" then
    drop("pull_request " .. action .. ": the change stays as it is")
  end
end

function on.pull_request_review(action)
  if action ~= "submitted" and action ~= "edited" and action ~= "dismissed" then return end
  local custom = pull_request_custom(action)
  custom.github.review = { state = text("review.state"), url = uri("review.html_url"),
                           user = text("review.user.login") }
  local at = action == "submitted" and moment("review.submitted_at")
    or moment("pull_request.updated_at", "review.submitted_at")
  return event("change.reviewed", at, pull_request_id(), change_content(), custom)
end

function on.pull_request_review_comment(action)
  if action == "deleted" then drop("pull_request_review_comment deleted: nothing was reviewed") end
  if action ~= "created" and action ~= "edited" then return end
  local custom = pull_request_custom(action)
  custom.github.comment = { path = text("comment.path"), url = uri("comment.html_url"),
                            user = text("comment.user.login") }
  local at = action == "created" and moment("comment.created_at") or moment("comment.updated_at")
  return event("change.reviewed", at, pull_request_id(), change_content(), custom)
end

function on.pull_request_review_thread(action)
  if action ~= "resolved" and action ~= "unresolved" then return end
  local custom = pull_request_custom(action)
  custom.github.thread = text("thread.node_id")
  return event("change.reviewed", moment("updated_at", "pull_request.updated_at"), pull_request_id(),
    change_content(), custom)
end

-- ---- Issues ----

local TICKET_UPDATES = " assigned demilestoned edited labeled milestoned reopened typed unassigned \z
  unlabeled untyped "

local function ticket_type()
  local words = { bug = "bug", enhancement = "enhancement", feature = "enhancement", incident = "incident",
                  task = "task", question = "question" }
  local named = text("issue.type.name")
  if named then return words[named:lower()] or named end
  for _, label in ipairs(texts("issue.labels", "name")) do
    if words[label:lower()] then return words[label:lower()] end
  end
end

function on.issues(action)
  local id = need(uri("issue.html_url"), "issue.html_url")
  local content = {
    summary = text("issue.title"), ticketType = ticket_type(), group = text("repository.full_name"),
    creator = text("issue.user.login"), assignees = texts("issue.assignees", "login"),
    labels = texts("issue.labels", "name"), milestone = text("issue.milestone.title"), uri = id,
  }
  local custom = { github = { action = action, number = number("issue.number"),
                              state_reason = text("issue.state_reason"), label = text("label.name"),
                              assignee = text("assignee.login") } }
  if action == "opened" then
    need(content.summary, "issue.title")
    need(content.creator, "issue.user.login")
    return event("ticket.created", moment("issue.created_at"), id, content, custom)
  end
  content.updatedBy = text("sender.login")
  if action == "closed" then
    local words = { not_planned = "withdrawn", duplicate = "duplicate" }
    content.resolution = words[text("issue.state_reason")] or "completed"
    return event("ticket.closed", moment("issue.closed_at", "issue.updated_at"), id, content, custom)
  elseif action == "deleted" or action == "transferred" then
    content.resolution = action == "deleted" and "withdrawn" or "transferred"
    custom.github.transferred_to = uri("changes.new_issue.html_url")
    return event("ticket.closed", moment("issue.updated_at"), id, content, custom)
  elseif TICKET_UPDATES:find(" " .. action .. " ", 1, true) then
    return event("ticket.updated", moment("issue.updated_at"), id, content, custom)
  elseif action == "locked" or action == "unlocked" or action == "pinned" or action == "unpinned" then
    drop("issues " .. action .. ": the ticket stays as it is")
  end
end

-- ---- Runs ----

local OUTCOME = {
  success = "success", neutral = "success", failure = "failure", timed_out = "error",
  startup_failure = "error", cancelled = "cancel", stale = "cancel", skipped = "cancel",
  action_required = "cancel",
}

--- The name of a run, unlike that of any other repository's.
local function run_name(...)
  local parts = table.pack(...)
  local out = text("repository.full_name") or source
  for i = 1, parts.n do
    if parts[i] then out = out .. (i == 1 and ": " or " / ") .. parts[i] end
  end
  return out
end

--- An attempt is a run of its own: it has its own page, times and outcome.
local function attempt_url(run, attempt)
  if attempt and attempt > 1 then return run .. "/attempts/" .. attempt end
  return run
end

function on.workflow_run(action)
  local id = attempt_url(need(uri("workflow_run.html_url"), "workflow_run.html_url"),
    number("workflow_run.run_attempt"))
  local sha = hash("workflow_run.head_sha")
  local content = { pipelineName = run_name(text("workflow_run.name") or text("workflow.name")), uri = id }
  local custom = {
    actor = text("workflow_run.triggering_actor.login") or text("workflow_run.actor.login"),
    github = {
      event = text("workflow_run.event"), branch = text("workflow_run.head_branch"), sha = sha,
      title = text("workflow_run.display_title"), run_number = number("workflow_run.run_number"),
      attempt = number("workflow_run.run_attempt"), conclusion = text("workflow_run.conclusion"),
      path = text("workflow.path") or text("workflow_run.path"),
    },
  }
  local requests = get(body, "workflow_run.pull_requests")
  if kind(requests) == "list" then
    local links = array{}
    for i = 1, math.min(#requests, 10) do
      local found = get(requests[i], "number")
      if math.type(found) == "integer" then
        links[#links + 1] = { linkKind = "change",
                              subject = { type = "change", id = source .. "/pull/" .. found } }
      end
    end
    if #links > 0 then custom.links = links end
  end
  if action == "requested" then
    return event("pipelinerun.queued", moment("workflow_run.run_started_at", "workflow_run.created_at"), id,
      content, custom, sha)
  elseif action == "in_progress" then
    return event("pipelinerun.started", moment("workflow_run.updated_at", "workflow_run.run_started_at"), id,
      content, custom, sha)
  elseif action == "completed" then
    content.outcome = OUTCOME[text("workflow_run.conclusion")]
    return event("pipelinerun.finished", moment("workflow_run.updated_at"), id, content, custom, sha)
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
  local run = number("workflow_job.run_id")
  local sha = hash("workflow_job.head_sha")
  local content = {
    taskName = run_name(text("workflow_job.workflow_name"), text("workflow_job.name")), uri = id,
    pipelineRun = run and { id = attempt_url(source .. "/actions/runs/" .. run,
                                             number("workflow_job.run_attempt")) } or nil,
  }
  local custom = { github = {
    branch = text("workflow_job.head_branch"), sha = sha, runner = text("workflow_job.runner_name"),
    runner_group = text("workflow_job.runner_group_name"), attempt = number("workflow_job.run_attempt"),
    conclusion = conclusion } }
  if action == "in_progress" then
    return event("taskrun.started", moment("workflow_job.started_at"), id, content, custom, sha)
  end
  content.outcome = OUTCOME[conclusion]
  local failed = array{}
  for i = 1, #texts("workflow_job.steps", "name") do
    local step = "workflow_job.steps[" .. i .. "]."
    if text(step .. "conclusion") == "failure" then failed[#failed + 1] = text(step .. "name") end
  end
  if #failed > 0 then content.errors = "failed: " .. table.concat(failed, ", ", 1, math.min(#failed, 10)) end
  return event("taskrun.finished", moment("workflow_job.completed_at"), id, content, custom, sha)
end

--- Runs of other systems that report to GitHub. Those of GitHub Actions come as workflow_run and _job.
local function suite_url(id, sha)
  if id and sha then return commit_url(sha) .. "/checks?check_suite_id=" .. id end
end

function on.check_suite(action)
  if text("check_suite.app.slug") == "github-actions" then
    drop("check_suite: of GitHub Actions, whose workflow_run tells more")
  end
  local sha = need(hash("check_suite.head_sha"), "check_suite.head_sha")
  local id = need(suite_url(number("check_suite.id"), sha), "check_suite.id")
  local content = { pipelineName = run_name(text("check_suite.app.name") or "checks"), uri = id }
  local custom = { github = { branch = text("check_suite.head_branch"), sha = sha,
                              conclusion = text("check_suite.conclusion") } }
  if action == "requested" then
    return event("pipelinerun.queued", moment("check_suite.created_at"), id, content, custom, sha)
  elseif action == "completed" then
    content.outcome = OUTCOME[text("check_suite.conclusion")]
    return event("pipelinerun.finished", moment("check_suite.updated_at"), id, content, custom, sha)
  elseif action == "rerequested" then
    drop("check_suite rerequested: its check runs tell when they start again")
  end
end

function on.check_run(action)
  if text("check_run.app.slug") == "github-actions" then
    drop("check_run: of GitHub Actions, whose workflow_job tells more")
  elseif action == "rerequested" or action == "requested_action" then
    drop("check_run " .. action .. ": a wish, not a run")
  elseif action ~= "created" and action ~= "completed" then
    return
  end
  local id = need(uri("check_run.html_url"), "check_run.html_url")
  local sha = hash("check_run.head_sha")
  local suite = suite_url(number("check_run.check_suite.id"), sha)
  local content = { taskName = run_name(text("check_run.app.name"), text("check_run.name")), uri = id,
                    pipelineRun = suite and { id = suite } or nil }
  local custom = { github = { branch = text("check_run.check_suite.head_branch"), sha = sha,
                              conclusion = text("check_run.conclusion"),
                              details_url = uri("check_run.details_url"),
                              external_id = text("check_run.external_id") } }
  local status = text("check_run.status")
  if status == "completed" then
    content.outcome = OUTCOME[text("check_run.conclusion")]
    content.errors = content.outcome ~= "success" and first_line("check_run.output.title") or nil
    return event("taskrun.finished", moment("check_run.completed_at"), id, content, custom, sha)
  elseif status == "in_progress" then
    return event("taskrun.started", moment("check_run.started_at"), id, content, custom, sha)
  end
  drop("check_run created: " .. (status or "no status") .. ", and CDEvents have no task that waits")
end

-- ---- Deployments ----

--- What is deployed, and where. `payload` is what the caller of the deployments API made of it: an
--- object, or one as text. Its members `artifactId` and `service` name what the sha cannot.
local function deployment()
  local payload = get(body, "deployment.payload")
  if type(payload) == "string" then payload = json.decode(payload) end
  local function told(name)
    local found = get(payload, name)
    if is_text(found) then return found end
  end
  local sha = need(hash("deployment.sha"), "deployment.sha")
  local name = need(text("repository.name"), "repository.name")
  local artifact = told("artifactId")
  if not (artifact and parse_purl(artifact)) then artifact = source_purl(sha) end
  return {
    sha = sha, service = told("service") or name, artifact = artifact,
    environment = text("deployment_status.environment") or need(text("deployment.environment"),
      "deployment.environment"),
    custom = { actor = text("deployment.creator.login"), github = {
      id = number("deployment.id"), ref = text("deployment.ref"), sha = sha, task = text("deployment.task"),
      description = text("deployment_status.description") or text("deployment.description"),
      url = uri("deployment_status.environment_url"),
      log_url = uri("deployment_status.log_url") or uri("deployment_status.target_url") } },
  }
end

function on.deployment(action)
  if action ~= "created" then return end
  local it = deployment()
  -- So that the commit is known of which the artifact was made.
  return event("artifact.packaged", moment("deployment.created_at"), it.artifact,
    { change = { id = commit_url(it.sha) } }, it.custom, it.sha)
end

function on.deployment_status(action)
  if action ~= "created" then return end
  local state = need(text("deployment_status.state"), "deployment_status.state")
  if state ~= "success" then
    drop("deployment_status " .. state .. ": CDEvents tell of deployments that are done")
  end
  local task = text("deployment.task")
  if task and not task:find("^deploy") then
    drop("deployment_status: the task is " .. task .. ", not to deploy")
  end
  local it = deployment()
  return event("service.deployed", moment("deployment_status.created_at"), it.service,
    { environment = { id = it.environment }, artifactId = it.artifact }, it.custom, it.sha)
end

-- ---- Artifacts ----

function on.release(action)
  if action ~= "published" and action ~= "deleted" and action ~= "unpublished" then
    if action == "created" or action == "edited" or action == "prereleased" or action == "released" then
      drop("release " .. action .. ": published tells when it is there")
    end
    return
  end
  local tag = need(text("release.tag_name"), "release.tag_name")
  local id = source_purl(tag)
  local custom = { uri = uri("release.html_url"), github = {
    tag = tag, name = text("release.name"), target = text("release.target_commitish"),
    prerelease = flag("release.prerelease") } }
  if action == "published" then
    return event("artifact.published", moment("release.published_at", "release.created_at"), id,
      { user = text("release.author.login") or text("sender.login") }, custom)
  end
  return event("artifact.deleted", nil, id, { user = text("sender.login") }, custom)  -- no member says when
end

--- The package URL of a version in GitHub's registries.
local function package_url(at)
  local registry = (text(at .. ".package_type") or text(at .. ".ecosystem") or ""):lower()
  local name = need(text(at .. ".name"), at .. ".name")
  local version = need(text(at .. ".package_version.version"), at .. ".package_version.version")
  local owner = (text(at .. ".owner.login") or text("repository.owner.login") or ""):lower()
  if registry == "container" or registry == "docker" then
    local metadata = at .. ".package_version.container_metadata.tag."
    local digest = text(metadata .. "digest") or (version:find("^sha256:") and version) or ""
    local tag = text(metadata .. "name") or (not version:find("^sha256:") and version) or nil
    local image = (text(at .. ".package_version.package_url") or "ghcr.io/" .. owner .. "/" .. name)
      :gsub("@.*$", ""):gsub(":[^/]*$", ""):lower()
    return checked(pcall(purl_from_image, image .. (tag and ":" .. tag or ""), digest))
  end
  if registry == "maven" then
    -- The name is group.artifact; the files begin with the artifact.
    for _, found in ipairs(texts(at .. ".package_version.package_files", "name")) do
      local stop = found:find("-" .. version, 1, true)
      local artifact = stop and found:sub(1, stop - 1)
      if artifact and #artifact < #name and name:sub(-#artifact - 1) == "." .. artifact then
        local group = name:sub(1, -#artifact - 2)
        return checked(pcall(purl, { type = "maven", namespace = group, name = artifact, version = version }))
      end
    end
  end
  local types = { npm = "npm", maven = "maven", nuget = "nuget", rubygems = "gem" }
  local namespace
  if registry == "npm" and owner ~= "" then
    namespace, name = "@" .. owner, name:match("^@[^/]*/(.+)$") or name
  elseif not types[registry] then
    namespace = owner
  end
  return checked(pcall(purl, { type = types[registry] or "generic", namespace = namespace, name = name,
                               version = version }))
end

local function package(at, action)
  if action == "updated" then drop(at .. " updated: the version was published before") end
  if action ~= "published" then return end
  local id = package_url(at)
  local version = at .. ".package_version."
  local when = moment(version .. "created_at", at .. ".created_at")
  -- What the one who made it wrote into it; then what GitHub takes it for.
  local sha = hash(version .. "container_metadata.labels.revision") or hash(version .. "npm_metadata.git_head")
    or hash(version .. "target_oid")
  local custom = { uri = uri(version .. "html_url") or uri(at .. ".html_url"), github = {
    package = text(at .. ".name"), package_type = text(at .. ".package_type"),
    version = text(version .. "version"), sha = sha } }
  local out = {}
  if sha then
    out[1] = event("artifact.packaged", when, id, { change = { id = commit_url(sha) } }, custom, sha)
  end
  out[#out + 1] = event("artifact.published", when, id,
    { user = text(version .. "author.login") or text("sender.login") }, custom, sha)
  return out
end

function on.package(action) return package("package", action) end
function on.registry_package(action) return package("registry_package", action) end

-- ---- The rest ----

function on.ping() drop("ping: the webhook works; nothing happened") end

function transform(m)
  local name = m.headers["X-GitHub-Event"]
  if not name then
    refuse("github: no header X-GitHub-Event; headers_to_keep of the source must name it")
  end
  body = m.body
  if name == "ping" then return on.ping() end
  local handle = on[name]
  if not handle then drop(name .. ": nothing that CDEvents have a word for") end
  source = need(uri("repository.html_url"), "repository.html_url")
  local action = text("action") or ""
  local out = handle(action)
  if out then return out end
  drop(name .. " " .. action .. ": an action that is not known here")
end
