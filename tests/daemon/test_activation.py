# SPDX-License-Identifier: BSD-2-Clause
"""Socket activation: the sockets are bound, and programs come, before slotd
runs; LISTEN_FDS hands them over (sd_listen_fds(3))."""
import contextlib
import os
import socket
import struct
import subprocess

from harness import Control, Emulator, Slotd, Tap, children
from pcsc_wire import Client

MODEL = "cherry-st1044u"


class Sockets(contextlib.ExitStack):
    """A directory as systemd leaves it: both sockets listen in it."""

    def __init__(self, d):
        super().__init__()
        self.d = d
        os.mkdir(d.run)
        self.control = self.bind("control")
        self.pcscd = self.bind("pcscd.comm")

    def bind(self, name, kind=socket.SOCK_STREAM, listen=True):
        s = self.enter_context(socket.socket(socket.AF_UNIX, kind))
        s.bind(os.path.join(self.d.run, name))
        if listen:
            s.listen(16)
        return s


def early_clients(t):
    """They connect while nobody runs, and are served when somebody does."""
    with Emulator([MODEL]) as emu, Slotd() as d, Sockets(d) as s:
        d.hand_over([("pcscd", s.pcscd), ("control", s.control)])
        pcsc = Client(d, minor=None)
        pcsc.send(0x11, struct.pack("=3I", 4, 4, 0))
        with d.control() as c:
            c.send(cmd="watch")
            d.start(d.reader(emu.address, "1-1"))
            t.ok(c.answer()["ok"], "the control client has its answer")
            t.eq(c.wait_event("reader-added")["reader"], 0,
                 "and is told of the reader")
        t.eq(struct.unpack("=3I", pcsc.receive(12)), (4, 4, 0),
             "the PC/SC client has its answer")
        with Client(d) as late:
            t.eq([x.name for x in late.states()],
                 ["Cherry GmbH SmartTerminal XX44 00 00"],
                 "one that comes later sees the reader")
        pid, = children(d.process.pid)
        t.eq([os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in
              os.listdir("/proc/%d/fd" % pid) if int(fd) > 4], [],
             "the reader's handler has none of the sockets")


def next_slotd(t):
    """The sockets outlive slotd: who comes meanwhile waits for the next."""
    with Slotd() as d, Sockets(d) as s:
        d.hand_over([("control", s.control), ("pcscd", s.pcscd)])
        d.start()
        with d.control() as c:
            t.ok(c.ask(cmd="hello")["ok"], "the first slotd")
        d.stop()
        t.eq(sorted(os.listdir(d.run)), ["control", "pcscd.comm", "status"],
             "leaves the sockets where they are")
        with d.control() as c:
            c.send(cmd="hello")
            d.start()
            t.eq(c.answer()["pid"], d.process.pid, "the next one answers")


def without_names(t):
    """They are known by where they are bound, also through a link."""
    with Slotd() as d, Sockets(d) as s:
        d.hand_over([(None, s.control), (None, s.pcscd)])
        os.symlink(d.dir, os.path.join(d.dir, "link"))
        d.run = os.path.join(d.dir, "link", "run")
        d.start()
        with d.control() as c, Client(d) as p:
            t.ok(c.ask(cmd="list")["ok"] and p.states() == [],
                 "sockets without names")
        d.stop()
        t.eq([x for x in d.log if "LISTEN_FDS" in x], [], "nothing to say")
    with Slotd() as d, Sockets(d) as s:
        elsewhere = s.bind("elsewhere")
        os.unlink(os.path.join(d.run, "control"))
        d.hand_over([("control", elsewhere)])
        d.start()
        with Control(os.path.join(d.run, "elsewhere")) as c:
            t.ok(c.ask(cmd="hello")["ok"], "the name goes before the path")
        t.ok(not os.path.exists(os.path.join(d.run, "control")),
             "there is one control socket")


def for_somebody_else(t):
    with Slotd() as d, Sockets(d) as s:
        for name in "control", "pcscd.comm":
            os.unlink(os.path.join(d.run, name))
        d.hand_over([("control", s.control)], pid="1")
        d.start()
        with d.control() as c:
            t.ok(c.ask(cmd="hello")["ok"], "another LISTEN_PID: a socket of "
                 "its own")
        d.stop()
        t.ok(not os.path.exists(os.path.join(d.run, "control")),
             "which it removes")


def unusable(t):
    with Slotd() as d, Sockets(d) as s, open("/dev/null", "rb") as null:
        tcp = s.enter_context(socket.create_server(("127.0.0.1", 0)))
        bad = [("datagram", s.bind("d", socket.SOCK_DGRAM, listen=False)),
               ("deaf", s.bind("deaf", listen=False)), ("tcp", tcp),
               ("file", null)]
        stray = ("stray", s.bind("stray"))
        d.hand_over(bad + [stray, ("control", s.control)] +
                    [("many", stray[1])] * 20)
        d.start()
        for name, _ in bad:
            d.wait_log(r"descriptor \d+ \(%s\) of LISTEN_FDS" % name)
        t.ok(True, "no listening Unix stream socket: told")
        d.wait_log(r"descriptor 28 \(many\)")
        t.ok(True, "too many: told")
        d.wait_log('nobody is served at the socket "stray"')
        t.ok(True, "of no use to slotd: told")
        with d.control() as c:
            t.ok(c.ask(cmd="hello")["ok"], "what can be used is used")


def journal(t):
    """The journal, and nothing else, is told priorities (sd-daemon(3))."""
    with Slotd() as d:
        d.configure("debug")
        for other in 0, 1:
            reading, writing = os.pipe()
            st = os.fstat(writing)
            subprocess.run(
                d.command("--foreground"), stderr=writing, check=False,
                env=dict(os.environ, JOURNAL_STREAM="%d:%d" % (
                    st.st_dev, st.st_ino + other)))
            os.close(writing)
            with open(reading, encoding="utf-8") as f:
                line = f.readline()
            t.eq((line[:3], line[:5]), ("err", "error") if other else
                 ("<3>", "<3>" + d.config[:2]), line.strip())


def main():
    t = Tap()
    for test in (early_clients, next_slotd, without_names, for_somebody_else,
                 unusable, journal):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
