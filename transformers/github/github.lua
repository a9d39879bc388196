-- GitHub webhooks to CDEvents. The header X-GitHub-Event says what a payload is:
-- https://docs.github.com/en/webhooks/webhook-events-and-payloads
--
-- The names of things: a repository, pull request, issue, commit, run or job is its https URL, an
-- artifact its package URL, an environment what GitHub calls it, a service the repository's name.
-- What belongs to one commit has its hash as context.chainId.

local body    -- the payload
local source  -- the URL of the repository

local function need(found, what)
  return found or refuse("github: the payload has no " .. what)
end

--- What a call of purl came to: nothing for names that are no names.
local function checked(id)
  return id or refuse("github: what it names is no artifact")
end

--- The source of a version: https://github.com/package-url/purl-spec, type github
local function source_purl(version)
  return checked(purl{ type = "github", version = version,
    namespace = text(body, "repository.owner.login", "repository.owner.name"),
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

local function branch_event(kind, name)
  return event(kind, moment(body, "repository.pushed_at"), source .. "/tree/" .. name, change_content(),
    { github = { branch = name } })
end

-- ---- Code ----

local on = {}  -- a function for each event; what it returns goes on

function on.push()
  local ref = need(text(body, "ref"), "ref")
  local branch = ref:match("^refs/heads/(.+)$")
  local tag = ref:match("^refs/tags/(.+)$")
  local sha = commit_hash(body, "after")
  if boolean(body, "deleted") or not sha then
    if branch then return branch_event("branch.deleted", branch) end
    drop("push: " .. ref .. " was deleted, and CDEvents have only branches")
  end
  local commit = commit_hash(body, "head_commit.id") or sha
  if tag then
    return event("artifact.packaged", moment(body, "repository.pushed_at", "head_commit.timestamp"),
      source_purl(tag), { change = { id = commit_url(commit) } }, { github = { tag = tag, sha = commit } },
      commit)
  end
  if not branch then drop("push: " .. ref .. " is neither a branch nor a tag") end

  local out = {}
  if boolean(body, "created") then out[1] = branch_event("branch.created", branch) end
  if branch ~= text(body, "repository.default_branch") then
    if #out > 0 then return out end
    drop("push: " .. branch .. " is not the default branch; pull requests tell of such changes")
  end
  local author = text(body, "head_commit.author.username", "head_commit.author.name")
  local message = first_line(body, "head_commit.message")
  local id = commit_url(commit)
  local created = change_content()
  created.description = message
  out[#out + 1] = event("change.created", moment(body, "head_commit.timestamp", "repository.pushed_at"), id,
    created, { author = author, uri = id, github = { sha = commit } }, commit)
  local commits = get(body, "commits")
  out[#out + 1] = event("change.merged", moment(body, "repository.pushed_at", "head_commit.timestamp"), id,
    change_content(), { author = author, uri = id, github = {
      sha = commit, before = commit_hash(body, "before"), branch = branch, message = message,
      forced = boolean(body, "forced"), commits = kind(commits) == "list" and #commits or nil } }, commit)
  return out
end

function on.create()
  local name = need(text(body, "ref"), "ref")
  if text(body, "ref_type") == "branch" then return branch_event("branch.created", name) end
  drop("create: " .. (text(body, "ref_type") or "what was created") .. " is no branch; the push tells of tags")
end

function on.delete()
  local name = need(text(body, "ref"), "ref")
  if text(body, "ref_type") == "branch" then return branch_event("branch.deleted", name) end
  drop("delete: " .. (text(body, "ref_type") or "what was deleted") .. " is no branch")
end

function on.repository(action)
  local content = { name = text(body, "repository.name"), owner = text(body, "repository.owner.login"),
                    uri = web_url(body, "repository.clone_url") or source, viewUrl = source }
  local custom = { github = { id = integer(body, "repository.id"), action = action,
                              visibility = text(body, "repository.visibility"),
                              from = text(body, "changes.repository.name.from") } }
  if action == "created" then
    need(content.name, "repository.name")
    return event("repository.created", moment(body, "repository.created_at"), source, content, custom)
  elseif action == "deleted" then
    return event("repository.deleted", nil, source, content, custom)  -- no member says when
  elseif action == "edited" or action == "renamed" or action == "transferred" or action == "archived"
    or action == "unarchived" or action == "publicized" or action == "privatized" then
    return event("repository.modified", moment(body, "repository.updated_at"), source, content, custom)
  end
end

-- ---- Pull requests ----

local function pull_request_custom(action)
  return {
    author = text(body, "pull_request.user.login"), uri = web_url(body, "pull_request.html_url"),
    github = {
      action = action, number = integer(body, "pull_request.number"), title = text(body, "pull_request.title"),
      branch = text(body, "pull_request.head.ref"), sha = commit_hash(body, "pull_request.head.sha"),
      base = text(body, "pull_request.base.ref"), draft = boolean(body, "pull_request.draft"),
    },
  }
end

local function pull_request_id()
  return need(web_url(body, "pull_request.html_url"), "pull_request.html_url")
end

local PULL_REQUEST_UPDATES = " assigned auto_merge_disabled auto_merge_enabled converted_to_draft \z
  demilestoned dequeued edited enqueued labeled milestoned ready_for_review reopened \z
  review_request_removed review_requested synchronize unassigned unlabeled "

function on.pull_request(action)
  local id = pull_request_id()
  local content = change_content()
  local custom = pull_request_custom(action)
  if action == "opened" then
    content.description = text(body, "pull_request.title")
    return event("change.created", moment(body, "pull_request.created_at"), id, content, custom)
  elseif action == "closed" and boolean(body, "pull_request.merged") then
    local sha = commit_hash(body, "pull_request.merge_commit_sha")
    custom.github.merge_commit_sha = sha
    if sha then
      custom.links = { { linkKind = "mergedAs", subject = { type = "change", id = commit_url(sha) } } }
    end
    return event("change.merged", moment(body, "pull_request.merged_at", "pull_request.closed_at"), id, content,
      custom, sha)
  elseif action == "closed" then
    return event("change.abandoned", moment(body, "pull_request.closed_at"), id, content, custom)
  elseif PULL_REQUEST_UPDATES:find(" " .. action .. " ", 1, true) then
    custom.github.label = text(body, "label.name")
    custom.github.assignee = text(body, "assignee.login")
    custom.github.reviewer = text(body, "requested_reviewer.login", "requested_team.slug")
    return event("change.updated", moment(body, "pull_request.updated_at"), id, content, custom)
  elseif action == "locked" or action == "unlocked" then
    drop("pull_request " .. action .. ": the change stays as it is")
  end
end

function on.pull_request_review(action)
  if action ~= "submitted" and action ~= "edited" and action ~= "dismissed" then return end
  local custom = pull_request_custom(action)
  custom.github.review = { state = text(body, "review.state"), url = web_url(body, "review.html_url"),
                           user = text(body, "review.user.login") }
  local at = action == "submitted" and moment(body, "review.submitted_at")
    or moment(body, "pull_request.updated_at", "review.submitted_at")
  return event("change.reviewed", at, pull_request_id(), change_content(), custom)
end

function on.pull_request_review_comment(action)
  if action == "deleted" then drop("pull_request_review_comment deleted: nothing was reviewed") end
  if action ~= "created" and action ~= "edited" then return end
  local custom = pull_request_custom(action)
  custom.github.comment = { path = text(body, "comment.path"), url = web_url(body, "comment.html_url"),
                            user = text(body, "comment.user.login") }
  local at = action == "created" and moment(body, "comment.created_at") or moment(body, "comment.updated_at")
  return event("change.reviewed", at, pull_request_id(), change_content(), custom)
end

function on.pull_request_review_thread(action)
  if action ~= "resolved" and action ~= "unresolved" then return end
  local custom = pull_request_custom(action)
  custom.github.thread = text(body, "thread.node_id")
  return event("change.reviewed", moment(body, "updated_at", "pull_request.updated_at"), pull_request_id(),
    change_content(), custom)
end

-- ---- Issues ----

local TICKET_UPDATES = " assigned demilestoned edited labeled milestoned reopened typed unassigned \z
  unlabeled untyped "

local function ticket_type()
  local words = { bug = "bug", enhancement = "enhancement", feature = "enhancement", incident = "incident",
                  task = "task", question = "question" }
  local named = text(body, "issue.type.name")
  if named then return words[named:lower()] or named end
  for _, label in ipairs(texts(get(body, "issue.labels"), "name")) do
    if words[label:lower()] then return words[label:lower()] end
  end
end

function on.issues(action)
  local id = need(web_url(body, "issue.html_url"), "issue.html_url")
  local content = {
    summary = text(body, "issue.title"), ticketType = ticket_type(), group = text(body, "repository.full_name"),
    creator = text(body, "issue.user.login"), assignees = texts(get(body, "issue.assignees"), "login"),
    labels = texts(get(body, "issue.labels"), "name"), milestone = text(body, "issue.milestone.title"), uri = id,
  }
  local custom = { github = { action = action, number = integer(body, "issue.number"),
                              state_reason = text(body, "issue.state_reason"), label = text(body, "label.name"),
                              assignee = text(body, "assignee.login") } }
  if action == "opened" then
    need(content.summary, "issue.title")
    need(content.creator, "issue.user.login")
    return event("ticket.created", moment(body, "issue.created_at"), id, content, custom)
  end
  content.updatedBy = text(body, "sender.login")
  if action == "closed" then
    local words = { not_planned = "withdrawn", duplicate = "duplicate" }
    content.resolution = words[text(body, "issue.state_reason")] or "completed"
    return event("ticket.closed", moment(body, "issue.closed_at", "issue.updated_at"), id, content, custom)
  elseif action == "deleted" or action == "transferred" then
    content.resolution = action == "deleted" and "withdrawn" or "transferred"
    custom.github.transferred_to = web_url(body, "changes.new_issue.html_url")
    return event("ticket.closed", moment(body, "issue.updated_at"), id, content, custom)
  elseif TICKET_UPDATES:find(" " .. action .. " ", 1, true) then
    return event("ticket.updated", moment(body, "issue.updated_at"), id, content, custom)
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
  local out = text(body, "repository.full_name") or source
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
  local id = attempt_url(need(web_url(body, "workflow_run.html_url"), "workflow_run.html_url"),
    integer(body, "workflow_run.run_attempt"))
  local sha = commit_hash(body, "workflow_run.head_sha")
  local content = { pipelineName = run_name(text(body, "workflow_run.name", "workflow.name")), uri = id }
  local custom = {
    actor = text(body, "workflow_run.triggering_actor.login", "workflow_run.actor.login"),
    github = {
      event = text(body, "workflow_run.event"), branch = text(body, "workflow_run.head_branch"), sha = sha,
      title = text(body, "workflow_run.display_title"), run_number = integer(body, "workflow_run.run_number"),
      attempt = integer(body, "workflow_run.run_attempt"), conclusion = text(body, "workflow_run.conclusion"),
      path = text(body, "workflow.path", "workflow_run.path"),
    },
  }
  local links = array{}
  for _, request in each(get(body, "workflow_run.pull_requests"), 10) do
    local number = integer(request, "number")
    if number then
      links[#links + 1] = { linkKind = "change", subject = { type = "change", id = source .. "/pull/" .. number } }
    end
  end
  if #links > 0 then custom.links = links end
  if action == "requested" then
    return event("pipelinerun.queued", moment(body, "workflow_run.run_started_at", "workflow_run.created_at"), id,
      content, custom, sha)
  elseif action == "in_progress" then
    return event("pipelinerun.started", moment(body, "workflow_run.updated_at", "workflow_run.run_started_at"), id,
      content, custom, sha)
  elseif action == "completed" then
    content.outcome = OUTCOME[text(body, "workflow_run.conclusion")]
    return event("pipelinerun.finished", moment(body, "workflow_run.updated_at"), id, content, custom, sha)
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
  local run = integer(body, "workflow_job.run_id")
  local sha = commit_hash(body, "workflow_job.head_sha")
  local content = {
    taskName = run_name(text(body, "workflow_job.workflow_name"), text(body, "workflow_job.name")), uri = id,
    pipelineRun = run and { id = attempt_url(source .. "/actions/runs/" .. run,
                                             integer(body, "workflow_job.run_attempt")) } or nil,
  }
  local custom = { github = {
    branch = text(body, "workflow_job.head_branch"), sha = sha, runner = text(body, "workflow_job.runner_name"),
    runner_group = text(body, "workflow_job.runner_group_name"), attempt = integer(body, "workflow_job.run_attempt"),
    conclusion = conclusion } }
  if action == "in_progress" then
    return event("taskrun.started", moment(body, "workflow_job.started_at"), id, content, custom, sha)
  end
  content.outcome = OUTCOME[conclusion]
  local failed = array{}
  for i = 1, #texts(get(body, "workflow_job.steps"), "name") do
    local step = "workflow_job.steps[" .. i .. "]."
    if text(body, step .. "conclusion") == "failure" then failed[#failed + 1] = text(body, step .. "name") end
  end
  if #failed > 0 then content.errors = "failed: " .. table.concat(failed, ", ", 1, math.min(#failed, 10)) end
  return event("taskrun.finished", moment(body, "workflow_job.completed_at"), id, content, custom, sha)
end

--- Runs of other systems that report to GitHub. Those of GitHub Actions come as workflow_run and _job.
local function suite_url(id, sha)
  if id and sha then return commit_url(sha) .. "/checks?check_suite_id=" .. id end
end

function on.check_suite(action)
  if text(body, "check_suite.app.slug") == "github-actions" then
    drop("check_suite: of GitHub Actions, whose workflow_run tells more")
  end
  local sha = need(commit_hash(body, "check_suite.head_sha"), "check_suite.head_sha")
  local id = need(suite_url(integer(body, "check_suite.id"), sha), "check_suite.id")
  local content = { pipelineName = run_name(text(body, "check_suite.app.name") or "checks"), uri = id }
  local custom = { github = { branch = text(body, "check_suite.head_branch"), sha = sha,
                              conclusion = text(body, "check_suite.conclusion") } }
  if action == "requested" then
    return event("pipelinerun.queued", moment(body, "check_suite.created_at"), id, content, custom, sha)
  elseif action == "completed" then
    content.outcome = OUTCOME[text(body, "check_suite.conclusion")]
    return event("pipelinerun.finished", moment(body, "check_suite.updated_at"), id, content, custom, sha)
  elseif action == "rerequested" then
    drop("check_suite rerequested: its check runs tell when they start again")
  end
end

function on.check_run(action)
  if text(body, "check_run.app.slug") == "github-actions" then
    drop("check_run: of GitHub Actions, whose workflow_job tells more")
  elseif action == "rerequested" or action == "requested_action" then
    drop("check_run " .. action .. ": a wish, not a run")
  elseif action ~= "created" and action ~= "completed" then
    return
  end
  local id = need(web_url(body, "check_run.html_url"), "check_run.html_url")
  local sha = commit_hash(body, "check_run.head_sha")
  local suite = suite_url(integer(body, "check_run.check_suite.id"), sha)
  local content = { taskName = run_name(text(body, "check_run.app.name"), text(body, "check_run.name")), uri = id,
                    pipelineRun = suite and { id = suite } or nil }
  local custom = { github = { branch = text(body, "check_run.check_suite.head_branch"), sha = sha,
                              conclusion = text(body, "check_run.conclusion"),
                              details_url = web_url(body, "check_run.details_url"),
                              external_id = text(body, "check_run.external_id") } }
  local status = text(body, "check_run.status")
  if status == "completed" then
    content.outcome = OUTCOME[text(body, "check_run.conclusion")]
    content.errors = content.outcome ~= "success" and first_line(body, "check_run.output.title") or nil
    return event("taskrun.finished", moment(body, "check_run.completed_at"), id, content, custom, sha)
  elseif status == "in_progress" then
    return event("taskrun.started", moment(body, "check_run.started_at"), id, content, custom, sha)
  end
  drop("check_run created: " .. (status or "no status") .. ", and CDEvents have no task that waits")
end

-- ---- Deployments ----

--- What is deployed, and where. `payload` is what the caller of the deployments API made of it: an
--- object, or one as text. Its members `artifactId` and `service` name what the sha cannot.
local function deployment()
  local payload = get(body, "deployment.payload")
  if type(payload) == "string" then payload = json.decode(payload) end
  local sha = need(commit_hash(body, "deployment.sha"), "deployment.sha")
  local name = need(text(body, "repository.name"), "repository.name")
  local artifact = text(payload, "artifactId")
  if not (artifact and parse_purl(artifact)) then artifact = source_purl(sha) end
  return {
    sha = sha, service = text(payload, "service") or name, artifact = artifact,
    environment = text(body, "deployment_status.environment") or need(text(body, "deployment.environment"),
      "deployment.environment"),
    custom = { actor = text(body, "deployment.creator.login"), github = {
      id = integer(body, "deployment.id"), ref = text(body, "deployment.ref"), sha = sha,
      task = text(body, "deployment.task"),
      description = text(body, "deployment_status.description", "deployment.description"),
      url = web_url(body, "deployment_status.environment_url"),
      log_url = web_url(body, "deployment_status.log_url", "deployment_status.target_url") } },
  }
end

function on.deployment(action)
  if action ~= "created" then return end
  local it = deployment()
  -- So that the commit is known of which the artifact was made.
  return event("artifact.packaged", moment(body, "deployment.created_at"), it.artifact,
    { change = { id = commit_url(it.sha) } }, it.custom, it.sha)
end

function on.deployment_status(action)
  if action ~= "created" then return end
  local state = need(text(body, "deployment_status.state"), "deployment_status.state")
  if state ~= "success" then
    drop("deployment_status " .. state .. ": CDEvents tell of deployments that are done")
  end
  local task = text(body, "deployment.task")
  if task and not task:find("^deploy") then
    drop("deployment_status: the task is " .. task .. ", not to deploy")
  end
  local it = deployment()
  return event("service.deployed", moment(body, "deployment_status.created_at"), it.service,
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
  local tag = need(text(body, "release.tag_name"), "release.tag_name")
  local id = source_purl(tag)
  local custom = { uri = web_url(body, "release.html_url"), github = {
    tag = tag, name = text(body, "release.name"), target = text(body, "release.target_commitish"),
    prerelease = boolean(body, "release.prerelease") } }
  if action == "published" then
    return event("artifact.published", moment(body, "release.published_at", "release.created_at"), id,
      { user = text(body, "release.author.login", "sender.login") }, custom)
  end
  return event("artifact.deleted", nil, id, { user = text(body, "sender.login") }, custom)  -- no member says when
end

--- The package URL of a version in GitHub's registries.
local function package_url(at)
  local registry = (text(body, at .. ".package_type", at .. ".ecosystem") or ""):lower()
  local name = need(text(body, at .. ".name"), at .. ".name")
  local version = need(text(body, at .. ".package_version.version"), at .. ".package_version.version")
  local owner = (text(body, at .. ".owner.login", "repository.owner.login") or ""):lower()
  if registry == "container" or registry == "docker" then
    local metadata = at .. ".package_version.container_metadata.tag."
    local digest = text(body, metadata .. "digest") or (version:find("^sha256:") and version) or ""
    local tag = text(body, metadata .. "name") or (not version:find("^sha256:") and version) or nil
    local image = (text(body, at .. ".package_version.package_url") or "ghcr.io/" .. owner .. "/" .. name)
      :gsub("@.*$", ""):gsub(":[^/]*$", ""):lower()
    return checked(purl_from_image(image, digest, tag))
  end
  if registry == "maven" then
    -- The name is group.artifact; the files begin with the artifact.
    for _, found in ipairs(texts(get(body, at .. ".package_version.package_files"), "name")) do
      local stop = found:find("-" .. version, 1, true)
      local artifact = stop and found:sub(1, stop - 1)
      if artifact and #artifact < #name and name:sub(-#artifact - 1) == "." .. artifact then
        local group = name:sub(1, -#artifact - 2)
        return checked(purl{ type = "maven", namespace = group, name = artifact, version = version })
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
  return checked(purl{ type = types[registry] or "generic", namespace = namespace, name = name, version = version })
end

local function package(at, action)
  if action == "updated" then drop(at .. " updated: the version was published before") end
  if action ~= "published" then return end
  local id = package_url(at)
  local version = at .. ".package_version."
  local when = moment(body, version .. "created_at", at .. ".created_at")
  -- What the one who made it wrote into it; then what GitHub takes it for.
  local sha = commit_hash(body, version .. "container_metadata.labels.revision", version .. "npm_metadata.git_head")
    or commit_hash(body, version .. "target_oid")
  local custom = { uri = web_url(body, version .. "html_url", at .. ".html_url"), github = {
    package = text(body, at .. ".name"), package_type = text(body, at .. ".package_type"),
    version = text(body, version .. "version"), sha = sha } }
  local out = {}
  if sha then
    out[1] = event("artifact.packaged", when, id, { change = { id = commit_url(sha) } }, custom, sha)
  end
  out[#out + 1] = event("artifact.published", when, id,
    { user = text(body, version .. "author.login", "sender.login") }, custom, sha)
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
  source = need(web_url(body, "repository.html_url"), "repository.html_url")
  local action = text(body, "action") or ""
  local out = handle(action)
  if out then return out end
  drop(name .. " " .. action .. ": an action that is not known here")
end
