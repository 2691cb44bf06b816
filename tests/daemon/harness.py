# SPDX-License-Identifier: BSD-2-Clause
"""Starts slotd in a directory of its own, for tests. Nothing here sleeps: the
start is awaited through NOTIFY_SOCKET, events through the log, the control
socket or a fake device, each with one generous time limit.

    with Emulator(["cherry-st1044u"]) as emu, Slotd() as slotd:
        slotd.start(slotd.reader(emu.address, "1-1"))
        slotd.wait_log("is ready")
        with slotd.control() as c:
            print(c.ask(cmd="list"))
"""
import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
BUILD = os.environ.get("top_builddir", ".")
sys.path.insert(0, os.path.join(TOP, "tests", "emulator"))
from usbip_client import Emulator, Tap, receive  # noqa: E402,F401

TIMEOUT = 20
SLOTD = os.path.join(BUILD, "daemon", "slotd")
IFDHANDLER = os.path.abspath(os.environ.get("IFDHANDLER") or os.path.join(
    BUILD, "ifd", "ifdhandler"))
FAKE_IFDHANDLER = os.path.abspath(os.path.join(TOP, "tests", "daemon",
                                               "fake_ifdhandler.py"))


with open(os.path.join(TOP, "base", "err.h")) as f:
    ERR = {name: i for i, name in enumerate(re.findall(
        r"X\((\w+),\s+\"", f.read()))}      # "GONE" -> its number


class Timeout(Exception):
    pass


class Lines:
    """Lines as they arrive on a descriptor, with a time limit."""

    def __init__(self, fd):
        self.fd = fd
        self.pending = b""

    def next(self, limit=TIMEOUT):
        end = time.monotonic() + limit
        while b"\n" not in self.pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise Timeout()
            got = os.read(self.fd, 65536)
            if not got:
                raise EOFError()
            self.pending += got
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()


class Slotd:
    """slotd in a temporary directory; handler is the real one unless told."""

    def __init__(self, handler=IFDHANDLER, options=("--no-udev",), debug=1,
                 wrap=()):
        self.dir = tempfile.mkdtemp(prefix="slotd")
        self.run = os.path.join(self.dir, "run")
        self.config = os.path.join(self.dir, "openct.conf")
        self.handler = handler
        self.options = list(options) + ["--debug"] * debug
        self.wrap = list(wrap)
        self.process = None
        self.sockets = []       # handed over at each start: hand_over
        self.log = []           # lines read so far
        self.read_to = 0        # by wait_log

    @staticmethod
    def reader(address, busid, driver="ccid", name="r"):
        """One reader block; address is slotemu's: unix:PATH or HOST:PORT."""
        return "reader %s { driver = %s; device = usbip:%s/%s; };\n" % (
            name, driver, address, busid)

    def configure(self, text):
        """Without start_wait in it, nobody waits for readers at the start:
        most tests play them. What is no file of lines is left as it is."""
        if "start_wait" not in text and text[-1:] in ("", "\n"):
            text += "start_wait = 0;\n"
        with open(self.config, "w") as f:
            f.write(text)

    def command(self, *more):
        return self.wrap + [SLOTD, "--config", self.config, "--socket-dir",
                            self.run, "--ifdhandler", self.handler] + \
            self.options + list(more)

    def hand_over(self, sockets, pid="$$"):
        """From now on slotd is started with these sockets, (name, socket), as
        systemd starts it; a name of None: no LISTEN_FDNAMES."""
        names = [name for name, _ in sockets if name is not None]
        # away from 3 and what follows, where they are to be
        self.sockets = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 50)
                        for _, s in sockets]
        move = "".join(" %d<&%d %d<&-" % (i, fd, fd)
                       for i, fd in enumerate(self.sockets, 3))
        self.wrap = ["bash", "-c", "exec %s; LISTEN_PID=%s LISTEN_FDS=%d "
                     "LISTEN_FDNAMES=%s exec \"$@\"" % (
                         move, pid, len(sockets), ":".join(names)), "bash"]

    def start(self, config="", wait=True):
        self.configure(config)
        path = os.path.join(self.dir, "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        self.notify.settimeout(TIMEOUT)
        self.process = subprocess.Popen(
            self.command("--foreground"), stderr=subprocess.PIPE,
            pass_fds=self.sockets, env=dict(os.environ, NOTIFY_SOCKET=path))
        self.lines = Lines(self.process.stderr.fileno())
        if wait and self.notify.recv(64) != b"READY=1":
            raise RuntimeError("slotd did not start")
        return self

    def wait_log(self, pattern, limit=TIMEOUT):
        """The next log line, after the last one found, that matches."""
        end = time.monotonic() + limit
        while True:
            while self.read_to < len(self.log):
                line = self.log[self.read_to]
                self.read_to += 1
                if re.search(pattern, line):
                    return line
            try:
                self.log.append(self.lines.next(end - time.monotonic()))
            except (Timeout, EOFError):
                raise Timeout("no %r in the log:\n%s" % (
                    pattern, "\n".join(self.log))) from None

    def control(self):
        return Control(os.path.join(self.run, "control"))

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, limit=TIMEOUT):
        """SIGTERM; (exit code, seconds it took)."""
        began = time.monotonic()
        self.process.terminate()
        code = self.process.wait(limit)
        took = time.monotonic() - began
        try:
            while True:
                self.log.append(self.lines.next())
        except EOFError:
            pass
        self.process.stderr.close()
        self.notify.close()
        os.unlink(os.path.join(self.dir, "notify"))
        self.process = None
        return code, took

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        code = 0
        if self.process is not None:
            code, _ = self.stop()
        if kind is not None or code != 0:
            for line in self.log:
                print("# " + line, flush=True)
        shutil.rmtree(self.dir, ignore_errors=True)
        if kind is None and code != 0:
            raise RuntimeError("slotd ended with %d" % code)


