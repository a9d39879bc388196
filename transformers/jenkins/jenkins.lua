-- Builds of Jenkins, from its Notification plugin (https://plugins.jenkins.io/notification/). What the CDEvents plugin
-- sends is CDEvents already and needs no mapping.
--
-- The names of things: a build and a job are their URLs in Jenkins, a pipeline the path of its job.

local body

local function need(found, what)
  return found or refuse("jenkins: the notification has no " .. what)
end

--- The repository without credentials that somebody may have put into its URL.
local function repository()
  local found = text(body, "build.scm.url")
  return found and re.gsub(found, [[^(https?://)[^/@]*@]], "%1")
end

-- ---- Events ----

local OUTCOME = { SUCCESS = "success", UNSTABLE = "failure", FAILURE = "failure", ABORTED = "cancel", NOT_BUILT = "cancel" }
local PHASE = { QUEUED = "pipelinerun.queued", STARTED = "pipelinerun.started", COMPLETED = "pipelinerun.finished" }

--- The URL of a build; that of its job is the capture.
local BUILD = [[^(https?://[A-Za-z0-9.-]+(?::[0-9]+)?]]
  .. [[(?:/(?:[A-Za-z0-9!$&'()*+,;=:@._~-]|%[0-9A-Fa-f]{2})+)+)/[0-9]+/?$]]

-- job/shop/job/cart/ is shop/cart
local function pipeline_name(job)
  local path = (text(body, "url") or ""):gsub("^job/", ""):gsub("/job/", "/"):gsub("/$", "")
  return path ~= "" and path or text(body, "name") or job
end

function transform(m)
  body = m.body
  if kind(get(body, "build")) ~= "object" then refuse("jenkins: not of the Notification plugin: it has no build") end
  local phase = need(text(body, "build.phase"), "build.phase")
  if phase == "FINALIZED" then drop("FINALIZED: COMPLETED told that the build is done") end
  local cdevents_type = PHASE[phase] or drop("phase " .. phase .. ": nothing that CDEvents have a word for")
  local id = text(body, "build.full_url")
    or refuse("jenkins: the notification has no build.full_url: set the Jenkins URL under Manage Jenkins, System")
  local job = re.match(id, BUILD)
    or refuse("jenkins: build.full_url is no URL of a build")
  local sha = commit_hash(body, "build.scm.commit")
  local content = { pipelineName = pipeline_name(job), uri = id }
  local status = text(body, "build.status")
  if phase == "COMPLETED" then
    content.outcome = OUTCOME[need(status, "build.status")] or "error"
  else
    status = nil
  end
  return cdevent(cdevents_type, {
    -- Of a build that did not wait, QUEUED has 0.
    context = { source = job, timestamp = moment(body, "build.timestamp"), chainId = sha },
    subject = { id = id, content = content },
    customData = {
      uri = id,
      jenkins = {
        name = text(body, "display_name", "name"),
        number = integer(body, "build.number"),
        status = status,
        duration_ms = phase == "COMPLETED" and integer(body, "build.duration") or nil,
        notes = text(body, "build.notes"),
        branch = text(body, "build.scm.branch"),
        sha = sha,
        repository = repository(),
        culprits = texts(get(body, "build.scm.culprits")),
        tests = integer(body, "build.test_summary.total") and {
          total = integer(body, "build.test_summary.total"),
          failed = integer(body, "build.test_summary.failed"),
          skipped = integer(body, "build.test_summary.skipped"),
        },
      },
    },
  })
end
