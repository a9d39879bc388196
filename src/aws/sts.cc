#include "aws/sts.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "aws/client.h"
#include "aws/time.h"
#include "core/percent.h"

namespace cdviz::aws {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

Result<Credentials> read_answer(const std::string& action, const std::string& body) {
  pugi::xml_document document;
  if (document.load_buffer(body.data(), body.size())) {
    const auto found = document.child((action + "Response").c_str())
                           .child((action + "Result").c_str())
                           .child("Credentials");
    Credentials credentials{.access_key_id = found.child_value("AccessKeyId"),
                            .secret_access_key = found.child_value("SecretAccessKey"),
                            .session_token = found.child_value("SessionToken"),
                            .expires_at = parse_time(found.child_value("Expiration"))};
    if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) {
      return credentials;
    }
  }
  return Error{Fault::retry, fmt::format("the answer to {} holds no credentials", action)};
}

Result<Credentials> call(const StsPlace& place, const std::string& action, const Role& role,
                         const Parameters& more, std::shared_ptr<CredentialsProvider> by,
                         const Clock& clock, const std::stop_token& stop) {
  Client client({.scope = {place.region, "sts"},
                 .endpoint = place.endpoint,
                 .ca_file = place.ca_file,
                 .timeout = std::chrono::seconds(10),
                 .attempts_max = 3,
                 .answer_bytes_max = std::size_t{256} << 10},
                std::move(by), clock);
  Request request{.method = "POST"};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = "Action=" + action + "&Version=2011-06-15";
  const auto add = [&](std::string_view name, std::string_view value) {
    request.body += fmt::format("&{}={}", name, percent_encoded(value));
  };
  add("RoleArn", role.arn);
  add("RoleSessionName", role.session_name);
  for (const auto& [name, value] : more) add(name, value);
  auto answer = client.send(request, stop);
  if (!answer) return answer.error();
  return read_answer(action, answer->body);
}

}  // namespace

Result<Credentials> assume_role(const StsPlace& place, const Role& role,
                                std::shared_ptr<CredentialsProvider> by, const Clock& clock,
                                const std::stop_token& stop) {
  Parameters more;
  if (!role.external_id.empty()) more.emplace_back("ExternalId", role.external_id);
  return call(place, "AssumeRole", role, more, std::move(by), clock, stop);
}

Result<Credentials> assume_role_with_web_identity(const StsPlace& place, const Role& role,
                                                  const std::string& token, const Clock& clock,
                                                  const std::stop_token& stop) {
  return call(place, "AssumeRoleWithWebIdentity", role, {{"WebIdentityToken", token}}, nullptr,
              clock, stop);
}

}  // namespace cdviz::aws
