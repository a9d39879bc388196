-- The mapping of docs/transformers.md: a deployment tool of one's own.
function transform(m)
  local deploy = m.body
  if deploy.state ~= "done" then
    drop("the deployment is " .. tostring(deploy.state))
  end
  return cdevent("service.deployed", {
    context = { timestamp = time(deploy.finished_at) },
    subject = {
      id = "https://deploy.example.org/services/" .. url.encode(deploy.service),
      content = {
        environment = { id = deploy.environment },
        artifactId = purl_from_image(deploy.image),
      },
    },
    customData = { deploy = { by = text(deploy, "user.name"), ticket = deploy.ticket } },
  })
end
