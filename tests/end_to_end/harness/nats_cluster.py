"""Three nats-servers that hold a stream together (RAFT): https://docs.nats.io/running-a-nats-service/configuration/clustering"""

import json

from .case import free_port, wait_for
from .nats import NatsClient, NatsServer


class NatsCluster:
    def __init__(self, test, size=3):
        self.test = test
        routes = [free_port() for _ in range(size)]
        urls = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
        self.servers = {}
        for number, port in enumerate(routes, 1):
            name = f"n{number}"
            self.servers[name] = NatsServer(test, name=name, start=False, more=(
                f'server_name: {name}\ncluster: {{ name: "c", listen: "127.0.0.1:{port}", routes: [{urls}] }}'))
        for server in self.servers.values():
            server.start()
        self._turn = 0

    @property
    def url(self):
        return ",".join(server.url for server in self.servers.values())

    @property
    def port(self):
        """Of one that runs; another one each time."""
        running = [server for server in self.servers.values() if server.process.poll() is None]
        self._turn += 1
        return running[self._turn % len(running)].port

    def client(self):
        return NatsClient(self.test, self.port)

    def make_stream(self, name, *subjects):
        """As soon as the cluster has a leader who can."""
        def made():
            try:
                answer = self.client().request(f"$JS.API.STREAM.CREATE.{name}", json.dumps(
                    {"name": name, "subjects": list(subjects), "num_replicas": len(self.servers)}).encode(), deadline=5)
                return "config" in answer
            except OSError:
                return False
        wait_for(made, f"the cluster makes the stream {name}", 60, pause=0.3)

    def info(self, what):
        """STREAM.INFO.… or CONSUMER.INFO.…; {} while nobody can say."""
        try:
            answer = self.client().request("$JS.API." + what, deadline=3)
            return answer if "cluster" in answer else {}
        except OSError:
            return {}

    def leader(self, what):
        return wait_for(lambda: self.info(what).get("cluster", {}).get("leader"), f"{what} has a leader", 60, pause=0.1)

    def wait_in_sync(self, what):
        def all_current():
            replicas = self.info(what).get("cluster", {}).get("replicas", [])
            return len(replicas) == len(self.servers) - 1 and all(
                one["current"] and not one.get("offline") for one in replicas)
        wait_for(all_current, f"all replicas of {what} are in sync", 60, pause=0.1)

    def kill_leader(self, what):
        """As a crash. @returns its name, once there is another one"""
        name = self.leader(what)
        self.servers[name].stop(9)
        wait_for(lambda: self.info(what).get("cluster", {}).get("leader") not in (None, "", name),
                 f"{what} has another leader than {name}", 60, pause=0.1)
        return name
