# SPDX-License-Identifier: BSD-2-Clause
"""CTAPI_LOG=syslog: the lines that a syslog daemon gets, seen from its place, in
a mount namespace of our own."""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

from ctapi_world import play

PIN = "2512345f"
LINE = re.compile(r"<14>... .. ..:..:.. ?[^:]*: "
                  r"ctapi: CT_(init|data|close) ctn ")


def call(*words):
    subprocess.run(words, check=True)


def empty_dev():
    """Leaves nothing in /dev but null, so that /dev/log can be ours."""
    old = tempfile.mkdtemp()
    call("mount", "--rbind", "/dev", old)
    call("mount", "-t", "tmpfs", "none", "/dev")
    with open("/dev/null", "w"):
        pass
    call("mount", "--bind", os.path.join(old, "null"), "/dev/null")
    call("umount", "-l", old)
    os.rmdir(old)


class Syslog:
    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("/dev/log")
        self.lines = []
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while True:
            line = self.sock.recv(65536).decode()
            if line == "end":
                return
            self.lines.append(line)

    def all(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", "/dev/log")
        self.thread.join()
        return self.lines


def in_namespace():
    empty_dev()
    log = Syslog()

    def lines_are_right(t, _):
        lines = log.all()
        text = "\n".join(lines)
        bad = [line for line in lines if not LINE.match(line)]
        t.eq(bad[:3], [], "each line in the syslog is one call")
        t.ok("port 1: 0, done" in text, "CT_init is there")
        t.ok("00 20 00 81, 16 bytes: 9000" in text, "and VERIFY")
        t.ok(PIN not in text.replace(" ", ""), "but not the PIN")
        t.ok(not os.path.exists("syslog"), "there is no such file")

    play("ctapi_traces", lines_are_right, log="syslog")


def main():
    if sys.argv[1:] == ["namespace"]:
        in_namespace()
        return
    inside = ["unshare", "--mount"] + \
        (["--map-root-user"] if os.getuid() else [])
    if subprocess.run(inside + ["true"], capture_output=True).returncode:
        print("1..0 # SKIP no mount namespace can be made")
        return
    os.execvp(inside[0], inside + [sys.executable, "-B",
                                   os.path.abspath(__file__), "namespace"])


main()
