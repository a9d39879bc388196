-- Webhooks of CircleCI (https://circleci.com/docs/webhooks-reference/): workflows and jobs that are done. CircleCI does not tell
-- when they begin, so the start comes with the end.
--
-- The names of things: a workflow is its URL, a job that of its workflow and its number.

local body

local function need(found, what)
  return found or refuse("circleci: the webhook has no " .. what)
end

local OUTCOME = { success = "success", failed = "failure", error = "error", canceled = "cancel", unauthorized = "error" }

local source, sha, custom

--- A run from its start to its end.
local function run(subject, started, finished, id, content, status)
  local events = {}
  local function add(predicate, at)
    events[#events + 1] = cdevent(subject .. "." .. predicate, {
      context = { source = source, timestamp = at, chainId = sha },
      subject = { id = id, content = content },
      customData = { uri = content.uri, actor = custom.user, circleci = custom },
    })
  end
  if started then add("started", started) end
  content.outcome = OUTCOME[status] or drop(status .. ": a status that is not known here")
  custom.status = status
  add("finished", finished)
  return events
end

function transform(m)
  body = m.body
  local what = need(text(body, "type"), "type")
  if what == "ping" then drop("ping: nothing happened") end
  if what ~= "workflow-completed" and what ~= "job-completed" then drop(what .. ": an event that is not known here") end
  local workflow = need(base_url(body, "workflow.url"), "workflow.url")
  source = re.match(workflow, "^(.+)/[0-9]+/workflows/[^/]+$") or refuse("circleci: workflow.url is no URL of a workflow")
  local project = need(text(body, "project.name"), "project.name")
  sha = commit_hash(body, "pipeline.vcs.revision", "pipeline.trigger_parameters.git.checkout_sha")
  custom = {
    project = text(body, "project.slug"),
    pipeline = integer(body, "pipeline.number"),
    workflow = text(body, "workflow.name"),
    trigger = text(body, "pipeline.trigger.type"),
    branch = text(body, "pipeline.vcs.branch", "pipeline.trigger_parameters.git.branch"),
    tag = text(body, "pipeline.vcs.tag", "pipeline.trigger_parameters.git.tag"),
    sha = sha,
    title = text(body, "pipeline.vcs.commit.subject", "pipeline.trigger_parameters.gitlab.commit_title"),
    author = text(body, "pipeline.vcs.commit.author.name", "pipeline.trigger_parameters.gitlab.commit_author_name"),
    user = text(body, "pipeline.trigger_parameters.gitlab.user_username"),
  }
  if what == "workflow-completed" then
    return run("pipelinerun", moment(body, "workflow.created_at"), moment(body, "workflow.stopped_at", "happened_at"),
      workflow, { pipelineName = project .. ": " .. (custom.workflow or "workflow"), uri = workflow },
      need(text(body, "workflow.status"), "workflow.status"))
  end
  local id = workflow .. "/jobs/" .. need(integer(body, "job.number"), "job.number")
  return run("taskrun", moment(body, "job.started_at"), moment(body, "job.stopped_at", "happened_at"), id,
    { taskName = project .. ": " .. (text(body, "job.name") or "job"), uri = id, pipelineRun = { id = workflow } },
    need(text(body, "job.status"), "job.status"))
end
