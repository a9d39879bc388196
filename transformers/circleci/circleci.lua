-- Webhooks of CircleCI (https://circleci.com/docs/webhooks-reference/): workflows and jobs that are done. CircleCI does not tell
-- when they begin, so the start comes with the end.
--
-- The names of things: a workflow is its URL, a job that of its workflow and its number.

local body

-- ---- Reading: what is absent, null, empty, of another type or endless is nil; a NUL cannot be stored ----

local function is_text(found)
  return type(found) == "string" and found ~= "" and #found <= 1024 and not found:find("\0", 1, true)
end

local function text(path)
  local found = get(body, path)
  if is_text(found) then return found end
end

--- A moment: a text, or a number of seconds or milliseconds.
local function moment(path)
  local found = get(body, path)
  if (is_text(found) and #found <= 64) or (math.type(found) == "integer" and found > 0) then
    local ok, at = pcall(time, found)
    if ok then return at end
  end
end

local function number(path)
  local found = get(body, path)
  if math.type(found) == "integer" then return found end
end

--- An absolute URL
local URI = [[^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/([A-Za-z0-9!$&'()*+,;=:@._~-]|%[0-9A-Fa-f]{2})+)*/?$]]

local function uri(path)
  local found = text(path)
  if found and re.find(found, URI) then return found end
end

--- The first of the paths that leads to a commit.
local function hash(...)
  for _, path in ipairs({ ... }) do
    local found = text(path)
    if found and re.find(found, "^[0-9a-f]{40,64}$") then return found end
  end
end

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
  local what = need(text("type"), "type")
  if what == "ping" then drop("ping: nothing happened") end
  if what ~= "workflow-completed" and what ~= "job-completed" then drop(what .. ": an event that is not known here") end
  local workflow = need(uri("workflow.url"), "workflow.url")
  source = re.match(workflow, "^(.+)/[0-9]+/workflows/[^/]+/?$") or refuse("circleci: workflow.url is no URL of a workflow")
  local project = need(text("project.name"), "project.name")
  sha = hash("pipeline.vcs.revision", "pipeline.trigger_parameters.git.checkout_sha")
  custom = {
    project = text("project.slug"),
    pipeline = number("pipeline.number"),
    workflow = text("workflow.name"),
    trigger = text("pipeline.trigger.type"),
    branch = text("pipeline.vcs.branch") or text("pipeline.trigger_parameters.git.branch"),
    tag = text("pipeline.vcs.tag") or text("pipeline.trigger_parameters.git.tag"),
    sha = sha,
    title = text("pipeline.vcs.commit.subject") or text("pipeline.trigger_parameters.gitlab.commit_title"),
    author = text("pipeline.vcs.commit.author.name") or text("pipeline.trigger_parameters.gitlab.commit_author_name"),
    user = text("pipeline.trigger_parameters.gitlab.user_username"),
  }
  if what == "workflow-completed" then
    return run("pipelinerun", moment("workflow.created_at"), moment("workflow.stopped_at") or moment("happened_at"), workflow,
      { pipelineName = project .. ": " .. (custom.workflow or "workflow"), uri = workflow },
      need(text("workflow.status"), "workflow.status"))
  end
  local id = workflow:gsub("/$", "") .. "/jobs/" .. need(number("job.number"), "job.number")
  return run("taskrun", moment("job.started_at"), moment("job.stopped_at") or moment("happened_at"), id,
    { taskName = project .. ": " .. (text("job.name") or "job"), uri = id, pipelineRun = { id = workflow } },
    need(text("job.status"), "job.status"))
end
