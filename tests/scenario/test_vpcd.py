# SPDX-License-Identifier: BSD-2-Clause
"""Virtual readers on the real chain: slotd, ifdhandler, and card emulators that
connect to them as to vsmartcard's vpcd."""
import contextlib
import os
import signal
import socket
import subprocess
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, TIMEOUT, Slotd, Tap, kill  # noqa: E402
from vpcd_card import ATR, GET_ATR, OFF, ON, RESET, VpcdCard  # noqa: E402

CHALLENGE = "0084000008"
ECHO = CHALLENGE + "9000"
BRIDGE = os.path.join(BUILD, "tests", "emulator", "vpcd_bridge")


def ports(d, slots):
    """Those that slotd says, for slots of a reader at port 0."""
    return [int(d.wait_log("slot %d: emulated cards connect" % i).split()[-1])
            for i in range(slots)]


def transmit(c, slot=0):
    got = c.ask(cmd="transmit", reader=0, slot=slot, apdu=CHALLENGE,
                wait_ms=10000)
    return got.get("response") or got["error"]


def comes_and_goes(t, d, c, watcher, port):
    with VpcdCard(port[0]) as card:
        e = watcher.wait_event("card-inserted")
        t.eq((e["slot"], e["atr"]), (0, ATR.hex()),
             "an emulator connects: a card is inserted")
        t.eq(transmit(c), ECHO, "it gets APDUs")
        c.ask(cmd="reset", reader=0)
        c.ask(cmd="reset", reader=0, how="cold")
        t.eq(transmit(c), ECHO, "after resets, too")
    t.eq(card.orders, [ON, GET_ATR, RESET, GET_ATR, OFF, ON, GET_ATR],
         "it was asked what vsmartcard's reader asks")
    t.eq(watcher.wait_event("card-removed")["slot"], 0,
         "it goes: the card is removed")
    t.eq(transmit(c), "NO_CARD", "no card, no APDU")


def two_slots(t, d, c, watcher, port):
    with VpcdCard(port[1], answer=lambda _: b"\x6d\x00"), \
            VpcdCard(port[0], pieces=True):
        watcher.wait_event("card-inserted")
        watcher.wait_event("card-inserted")
        t.eq([transmit(c, 0), transmit(c, 1)], [ECHO, "6d00"],
             "two emulators, two slots; one sends byte by byte")
    watcher.wait_event("card-removed")
    watcher.wait_event("card-removed")


def next_in_line(t, d, c, watcher, port):
    first = VpcdCard(port[0])
    watcher.wait_event("card-inserted")
    with VpcdCard(port[0], answer=lambda _: b"\x62\x00"):
        t.eq(transmit(c), ECHO, "who comes second waits")
        first.close()
        watcher.wait_event("card-inserted")
        t.eq(transmit(c), "6200", "and is next")
    watcher.wait_event("card-removed")


def malformed(t, d, c, watcher, port):
    for text in (b"GET / HTTP/1.1\r\n\r\n", b"\0"):
        with VpcdCard(port[0]) as card:
            watcher.wait_event("card-inserted")
            card.sock.sendall(text)
            t.ok(card.is_closed(), "who speaks unasked is sent away")
        line = d.wait_log("warning: .*connection is closed")
        t.ok("slot 0: the card emulator sent what nobody had asked for" in
             line, "with a line in the log")
    wrong = {b"": "answered an APDU with 0 bytes",
             b"\x90": "answered an APDU with 1 bytes"}
    for answer, why in wrong.items():
        with VpcdCard(port[0], answer=lambda _: answer) as card:
            watcher.wait_event("card-inserted")
            t.eq(transmit(c), "CARD", "half a status word: an error")
            t.ok(card.is_closed(), "the emulator is sent away")
            d.wait_log(why)
    with VpcdCard(port[0], atr=b""):
        t.eq(watcher.wait_event("card-inserted").get("atr"), None,
             "a card without an ATR is mute")
    with VpcdCard(port[0]):
        t.eq(watcher.wait_event("card-inserted")["atr"], ATR.hex(),
             "the next one works")
    watcher.wait_event("card-removed")


