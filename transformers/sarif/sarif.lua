-- SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), what static analysis and scanners write: each run of a
-- tool is a run of a suite, each of its rules a case, which fails when it found something.

-- A name as a part of an id; of one that is very long its digest.
local function part(name)
  return url.encode(#name <= 200 and name or sha256(name))
end

local environment = { id = text(values.environment) or "ci" }

local function list(value)
  return kind(value) == "list" and value or {}
end

-- error, warning, note or none; what the rule says when the result does not; "warning" when nobody does (§3.27.10).
local function level_of(result, rule)
  return text(result.level) or text(rule, "defaultConfiguration.level") or "warning"
end

-- The rules in their order, each with what it found. A result that is suppressed, or was there before, is no finding.
local function findings(run)
  local found, order = {}, {}
  local function of(id, rule)
    if not found[id] then
      found[id] = { rule = rule, results = 0, failures = 0 }
      order[#order + 1] = id
    end
    return found[id]
  end
  for _, rule in ipairs(list(get(run, "tool.driver.rules"))) do
    local id = long_text(rule, "id")
    if id then of(id, rule) end
  end
  for _, result in ipairs(list(run.results)) do
    local suppressed = kind(get(result, "suppressions")) == "list" and #result.suppressions > 0
    if kind(result) == "object" and not suppressed and result.baselineState ~= "absent"
      and (result.kind == nil or result.kind == null or result.kind == "fail") then
      local id = long_text(result, "ruleId", "rule.id") or "unnamed"
      local entry = of(id)
      entry.results = entry.results + 1
      local level = level_of(result, entry.rule)
      if level == "error" or level == "warning" then
        entry.failures = entry.failures + 1
        entry.level = (entry.level == "error" or level == "error") and "error" or "warning"
        entry.message = entry.message or long_text(result, "message.text")
        entry.place = entry.place or text(result, "locations[1].physicalLocation.artifactLocation.uri")
      end
    end
  end
  return found, order
end

local function run_events(m, run, number, events)
  local tool = text(run, "tool.driver.name") or refuse("run " .. number .. " does not say of which tool it is")
  local digest = sha256(m.text)
  local at = moment(run, "invocations[1].endTimeUtc") or moment(m.metadata.last_modified)
  local started = moment(run, "invocations[1].startTimeUtc")
  local repository = text(run, "versionControlProvenance[1].repositoryUri")
  local base = repository or text(m.metadata, "context.source") or "/sarif"
  local name = text(run, "automationDetails.id") or tool
  local id = base .. "#" .. part(name) .. "?run=" .. digest:sub(1, 16) .. (number > 1 and "," .. number or "")
  -- Without a moment that of the arrival is filled in: then the id must not be made of it.
  local function context(what)
    return { timestamp = at, id = not at and sha256(digest .. number .. what) or nil }
  end
  local suite = { id = tool, name = tool, version = text(run, "tool.driver.semanticVersion", "tool.driver.version") }

  if started then
    events[#events + 1] = cdevent("testsuiterun.started", {
      context = { timestamp = started },
      subject = { id = id, content = { environment = environment, testSuite = suite } },
    })
  end
  local found, order = findings(run)
  local failed, worst = 0, nil
  for _, rule_id in ipairs(order) do
    local entry = found[rule_id]
    if entry.failures > 0 then
      failed = failed + 1
      worst = (worst == "high" or entry.level == "error") and "high" or "medium"
    end
    events[#events + 1] = cdevent("testcaserun.finished", {
      context = context(rule_id),
      subject = {
        id = id .. "#" .. part(rule_id),
        content = {
          environment = environment,
          testSuiteRun = { id = id },
          testCase = {
            id = tool .. "/" .. rule_id,
            name = long_text(entry.rule, "shortDescription.text") or text(entry.rule, "name") or rule_id,
            type = "security",
            uri = web_url(entry.rule, "helpUri"),
          },
          outcome = entry.failures > 0 and "failure" or "success",
          severity = entry.failures > 0 and (entry.level == "error" and "high" or "medium") or nil,
          reason = entry.failures > 0 and cut(entry.failures .. " found: " .. (entry.message or rule_id), 1000) or nil,
        },
      },
      customData = { sarif = { ruleId = rule_id, results = entry.results, location = entry.place } },
    })
  end
  local crashed = get(run, "invocations[1].executionSuccessful") == false
  events[#events + 1] = cdevent("testsuiterun.finished", {
    context = context("suite"),
    subject = {
      id = id,
      content = {
        environment = environment,
        testSuite = suite,
        outcome = crashed and "error" or failed > 0 and "failure" or "success",
        severity = worst,
        reason = crashed and "the tool did not run to its end"
          or failed > 0 and failed .. " of " .. #order .. " rules found something" or nil,
      },
    },
    customData = { sarif = { rules = #order, failed = failed, revision = text(run, "versionControlProvenance[1].revisionId") } },
  })
end

function transform(m)
  if kind(get(m.body, "runs")) ~= "list" then refuse("not SARIF: it has no runs") end
  local events = {}
  for number, run in ipairs(m.body.runs) do
    if kind(run) ~= "object" then refuse("run " .. number .. " is not an object") end
    run_events(m, run, number, events)
  end
  if #events == 0 then drop("no tool ran") end
  return events
end
