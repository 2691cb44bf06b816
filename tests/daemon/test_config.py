# SPDX-License-Identifier: BSD-2-Clause
"""openct.conf in the real slotd: what each name does, what is told of wrong
ones, and what happens when the file is read again. The readers are played by
this test."""
import grp
import os
import pty
import pwd
import select
import signal
import sys
import time
import tty

sys.path.insert(0, os.path.dirname(__file__))
from harness import (ERR, FAKE_IFDHANDLER, TIMEOUT,  # noqa: E402
                     Emulator, FakeHandler, FakeServer, Slotd, Tap, Timeout)
from openct_wire import Connection, status  # noqa: E402
from pcsc_wire import Client  # noqa: E402


def new_slotd():
    return Slotd(handler=FAKE_IFDHANDLER)


def block(server, more="", label="r", busid="1-1"):
    return "reader %s { device = usbip:%s/%s; %s };\n" % (
        label, server.address, busid, more)


def reread(d, text, pattern="again"):
    d.configure(text)
    d.signal(signal.SIGHUP)
    return d.wait_log(pattern)


def names(d):
    with d.control() as c:
        return [(r["reader"], r["name"]) for r in
                c.ask(cmd="list")["readers"]]


class Terminal:
    """A device node whose other end is the test."""

    def __init__(self, path):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = path

    def plug(self):
        os.symlink(os.ttyname(self.slave), self.path)

    def handler(self):
        return FakeHandler(self)

    def fileno(self):
        return self.master

    def sendall(self, data):
        os.write(self.master, data)

    def close(self):
        os.close(self.master)
        os.close(self.slave)


def a_name(t):
    """It is the reader's in every dialect."""
    with new_slotd() as d, FakeServer(d.dir) as server:
        d.start(block(server, "name = front-desk;"))
        h = server.handler().become_ready()
        d.wait_log("front-desk at usbip.* is ready")
        t.eq(names(d), [(0, "front-desk")], "a name: control")
        t.eq(status(d)[0], "front-desk", "openct")
        with Client(d) as c:
            t.eq(c.states()[0].name, "front-desk 00 00", "pcsc")
        h.do("exit")


def power_off(t):
    """Each reader has its own time."""
    with new_slotd() as d, FakeServer(d.dir) as one, \
            FakeServer(d.dir, "other") as two:
        d.start("power_off_delay = never;\n" + block(one) +
                block(two, "power_off_delay = 10;", "s"))
        kept = one.handler().become_ready()
        h = two.handler().become_ready()
        h.answer(h.expect("POWER_OFF"))
        t.ok(True, "power_off_delay of one reader")
        reread(d, block(two, "power_off_delay = 20000;", "s") +
               block(one, "power_off_delay = 0;"))
        kept.answer(kept.expect("POWER_OFF"))
        t.ok(True, "of another one, when the file is read again")


def a_node(t):
    """usb:/dev/bus/usb/BBB/DDD, without udev."""
    with new_slotd() as d:
        node = Terminal(os.path.join(d.dir, "004"))
        d.start("reader n { device = usb:%s; driver = etoken; };\n"
                "driver etoken { block_size = 254; };\n" % node.path)
        t.ok(d.wait_log("reader 0: usb:.*/004: not there"),
             "a node that is not there is told of")
        node.plug()
        h = node.handler()
        t.eq(h.born["argv"], ["--driver", "etoken", "--kind", "usb", "--debug",
                              "3", "--block-size", "254"], "and is opened")
        h.become_ready()
        t.ok(d.wait_log("reader 0: .*is ready"), "and is a reader")
        os.unlink(node.path)
        h.do("FAILED", err=ERR["GONE"])
        h.do("exit")
        d.wait_log("unplugged|not there")
        node.plug()
        h = node.handler()
        t.ok(h.born, "it is looked for again when it has left")
        node.close()


def not_yet(t):
    """What OpenCT drove and slotd does not is told of; the rest works."""
    with new_slotd() as d, FakeServer(d.dir) as server:
        d.start("reader s { driver = towitoko; device = serial:/dev/ttyS0; };"
                "\n" + block(server, "driver = odd;", "t"))
        t.ok("openct.conf:1:40: slotd has no driver for serial readers yet; "
             "the reader is left out" in d.wait_log("serial"),
             "serial: a clear message")
        t.ok("slotd has no driver 'odd'" in d.wait_log("no driver"),
             "a driver that is not known is told of")
        t.eq(server.handler().born["argv"][1], "odd", "and tried")


