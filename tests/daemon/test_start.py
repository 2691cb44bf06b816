# SPDX-License-Identifier: BSD-2-Clause
"""The first programs, which come while slotd starts: they are told of all the
readers that are there, however slow these are, and of nothing before."""
import os
import select
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import (BUILD, ERR, FAKE_IFDHANDLER, FakeServer,  # noqa: E402
                     Slotd, Tap, children)
from openct_wire import status  # noqa: E402
from pcsc_wire import OK, Client, words  # noqa: E402

REAL = os.path.join(BUILD, "tools", ".libs", "slotctl")
TOOL = REAL if os.path.exists(REAL) else os.path.join(BUILD, "tools",
                                                      "slotctl")
LONG = "start_wait = 60000;\n"


class Start:
    """slotd with n readers, played by this test, that have said nothing yet."""

    def __init__(self, n, config=LONG):
        self.n, self.config = n, config

    def __enter__(self):
        self.d = Slotd(handler=FAKE_IFDHANDLER)
        self.d.__enter__()
        self.servers = [FakeServer(self.d.dir, "usbip%d" % i)
                        for i in range(self.n)]
        self.d.start(self.config + "".join(
            self.d.reader(s.address, "1-%d" % i, name="r%d" % i)
            for i, s in enumerate(self.servers)), wait=False)
        self.d.wait_log("runs in")
        return self

    def handler(self, i):
        return self.servers[i].handler()

    def said_ready(self):
        """Has slotd told whoever started it that it is ready?"""
        return bool(select.select([self.d.notify], [], [], 0)[0])

    def __exit__(self, *what):
        for s in self.servers:
            s.close()
        return self.d.__exit__(*what)


class First:
    """The first clients: PC/SC's of each version with its first question, and
    the control socket's."""

    def __init__(self, d):
        self.pcsc = {minor: Client(d, minor) for minor in (3, 4, 5, 6)}
        self.pcsc[3].send(0x12)         # the states
        self.pcsc[4].send(0x12)
        self.pcsc[5].send(0x13)         # a wait
        self.pcsc[6].send(0x16)         # their number
        self.control = d.control()
        self.control.send(cmd="list")

    def silent(self, d):
        """Nobody is answered, and the loop turns."""
        with Client(d) as c:
            alive = c.version[2] == OK
        return alive and all(c.silent() for c in self.pcsc.values()) and \
            not select.select([self.control.sock], [], [], 0)[0]

    def readers(self):
        """How many readers each is told of."""
        told = [len(self.pcsc[m].array(self.pcsc[m].receive(16 * 184)))
                for m in (3, 4, 5)]
        self.pcsc[6].receive(4)
        self.pcsc[6].send(0x17)
        told.append(len(self.pcsc[6].array(
            self.pcsc[6].receive(16 * 184))))
        return told + [sum(r["state"] == "ready" for r in
                           self.control.answer()["readers"])]

    def close(self):
        for c in self.pcsc.values():
            c.close()
        self.control.close()


def all_readers(t):
    with Start(3) as s:
        first = First(s.d)
        t.ok(first.silent(s.d), "no reader has spoken: nobody is answered")
        handlers = [s.handler(i) for i in range(3)]
        handlers[1].become_ready()
        s.d.wait_log("is ready")
        handlers[0].do("READY")
        handlers[0].do("CARD", arg=1)
        power = handlers[0].expect("POWER_ON")
        t.ok(first.silent(s.d), "one is ready, one waits for an ATR")
        handlers[2].do("FAILED", err=ERR["READER"])
        s.d.wait_log("reported a failure")
        t.ok(first.silent(s.d), "one has failed")
        t.ok(not s.said_ready(), "slotd is not called ready")
        handlers[0].answer(power, data="3b800181")
        t.eq(first.readers(), [2] * 5, "the ATR is there: all are told")
        t.ok(s.d.notify.recv(64) == b"READY=1", "slotd is called ready")
        t.eq([status(s.d, i)[0] != "" for i in range(3)], [True, True, False],
             "and the status file has them")
        first.close()


def absent(t):
    """A reader whose server is not there keeps nobody waiting."""
    with Slotd(handler=FAKE_IFDHANDLER) as d:
        d.start(LONG + d.reader("unix:" + d.dir + "/nobody", "1-1"))
        with Client(d) as c:
            t.eq(c.states(), [], "answered")


def unplugged(t):
    """Nor one that is taken away meanwhile."""
    with Start(1) as s:
        first = First(s.d)
        h = s.handler(0)
        h.do("READY")
        t.ok(first.silent(s.d), "a reader without an ATR")
        s.d.configure(LONG)
        s.d.signal(1)
        t.eq(first.readers(), [0] * 5, "it is taken away")
        first.close()


