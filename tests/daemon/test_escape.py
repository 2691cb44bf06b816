# SPDX-License-Identifier: BSD-2-Clause
"""Commands to the reader itself, by PC/SC's SCardControl: who may send them,
what comes back, and what readers that know none say."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import (FAKE_IFDHANDLER, Emulator, FakeServer, Slotd,  # noqa: E402
                     Tap, Timeout)
from pcsc_wire import (DIRECT, INSUFFICIENT_BUFFER, OK,  # noqa: E402
                       SHARING_VIOLATION, UNSUPPORTED, Client)

ESCAPE, FEATURES = 0x42000001, 0x42000d48
SECURITY_VIOLATION, NOT_TRANSACTED = 0x8010006A, 0x80100016
WHO = b"\x02"               # to ask what the emulated reader is
LISTED = bytes.fromhex("1304" "42000001")


class Reader:
    """One emulated reader, and a program that is connected to it."""

    def __init__(self, model="tpdu-reader", driver="ccid", config=""):
        self.emu, self.d = Emulator([model]), Slotd()
        self.driver, self.config = driver, config

    def __enter__(self):
        self.emu.__enter__()
        self.d.__enter__()
        self.d.start(self.config + self.d.reader(
            self.emu.address, "1-1", driver=self.driver))
        self.d.wait_log("is ready")
        return self

    def card(self, c, **more):
        self.c = c
        name = c.states()[0].name
        return c.card(name=name, **more)

    def __exit__(self, *what):
        self.d.__exit__(*what)
        self.emu.__exit__(*what)


def refused(t):
    with Reader() as r, Client(r.d) as c:
        card = r.card(c)
        t.eq(c.control(card, ESCAPE, WHO)[:2], (SECURITY_VIOLATION, 0),
             "not allowed at first")
        t.ok(r.d.wait_log("may not send commands to the reader itself"),
             "the log says who, and what allows it")
        c.control(card, ESCAPE, WHO)
        r.d.signal(1)
        r.d.wait_log("read .* again")
        t.eq(sum("may not send" in line for line in r.d.log), 1, "once")
        t.ok(LISTED not in c.control(card, FEATURES)[2],
             "and no feature of the reader")
        t.eq(c.transmit(card)[0], OK, "cards can be used")


def allowed(t):
    with Reader(config="escape = yes;\n") as r, Client(r.d) as c:
        card = r.card(c, mode=DIRECT)
        t.eq(c.control(card, ESCAPE, WHO), (OK, 11, b"tpdu-reader"),
             "escape = yes: the reader's answer")
        t.ok(LISTED in c.control(card, FEATURES)[2], "it is a feature now")
        t.eq(c.control(card, ESCAPE, WHO, room=3)[:2],
             (INSUFFICIENT_BUFFER, 11), "a buffer too small")
        t.eq(c.control(card, ESCAPE, b"\x1f\x02")[0], UNSUPPORTED,
             "one that the reader does not know")
        t.ok(c.control(card, ESCAPE, bytes(5000))[0] != OK,
             "one that it could not take")
        t.eq(c.control(card, ESCAPE, WHO)[0], OK, "all is well after that")
        with Client(r.d) as other:
            held = r.card(other)
            other.begin(held)
            t.eq(c.control(card, ESCAPE, WHO)[0], SHARING_VIOLATION,
                 "not while another program has the reader")


def one_reader_only(t):
    with Emulator(["tpdu-reader", "tpdu-reader"]) as emu, Slotd() as d:
        block = d.reader(emu.address, "1-1")
        d.start(block.replace("};", "escape = yes; };") +
                d.reader(emu.address, "1-2", name="s"))
        d.wait_log("reader . is ready|is ready")
        d.wait_log("is ready")
        with Client(d) as c:
            got = {s.name[-5:]: c.control(c.card(name=s.name), ESCAPE, WHO)[0]
                   for s in c.states()}
        t.eq(sorted(got.values()), sorted([OK, SECURITY_VIOLATION]),
             "one reader block allows it, the other does not")


def not_for_tokens(t):
    with Reader("etoken-0514", "etoken", "escape = yes;\n") as r, \
            Client(r.d) as c:
        t.eq(c.control(r.card(c), ESCAPE, WHO)[0], UNSUPPORTED,
             "a token has none")
    with Reader("iccd-b", config="escape = yes;\n") as r, Client(r.d) as c:
        t.eq(c.control(r.card(c), ESCAPE, WHO)[0], UNSUPPORTED,
             "nor has a reader without bulk pipes")


def harmless(t):
    with Slotd(FAKE_IFDHANDLER) as d, FakeServer(d.dir) as server:
        d.start(d.reader(server.address, "1"))
        h = server.handler()
        h.do("READY", vid=0x08e6, pid=0x3437)
        h.do("CARD")
        d.wait_log("is ready")
        with Client(d) as c:
            card = c.card(name=c.states()[0].name, mode=DIRECT)
            body = [card, ESCAPE, len(WHO), 300, 0, 0]
            c.send(0x0a, b"".join(x.to_bytes(4, "little") for x in body), WHO)
            m = h.expect("CONTROL")
            t.eq((m["arg"], m["data"]), (2, WHO.hex()),
                 "a Gemalto reader's version may be asked for by all")
            h.answer(m, data="312e30")
            c.receive(24 + 3)
            t.eq(c.control(card, ESCAPE, b"\x1f\x02")[0],
                 SECURITY_VIOLATION, "but no more than that")


def main():
    t = Tap()
    for test in (refused, allowed, one_reader_only, not_for_tokens, harmless):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
