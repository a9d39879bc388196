-- Grafana's alerts, sent by a webhook contact point
-- (https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/):
-- an alert that fires is an incident, detected; an alert that is resolved ends it.

-- Labels that say where, and on what, the first that an alert has. values.environment_labels and
-- values.service_labels put others in their place; values.environment is for alerts that have none.
local environment_labels = { "environment", "env", "stage", "deployment_environment", "cluster", "namespace" }
local service_labels = { "service", "service_name", "app_kubernetes_io_name", "app", "deployment", "job" }

-- The same alert may fire again another day: that is another incident, so its beginning is part of the name.
local function incident_id(base, alert, began)
  return base .. "/alerting/list?fingerprint=" .. url.encode(text(alert.fingerprint) or refuse("an alert has no fingerprint"))
    .. "&startsAt=" .. epoch_ms(began)
end

local function incident(m, base, alert)
  local environment = label(alert.labels, values.environment_labels or environment_labels) or text(values.environment)
  if not environment then
    refuse("the alert " .. (text(alert, "labels.alertname") or "without a name") .. " has none of the labels that say its "
      .. "environment: add one to the rule, or set values.environment of the transformer")
  end
  local service = label(alert.labels, values.service_labels or service_labels)
  local began = moment(alert.startsAt) or refuse("an alert has no startsAt")
  local resolved = alert.status == "resolved"
  return cdevent(resolved and "incident.resolved" or "incident.detected", {
    context = {
      source = base,
      timestamp = resolved and (moment(alert.endsAt) or refuse("a resolved alert has no endsAt")) or began,
    },
    subject = {
      id = incident_id(base, alert, began),
      content = {
        description = text(alert, "annotations.summary", "annotations.description", "labels.alertname"),
        environment = { id = environment },
        service = service and { id = service },
      },
    },
    customData = {
      grafana = {
        fingerprint = text(alert.fingerprint),
        labels = labels(alert.labels),
        annotations = labels(alert.annotations),
        generatorURL = text(alert.generatorURL),
        dashboardURL = text(alert.dashboardURL),
        panelURL = text(alert.panelURL),
        receiver = text(m.body.receiver),
      },
    },
  })
end

function transform(m)
  if kind(get(m.body, "alerts")) ~= "list" then refuse("not an alert of Grafana: it has no list of alerts") end
  local base = text(m.body.externalURL) or refuse("has no externalURL: set root_url in the section server of Grafana")
  base = base_url(base) or refuse("its externalURL is no URL")
  local incidents = {}
  for _, alert in ipairs(m.body.alerts) do
    if kind(alert) ~= "object" then refuse("an alert is not an object") end
    local name = get(alert, "labels.alertname")
    if name == "DatasourceNoData" or name == "DatasourceError" then
      -- Grafana could not ask: that says nothing of the service.
    elseif alert.status == "firing" or alert.status == "resolved" then
      incidents[#incidents + 1] = incident(m, base, alert)
    else
      refuse("an alert is neither firing nor resolved, but " .. json.encode(alert.status or null))
    end
  end
  if #incidents == 0 then drop("no incident: Grafana could not ask its data source, or no alert") end
  return incidents
end
