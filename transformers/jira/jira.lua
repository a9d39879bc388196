-- Jira's webhooks (https://developer.atlassian.com/cloud/jira/platform/webhooks/): issues are tickets.

-- What CDEvents has words for; other types and resolutions keep Jira's own.
local ticket_types = {
  bug = "bug", defect = "bug", story = "enhancement", improvement = "enhancement", ["new feature"] = "enhancement",
  epic = "enhancement", task = "task", ["sub-task"] = "task", subtask = "task", incident = "incident", question = "question",
}
local resolutions = {
  done = "completed", fixed = "completed", resolved = "completed", complete = "completed", completed = "completed",
  ["won't do"] = "withdrawn", ["won't fix"] = "withdrawn", ["cannot reproduce"] = "withdrawn", declined = "withdrawn",
  duplicate = "duplicate",
}
local priorities = { highest = "high", high = "high", critical = "high", blocker = "high", medium = "medium", major = "medium",
  low = "low", lowest = "low", minor = "low", trivial = "low" }

local function person(value)
  return text(value, "displayName", "name", "accountId")
end

local function some(list)
  if #list > 0 then return list end
end

-- https://acme.atlassian.net/rest/api/2/issue/10001 and SHOP-7 give https://acme.atlassian.net/browse/SHOP-7.
local function page_of(issue)
  local base = re.match(text(issue.self) or refuse("the issue has no self"), [[^(https?://.+?)/rest/]])
    or refuse("the issue's self is no URL of Jira's API")
  return base .. "/browse/" .. url.encode(text(issue.key) or refuse("the issue has no key")), base
end

local function has_changed(m, field)
  for _, item in each(get(m.body, "changelog.items")) do
    if get(item, "field") == field then return true end
  end
  return false
end

-- Closed is what has just come into a status of the category "done".
local function type_of(m, fields)
  local event = m.body.webhookEvent
  if event == "jira:issue_created" then return "ticket.created" end
  if event == "jira:issue_deleted" then return "ticket.closed", "withdrawn" end
  if event ~= "jira:issue_updated" then
    drop(event .. ": CDEvents has no event for it")
  end
  if get(fields, "status.statusCategory.key") == "done" and (has_changed(m, "status") or has_changed(m, "resolution")) then
    local resolution = text(fields, "resolution.name", "status.name") or "completed"
    return "ticket.closed", resolutions[resolution:lower()] or resolution
  end
  return "ticket.updated"
end

function transform(m)
  if not text(m.body, "webhookEvent") then refuse("not a webhook of Jira: it has no webhookEvent") end
  local issue = m.body.issue
  if kind(issue) ~= "object" then drop(m.body.webhookEvent .. ": is not about an issue") end
  local fields = kind(issue.fields) == "object" and issue.fields or refuse("the issue has no fields")
  local page, base = page_of(issue)
  local cdevents_type, resolution = type_of(m, fields)
  local ticket_type = text(fields, "issuetype.name")
  local priority = text(fields, "priority.name")
  local creator = person(fields.creator) or person(fields.reporter)
  if cdevents_type ~= "ticket.updated" then creator = creator or "unknown" end  -- some projects hide their people
  local assignee = person(fields.assignee)
  local project = text(fields, "project.key")
  return cdevent(cdevents_type, {
    context = {
      source = project and base .. "/browse/" .. url.encode(project) or base,
      timestamp = moment(m.body.timestamp) or moment(fields.updated) or refuse("has no timestamp"),
    },
    subject = {
      id = page,
      content = {
        uri = page,
        summary = text(fields.summary) or (cdevents_type == "ticket.created" and issue.key) or nil,
        ticketType = ticket_type and (ticket_types[ticket_type:lower()] or ticket_type),
        creator = creator,
        assignees = assignee and array{ assignee },
        priority = priority and (priorities[priority:lower()] or priority),
        labels = some(texts(fields.labels)),
        milestone = text(fields, "fixVersions[1].name"),
        resolution = resolution,
        updatedBy = cdevents_type ~= "ticket.created" and person(m.body.user) or nil,
      },
    },
    customData = {
      jira = {
        key = text(issue.key),
        issuetype = ticket_type,
        status = text(fields, "status.name"),
        priority = priority,
        components = some(texts(fields.components, "name")),
        event = text(m.body.issue_event_type_name),
      },
    },
  })
end
