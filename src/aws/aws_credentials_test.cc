// Each place where credentials may be, with a server on this machine instead of Amazon's.
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aws/credential_chain.h"
#include "aws/time.h"
#include "net/test_client.h"

namespace cdviz::aws {
namespace {

/// An hour that a test can move.
struct Movable final : Clock {
  SystemClock real;
  std::chrono::milliseconds ahead{0};
  std::chrono::steady_clock::time_point now() const override { return real.now(); }
  WallTime wall() const override { return real.wall() + ahead; }
  bool wait(std::chrono::milliseconds, std::stop_token) const override { return true; }
};

/// STS, the container's and the instance's endpoint in one.
struct Machine : net::testing::TestServer {
  Machine() {
    start();
    for (const auto* method : {"GET", "POST", "PUT"}) {
      add({.method = method,
           .path = "/*",
           .body_bytes_max = 1U << 20U,
           .handle = [this](net::Request request, net::Reply reply) {
             const std::lock_guard lock(mutex);
             net::Response response = answer(request);
             taken.push_back(std::move(request));
             reply(std::move(response));
           }});
    }
    directory = std::filesystem::temp_directory_path() /
                ("cdviz-aws-" + std::to_string(::getpid()) + "-" + std::to_string(server->port()));
    std::filesystem::create_directories(directory / ".aws");
    environment = {{"HOME", directory.string()},
                   {"AWS_ENDPOINT_URL_STS", url()},
                   {"AWS_EC2_METADATA_SERVICE_ENDPOINT", url()}};
  }
  ~Machine() {
    server.reset();
    std::filesystem::remove_all(directory);
  }
  std::string url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory / name) << text;
    return (directory / name).string();
  }

  net::Response answer(const net::Request& request) {
    const bool with_token = request.headers.find("X-aws-ec2-metadata-token") == "imds-token";
    const std::string role = "/latest/meta-data/iam/security-credentials/";
    if (broken) return {.status = 500};
    if (request.path == "/latest/api/token" && request.method == "PUT" && has_instance) {
      return {.status = 200, .body = "imds-token"};
    }
    if (request.path == role && with_token) return {.status = 200, .body = "my-role"};
    if (request.path == role + "my-role" && with_token) return document("INSTANCE");
    if (request.path == "/container" &&
        request.headers.find("Authorization") == "container-token") {
      return document("CONTAINER");
    }
    for (const std::string action : {"AssumeRoleWithWebIdentity", "AssumeRole"}) {
      if (!request.body.starts_with("Action=" + action + "&")) continue;
      return {.status = 200,
              .body = "<" + action + "Response xmlns=\"x\"><" + action +
                      "Result><Credentials><AccessKeyId>STS" + std::to_string(++given) +
                      "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                      "</SessionToken><Expiration>" +
                      format_time(clock.wall() + lifetime) + "</Expiration></Credentials></" +
                      action + "Result></" + action + "Response>"};
    }
    return {.status = 404};
  }
  net::Response document(const std::string& id) const {
    return {.status = 200,
            .body = R"({"Code":"Success","AccessKeyId":")" + id +
                    R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
                    format_time(clock.wall() + lifetime) + "\"}"};
  }

  /// The access key that the chain comes to.
  std::string found(CredentialSettings wanted = {}) {
    wanted.environment = environment;
    wanted.region = "eu-west-1";
    auto credentials = make_credentials(std::move(wanted), clock)->get({});
    return credentials ? credentials->access_key_id : "error: " + credentials.error().message;
  }

  std::mutex mutex;
  std::vector<net::Request> taken;
  std::filesystem::path directory;
  Environment environment;
  Movable clock;
  std::chrono::minutes lifetime{60};
  int given = 0;
  bool has_instance = false;
  bool broken = false;
};

