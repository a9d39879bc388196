"""Who may use a NATS server in operator mode: keys of an operator, its account and its users, and the JWTs they sign.

https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt
https://github.com/nats-io/nkeys (the text of a key), https://github.com/nats-io/jwt (the claims). The openssl program has
the Ed25519.
"""

import base64
import binascii
import json
import subprocess
import time
from pathlib import Path

PREFIXES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3
NO_LIMIT = -1


def _text_of(data):
    """CRC-16/XMODEM behind it, low byte first; base32 without padding."""
    return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode().rstrip("=")


def _url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """@param kind  "operator", "account" or "user" """

    def __init__(self, directory, kind, name):
        self.kind, self.name = kind, name
        self.file = Path(directory) / f"{kind}-{name}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(self.file)], check=True, capture_output=True)
        prefix = PREFIXES[kind]
        raw = self._der()[-32:]  # RFC 8410
        public = self._der("-pubout")[-32:]
        self.seed = _text_of(bytes([SEED | (prefix >> 5), (prefix & 31) << 3]) + raw)
        self.public = _text_of(bytes([prefix]) + public)

    def _der(self, *more):
        return subprocess.run(["openssl", "pkey", "-in", str(self.file), "-outform", "DER", *more], check=True,
                              capture_output=True).stdout

    def sign(self, data):
        message = self.file.with_suffix(".message")
        message.write_bytes(data)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(self.file), "-in", str(message)],
                              check=True, capture_output=True).stdout

    def jwt(self, of, expires=None, **claims):
        """What this key says of the key `of`."""
        now = int(time.time())
        body = {"jti": f"{now}-{of.name}", "iat": now, "iss": self.public, "name": of.name, "sub": of.public,
                "nats": {"type": of.kind, "version": 2, **claims}}
        if expires is not None:
            body["exp"] = int(expires)
        text = ".".join(_url64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, body))
        return text + "." + _url64(self.sign(text.encode()))


class Operator:
    """An operator with one account that may use JetStream."""

    def __init__(self, directory):
        self.directory = Path(directory) / "operator"
        self.directory.mkdir()
        self.operator = Key(self.directory, "operator", "op")
        self.account = Key(self.directory, "account", "cdviz")
        self.system = Key(self.directory, "account", "system")  # JetStream wants one
        self.jwt = self.operator.jwt(self.operator)  # the same always: a server does not take another one

    def configuration(self, revoked=()):
        """For nats-server. @param revoked  users whose JWTs of before now count no more"""
        limits = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), NO_LIMIT)
        storage = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), NO_LIMIT)

        def account(key, **more):
            return self.operator.jwt(key, limits={**limits, "wildcards": True, **more},
                                     default_permissions={"pub": {}, "sub": {}},
                                     revocations={user.public: int(time.time()) for user in revoked})
        return (f"operator: {self.jwt}\nsystem_account: {self.system.public}\nresolver: MEMORY\n"
                f"resolver_preload: {{\n{self.account.public}: {account(self.account, **storage)}\n"
                f"{self.system.public}: {account(self.system)}\n}}\n")

    def user(self, name):
        return Key(self.directory, "user", name)

    def credentials(self, user, expires=None, by=None):
        """A .creds file as `nsc` writes it. @param by  another account's key  @returns its path"""
        jwt = (by or self.account).jwt(user, expires, pub={}, sub={}, subs=NO_LIMIT, data=NO_LIMIT, payload=NO_LIMIT)
        path = self.directory / f"{user.name}.creds"
        path.write_text(f"""-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

-----BEGIN USER NKEY SEED-----
{user.seed}
------END USER NKEY SEED------

*************************************************************
""", encoding="ascii")
        return path
