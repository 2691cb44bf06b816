# SPDX-License-Identifier: BSD-2-Clause
"""Who waits for a card on PC/SC's socket, for how long, and who comes next; and
what becomes of those that keep it. Nothing is timed here, see tests/bench."""
import os
import signal
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from harness import TIMEOUT, Tap  # noqa: E402
from openct_wire import Connection, lock  # noqa: E402
from pcsc_wire import (EXCLUSIVE, NAME, NOT_TRANSACTED, OK, RESET,  # noqa: E402
                       RESET_CARD, SHARED, SHARING_VIOLATION, T0, T1, World,
                       words)

WAITS = ("TRANSMIT", "STATUS", "RECONNECT", "CONTROL", "GET_ATTRIB",
         "SET_ATTRIB")


class Other:
    """A client with a handle and one request."""

    def __init__(self, w, what):
        self.what, self.client = what, w.client()
        self.card = self.client.card()

    def send(self):
        self.client.send_request(self.what, self.card)

    def rv(self):
        return self.client.result(self.what)


def a_moment(t):
    """Requests that come into a transaction wait for its end, but not long."""
    with World() as w, w.client() as c:
        one = c.card()
        others = [Other(w, what) for what in WAITS]
        c.begin(one)
        for o in others:
            o.send()
        w.settled()
        t.ok(all(o.client.silent() for o in others), "all wait")
        c.end(one)
        for o in others:
            t.ok(o.rv() != SHARING_VIOLATION, o.what + ": its turn comes")
        c.begin(one)
        for o in others:
            o.send()
        for o in others:
            t.eq(o.rv(), SHARING_VIOLATION, o.what + ": refused in the end")
        t.eq(c.transmit(one)[0], OK, "none of which disturbed the transaction")


def in_line(t):
    """APDUs without a transaction stand in the same line as transactions."""
    with World() as w, w.client() as a, w.client() as c:
        one, three = a.card(), c.card()
        b, d = Other(w, "TRANSMIT"), Other(w, "TRANSMIT")
        a.begin(one)
        b.send()
        w.settled()
        c.send_begin(three)
        w.settled()
        d.send()
        w.settled()
        t.ok(b.client.silent() and c.silent() and d.client.silent(),
             "all wait")
        a.send(0x08, words(one, 0, 0))
        a.send_begin(one)               # at once again
        a.receive(12)
        t.eq((b.rv(), c.begun()), (OK, OK), "the first two")
        t.ok(d.client.silent() and a.silent(), "the third and the first wait")
        c.end(three)
        t.eq((d.rv(), a.begun()), (OK, OK), "their turn")


def crowd(t):
    """Thirty transactions and connects are served as they came."""
    with World() as w, w.client() as a:
        one, order = a.card(), []
        a.begin(one)
        clients = [w.client() for _ in range(30)]
        for c in clients:
            c.send_connect(SHARED)
            w.settled()
        a.end(one)
        cards = [c.connected() for c in clients]
        t.eq([rv for _, _, rv in cards], [OK] * 30, "all connect")
        a.begin(one)
        for c, (card, _, _) in zip(clients, cards):
            c.send_begin(card)
            w.settled()
        a.end(one)
        for i, (c, (card, _, _)) in enumerate(zip(clients, cards)):
            order.append(c.begun() == OK and
                         all(x.silent() for x in clients[i + 1:]))
            c.end(card)
        t.eq(order, [True] * 30, "one transaction after the other")


def own_card(t):
    """Never park what would wait for its own program."""
    with World(slots=2) as w, w.client() as c, w.client() as d:
        one, two = c.card(), c.card()
        other = c.card(name=NAME[:-2] + "01")
        theirs = d.card(name=NAME[:-2] + "01")
        c.begin(one)
        t.eq([c.transmit(two)[0], c.status(two), c.reconnect(two)],
             [SHARING_VIOLATION] * 3, "one's own transaction: refused at once")
        d.begin(theirs)
        t.eq([c.transmit(other)[0], c.status(other)], [SHARING_VIOLATION] * 2,
             "who has one card does not wait for another")
        d.end(theirs)
        t.eq(c.transmit(other)[0], OK, "which is there when it is free")


def crossed(t):
    """Two programs, each with a card, want the other's."""
    with World(slots=2) as w, w.client() as c, w.client() as d:
        names = [NAME, NAME[:-2] + "01"]
        mine, theirs = ([x.card(name=n) for n in names] for x in (c, d))
        c.begin(mine[0])
        d.begin(theirs[1])
        c.send_begin(mine[1])
        d.send_begin(theirs[0])
        t.eq((c.begun(), d.begun()), (SHARING_VIOLATION,) * 2,
             "both hear of it")
        c.send_connect(name=names[1])
        d.send_connect(name=names[0])
        t.eq((c.connected()[2], d.connected()[2]), (SHARING_VIOLATION,) * 2,
             "connects do, too")
        t.eq((c.end(mine[0]), d.begin(theirs[0])), (OK, OK),
             "one lets go, the other goes on")


