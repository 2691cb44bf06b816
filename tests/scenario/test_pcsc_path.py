# SPDX-License-Identifier: BSD-2-Clause
"""slotd where Debian's pcscd is: the socket that libpcsclite knows by itself, in
/run of a mount namespace of its own, so that this machine's is not touched."""
import os
import stat
import subprocess
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
for folder in ("daemon", "clients"):
    sys.path.insert(0, os.path.join(TOP, "tests", folder))
from harness import SLOTD, Emulator, Slotd, Tap  # noqa: E402
import pcsc  # noqa: E402

NAME = "Cherry GmbH SmartTerminal XX44 00 00"
USER = [] if os.getuid() == 0 else ["--map-root-user"]
ENTER = [] if os.getuid() == 0 else ["--user", "--preserve-credentials"]
PRIVATE = ["unshare", "--mount"] + USER
SETUP = ("mount -t tmpfs none /run && mkdir -p /run/openct /run/pcscd && %s "
         "exec \"$@\"")
# What a pcscd leaves that was killed.
STALE = ("python3 -c 'import socket; "
         "socket.socket(socket.AF_UNIX).bind(\"/run/pcscd/pcscd.comm\")' &&")
# One that lives as long as the shell, which becomes slotd.
OTHER = """python3 -c '
import os, socket, time
s = socket.socket(socket.AF_UNIX)
s.bind("/run/pcscd/pcscd.comm")
s.listen(4)
slotd = os.getppid()
if os.fork() == 0:
    os.closerange(0, 3)
    while os.path.exists("/proc/%d" % slotd):
        time.sleep(0.1)
' &&"""


class Usual(Slotd):
    """slotd without --socket-dir, in a /run of its own."""

    def __init__(self, before=""):
        super().__init__(wrap=PRIVATE + ["bash", "-c", SETUP % before, "bash"])

    def command(self, *more):
        words = super().command(*more)
        at = words.index("--socket-dir")
        return words[:at] + words[at + 2:]

    def inside(self, *words):
        """What the program says in there, without PCSCLITE_CSOCK_NAME."""
        env = {k: v for k, v in os.environ.items()
               if k not in ("PCSCLITE_CSOCK_NAME", "OPENCT_SOCKETDIR")}
        return subprocess.run(
            ["nsenter", "--target", str(self.process.pid), "--mount"] + ENTER +
            list(words), env=env, stdout=subprocess.PIPE, text=True,
            timeout=60).stdout

    def path(self, name):
        return "/proc/%d/root/run/pcscd/%s" % (self.process.pid, name)

    def readers(self):
        return self.inside(
            sys.executable, "-B", "-c", "import sys; sys.path[:0] = [%r]\n"
            "import pcsc\nwith pcsc.Context() as c: print(c.readers())" %
            os.path.join(os.path.abspath(TOP), "tests", "clients"))


def without_a_variable(t):
    with Emulator(["cherry-st1044u"]) as emu, Usual() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        t.eq(d.readers(), "[%r]\n" % NAME, "libpcsclite finds slotd by itself")
        modes = [stat.filemode(os.stat(d.path(x)).st_mode)
                 for x in ("", "pcscd.comm", "pcscd.pid")]
        t.eq(modes, ["drwxr-xr-x", "srw-rw-rw-", "-rw-r--r--"], "the modes")
        with open(d.path("pcscd.pid"), "rb") as f:
            t.eq(f.read(), b"%d\n\0" % d.process.pid, "the pid file")
        root = os.open("/proc/%d/root" % d.process.pid, os.O_PATH)
        d.stop()
        t.eq(os.listdir("/proc/self/fd/%d/run/pcscd" % root), [],
             "nothing is left of it")
        os.close(root)


def stale(t):
    with Usual(STALE) as d:
        d.start()
        t.eq(d.readers(), "[]\n", "a dead pcscd's socket is taken over")


def other(t):
    with Usual(OTHER) as d:
        d.start()
        line = d.wait_log("another pcscd serves")
        t.ok("/run/pcscd" in line and "slotd(8)" in line,
             "a pcscd that lives keeps it, and the log says what to do")
        t.ok(stat.S_ISSOCK(os.stat(d.path("pcscd.comm")).st_mode),
             "its socket is left alone")


def reason_to_skip():
    if pcsc.libpcsclite() is None:
        return "libpcsclite.so.1 is not installed"
    if subprocess.run(PRIVATE + ["mount", "-t", "tmpfs", "none", "/run"],
                      stderr=subprocess.DEVNULL).returncode != 0:
        return "no mount namespace can be made"
    with open(SLOTD, "rb") as f:
        if b"/run/openct\0" not in f.read():
            return "this slotd is made for another directory"
    return None


def main():
    why = reason_to_skip()
    if why is not None:
        print("1..0 # SKIP " + why)
        return
    t = Tap()
    for test in (without_a_variable, stale, other):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