def unknown(t):
    with new_slotd() as d:
        d.start("colour = red;\n  hotplgu = no;\n"
                "ifdhandler { debug = 1; };\nuser = x;\nlock_timeout = soon;")
        d.stop()
        told = [x.split("openct.conf:")[1] for x in d.log
                if "openct.conf:" in x]
        t.eq([x.split("; known")[0] for x in told],
             ["1:1: 'colour' is not known and left out",
              "2:3: 'hotplgu' is not known and left out; is 'hotplug' meant?",
              "3:14: 'debug' is not known here and left out; it belongs "
              "outside of this group",
              "4:1: 'user' is not known here and left out; it belongs into "
              "ifdhandler { }",
              "5:16: 'lock_timeout': expected a number of milliseconds, or "
              "never, found 'soon'; it is left out"],
             "what is wrong is told of once, with its place")


def rereading(t):
    with new_slotd() as d, FakeServer(d.dir) as one, \
            FakeServer(d.dir, "other") as two:
        d.start(block(one, "name = one;"))
        h = one.handler().become_ready()
        d.wait_log("is ready")
        reread(d, block(one, "name = one;") + block(two, "name = two;", "s"))
        other = two.handler().become_ready()
        d.wait_log("two at .* is ready")
        t.eq(names(d), [(0, "one"), (1, "two")], "a new reader starts")
        for text, words in (
                ("reader r { device = usbip:", "4 bytes"),
                ("hotplug = no", "';' or ',' after 'no'"),
                ("debug = x;", "'debug': expected a number")):
            d.configure(text)
            d.signal(signal.SIGHUP)
            line = d.wait_log("openct.conf:1:")
            t.ok(d.wait_log("old configuration stays"), "a broken file: " +
                 line.split("openct.conf:")[1])
        t.eq(names(d), [(0, "one"), (1, "two")], "changes nothing")
        reread(d, block(two, "name = two;", "s"))
        t.ok(h.gone(), "one that is left out is let go")
        t.ok(any("reader 0: one: openct.conf names it no longer" in x
                 for x in d.log), "and the log says why")
        t.eq(names(d), [(1, "two")], "and is no reader any more")
        reread(d, block(two, "name = zwei;", "s"))
        t.ok(other.gone(), "a new name is a new start")
        other = two.handler().become_ready()
        t.ok(d.wait_log("zwei at .* is ready"), "and it is called so")
        t.eq(names(d), [(1, "zwei")], "of the same reader")


def sockets(d):
    return {f for f in os.listdir(d.run)
            if f in ("0", "control", "pcscd.comm")}


def dialects(t):
    """Each is served or not, also when the file is read again."""
    with new_slotd() as d, FakeServer(d.dir) as server:
        d.start(block(server))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        t.eq(sockets(d), {"0", "control", "pcscd.comm"}, "all are served")
        with Client(d) as p, Connection(d) as o, d.control() as c:
            d.configure("openct = no; pcsc = no;" + block(server))
            t.ok(c.ask(cmd="reload")["ok"], "a program asks for a new file")
            t.eq(p.sock.recv(1), b"", "PC/SC programs are let go")
            t.ok(o.is_closed(), "OpenCT's too")
            t.eq(sockets(d), {"control"}, "their sockets are gone")
            t.eq(status(d), ("", 0, [0] * 8, 0, 0), "no reader is shown")
            d.configure("control = no;" + block(server))
            c.ask(cmd="reload")
            t.eq(c.sock.recv(1), b"", "control is asked to close control")
            d.wait_log("again")
            d.wait_log("again")
        t.eq(sockets(d), {"0", "pcscd.comm"}, "and does, when it has answered")
        with Connection(d) as o, Client(d) as p:
            t.eq(o.ask(bytes([0, 0]))[0], 0, "openct is served again")
            t.eq(len(p.states()), 1, "pcsc, too")
            d.configure(block(server) + "pcsc_readers = 48;")
            d.signal(signal.SIGHUP)
            d.wait_log("again")
            with d.control():
                t.eq(len(p.states(48)), 1, "pcsc_readers = 48")
        t.ok(h.born, "the reader worked on")
    with new_slotd() as d:
        d.start("openct = no; control = no; pcsc = no;")
        t.eq(sockets(d), set(), "nothing is served from the start")