def reset_on_the_way(t):
    """A card that is reset between the steps of a CONNECT is connected to."""
    with World() as w, w.client() as b, w.client() as c, Connection(w.d) as o:
        two = b.card()
        _, handle = o.ask(lock())
        t.eq(o.ask(b"\x10\0")[0], 0, "no protocol is agreed on")
        c.send_connect()
        w.settled()
        b.send(0x06, words(two, RESET, 0))
        w.settled()
        t.eq(o.ask(b"\x02\0" + handle)[0], 0, "unlocked: a connect, "
             "and a disconnect with a reset")
        t.eq(struct.unpack("=3I", b.receive(12))[2], OK, "disconnected")
        card, protocol, rv = c.connected()
        t.eq((protocol, rv), (T1, OK), "connected")
        t.eq(c.transmit(card)[0], OK, "to the card as it is now")


def keeps(t):
    """One that keeps the card is named, loses it, and is told by each call."""
    with World(config="lock_timeout = 300;\n") as w, w.client() as c, \
            w.client() as d, w.client() as e:
        one, two = c.card(), d.card()
        c.begin(one)
        c.begin(one)
        e.send_connect()
        t.ok("python" in w.d.wait_log("kept the card locked too long"),
             "it is named in the log")
        t.eq(e.connected()[2], OK, "a connect that waited is through")
        t.eq(d.begin(two), RESET_CARD, "others hear of the reset")
        t.eq((d.reconnect(two), d.begin(two)), (OK, OK), "and go on")
        t.eq([c.status(one), c.transmit(one)[0], c.begin(one), c.end(one),
              c.end(one), c.attrib(one, 0x90303)[0]], [RESET_CARD] * 6,
             "the holder is told until it reconnects")
        c.send(0x05, words(one, SHARED, T0 | T1, 0, 0, 0))
        w.settled()
        d.end(two)
        t.eq(struct.unpack("=6I", c.receive(24))[5], OK, "it reconnects")
        t.eq((c.end(one), c.begin(one), c.end(one)), (NOT_TRANSACTED, OK, OK),
             "its old transactions are forgotten")


def exclusive(t):
    """Exclusive use is refused to others at once, and the log says whose."""
    with World() as w, w.client() as c, w.client() as d:
        one = c.card(EXCLUSIVE)
        t.eq([d.connect()[0] for _ in range(3)], [SHARING_VIOLATION] * 3,
             "others are refused")
        t.ok(w.d.wait_log("has it for itself"), "the log names both")
        t.eq(c.disconnect(one, RESET), OK, "its end")
        t.eq(d.connect()[0], OK, "they get in")
        t.eq(sum("has it for itself" in x for x in w.d.log), 1, "once")


def stopped_program(w, mode):
    """The pid of one that has the card and is stopped."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        c = w.client()
        card = c.card(mode)
        if mode == SHARED:
            c.begin(card)
        os.write(told, b"x")
        signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(told)
    os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)
    return pid


def stopped_exclusive(t):
    """Others are refused at once, but for one who cannot do anything."""
    with World() as w, w.client() as d:
        pid = stopped_program(w, EXCLUSIVE)
        d.send_connect()
        w.settled()
        t.ok(d.silent(), "a connect waits")
        w.d.configure("lock_timeout = 100;\n" + w.reader)
        w.d.signal(signal.SIGHUP)
        card, _, rv = d.connected()
        t.eq((rv, d.transmit(card)[0]), (OK, OK), "and gets the card")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def stopped(t):
    """A program that is stopped within a transaction is found and robbed."""
    with World() as w, w.client() as d:
        two = d.card()
        pid = stopped_program(w, SHARED)
        d.send_begin(two)
        with w.d.control() as c:
            slot, = c.ask(cmd="who")["slots"]
            t.eq([(u["pid"], u["dialect"], u["holds"], u["waits"],
                   u["stopped"]) for u in slot["users"]],
                 [(pid, "PC/SC", True, False, True),
                  (os.getpid(), "PC/SC", False, True, False)],
                 "who has it, and who waits")
            t.ok(all(u["silent_ms"] >= 0 and u["uid"] == os.getuid()
                     for u in slot["users"]), "and since when")
        w.d.configure("lock_timeout = 100;\n" + w.reader)
        w.d.signal(signal.SIGHUP)
        line = w.d.wait_log("kept the card locked too long")
        t.ok("[%d]" % pid in line and "it is stopped" in line,
             "the log says so, too")
        t.eq(d.begun(), RESET_CARD, "it loses the card, which is reset")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        t.eq((d.reconnect(two), d.begin(two)), (OK, OK), "the others go on")
        with w.d.control() as c:
            slot, = c.ask(cmd="who")["slots"]
            t.eq([(u["holds"], u["stopped"]) for u in slot["users"]],
                 [(True, False)], "and have it")
            d.close()
            end = time.monotonic() + TIMEOUT    # two sockets, no order
            while c.ask(cmd="who")["slots"] and time.monotonic() < end:
                pass
            t.eq(c.ask(cmd="who")["slots"], [], "until the end")


def main():
    t = Tap()
    for test in (a_moment, in_line, crowd, own_card, crossed, reset_on_the_way,
                 keeps, stopped, stopped_exclusive, exclusive):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
