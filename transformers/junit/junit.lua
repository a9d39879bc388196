-- Reports in JUnit's XML (https://github.com/testmoapp/junitxml describes what tools write), as the parser `xml` gives
-- them: each suite that has cases is a run of a suite, each case a run of a case.

-- A name as a part of an id; of one that is very long its digest.
local function part(name)
  return url.encode(#name <= 200 and name or sha256(name))
end

local function milliseconds(value)
  return epoch_ms(moment(value))
end

-- "1,002.5" and 1.5 in seconds; nothing for anything else.
local function seconds(value)
  local digits = long_text(value)
  local number = digits and tonumber((digits:gsub(",", "")))
  if number and number >= 0 and number < 1e7 then return number end
end

-- The children of an element: pairs of a name and an element.
local function children(element)
  local found = {}
  local list = get(element, "#c")
  if kind(list) ~= "list" then return found end
  for _, child in ipairs(list) do
    if kind(child) == "object" then
      for name, inner in pairs(child) do
        if kind(inner) == "object" then found[#found + 1] = { name, inner } end
      end
    end
  end
  return found
end

-- What became of a case, and why.
local function outcome_of(case)
  for _, child in ipairs(children(case)) do
    local name, element = child[1], child[2]
    local why = cut(long_text(element["@message"]) or long_text(element["#t"]), 1000)
    if name == "failure" then return "failure", why end
    if name == "error" then return "error", why end
    if name == "skipped" then return "skipped", why end
  end
  return "success"
end

local environment = { id = text(values.environment) or "ci" }

-- Where a report has no time, the moment of arrival is filled in: then the id must not be made of it.
local function id_without_time(moment, digest, name)
  if not moment then return sha256(digest .. name) end
end

local function suite_events(m, place, suite, events)
  local name = long_text(suite["@name"]) or "tests"
  local began = milliseconds(suite["@timestamp"])
  local ended = began and began + math.floor((seconds(suite["@time"]) or 0) * 1000)
    or milliseconds(m.metadata.last_modified)
  local run = place .. "/" .. part(name) .. (began and "?started=" .. began or "")
  local cases, count = {}, { success = 0, failure = 0, error = 0, skipped = 0 }
  local seen, clock = {}, began
  local digest = not ended and sha256(m.text)
  for _, child in ipairs(children(suite)) do
    if child[1] == "testcase" then
      local case = child[2]
      local class, own = long_text(case["@classname"]), long_text(case["@name"]) or "unnamed"
      local id = class and class .. "." .. own or own
      seen[id] = (seen[id] or 0) + 1
      local case_run = run .. "#" .. part(id) .. (seen[id] > 1 and "," .. seen[id] or "")
      local outcome, why = outcome_of(case)
      count[outcome] = count[outcome] + 1
      if clock then clock = clock + math.floor((seconds(case["@time"]) or 0) * 1000) end
      local content = {
        environment = environment,
        testSuiteRun = { id = run },
        testCase = { id = id, name = own, type = text(values.type) },
        reason = why,
      }
      if outcome ~= "skipped" then content.outcome = outcome end
      cases[#cases + 1] = cdevent(outcome == "skipped" and "testcaserun.skipped" or "testcaserun.finished", {
        context = { id = id_without_time(clock or ended, digest, case_run), timestamp = time(clock or ended) },
        subject = { id = case_run, content = content },
        customData = { junit = { time = seconds(case["@time"]), file = long_text(case["@file"]), suite = name } },
      })
    end
  end
  if #cases > 0 then
    local failed = count.failure + count.error
    local test_suite = { id = name, name = name }
    if began then
      events[#events + 1] = cdevent("testsuiterun.started", {
        context = { timestamp = time(began) },
        subject = { id = run, content = { environment = environment, testSuite = test_suite } },
      })
    end
    for _, case in ipairs(cases) do events[#events + 1] = case end
    events[#events + 1] = cdevent("testsuiterun.finished", {
      context = { id = id_without_time(ended, digest, run), timestamp = time(ended) },
      subject = {
        id = run,
        content = {
          environment = environment,
          testSuite = test_suite,
          outcome = count.failure > 0 and "failure" or count.error > 0 and "error" or "success",
          reason = failed > 0 and failed .. " of " .. #cases .. " failed" or nil,
        },
      },
      customData = {
        junit = { tests = #cases, failures = count.failure, errors = count.error, skipped = count.skipped,
          time = seconds(suite["@time"]), hostname = long_text(suite["@hostname"]) },
      },
    })
  end
  for _, child in ipairs(children(suite)) do
    if child[1] == "testsuite" then suite_events(m, run, child[2], events) end
  end
end

function transform(m)
  local suites, suite = get(m.body, "testsuites"), get(m.body, "testsuite")
  if not suites and not suite then
    refuse("not a report of JUnit: its root is neither testsuites nor testsuite; the source needs parser = \"xml\"")
  end
  local base = text(m.metadata, "context.source") or "/junit"
  local path = text(m.metadata.path)
  local place = base .. "#" .. (path and path:gsub("[^%w%-._~/]", url.encode) or sha256(m.text):sub(1, 16))
  local events = {}
  if kind(suite) == "object" then suite_events(m, place, suite, events) end
  for _, child in ipairs(children(suites)) do
    if child[1] == "testsuite" then suite_events(m, place, child[2], events) end
  end
  if #events == 0 then drop("no test ran") end
  return events
end
