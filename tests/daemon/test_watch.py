# SPDX-License-Identifier: BSD-2-Clause
"""Readers without an interrupt pipe are let alone while nobody wants to know
about cards, and whoever asks then is told what is there now."""
import os
import sys
from contextlib import ExitStack

sys.path.insert(0, os.path.dirname(__file__))
from harness import (ATR, FAKE_IFDHANDLER, Emulator, FakeServer,  # noqa: E402
                     Slotd, Tap, Timeout, children, kill)
from openct_wire import Connection, transact  # noqa: E402
from pcsc_wire import OK, Client  # noqa: E402

POLLS = 8               # of channel_info's flags
ABSENT = 2              # in PC/SC's states
ALONE = "it is let alone"
STATUS = bytes([0x00, 0])
CHALLENGE = "0084000008"


class World(ExitStack):
    """slotd with an emulated reader of two endpoints."""

    def __init__(self, model="two-endpoints"):
        super().__init__()
        self.emu = self.enter_context(Emulator([model]))
        self.d = self.enter_context(Slotd())
        self.d.start("power_off_delay = 100;\n" +
                     self.d.reader(self.emu.address, "1-1"))
        self.d.wait_log("is ready")

    def card(self, atr):
        """Another card takes the place of the one that is in."""
        path = os.path.join(self.d.dir, "card")
        with open(path, "w") as f:
            f.write("card iso\natr %s\ndf 3f00\n" % atr)
        self.emu.ctl("card", "1-1", path)


def first_answers(t):
    """Each world is asked once, in a dialect of its own."""
    with ExitStack() as stack:
        worlds = [stack.enter_context(World(m)) for m in
                  ["two-endpoints"] * 6 + ["two-endpoints,nocard"]]
        for w in worlds:
            w.d.wait_log(ALONE, 60)
        taken, gone, other, same, used, pcsc, put = worlds

        taken.emu.ctl("remove", "1-1")
        with taken.d.control() as c:
            slot = c.ask(cmd="list")["readers"][0]["slots"][0]
            t.eq(slot["card"], "absent", "control: the card was taken")

        gone.emu.ctl("remove", "1-1")
        with Connection(gone.d) as c:
            t.eq(c.ask(STATUS)[1][2], 0, "OpenCT: the card was taken")

        put.emu.ctl("insert", "1-1")
        with Connection(put.d) as c:
            t.ok(c.ask(STATUS)[1][2] & 1, "OpenCT: a card was put in")

        other.card("3b 02 14 50")
        with Client(other.d) as c:
            state, = c.states()
            t.eq(state.atr, "3b021450", "PC/SC: it is another card")
            t.eq(state.events, 2, "out and in")
            t.eq(c.connect(name=state.name)[0], OK, "that can be used")

        with Client(same.d) as c:
            state, = c.states()
            t.ok(state.atr and state.events == 0,
                 "PC/SC: the same card is no event")

        used.emu.ctl("remove", "1-1")
        with Connection(used.d) as c:
            t.eq(c.ask(transact(bytes.fromhex(CHALLENGE)))[0], -6,
                 "an APDU for a card that was taken")

        pcsc.emu.ctl("remove", "1-1")
        with Client(pcsc.d, 6) as c:
            t.eq(c.states()[0].state, ABSENT, "PC/SC 4.6: the card was taken")


def waiting(t):
    """Whoever waits is told, and a card in use is watched."""
    with World() as w, World() as v:
        with Client(w.d) as c, Connection(v.d) as user:
            t.eq(len(c.wait()), 1, "a PC/SC program waits")
            user.ask(transact(bytes.fromhex(CHALLENGE)))
            with World() as idle:
                idle.d.wait_log(ALONE, 60)          # and so were they, if ever
            w.emu.ctl("remove", "1-1")
            t.eq(c.pair()[1], OK, "it is told that the card has left")
            v.emu.ctl("remove", "1-1")
            t.ok(v.d.wait_log("card removed"), "so is slotd of one in use")
        for x in (w, v):
            t.ok(not any(ALONE in line for line in x.d.log), "all the time")


def no_answer(t):
    """A reader that does not tell keeps nobody waiting for long."""
    with Slotd(FAKE_IFDHANDLER) as d, FakeServer(d.dir) as server:
        d.start(d.reader(server.address, "1"))
        h = server.handler()
        h.do("READY", flags=POLLS)
        h.do("CARD")
        t.eq([h.expect("WATCH")["arg"] for _ in range(2)], [1, 0],
             "watched, and then not: nobody is there")
        with d.control() as c, d.control() as hasty:
            hasty.send(cmd="list")
            t.eq(h.expect("WATCH")["arg"], 1, "somebody is there: watched")
            m = h.expect("STATUS")
            hasty.close()
            c.send(cmd="list")
            d.wait_log("does not say which cards")
            t.ok(c.answer()["ok"], "an answer without a look")
            h.do("CARD", arg=1)
            h.answer(m)
            h.answer(h.expect("POWER_ON"), data=ATR)
            d.wait_log("card inserted")
            t.eq(c.ask(cmd="list")["readers"][0]["slots"][0]["atr"], ATR,
                 "the look was only late")


def dies_in_a_look(t):
    with Slotd(FAKE_IFDHANDLER) as d, FakeServer(d.dir) as server:
        d.start(d.reader(server.address, "1"))
        h = server.handler()
        h.do("READY", flags=POLLS)
        h.do("CARD")
        while h.expect("WATCH")["arg"] != 0:
            pass
        with d.control() as c:
            c.send(cmd="list")
            h.expect("WATCH")
            h.expect("STATUS")
            kill(children(d.process.pid)[0])
            t.ok(c.answer()["ok"], "a handler that dies is no reason to wait")


def main():
    t = Tap()
    for test in (first_answers, waiting, no_answer, dies_in_a_look):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