def handler_killed(t, d, c, watcher, port):
    card = VpcdCard(port[0])
    watcher.wait_event("card-inserted")
    kill(c.ask(cmd="info", reader=0)["reader"]["handler_pid"])
    t.ok(card.is_closed(), "the handler is killed: emulators hear of it")
    watcher.wait_event("reader-failed")
    watcher.wait_event("reader-added")
    with VpcdCard(port[0]):
        watcher.wait_event("card-inserted")
        t.eq(transmit(c), ECHO, "and connect again")
    watcher.wait_event("card-removed")


def bridged(t, d, c, watcher, port):
    """A card with more to it; 20 are as one."""
    for _ in range(20):
        p = subprocess.Popen([BRIDGE, "cardos", str(port[1])])
        try:
            e = watcher.wait_event("card-inserted")
            good = e["atr"].startswith("3bf2") and \
                transmit(c, 1)[-4:] == "9000"
        finally:
            p.kill()
            p.wait()
        watcher.wait_event("card-removed")
        if not good:
            break
    t.ok(good, "the CardOS card comes and goes twenty times")


def descriptors(d):
    return len(os.listdir("/proc/%d/fd" % d.process.pid))


def listening(t):
    with Slotd() as d:
        d.start("reader v { driver = vpcd; device = vpcd:0; };")
        port = ports(d, 2)
        d.wait_log("is ready")
        with d.control() as c, d.control() as watcher:
            watcher.ask(cmd="watch")
            reader = c.ask(cmd="info", reader=0)["reader"]
            t.eq((reader["name"], reader["driver"], len(reader["slots"])),
                 ("Virtual PCD", "vpcd", 2), "a virtual reader of two slots")
            before = descriptors(d)
            for test in (comes_and_goes, two_slots, next_in_line, malformed,
                         handler_killed, bridged):
                print("# " + test.__name__, flush=True)
                test(t, d, c, watcher, port)
            t.eq(descriptors(d), before, "no descriptor is left open")


def connecting(t):
    with socket.socket() as server, Slotd() as d:
        server.settimeout(TIMEOUT)
        server.bind(("127.0.0.1", 0))       # nobody listens at first
        where = "127.0.0.1:%d" % server.getsockname()[1]
        d.start("reader v { driver = vpcd; device = vpcd:connect:%s/1; };" %
                where)
        d.wait_log("cannot connect to %s: Connection refused" % where)
        with d.control() as c, d.control() as watcher:
            watcher.ask(cmd="watch")
            server.listen()
            for _ in range(2):
                with VpcdCard(sock=server.accept()[0]):
                    watcher.wait_event("card-inserted")
                    t.eq(transmit(c), ECHO, "slotd connects to an emulator")
                watcher.wait_event("card-removed")


def listens(d, port):
    """Whether it is slotd that does; another program may have the port next."""
    fds = "/proc/%d/fd/" % d.process.pid
    ours = set()
    for fd in os.listdir(fds):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            ours.add(os.readlink(fds + fd))
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return any(row[1].endswith(":%04X" % port) and row[3] == "0A" and
               "socket:[%s]" % row[9] in ours for row in rows)


def configured(t):
    with socket.create_server(("127.0.0.1", 0)) as other, Slotd() as d:
        port = other.getsockname()[1]
        conf = "reader v { driver = vpcd; device = vpcd:%d/1; };" % port
        d.start(conf)
        line = d.wait_log("reader 0: .*cannot listen")
        t.ok("127.0.0.1:%d: Address already in use" % port in line,
             "a port that is taken is told of")
        other.close()
        d.wait_log("is ready")
        t.ok(True, "and used as soon as it is free")
        t.ok(listens(d, port), "slotd listens there")
        with VpcdCard(port) as card:
            d.wait_log("card inserted")
            d.configure("")
            d.signal(signal.SIGHUP)
            t.ok(card.is_closed(), "a reader that is not configured any more "
                 "closes its connections")
        d.wait_log("read .* again")
        t.ok(not listens(d, port), "and its port")


def main():
    t = Tap()
    listening(t)
    connecting(t)
    configured(t)
    t.done()


main()
