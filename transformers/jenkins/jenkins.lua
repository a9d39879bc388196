-- Builds of Jenkins, from its Notification plugin (https://plugins.jenkins.io/notification/). What the CDEvents plugin
-- sends is CDEvents already and needs no mapping.
--
-- The names of things: a build and a job are their URLs in Jenkins, a pipeline the path of its job.

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

local function hash(path)
  local found = text(path)
  if found and re.find(found, "^[0-9a-f]{40,64}$") then return found end
end

local function need(found, what)
  return found or refuse("jenkins: the notification has no " .. what)
end

--- Names that are texts, at most 20.
local function names(path)
  local out = array{}
  local found = get(body, path)
  if kind(found) ~= "list" then return out end
  for _, each in ipairs(found) do
    if is_text(each) and #out < 20 then out[#out + 1] = each end
  end
  return out
end

--- The repository without credentials that somebody may have put into its URL.
local function repository()
  local found = text("build.scm.url")
  return found and re.gsub(found, [[^(https?://)[^/@]*@]], "%1")
end

-- ---- Events ----

local OUTCOME = { SUCCESS = "success", UNSTABLE = "failure", FAILURE = "failure", ABORTED = "cancel", NOT_BUILT = "cancel" }
local PHASE = { QUEUED = "pipelinerun.queued", STARTED = "pipelinerun.started", COMPLETED = "pipelinerun.finished" }

-- job/shop/job/cart/ is shop/cart
local function pipeline_name()
  local path = text("url")
  if not path then return text("name") end
  return (path:gsub("^job/", ""):gsub("/job/", "/"):gsub("/$", ""))
end

function transform(m)
  body = m.body
  if kind(get(body, "build")) ~= "object" then refuse("jenkins: not of the Notification plugin: it has no build") end
  local phase = need(text("build.phase"), "build.phase")
  if phase == "FINALIZED" then drop("FINALIZED: COMPLETED told that the build is done") end
  local cdevents_type = PHASE[phase] or drop("phase " .. phase .. ": nothing that CDEvents have a word for")
  local id = text("build.full_url")
    or refuse("jenkins: the notification has no build.full_url: set the Jenkins URL under Manage Jenkins, System")
  local job = re.match(id, [[^(https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/(?:[A-Za-z0-9!$&'()*+,;=:@._~-]|%[0-9A-Fa-f]{2})+)+)/[0-9]+/?$]])
    or refuse("jenkins: build.full_url is no URL of a build")
  local sha = hash("build.scm.commit")
  local content = { pipelineName = pipeline_name(), uri = id }
  local status = text("build.status")
  if phase == "COMPLETED" then
    content.outcome = OUTCOME[need(status, "build.status")] or "error"
  else
    status = nil
  end
  return cdevent(cdevents_type, {
    -- Of a build that did not wait, QUEUED has 0.
    context = { source = job, timestamp = moment("build.timestamp"), chainId = sha },
    subject = { id = id, content = content },
    customData = {
      uri = id,
      jenkins = {
        name = text("display_name") or text("name"),
        number = number("build.number"),
        status = status,
        duration_ms = phase == "COMPLETED" and number("build.duration") or nil,
        notes = text("build.notes"),
        branch = text("build.scm.branch"),
        sha = sha,
        repository = repository(),
        culprits = names("build.scm.culprits"),
        tests = number("build.test_summary.total") and {
          total = number("build.test_summary.total"),
          failed = number("build.test_summary.failed"),
          skipped = number("build.test_summary.skipped"),
        },
      },
    },
  })
end
