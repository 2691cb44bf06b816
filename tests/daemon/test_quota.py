# SPDX-License-Identifier: BSD-2-Clause
"""One user cannot use up what others need, is refused in words, and the log is
not filled with it."""
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import BUILD, TIMEOUT, Tap  # noqa: E402
from openct_wire import Connection, transact  # noqa: E402
from pcsc_wire import OK, Client, World, words  # noqa: E402

SERVER_TOO_BUSY, NO_MEMORY = 0x80100031, 0x80100006
FEW = 400               # descriptors
# What quotas make of FEW: connections of a user, PC/SC's, control's, OpenCT's.
PCSC, CONTROL, OPENCT = 1500 * FEW // 5000, 300 * FEW // 5000, 300 * FEW // 5000
HANDLES = 2000
AS_ANOTHER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# Another user's program: an ESTABLISH_CONTEXT by hand, and a CONNECT.
OTHER = """
import socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
def ask(cmd, body):
    s.sendall(struct.pack("=II", len(body), cmd) + body)
    return s.recv(len(body), socket.MSG_WAITALL)
ask(0x11, struct.pack("=III", 4, 4, 0))
context, rv = struct.unpack("=4xII", ask(1, struct.pack("=III", 2, 0, 0)))
body = struct.pack("=I", context) + sys.argv[2].encode().ljust(128, b"\\0")
got = ask(4, body + struct.pack("=IIIII", 2, 3, 0, 0, 0))
print(rv, struct.unpack("=I", got[-4:])[0])
"""


class Poor(World):
    """slotd with few descriptors."""

    wrap = ["prlimit", "--nofile=%d:%d" % (FEW, FEW)]


def another_user(t, w, name):
    """What somebody else gets meanwhile."""
    if os.getuid() != 0:
        t.ok(True, name + " # SKIP only root can be somebody else")
        return
    os.chmod(w.d.dir, 0o755)
    p = subprocess.run(AS_ANOTHER + ["/usr/bin/python3", "-c", OTHER,
                                     os.path.join(w.d.run, "pcscd.comm"),
                                     "Cherry GmbH SmartTerminal XX44 00 00"],
                       stdout=subprocess.PIPE, text=True, cwd="/",
                       timeout=TIMEOUT)
    t.eq(p.stdout, "0 0\n", name)


def libpcsclite(w):
    """What SCardEstablishContext says; None without the library."""
    p = subprocess.run(
        [sys.executable, "-c", "import ctypes\n"
         "try: lib = ctypes.CDLL('libpcsclite.so.1')\n"
         "except OSError: raise SystemExit\n"
         "rv = lib.SCardEstablishContext(ctypes.c_ulong(2), None, None, "
         "ctypes.byref(ctypes.c_long()))\nprint(rv & 0xffffffff)"],
        env=dict(os.environ, PCSCLITE_CSOCK_NAME=os.path.join(
            w.d.run, "pcscd.comm")), stdout=subprocess.PIPE, text=True)
    return int(p.stdout) if p.stdout else None


def connections(t):
    with Poor() as w:
        clients = [w.client() for _ in range(PCSC)]
        t.eq(len({c.context for c in clients}), PCSC, "as many as allowed")
        for minor in (3, 4, 5, 6):
            with w.client(minor, establish=False) as c:
                t.eq(c.version[2], SERVER_TOO_BUSY,
                     "4.%d: one more is told so" % minor)
        with w.client(None) as c:
            t.eq(c.ask(0x0d, words(1, 0))[1], SERVER_TOO_BUSY,
                 "a CANCEL, too")
        rv = libpcsclite(w)
        t.ok(rv in (SERVER_TOO_BUSY, None),
             "libpcsclite hands it to the program" if rv is not None else
             "libpcsclite # SKIP not installed")
        t.ok("a user may have %d connections" % PCSC in
             w.d.wait_log("is refused"), "the log says it")
        crowd = []
        for _ in range(100):            # some get no word; all are closed
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(TIMEOUT)
            s.connect(os.path.join(w.d.run, "pcscd.comm"))
            crowd.append(s)
        said = [s.recv(64) for s in crowd]
        t.ok(all(x in (b"", struct.pack("=3I", 4, *[SERVER_TOO_BUSY] * 2))
                 for x in said), "a hundred more are refused")
        t.ok(all(s.recv(64) == b"" for s, x in zip(crowd, said) if x),
             "and closed, if they do nothing")
        for s in crowd:
            s.close()
        another_user(t, w, "another user is served")
        t.eq(clients[0].connect()[0], OK, "so are those who are in")
        for c in clients[1:]:
            c.close()
        w.settled()
        with w.client() as c:
            t.eq(c.connect()[0], OK, "when some have left there is room")
        w.d.stop()
        t.eq(sum("is refused" in line for line in w.d.log), 1,
             "the log says it once")


def control(t):
    with Poor() as w:
        clients = [w.d.control() for _ in range(CONTROL)]
        t.ok(all(c.ask(cmd="hello")["ok"] for c in clients), "as many as allowed")
        with w.d.control() as c:
            got = c.ask(cmd="hello")
            t.eq((got["ok"], got["error"]), (False, "QUOTA"), "one more is told")
        p = subprocess.run(
            [os.path.join(BUILD, "tools", "slotctl"), "--socket-dir", w.d.run,
             "list"], stderr=subprocess.PIPE, text=True)
        t.ok("as many programs of this user" in p.stderr and p.returncode == 1,
             "so is slotctl's user")
        for c in clients:
            c.close()


def openct(t):
    with Poor() as w:
        clients = [Connection(w.d) for _ in range(OPENCT)]
        t.ok(all(c.ask(transact(bytes.fromhex("0084000008")))[0] == 0
                 for c in clients), "as many as allowed")
        with Connection(w.d) as c:
            t.ok(c.is_closed(), "OpenCT has no word for it: closed")
        for c in clients:
            c.close()


def handles(t):
    with World() as w:
        clients = [w.client() for _ in range(HANDLES // 200)]
        cards = [c.card() for c in clients for _ in range(200)]
        t.eq(len(set(cards)), HANDLES, "as many card handles as allowed")
        with w.client() as c:
            t.eq(c.connect()[0], NO_MEMORY, "one more is refused")
            t.ok("card handles" in w.d.wait_log("is refused"), "in the log, too")
            another_user(t, w, "another user gets one")
            t.eq(clients[0].transmit(cards[0])[0], OK, "those work on")
            clients[0].close()
            w.settled()
            t.eq(c.connect()[0], OK, "when some were given back there is room")
        for c in clients[1:]:
            c.close()


def malformed(t):
    """Stale and malformed peers are closed, and a log without --debug has no
    word of them."""
    with World() as w:
        w.d.stop()
        w.d.options = ["--no-udev"]
        w.d.log.clear()
        w.d.start(w.reader)
        for raw in (b"\xff" * 64, words(8, 0x99) + bytes(8), words(8, 1)):
            with w.client(None) as c:
                c.sock.sendall(raw)
                c.sock.shutdown(socket.SHUT_WR)
                t.ok(c.closed(), "closed")
        with Client(w.d) as c:
            t.eq(c.version[2], OK, "others are served")
        w.d.stop()
        t.eq([line for line in w.d.log if "PC/SC" in line], [], "no noise")


def main():
    t = Tap()
    for test in (connections, control, openct, handles, malformed):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
