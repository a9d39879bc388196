#include "commands/private_database.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "postgres/migrations.h"

namespace cdviz::commands {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDatabase = "cdviz";
constexpr auto kWatchInterval = 500ms;
constexpr auto kRestartPause = 5s;
constexpr const char* kOwner = "cdviz_owner_login";

Result<void> done(const Result<postgres::Rows>& rows) {
  if (!rows) return rows.error();
  return {};
}

Result<void> ensure_database(postgres::Connection& connection) {
  auto found =
      connection.execute(fmt::format("select from pg_database where datname = '{}'", kDatabase));
  if (!found) return found.error();
  if (found->size() > 0) return {};
  return done(connection.execute(fmt::format("create database {}", kDatabase)));
}

/// A login for the schema's owner, who may not log in itself.
Result<void> ensure_owner(postgres::Connection& admin, const std::string& password) {
  auto found = admin.execute(fmt::format("select from pg_roles where rolname = '{}'", kOwner));
  if (!found) return found.error();
  auto verifier = admin.encrypted_password(kOwner, password);
  if (!verifier) return verifier.error();
  return done(admin.execute(
      fmt::format("{0} role {1} login createrole password {2} connection limit 5; "
                  "grant cdviz_owner to {1}; "
                  // for `grant-reader`: from PostgreSQL 16 on CREATEROLE alone is not enough
                  "grant cdviz_ingest, cdviz_reader, cdviz_reader_raw to {1} with admin option; "
                  "alter role {1} set search_path = cdviz, cdviz_store",
                  found->size() > 0 ? "alter" : "create", kOwner, admin.literal(*verifier))));
}

}  // namespace

PrivateDatabase::PrivateDatabase(std::unique_ptr<postgres::PrivateServer> server, Say say)
    : server_(std::move(server)), say_(std::move(say)) {}

PrivateDatabase::~PrivateDatabase() = default;

Result<std::unique_ptr<PrivateDatabase>> PrivateDatabase::start(
    const std::filesystem::path& directory, Say say, std::function<bool()> cancelled) {
  const auto begin = std::chrono::steady_clock::now();
  auto server = postgres::PrivateServer::start(
      {.directory = directory, .cancelled = std::move(cancelled), .progress = say});
  if (!server) return server.error();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  say(fmt::format("PostgreSQL {} {} (process {}, port {}, {:.1f} s)", (*server)->major_version(),
                  (*server)->was_running() ? "was running: found again" : "ready", (*server)->pid(),
                  (*server)->port(), took.count()));
  std::unique_ptr<PrivateDatabase> database(
      new PrivateDatabase(std::move(*server), std::move(say)));
  if (auto prepared = database->prepare(); !prepared) {
    static_cast<void>(database->server_->stop());  // the reason for not starting matters more
    return prepared.error();
  }
  return database;
}

Result<void> PrivateDatabase::prepare() {
  auto first =
      postgres::Connection::open({.url = server_->local_url(server_->superuser("postgres"))});
  if (!first) return first.error();
  if (auto made = ensure_database(*first); !made) return made;
  auto admin = postgres::Connection::open(
      {.url = server_->local_url(server_->superuser(kDatabase)), .statement_timeout = 0ms});
  if (!admin) return admin.error();
  auto migrated = postgres::migrate(*admin, {.progress = say_});
  if (!migrated) return migrated.error();

  auto collector = login(*admin, {.name = "cdviz_collector", .group = postgres::Group::ingest});
  auto reader = login(*admin, {.name = "cdviz_reader_login", .group = postgres::Group::reader});
  auto dashboard = login(*admin, {.name = "cdviz_dashboard",
                                  .group = postgres::Group::reader_raw,
                                  .connections_max = 20,
                                  .statement_timeout = 5s});
  if (!collector) return collector.error();
  if (!dashboard) return dashboard.error();
  if (!reader) return reader.error();
  auto owner = server_->password(kOwner);
  if (!owner) return owner.error();
  if (auto made = ensure_owner(*admin, *owner); !made) return made;
  urls_.collector = server_->local_url(*collector);
  urls_.dashboard = server_->local_url(*dashboard);
  urls_.reader = server_->url(*reader);
  urls_.owner = server_->url({kOwner, *owner, kDatabase});
  return {};
}

Result<postgres::Login> PrivateDatabase::login(postgres::Connection& admin,
                                               postgres::NewLogin wanted) {
  auto password = server_->password(wanted.name);
  if (!password) return password.error();
  wanted.password = *password;
  if (auto made = postgres::create_login(admin, wanted); !made) return made.error();
  return postgres::Login{wanted.name, wanted.password, kDatabase};
}

void PrivateDatabase::keep_running() {
  watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void PrivateDatabase::watch(const std::stop_token& stop) {
  while (pause(stop, kWatchInterval)) {
    if (!server_->wait_ended(0ms)) continue;
    say_("PostgreSQL has ended: starting it again");
    const auto restarted = server_->restart();
    if (restarted) {
      say_(fmt::format("PostgreSQL is back (process {})", server_->pid()));
      continue;
    }
    say_(restarted.error().message);
    if (!pause(stop, kRestartPause)) return;
  }
}

bool PrivateDatabase::pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

Result<void> PrivateDatabase::stop() {
  if (watcher_.joinable()) {
    watcher_.request_stop();
    watcher_.join();
  }
  return server_->stop();
}

}  // namespace cdviz::commands