TEST(AwsCredentials, AreLookedForInTheOrderOfAwssOwnTools) {
  Machine machine;
  EXPECT_TRUE(machine.found().starts_with("error: no AWS credentials")) << machine.found();
  machine.has_instance = true;
  EXPECT_EQ(machine.found(), "INSTANCE");
  machine.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = machine.url("/container");
  machine.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] =
      machine.write("token", "container-token\n");
  EXPECT_EQ(machine.found(), "CONTAINER");
  machine.write(".aws/credentials",
                "[default]\naws_access_key_id=PROFILE\naws_secret_access_key=s\n"
                "[work]\naws_access_key_id=WORK\naws_secret_access_key=s\n");
  EXPECT_EQ(machine.found(), "PROFILE");
  machine.environment["AWS_PROFILE"] = "work";
  EXPECT_EQ(machine.found(), "WORK");
  machine.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = machine.write("web", "jwt");
  machine.environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  EXPECT_EQ(machine.found(), "STS1");
  EXPECT_EQ(machine.taken.back().body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
            "role%2Fr&RoleSessionName=cdviz-collector&WebIdentityToken=jwt");
  EXPECT_FALSE(machine.taken.back().headers.find("Authorization")) << "is not signed";
  machine.environment["AWS_ACCESS_KEY_ID"] = "ENVIRONMENT";
  machine.environment["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(machine.found(), "ENVIRONMENT");
  EXPECT_EQ(machine.found({.profile = "default"}), "PROFILE");
  EXPECT_EQ(machine.found({.fixed = {.access_key_id = "OPTION", .secret_access_key = "s"}}),
            "OPTION");
}

TEST(AwsCredentials, ARoleIsAssumedWithWhatWasFound) {
  Machine machine;
  EXPECT_EQ(machine.found({.fixed = {.access_key_id = "OPTION", .secret_access_key = "s"},
                           .role = {.arn = "arn:r", .external_id = "e x"}}),
            "STS1");
  EXPECT_NE(machine.taken.back().body.find("&ExternalId=e%20x"), std::string::npos);
  EXPECT_NE(machine.taken.back().headers.find("Authorization")->find("Credential=OPTION/"),
            std::string_view::npos);
  machine.write(".aws/config",
                "[profile a]\nrole_arn=arn:a\nsource_profile=b\n"
                "[profile b]\naws_access_key_id=B\naws_secret_access_key=s\n"
                "[profile loop1]\nrole_arn=x\nsource_profile=loop2\n"
                "[profile loop2]\nrole_arn=x\nsource_profile=loop1\n");
  EXPECT_EQ(machine.found({.profile = "a"}), "STS2");
  EXPECT_NE(machine.taken.back().headers.find("Authorization")->find("Credential=B/"),
            std::string_view::npos);
  EXPECT_EQ(machine.found({.profile = "loop1"}),
            "error: profiles name one another as their source");
  EXPECT_EQ(machine.found({.profile = "none"}),
            "error: the profile none is not there, or holds no credentials");
}

TEST(AwsCredentials, AreFetchedAnewBeforeTheyExpire) {
  Machine machine;
  machine.has_instance = true;
  auto chain = make_credentials({.environment = machine.environment}, machine.clock);
  const auto fetches = [&] { return machine.taken.size() / 3; };
  ASSERT_TRUE(chain->get({}));
  ASSERT_TRUE(chain->get({}));
  EXPECT_EQ(fetches(), 1U);
  machine.clock.ahead = std::chrono::minutes(56);
  ASSERT_TRUE(chain->get({}));
  EXPECT_EQ(fetches(), 2U);
  // Nobody answers: those that are good for a while yet do.
  machine.broken = true;
  machine.clock.ahead = std::chrono::minutes(56 + 57);
  EXPECT_TRUE(chain->get({}));
  machine.clock.ahead = std::chrono::minutes(56 + 61);
  EXPECT_FALSE(chain->get({}));
  machine.broken = false;
  EXPECT_TRUE(chain->get({}));
  // A server says that they are over.
  const auto before = machine.taken.size();
  chain->expired(*chain->get({}));
  ASSERT_TRUE(chain->get({}));
  EXPECT_EQ(machine.taken.size(), before + 3);
}

TEST(AwsCredentials, ATokenIsSentToNoOtherMachineInTheClear) {
  Machine machine;
  for (const auto* url : {"http://example.com/", "http://127.0.0.1@example.com/",
                          "http://localhost.example.com/", "http://169.254.170.20/"}) {
    machine.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    machine.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container-token";
    EXPECT_TRUE(
        machine.found().starts_with("error: AWS_CONTAINER_CREDENTIALS_FULL_URI must be https"))
        << url << machine.found();
  }
}

}  // namespace
}  // namespace cdviz::aws