class Control:
    """The control socket (doc/control.md)."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.lines = Lines(self.sock.fileno())
        self.events = []

    def send(self, **request):
        self.sock.sendall(json.dumps(request).encode() + b"\n")

    def answer(self):
        """The next answer; events on the way are kept."""
        while True:
            got = json.loads(self.lines.next())
            if "event" not in got:
                return got
            self.events.append(got)

    def ask(self, **request):
        self.send(**request)
        return self.answer()

    def event(self, limit=TIMEOUT):
        if self.events:
            return self.events.pop(0)
        return json.loads(self.lines.next(limit))

    def wait_event(self, kind, limit=TIMEOUT):
        """The next event of this kind; others are passed over."""
        while True:
            e = self.event(limit)
            if e["event"] == kind:
                return e

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%d/stat" % int(entry)) as f:
                if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry))
        except (ValueError, OSError):
            pass
    return found


class FakeServer:
    """A USB/IP server whose only device is this test: slotd hands the socket
    to fake_ifdhandler.py, which then obeys FakeHandler."""

    def __init__(self, directory, name="usbip"):
        self.path = os.path.join(directory, name)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path)
        self.sock.listen(16)
        self.sock.settimeout(TIMEOUT)
        self.address = "unix:" + self.path

    def accept(self):
        """A connection and the bus id it asks for."""
        s, _ = self.sock.accept()
        s.settimeout(TIMEOUT)
        version, code, _, busid = struct.unpack(">HHI32s", receive(s, 40))
        assert (version, code) == (0x111, 0x8003)
        return s, busid.rstrip(b"\0").decode()

    def handler(self):
        """The next import succeeds; the handler that was born of it."""
        s, busid = self.accept()
        s.sendall(struct.pack(">HHI256s32sIIIHHH6B", 0x111, 3, 0, b"/fake",
                              busid.encode(), 1, 2, 2, 0x1234, 0x5678, 0x100,
                              0, 0, 0, 1, 1, 1))
        return FakeHandler(s)

    def close(self):
        self.sock.close()
        os.unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


ATR = "3b800181"


class FakeHandler:
    def __init__(self, sock):
        self.sock = sock
        self.lines = Lines(sock.fileno())
        self.born = self.expect("BORN")

    def do(self, what, **more):
        self.sock.sendall(json.dumps(dict(more, do=what)).encode() + b"\n")

    def heard(self, limit=TIMEOUT):
        """The next message of slotd."""
        return json.loads(self.lines.next(limit))

    def expect(self, what, limit=TIMEOUT):
        got = self.heard(limit)
        if got["said"] != what:
            raise AssertionError("%s, not %s" % (got, what))
        return got

    def gone(self, limit=TIMEOUT):
        """Waits for the end of the process."""
        try:
            while True:
                self.heard(limit)
        except (EOFError, ConnectionResetError):
            return True

    def answer(self, m, data="", err=0, arg=0):
        self.do("RESULT", slot=m["slot"], xid=m["xid"], err=err, arg=arg,
                data=data)

    def become_ready(self, card=True):
        """READY, and a card whose ATR is ATR, or none."""
        self.do("READY")
        self.do("CARD", arg=int(card))
        if card:
            self.answer(self.expect("POWER_ON"), data=ATR)
        return self


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
