"""Ceph's object gateway: a real server of S3 that checks signatures, with one monitor and one store in memory."""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

from .case import free_port, wait_for
from .s3 import S3

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool", "ceph")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]

CONFIGURATION = """
[global]
fsid = {fsid}
mon_host = [v1:127.0.0.1:{mon_port}/0]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
ms_bind_msgr2 = false
run_dir = {root}
admin_socket = {root}/$name.asok
log_file = {root}/$name.log
pid_file = {root}/$name.pid
crash_dir = {root}/crash
keyring = {root}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data = {root}/mon
mon_data_avail_crit = 0
mon_data_avail_warn = 0
osd_data = {root}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
rgw_frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw_data = {root}/rgw
rgw_dns_name = localhost
rgw_lc_debug_interval = -1
rgw_enable_usage_log = false
rgw_enable_gc_threads = false
[client.rgw]
keyring = {root}/keyring
"""


class Radosgw:
    """`endpoint`, `access_key`, `secret_key`; `s3` is a client of it. Needs Debian's radosgw, ceph-mon and ceph-osd."""

    access_key, secret_key = "CDVIZACCESSKEY", "cdviz+secret/key"

    def __init__(self, owner):
        """@param owner  what has addCleanup and logs: a test, or Here"""
        self.root = Path(tempfile.mkdtemp(prefix="cdviz-ceph-", dir="/tmp"))
        owner.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        owner.addCleanup(self.destroy)
        self.processes = []
        self.fsid = str(uuid.uuid4())
        mon_port, self.port = free_port(), free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.config = self.root / "ceph.conf"
        self.config.write_text(CONFIGURATION.format(root=self.root, fsid=self.fsid, mon_port=mon_port, port=self.port))
        for name in ("mon", "osd", "rgw", "crash"):
            (self.root / name).mkdir()
        monmap = str(self.root / "monmap")
        self.run("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", f"[v1:127.0.0.1:{mon_port}]", monmap)
        self.run("ceph-mon", "-c", str(self.config), "--mkfs", "-i", "a", "--monmap", monmap)
        self.start("ceph-mon", "-i", "a")
        store = str(uuid.uuid4())
        self.ceph("osd", "new", store, "0")
        self.run("ceph-osd", "-c", str(self.config), "-i", "0", "--mkfs", "--osd-uuid", store)
        self.start("ceph-osd", "-i", "0")
        self.ceph("osd", "crush", "add", "osd.0", "1.0", "host=h", "root=default")
        self.run("radosgw-admin", "-c", str(self.config), "user", "create", "--uid=cdviz", "--display-name=cdviz",
                 f"--access-key={self.access_key}", f"--secret={self.secret_key}", timeout=120)
        self.start("radosgw", "-n", "client.rgw")
        self.s3 = S3(self.endpoint, self.access_key, self.secret_key)
        owner.addCleanup(self.s3.close)
        wait_for(self.s3.answers, "radosgw answers", 120, pause=0.1)

    def run(self, *arguments, timeout=60):
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def ceph(self, *arguments):
        for process in self.processes:
            if process.poll() is not None:
                raise AssertionError(f"{process.args[0]} has ended with {process.returncode}: {(self.root / (process.args[0] + '.out')).read_text()[-2000:]}")
        return self.run("ceph", "-c", str(self.config), "--connect-timeout", "60", *arguments, timeout=90)

    def start(self, program, *arguments):
        with open(self.root / f"{program}.out", "wb") as out:
            self.processes.append(subprocess.Popen([program, "-c", str(self.config), "-f", *arguments],
                                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out))

    def destroy(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)  # nothing of it is kept
                process.wait(30)
        for name in os.listdir(self.root):
            if name.endswith(".asok"):
                os.unlink(self.root / name)
