#include "kafka/client_options.h"

#include <algorithm>
#include <memory>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace cdviz::kafka {
namespace {

using Conf = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

/// Secrets have options of their own, whose values `config print` and errors do not show.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kSecrets = {{
    {"sasl.password", "sasl.password"},
    {"sasl.oauthbearer.client.secret", "sasl.client_secret"},
    {"ssl.key.password", "tls.key_password"},
    {"ssl.key.pem", "tls.key"},
    {"ssl.keystore.password", "tls.certificate and tls.key"},
    {"sasl.oauthbearer.config", "sasl"},
    {"ssl_key", "tls.key"},
    {"ssl.keystore.location", "tls.certificate and tls.key"},
}};

/// @returns nothing for what no property can be
std::optional<std::string> text_of(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_number()) return boost::json::serialize(value);
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const config::Options& options)
      : options_(options), trial_(rd_kafka_conf_new(), &rd_kafka_conf_destroy) {}

  void set(std::string_view option, const config::Options& where, const std::string& name,
           const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(trial_.get(), name.c_str(), value.c_str(), why.data(), why.size()) ==
        RD_KAFKA_CONF_OK) {
      properties_.emplace_back(name, value);
      return;
    }
    good_ = false;
    const std::string_view reason = why.data();  // may name what `name` is another name for
    const bool named = reason.find(name) != std::string_view::npos;
    where.problem(option, named ? std::string(reason) : fmt::format("{}: {}", name, reason));
  }
  void set(std::string_view option, const std::string& name, const std::string& value) {
    set(option, options_, name, value);
  }

  void read_table(const Properties& own) {
    const auto table = boost::json::parse(options_.free_table("rdkafka_config"));
    for (const auto& [key, value] : table.as_object()) {
      const std::string name(key);
      const auto is_name = [&](const auto& entry) { return entry.first == name; };
      if (const auto* secret = std::find_if(kSecrets.begin(), kSecrets.end(), is_name);
          secret != kSecrets.end()) {
        refuse(fmt::format("{} is a secret or leads to one: give it as {}", name, secret->second));
      } else if (std::any_of(own.begin(), own.end(), is_name)) {
        refuse(
            fmt::format("{} is set by the collector, by another option or because no event may "
                        "be lost: remove it",
                        name));
      } else if (const auto text = text_of(value)) {
        set("rdkafka_config", name, *text);
      } else {
        refuse(name + " must be a text, a number, true or false");
      }
    }
  }

  void read_security() {
    const bool tls = options_.given("tls");
    const bool sasl = options_.given("sasl");
    if (tls) read_tls(options_.table("tls"));
    if (sasl) read_sasl(options_.table("sasl"));
    if (!tls && !sasl) return;  // rdkafka_config may say
    set("brokers", "security.protocol", sasl ? (tls ? "sasl_ssl" : "sasl_plaintext") : "ssl");
  }

  std::optional<ClientSettings> done() {
    if (!good_ || options_.has_problems()) return std::nullopt;
    return ClientSettings{std::move(properties_), std::move(token_)};
  }

 private:
  void refuse(const std::string& why) {
    good_ = false;
    options_.problem("rdkafka_config", why);
  }

  void set_given(const config::Options& table, std::string_view option, const std::string& name) {
    if (table.given(option)) set(option, table, name, table.text(option));
  }

  void read_tls(const config::Options& tls) {
    set_given(tls, "ca", "ssl.ca.location");
    set_given(tls, "certificate", "ssl.certificate.location");
    set_given(tls, "key", "ssl.key.location");
    set_given(tls, "key_password", "ssl.key.password");
    if (tls.given("certificate") != tls.given("key")) {
      good_ = false;
      tls.problem(tls.given("key") ? "key" : "certificate",
                  "needs the other one: a certificate and its key go together");
    }
    set("verify_hostname", tls, "ssl.endpoint.identification.algorithm",
        tls.boolean("verify_hostname") ? "https" : "none");
  }

  void need(const config::Options& table, std::string_view option, std::string_view mechanism) {
    if (table.given(option) && !table.text(option).empty()) return;
    good_ = false;
    table.problem(option, fmt::format("is missing: {} needs it", mechanism));
  }

  void read_sasl(const config::Options& sasl) {
    const std::string mechanism = sasl.text("mechanism");
    if (std::find(kMechanisms.begin(), kMechanisms.end(), mechanism) == kMechanisms.end()) {
      good_ = false;  // told by the configuration
      return;
    }
    set("mechanism", sasl, "sasl.mechanism", mechanism);
    if (mechanism == "OAUTHBEARER") return read_token_request(sasl);
    need(sasl, "username", mechanism);
    need(sasl, "password", mechanism);
    set_given(sasl, "username", "sasl.username");
    set_given(sasl, "password", "sasl.password");
  }

  void read_token_request(const config::Options& sasl) {
    for (const auto* option : {"token_endpoint", "client_id", "client_secret"}) {
      need(sasl, option, "OAUTHBEARER");
    }
    auto extensions = parse_extensions(sasl.text("extensions"));
    if (!extensions) {
      good_ = false;
      sasl.problem("extensions", extensions.error().message);
      return;
    }
    token_ = TokenRequest{.endpoint = sasl.text("token_endpoint"),
                          .client_id = sasl.text("client_id"),
                          .client_secret = sasl.text("client_secret"),
                          .scope = sasl.text("scope"),
                          .extensions = std::move(*extensions)};
  }

  const config::Options& options_;
  Conf trial_;
  Properties properties_;
  std::optional<TokenRequest> token_;
  bool good_ = true;
};

}  // namespace

std::string ClientSettings::place() const {
  const auto brokers = std::find_if(properties.begin(), properties.end(), [](const auto& entry) {
    return entry.first == "bootstrap.servers";
  });
  return "Kafka at " + (brokers == properties.end() ? std::string("?") : brokers->second);
}

std::optional<ClientSettings> read_client_settings(const config::Options& options,
                                                   const Properties& defaults,
                                                   const Properties& own) {
  Reader reader(options);
  for (const auto& [name, value] : defaults) reader.set("rdkafka_config", name, value);
  reader.read_table(own);
  reader.read_security();
  const std::string brokers = options.text("brokers");
  if (options.given("brokers") && brokers.find_first_not_of(", ") == std::string::npos) {
    options.problem("brokers", "is empty: give HOST:PORT of at least one broker");
  }
  if (brokers.empty()) return std::nullopt;  // missing, which the configuration has told
  reader.set("brokers", "bootstrap.servers", brokers);
  for (const auto& [name, value] : own) {
    if (!value.empty()) reader.set("", name, value);
  }
  return reader.done();
}

}  // namespace cdviz::kafka
