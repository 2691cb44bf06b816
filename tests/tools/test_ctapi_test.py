# SPDX-License-Identifier: BSD-2-Clause
"""slotctl ctapi-test on the real chain, with cards that suit Hibiscus or not."""
import os
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, Emulator, Slotd, Tap  # noqa: E402

GOOD, BAD = "This works with Hibiscus.", "This would not work with Hibiscus."
# port, exit status, what is said, the verdict
ROWS = [
    ("1", 0, "DDV-1, card 2800011234567890, bank Musterbank\n", GOOD),
    ("2", 0, "DDV-0, card 2800011234567890, bank Musterbank\n", GOOD),
    ("3", 6, "answers 6a82 to each", BAD),
    ("4", 5, "none is in: REQUEST ICC answers 6200", BAD),
    ("5", 6, "it does not answer; is it the right way round", BAD),
    ("6", 4, "fails with -1: no reader at this port", BAD),
    ("0x8000", 0, "DDV-1", GOOD),
]
DEVICES = ["cherry-st1044u,card=ddv-1", "cherry-st1044u,card=ddv-0",
           "cherry-st1044u", "cherry-st1044u,nocard",
           "cherry-st1044u,card=MUTE"]


# CTAPI_READER, exit status, what is said: port 1 is the reader of that name
NAMED = [("1", 0, "DDV-0"), ("smartTERMINAL", 0, "DDV-1"),
         ("", 0, "DDV-1"), ("Omnikey", 4, "no reader at this port")]


# What a program in a container sees: slotd's sockets, but not its process.
CONTAINER = ["unshare", "--pid", "--fork"] + \
    (["--map-root-user"] if os.getuid() else [])


NOBODY = [] if os.getuid() else ["setpriv", "--reuid=65534", "--regid=65534",
                                 "--clear-groups"]


def start(d, config):
    d.start(config)
    with d.control() as c:
        c.ask(cmd="watch")
        while [r["state"] for r in c.ask(cmd="list")["readers"]] != \
                ["ready"] * len(DEVICES):
            c.event()


def refused(t, d, name):
    p = run(d, "1", NOBODY)
    t.eq(p.returncode, 1, name + ": exit status")
    t.ok("-127: this user may not use the reader" in p.stdout,
         name + ": -127")


def no_permission(t, d, readers):
    """A socket that this user may not open; then a reader he may only see."""
    os.chmod(d.dir, 0o755)
    os.chmod(os.path.join(d.run, "0"), 0)
    if run(d, "2", NOBODY).returncode != 0:
        return                                  # it cannot be started
    refused(t, d, "a socket of others")
    if NOBODY:
        d.stop()
        start(d, "access { other { may = see; }; };\n" + readers)
        refused(t, d, "access to see")


def run(d, port, before=(), **env):
    return subprocess.run(
        [*before, os.path.join(BUILD, "tools", "slotctl"),
         "--socket-dir=" + d.run,
         "ctapi-test", "--port=" + port], capture_output=True, text=True,
        timeout=60, env=dict(os.environ, **env))


def devices(mute):
    """With a card that never answers to reset."""
    mute.write(b"card iso\natr 3b00\nmute\ndf 3f00\n")
    mute.flush()
    return [text.replace("MUTE", mute.name) for text in DEVICES]


def main():
    t = Tap()
    with tempfile.NamedTemporaryFile() as mute, \
            Emulator(devices(mute)) as emu, Slotd() as d:
        readers = "".join(d.reader(emu.address, "1-%d" % (i + 1),
                                   name="r%d" % i)
                          for i in range(len(DEVICES)))
        start(d, readers)
        for port, status, said, verdict in ROWS:
            p = run(d, port)
            t.eq(p.returncode, status, "port %s: exit status" % port)
            t.ok(said in p.stdout, "port %s: %s" % (port, said.strip()))
            t.eq(p.stdout.splitlines()[-1], verdict, "port %s: verdict" % port)
        for name, status, said in NAMED:
            p = run(d, "1", CTAPI_READER=name)
            t.ok(p.returncode == status and said in p.stdout,
                 "CTAPI_READER=%s: %s" % (name, said))
        t.eq(run(d, "2", CTAPI_READER="0").returncode, 0, "not for port 2")
        os.mkfifo(os.path.join(d.dir, "fifo"))
        for log in d.dir, os.path.join(d.dir, "fifo"), "/dev/full", "/no/file":
            p = run(d, "1", CTAPI_LOG=log)
            t.eq((p.returncode, p.stderr), (0, ""),
                 "a log that cannot be written hinders nothing")
        if subprocess.run(CONTAINER + ["true"],
                          capture_output=True).returncode == 0:
            t.eq(run(d, "2", CONTAINER).returncode, 0, "in a container")
        t.eq(run(d, "x").returncode, 2, "a port is a number")
        t.eq(run(d, "65536").returncode, 2, "of 16 bits")
        no_permission(t, d, readers)
        d.stop()
        p = run(d, "1")
        t.eq(p.returncode, 3, "no slotd: exit status")
        t.ok("-128: slotd is not running" in p.stdout, "no slotd: -128")
    t.done()


main()