def transmit(d, apdu="0084000008"):
    with d.control() as c:
        return c.ask(cmd="transmit", reader=0, apdu=apdu)["response"][-4:]


def speed(t):
    """A card that understands nothing above 100 kbit/s, though it says so."""
    for limit, falls in ((0, 3), (100000, 0)):
        with Emulator(["tpdu-reader,card=fast,limit=100000"]) as emu, \
                Slotd() as d:
            d.start("reader r { device = usbip:%s/1-1; %s };" % (
                emu.address, "max_speed = %d;" % limit if limit else ""))
            d.wait_log("is ready")
            t.eq(transmit(d, "00b0810004"), "9000", "max_speed %d: it is "
                 "read" % limit)
            d.stop()
            t.eq(sum("not understood at" in x for x in d.log), falls,
                 "speeds in vain")


def handler_of(d):
    with d.control() as c:
        return c.ask(cmd="info", reader=0)["reader"]["handler_pid"]


def answers(emu):
    """How many the reader has given."""
    return [e["transfers"] for e in emu.stats("1-1")["endpoints"]
            if e["endpoint"] == "82"][0]


def polling(t):
    """A reader that would tell of its cards is asked, if that is wanted."""
    with Emulator(["cherry-st1044u"]) as emu, Slotd() as d:
        d.start("ifdhandler { force_poll = no; };" +
                d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        pid = handler_of(d)
        reread(d, "ifdhandler { force_poll = yes; };" +
               d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        t.ok(handler_of(d) != pid, "force_poll: a new handler")
        with open("/proc/%d/cmdline" % handler_of(d)) as f:
            t.ok("--force-poll" in f.read().split("\0"), "that is told so")
        with d.control() as c:
            c.ask(cmd="watch")
            before = answers(emu)
            end = time.monotonic() + TIMEOUT
            while answers(emu) < before + 4 and time.monotonic() < end:
                select.select([c.sock], [], [], 0.05)
            t.ok(answers(emu) >= before + 4, "asks for the card")
            emu.ctl("remove", "1-1")
            t.eq(c.wait_event("card-removed")["slot"], 0, "and sees it go")


def who_they_are(t):
    """ifdhandler { user, groups }: handlers are not root, slotd is."""
    if os.geteuid() != 0:
        t.ok(True, "user and groups # SKIP only root can be others")
        return
    user, group, more = (pwd.getpwnam("nobody"), grp.getgrnam("daemon"),
                         grp.getgrnam("sys"))
    rows = [
        ("user = nobody; groups = { daemon, sys, };", user.pw_uid,
         group.gr_gid, [group.gr_gid, more.gr_gid]),
        ("user = nobody;", user.pw_uid, user.pw_gid, [user.pw_gid]),
        ("groups = daemon;", 0, group.gr_gid, [group.gr_gid]),
        ("user = no-such-user;", 65534, 65534, [65534]),
        ("", 0, 0, None),
    ]
    for config, uid, gid, groups in rows:
        with Emulator(["cherry-st1044u"]) as emu, Slotd() as d:
            d.start("ifdhandler { %s };" % config +
                    d.reader(emu.address, "1-1"))
            d.wait_log("is ready")
            with open("/proc/%d/status" % handler_of(d)) as f:
                lines = dict(x.split(":", 1) for x in f)
            t.eq((lines["Uid"].split(), lines["Gid"].split()),
                 ([str(uid)] * 4, [str(gid)] * 4), "handlers: " + config)
            if groups is not None:
                t.eq(sorted(map(int, lines["Groups"].split())),
                     sorted(groups), "their groups")
            t.eq(transmit(d), "9000", "and work")


def main():
    t = Tap()
    for test in (a_name, power_off, a_node, not_yet, unknown, rereading,
                 dialects, speed, polling, who_they_are):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
