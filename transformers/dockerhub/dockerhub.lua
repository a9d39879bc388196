-- Webhooks of Docker Hub (https://docs.docker.com/docker-hub/repos/manage/webhooks/): a tag was pushed. They have no digest.

function transform(m)
  local body = m.body
  if kind(get(body, "push_data")) ~= "object" then refuse("dockerhub: not a webhook of Docker Hub: it has no push_data") end
  local repository = text(body, "repository.repo_name") or refuse("dockerhub: the webhook has no repository.repo_name")
  local tag = text(body, "push_data.tag") or refuse("dockerhub: the webhook has no push_data.tag")
  local id = purl_from_image("docker.io/" .. repository, nil, tag)
    or refuse("dockerhub: docker.io/" .. repository .. " is no name of an image")
  local pusher = text(body, "push_data.pusher")
  return cdevent("artifact.published", {
    context = { source = "https://hub.docker.com", timestamp = moment(body, "push_data.pushed_at") },
    subject = { id = id, content = { user = pusher } },
    customData = {
      actor = pusher,
      dockerhub = { repository = repository, tag = tag, status = text(body, "repository.status") },
    },
  })
end
