-- PagerDuty's webhooks, version 3 (https://developer.pagerduty.com/docs/webhooks-overview): an incident that is
-- triggered has been reported, with its page as the ticket; one that is resolved has ended.

-- PagerDuty knows no environments: values.environments gives one for the name of a service, values.environment
-- one for all others.
local function environment_of(service)
  local named = kind(values.environments) == "object" and service and values.environments[service]
  return named or values.environment or refuse("PagerDuty does not say in which environment: set values.environment of the "
    .. "transformer, or values.environments with one for the service " .. (service or "of the incident"))
end

local types = {
  ["incident.triggered"] = "incident.reported",
  ["incident.reopened"] = "incident.reported",
  ["incident.resolved"] = "incident.resolved",
}

function transform(m)
  local event = m.body.event
  if kind(event) ~= "object" then refuse("not a webhook of PagerDuty, version 3: it has no event") end
  local event_type = text(event.event_type) or refuse("has no event.event_type")
  local cdevents_type = types[event_type] or drop(event_type .. ": CDEvents has no event for it")
  local incident = kind(event.data) == "object" and event.data or refuse("has no event.data")
  local page = text(incident.html_url) or refuse("the incident has no html_url")
  local host = url.parse(page).host or refuse("the incident's html_url is no URL")
  local service = text(incident, "service.summary")
  return cdevent(cdevents_type, {
    context = {
      source = text(incident, "service.html_url") or "https://" .. host,
      timestamp = moment(event.occurred_at) or refuse("has no event.occurred_at"),
    },
    subject = {
      id = page,
      content = {
        description = text(incident.title),
        environment = { id = environment_of(service) },
        service = service and { id = service },
        ticketURI = cdevents_type == "incident.reported" and page or nil,
      },
    },
    customData = {
      pagerduty = {
        event_type = event_type,
        id = text(incident.id),
        number = integer(incident.number),
        urgency = text(incident.urgency),
        priority = text(incident, "priority.summary"),
        incident_key = text(incident.incident_key),
        escalation_policy = text(incident, "escalation_policy.summary"),
        agent = text(event, "agent.summary"),
      },
    },
  })
end
