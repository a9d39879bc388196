-- Builds of Google Cloud Build (https://cloud.google.com/build/docs/subscribe-build-notifications), as Pub/Sub pushes them
-- (https://cloud.google.com/pubsub/docs/push#receive_push) or Eventarc does: the resource Build, at each change of its status
-- (https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds).
--
-- The names of things: a build is the URL of its resource; it is a run of a pipeline, with its steps as tasks, and a build.

local build, id, source, page, sha

local function event(cdevents_type, at, subject, content, custom)
  custom.project, custom.id = text(build, "projectId"), text(build, "id")
  custom.trigger = text(build, "substitutions.TRIGGER_NAME") or text(build, "buildTriggerId")
  custom.branch = text(build, "substitutions.BRANCH_NAME")
  return cdevent(cdevents_type, {
    context = { source = source, timestamp = at, chainId = sha },
    subject = { id = subject, content = content },
    customData = { uri = page, google_cloud_build = custom },
  })
end

-- ---- What was built ----

--- The URL of the commit; of a host whose URLs of commits are not known the hash.
local function change()
  local repository = web_url(build, "source.gitSource.url", "sourceProvenance.resolvedGitSource.url")
  local full_name = re.match(text(build, "substitutions.REPO_FULL_NAME") or "", "^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")
  repository = repository and re.gsub(repository, [[(\.git)?/*$]], "", 1) or full_name and "https://github.com/" .. full_name
  if repository and re.find(repository, "^https://github\\.com/") then return repository .. "/commit/" .. sha end
  if repository and re.find(repository, "^https://gitlab\\.") then return repository .. "/-/commit/" .. sha end
  return sha
end

--- Adds what was pushed. @returns its package URL when it is one image
local function images(events)
  local pushed = {}
  for _, image in each(get(build, "results.images")) do
    local sha_of_image = digest(image, "digest")
    local artifact = sha_of_image and purl_from_image(text(image, "name"), sha_of_image)
    if artifact then
      pushed[#pushed + 1] = artifact
      local at = moment(image, "pushTiming.endTime") or moment(build, "finishTime")
      local custom = { image = text(image, "name") }
      if sha then
        events[#events + 1] = event("artifact.packaged", at, artifact, { change = { id = change() } }, custom)
      end
      events[#events + 1] = event("artifact.published", at, artifact, {}, custom)
    end
  end
  return #pushed == 1 and pushed[1] or nil
end

-- ---- What ran ----

local OUTCOME = {
  SUCCESS = "success", FAILURE = "failure", TIMEOUT = "failure", CANCELLED = "cancel", INTERNAL_ERROR = "error", EXPIRED = "error",
}

local function steps(events)
  for i, step in each(get(build, "steps"), 300) do
    local started, finished = moment(step, "timing.startTime"), moment(step, "timing.endTime")
    if started then
      local name = text(step, "id") or "step " .. i .. (text(step, "name") and ": " .. text(step, "name") or "")
      local subject = id .. "/steps/" .. i - 1
      local content = { taskName = name, pipelineRun = { id = id } }
      local custom = { builder = text(step, "name"), exitCode = integer(step, "exitCode") }
      events[#events + 1] = event("taskrun.started", started, subject, content, { builder = custom.builder })
      content.outcome = OUTCOME[text(step, "status")]
      if content.outcome and finished then
        events[#events + 1] = event("taskrun.finished", finished, subject, content, custom)
      end
    end
  end
end

local function run()
  local status = text(build, "status") or refuse("google-cloud-build: the build has no status")
  local name = text(build, "substitutions.TRIGGER_NAME", "substitutions.REPO_NAME", "buildTriggerId", "projectId")
  local content = { pipelineName = name, uri = page or id }
  local function both(predicate, at, of_build, custom)
    return { event("pipelinerun." .. predicate, at, id, content, custom), event("build." .. predicate, at, id, of_build, custom) }
  end
  if status == "QUEUED" or status == "PENDING" then return both("queued", moment(build, "createTime"), {}, {}) end
  if status == "WORKING" then return both("started", moment(build, "startTime", "createTime"), {}, {}) end
  content.outcome = OUTCOME[status] or drop("google-cloud-build: " .. status .. ": CDEvents have no event for it")
  if content.outcome ~= "success" then
    content.errors = cut(long_text(build, "failureInfo.detail", "statusDetail"), 4000)
  end
  local pushed = {}
  local events = both("finished", moment(build, "finishTime"), { artifactId = images(pushed) }, { status = status })
  steps(events)
  for _, one in ipairs(pushed) do events[#events + 1] = one end
  return events
end

function transform(m)
  build = pubsub_data(m.body)
    or refuse("google-cloud-build: not a message of Pub/Sub with a JSON object in message.data")
  local project = re.match(text(build, "projectId") or "", "^[a-z][a-z0-9.:-]{1,62}$")
  local number = re.match(text(build, "id") or "", "^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
  if not project or not number then refuse("google-cloud-build: not a build of Cloud Build: it has no projectId or no id") end
  local location = re.match(text(build, "name") or "", "^projects/[^/]+/locations/([a-z0-9-]+)/") or "global"
  source = "https://cloudbuild.googleapis.com/v1/projects/" .. project .. "/locations/" .. location
  id = source .. "/builds/" .. number
  page = web_url(build, "logUrl")
  sha = commit_hash(build, "sourceProvenance.resolvedRepoSource.commitSha", "sourceProvenance.resolvedGitSource.revision",
    "substitutions.COMMIT_SHA", "substitutions.REVISION_ID", "source.gitSource.revision")
  return run()
end