def dead(t):
    """Nor one whose handler dies."""
    with Start(1) as s:
        first = First(s.d)
        h = s.handler(0)
        os.kill(children(s.d.process.pid)[0], 9)
        t.eq(first.readers(), [0] * 5, "its handler has died")
        t.ok(h.gone(), "really")
        first.close()


def limit(t):
    """One that says nothing at all keeps them waiting for start_wait."""
    with Start(1, config="start_wait = 300;\n") as s:
        first = First(s.d)
        silent = s.handler(0)
        t.eq(first.readers(), [0] * 5, "they are told without it")
        t.ok("still not ready" in s.d.wait_log("still not"),
             "the log says which is late")
        t.ok(s.d.notify.recv(64) == b"READY=1", "slotd is called ready")
        silent.become_ready()
        s.d.wait_log("is ready")
        with Client(s.d) as c:
            t.eq(len(c.states()), 1, "it may come later")
        first.close()


def programs(d):
    """The first ones of OpenCT and CT-API, by the libraries."""
    env = dict(os.environ, OPENCT_SOCKETDIR=d.run,
               LD_LIBRARY_PATH=os.path.join(BUILD, "lib", ".libs"))
    ctapi = subprocess.Popen(
        [os.path.join(BUILD, "tests", "daemon", "ctapi_say")], env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ctapi.stdin.write(b"init 1\n")
    ctapi.stdin.flush()
    openct = subprocess.Popen(
        ["/usr/bin/openct-tool", "list"], env=env, stdout=subprocess.PIPE,
        executable=TOOL)
    return ctapi, openct


def told(ctapi, openct):
    line = ctapi.stdout.readline()
    ctapi.communicate()
    return line, openct.communicate()[0].decode()


def libraries(t):
    """OpenCT's and CT-API's programs cannot be held by slotd: the libraries
    ask it for a word first. It is started by its socket, or was just started,
    beside a status file of long ago."""
    for activated in (True, False):
        with Slotd(handler=FAKE_IFDHANDLER) as d, \
                socket.socket(socket.AF_UNIX) as control, \
                FakeServer(d.dir, "usbip0") as server:
            os.mkdir(d.run)
            if activated:
                control.bind(os.path.join(d.run, "control"))
                control.listen(16)
                d.hand_over([("control", control)])
                first = programs(d)
            with open(os.path.join(d.run, "status"), "wb") as f:
                f.write(bytes(16 * 112))
            d.start(LONG + d.reader(server.address, "1-0"), wait=False)
            d.wait_log("runs in")
            if not activated:
                first = programs(d)
            h = server.handler()
            h.do("READY")
            h.do("CARD", arg=1)
            m = h.expect("POWER_ON")
            h.answer(m, data="3b800181")
            ctapi, openct = told(*first)
            t.eq(ctapi, b"0\n", "CT_init finds the first reader")
            t.ok("Fake Reader" in openct, "ct_reader_info, too")


def nobody(t):
    """Without slotd, and with one that has run for long, nothing is awaited."""
    with Slotd(handler=FAKE_IFDHANDLER) as d:
        t.eq(told(*programs(d)), (b"-128\n", ""), "there is no slotd")
        with Start(1) as s:
            os.utime(os.path.join(s.d.run, "slotd.pid"), (1, 1))
            t.eq(told(*programs(s.d)), (b"-1\n", ""), "it is an old one")
            h = s.handler(0).become_ready()
            t.eq(s.d.notify.recv(64), b"READY=1", "it goes on")
            del h


def later(t):
    """After the start nobody waits: a new reader is news like any other."""
    with Start(1) as s:
        one = s.handler(0).become_ready()
        s.d.notify.recv(64)
        with FakeServer(s.d.dir, "another") as server:
            s.d.configure(LONG + s.d.reader(s.servers[0].address, "1-0",
                                            name="r0") +
                          s.d.reader(server.address, "1-9", name="new"))
            s.d.signal(1)
            new = server.handler()
            with Client(s.d) as c:
                t.eq(len(c.states()), 1, "told at once")
                t.eq(c.ask(0x0d, words(1, 0))[1], OK, "and goes on")
        del one, new


def ended(t):
    """One that is ended in its start was never ready."""
    with Start(1) as s:
        h = s.handler(0)
        s.d.signal(15)
        t.eq(s.d.notify.recv(64), b"STOPPING=1", "it is ended in its start")
        t.eq(s.d.process.wait(20), 0, "and ends")
        t.ok(not s.said_ready(), "it does not say that it is ready")
        del h


def main():
    t = Tap()
    for test in (all_readers, absent, unplugged, dead, limit, libraries,
                 nobody, later, ended):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
