# SPDX-License-Identifier: BSD-2-Clause
"""A speed at which a reader does not understand a card is found out once, and
not again by the reader's next handler."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import (ATR, FAKE_IFDHANDLER, Emulator, FakeServer,  # noqa: E402
                     Slotd, Tap, Timeout, children, kill)

READ = "00b0810004"


def read(d):
    with d.control() as c:
        return c.ask(cmd="transmit", reader=0, apdu=READ).get("response")


def in_vain(d):
    return sum("not understood at" in line for line in d.log)


def over_handlers(t):
    """The card offers 250 kbit/s, the reader fails above 100."""
    with Emulator(["tpdu-reader,card=fast,limit=100000"]) as emu, \
            Slotd() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        t.eq(read(d), "666173749000", "the card is read")
        kill(children(d.process.pid)[0])
        d.wait_log("killed by signal 9")
        d.wait_log("is ready")
        t.eq(read(d), "666173749000", "and read by the next handler")
        d.stop()
        t.eq(in_vain(d), 3, "three speeds in vain, all by the first one")


def other_device(t):
    """What comes in its place is another reader."""
    with Slotd(FAKE_IFDHANDLER) as d, FakeServer(d.dir) as server:
        d.start(d.reader(server.address, "1"))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        h.do("SLOW_CARD", arg=115200, data=ATR)
        h.do("SLOW_CARD", arg=57600, data=ATR)
        h.do("SLOW_CARD", arg=38400, data="3b00")
        h.do("exit")
        h.gone()
        h = server.handler()
        h.do("READY")
        got = [h.expect("SLOW_CARD") for _ in range(2)]
        t.eq([(m["data"], m["arg"]) for m in got],
             [(ATR, 57600), ("3b00", 38400)], "told to the next handler")
        h.do("exit")
        h.gone()
        h = server.handler()
        h.do("READY", pid=0x1111)
        h.do("CARD", arg=1)
        t.eq(h.heard()["said"], "POWER_ON", "not to another device's")
        h.do("SLOW_CARD", arg=1, data="00" * 34)
        t.ok(d.wait_log("a card without an ATR"), "nonsense costs the handler")


def main():
    t = Tap()
    for test in (over_handlers, other_device):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
