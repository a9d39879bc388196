"""Certificates of the test's own, made by the openssl program."""

import subprocess


def make_certificates(directory):
    """An authority (ca), a server for 127.0.0.1, a client, and another authority (other) that signed nothing."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=directory)

    def key(name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    for name in ("ca", "other"):
        openssl("req", "-x509", *key(name), "-subj", f"/CN={name}", "-days", "2", "-out", f"{name}.crt")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("server", "client"):
        openssl("req", *key(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", f"{name}.crt")
