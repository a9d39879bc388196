-- The Test Anything Protocol (https://testanything.org), as the parser `tap` gives it: a file is a run of a suite, each
-- of its lines a run of a case.

local environment = { id = text(values.environment) or "ci" }

-- ok, not ok, and what a directive makes of them: TODO may fail.
local function outcome_of(test)
  local directive = text(test, "directive.kind")
  if directive == "skip" then return "skipped", long_text(test, "directive.reason") end
  if test.status == "ok" or directive == "todo" then return "success", long_text(test, "directive.reason") end
  return "failure", long_text(test, "yaml_diagnostics", "yaml_diagnostics.message")
end

function transform(m)
  local tests = get(m.body, "tests")
  if kind(tests) ~= "list" then refuse("not a report in TAP: it has no tests; the source needs parser = \"tap\"") end
  local at = moment(m.metadata.last_modified)
  local digest = sha256(m.text)
  local base = text(m.metadata, "context.source") or "/tap"
  local path = text(m.metadata.path)
  local name = path and re.gsub(path:match("[^/]*$"), [[\.tap$]], "") or "tests"
  local run = base .. "#" .. (path and path:gsub("[^%w%-._~/]", url.encode) or "tap") .. "?run=" .. digest:sub(1, 16)
  -- Without a moment that of the arrival is filled in: then the id must not be made of it.
  local function context(what)
    return { timestamp = at, id = not at and sha256(digest .. what) or nil }
  end

  local events, count = {}, { success = 0, failure = 0, skipped = 0 }
  for index, test in ipairs(tests) do
    if kind(test) ~= "object" then refuse("test " .. index .. " is not an object") end
    local outcome, why = outcome_of(test)
    count[outcome] = count[outcome] + 1
    local case = long_text(test.description) or "test " .. index
    local content = {
      environment = environment,
      testSuiteRun = { id = run },
      testCase = { id = name .. "/" .. case, name = case, type = text(values.type) },
      reason = cut(why, 1000),
    }
    if outcome ~= "skipped" then content.outcome = outcome end
    events[#events + 1] = cdevent(outcome == "skipped" and "testcaserun.skipped" or "testcaserun.finished", {
      context = context("case " .. index),
      subject = { id = run .. "#" .. index, content = content },
      customData = { tap = { number = math.type(test.number) and test.number or nil, directive = text(test, "directive.kind") } },
    })
  end

  local planned = get(m.body, "plan.end")
  local missing = kind(planned) == "number" and planned > #tests and planned - #tests or 0
  if #events == 0 and missing == 0 then drop("no test ran") end
  events[#events + 1] = cdevent("testsuiterun.finished", {
    context = context("suite"),
    subject = {
      id = run,
      content = {
        environment = environment,
        testSuite = { id = name, name = name },
        outcome = count.failure > 0 and "failure" or missing > 0 and "error" or "success",
        reason = count.failure > 0 and count.failure .. " of " .. #tests .. " failed"
          or missing > 0 and math.tointeger(missing) .. " planned tests did not run" or nil,
      },
    },
    customData = { tap = { tests = #tests, failures = count.failure, skipped = count.skipped, planned = math.type(planned) and planned or nil } },
  })
  return events
end
