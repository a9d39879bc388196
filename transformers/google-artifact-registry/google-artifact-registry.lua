-- Notifications of Google Artifact Registry (https://cloud.google.com/artifact-registry/docs/configure-notifications), as
-- Pub/Sub pushes them (https://cloud.google.com/pubsub/docs/push#receive_push) or Eventarc does.

local notification

local TYPE = { INSERT = "artifact.published", DELETE = "artifact.deleted" }

--- The host, and the name without digest and tag, of an image.
local function image_of(name)
  if name then return re.match(name, [[^(([a-z0-9.-]+\.(?:pkg\.dev|gcr\.io)|gcr\.io)/[^@]+?)(?:@sha256:[0-9a-f]+|:[A-Za-z0-9_.-]+)?$]]) end
end

function transform(m)
  notification = pubsub_data(m.body)
    or refuse("google-artifact-registry: not a message of Pub/Sub with a JSON object in message.data")
  local action = text(notification, "action")
    or refuse("google-artifact-registry: not a notification of Artifact Registry: it has no action")
  local cdevents_type = TYPE[action] or drop("google-artifact-registry: " .. action .. ": CDEvents have no event for it")
  local image, host = image_of(text(notification, "digest", "tag"))
  if not image then refuse("google-artifact-registry: neither digest nor tag is an image of *.pkg.dev or gcr.io") end
  local sha, tag = digest(notification, "digest"), re.match(text(notification, "tag") or "", [[:([A-Za-z0-9_.-]+)$]])
  local artifact = purl_from_image(image, sha, tag) or refuse("google-artifact-registry: " .. image .. " is no name of an image")
  return cdevent(cdevents_type, {
    context = {
      source = "https://" .. host,
      -- Eventarc tells it as an attribute, too.
      timestamp = moment(m.body, "message.publishTime", "message.publish_time") or moment(m.metadata, "cloudevents.time"),
    },
    subject = { id = artifact, content = {} },
    customData = { google_artifact_registry = { action = action, image = image, digest = sha, tag = tag } },
  })
end
