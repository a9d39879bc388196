-- Events of Amazon ECR that EventBridge sends on (https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html),
-- by an API destination or in a message of SQS. The artifact has the same package URL, and the registry the same
-- context.source, as from the source `ecr`, which asks ECR itself.

local body

local function need(found, what)
  return found or refuse("ecr-eventbridge: the event has no " .. what)
end

local TYPE = { PUSH = "artifact.published", DELETE = "artifact.deleted" }

--- The host of the registry, https://docs.aws.amazon.com/general/latest/gr/ecr.html
local function registry()
  local account = re.match(text(body, "account") or "", "^[0-9]{12}$") or refuse("ecr-eventbridge: the event has no account")
  local region = re.match(text(body, "region") or "", "^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$") or refuse("ecr-eventbridge: the event has no region")
  return account .. ".dkr.ecr." .. region .. ".amazonaws.com" .. (region:starts_with("cn-") and ".cn" or "")
end

local function action()
  local what = need(text(body, "detail.action-type"), "detail.action-type")
  local result = text(body, "detail.result")
  if result ~= "SUCCESS" then drop("ecr-eventbridge: " .. what .. ": " .. (result or "without a result")) end
  local cdevents_type = TYPE[what] or drop("ecr-eventbridge: " .. what .. ": CDEvents have no event for it")
  local host, repository = registry(), need(text(body, "detail.repository-name"), "detail.repository-name")
  local sha, tag = digest(body, "detail.image-digest"), text(body, "detail.image-tag")
  need(sha or tag, "detail.image-digest")
  local artifact = purl_from_image(host .. "/" .. repository, sha, tag)
    or refuse("ecr-eventbridge: " .. repository .. " is no name of a repository")
  return cdevent(cdevents_type, {
    context = { source = "https://" .. host, timestamp = moment(body, "time") },
    subject = { id = artifact, content = {} },
    customData = { ecr = {
      repository = repository, registry = host, account = text(body, "account"), region = text(body, "region"),
      digest = sha, tag = tag,
      media_type = text(body, "detail.manifest-media-type"), artifact_type = text(body, "detail.artifact-media-type"),
    } },
  })
end

function transform(m)
  body = m.body
  local what = text(body, "detail-type")
  if text(body, "source") ~= "aws.ecr" or not what or kind(get(body, "detail")) ~= "object" then
    refuse("ecr-eventbridge: not an event of ECR from EventBridge: source is not aws.ecr, or it has no detail-type or detail")
  end
  if what == "ECR Image Action" then return action() end
  if what == "ECR Image Scan" then
    drop("ecr-eventbridge: a scan of " .. (text(body, "detail.repository-name") or "an image")
      .. " is " .. (text(body, "detail.scan-status") or "over") .. ": CDEvents have no word for it")
  end
  drop("ecr-eventbridge: " .. what .. ": CDEvents have no word for it")
end
