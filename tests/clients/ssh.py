#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""OpenSSH on a CAC card: ssh-keygen -D, ssh-add -s, and a login at a real sshd."""
import contextlib
import os
import pwd
import re
import socket
import subprocess
import sys

from backend import CAC_PIN, arguments, backend, need, need_file, run, same, \
    test
from module import opensc_module

ARGS = arguments()
SSHD = "/usr/sbin/sshd"
LIMIT = 20


def askpass(b):
    """A program that types the PIN whenever ssh asks."""
    path = b.write("askpass", "#!/bin/sh\necho %s\n" % CAC_PIN)
    os.chmod(path, 0o755)
    b.env.update(SSH_ASKPASS=path, SSH_ASKPASS_REQUIRE="force")


@contextlib.contextmanager
def agent(b):
    said = b.run("ssh-agent", "-s", "-P", "/usr/lib/*", "-a", b.path("agent"))
    b.env["SSH_AUTH_SOCK"] = b.path("agent")
    try:
        yield
    finally:
        b.run("kill", re.search(r"SSH_AGENT_PID=(\d+)", said)[1])


@test
def ssh_keygen_reads_the_keys():
    need("ssh-keygen")
    with backend(ARGS, cards=["cac"]) as b:
        said = b.run("ssh-keygen", "-D", opensc_module())
        same(said.count("ssh-rsa "), 3)


@test
def ssh_agent_signs_with_the_card():
    need("ssh-agent", "ssh-add", "ssh-keygen")
    with backend(ARGS, cards=["cac"]) as b:
        askpass(b)
        with agent(b):
            b.run("ssh-add", "-s", opensc_module())
            keys = b.run("ssh-add", "-L")
            same(keys.count("ssh-rsa "), 3)
            for i, key in enumerate(keys.splitlines()):
                b.write("key%d.pub" % i, key + "\n")
                b.run("ssh-add", "-T", "key%d.pub" % i)
            b.run("ssh-add", "-e", opensc_module())


@contextlib.contextmanager
def server(b):
    """A real sshd that lets the card in; its port."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "hostkey")
    b.write("authorized_keys", b.run("ssh-keygen", "-D", opensc_module()))
    b.write("sshd_config", "\n".join([
        "Port %d" % port, "ListenAddress 127.0.0.1",
        "HostKey " + b.path("hostkey"), "PidFile " + b.path("sshd.pid"),
        "AuthorizedKeysFile " + b.path("authorized_keys"), "StrictModes no",
        "PasswordAuthentication no", "UsePAM no", "PermitRootLogin yes"]))
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    p = subprocess.Popen([SSHD, "-D", "-e", "-f", b.path("sshd_config")],
                         stderr=subprocess.PIPE)
    try:
        while b"listening on" not in p.stderr.readline():
            if p.poll() is not None:
                raise RuntimeError("sshd does not start")
        yield port
    finally:
        p.kill()
        p.wait()
        p.stderr.close()


@test
def ssh_logs_in_with_the_card():
    need("ssh", "ssh-keygen")
    need_file(SSHD, "openssh-server")
    with backend(ARGS, cards=["cac"]) as b:
        askpass(b)
        with server(b) as port:
            said = b.run(
                "ssh", "-F", "none", "-p", str(port), "-I", opensc_module(),
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile="
                + b.path("known_hosts"), "-o", "IdentitiesOnly=no",
                pwd.getpwuid(os.getuid()).pw_name + "@127.0.0.1",
                "echo logged in")
            assert said.endswith("logged in\n"), said


if __name__ == "__main__":
    sys.exit(run())
