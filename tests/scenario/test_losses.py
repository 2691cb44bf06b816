# SPDX-License-Identifier: BSD-2-Clause
"""Readers and handlers lost under a client, on the real chain: libopenct's wire,
slotd, ifdhandler, the emulated Cherry ST-1044U."""
import os
import sys
import time

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import Emulator, Slotd, Tap, kill  # noqa: E402
from openct_wire import Connection, item, lock, status, transact  # noqa: E402

CHALLENGE = transact(bytes.fromhex("0084000008"))


def works(t, d, name):
    with Connection(d) as c:
        error, body = c.ask(CHALLENGE)
        t.eq((error, len(body), body[-2:]), (0, 13, b"\x90\x00"), name)


def unplugged(t, emu, d, watcher):
    path = os.path.join(d.run, "status")
    inode, before = os.stat(path).st_ino, status(d)[2][0]
    with Connection(d) as c, Connection(d) as idle:
        t.eq(c.ask(lock())[0], 0, "a client has the card locked")
        emu.ctl("fault", "1-1", "unplug@1")
        t.eq(c.ask(CHALLENGE), (-17, b""), "unplugged under its APDU: -17")
        t.ok(c.is_closed() and idle.is_closed(), "then it is closed")
    watcher.wait_event("reader-removed")
    t.eq(status(d), ("", 0, [0] * 8, 0, 0), "out of the status file")
    t.ok(not os.path.exists(os.path.join(d.run, "0")), "its socket is gone")
    emu.ctl("plug", "1-1")
    watcher.wait_event("reader-added")
    t.ok(status(d)[2][0] not in (0, before), "back, with another card number")
    t.eq(os.stat(path).st_ino, inode, "in the same status file")
    works(t, d, "it works, and nobody has it locked")


def commands_seen(emu):
    """Bulk OUT transfers that reached the device."""
    return sum(e["transfers"] for e in emu.stats("1-1")["endpoints"]
               if e.get("direction") == "out")


def handler_killed(t, emu, d, watcher):
    with d.control() as c:
        pid = c.ask(cmd="info", reader=0)["reader"]["handler_pid"]
    with Connection(d) as c:
        emu.ctl("fault", "1-1", "lost@1")
        before = commands_seen(emu)
        x = c.send(CHALLENGE)
        while commands_seen(emu) == before:
            time.sleep(0.01)
        began = time.monotonic()
        kill(pid)
        t.eq(c.answer(x), (-5, b""), "its handler killed: the client hears")
    watcher.wait_event("reader-failed")
    watcher.wait_event("reader-added")
    took = time.monotonic() - began     # a loaded machine has its own seconds
    t.ok(took < 5, "the reader is back after %.2f s" % took)
    works(t, d, "and works")


def card_taken(t, emu, d, watcher):
    with Connection(d) as c:
        c.ask(lock())
        emu.ctl("remove", "1-1")
        watcher.wait_event("card-removed")
        t.eq(c.ask(CHALLENGE), (-6, b""), "the card is taken out: -6")
        t.eq(c.ask(b"\x10\x00"), (-6, b""), "RESET, too")
        emu.ctl("insert", "1-1")
        watcher.wait_event("card-inserted")
        error, body = c.ask(b"\x10\x00")
        t.ok(error == 0 and body[:1] == b"\x43", "put in again: an ATR")
        t.eq(c.ask(b"\x02\x00" + item(4, b"\0")), (0, b""), "the lock held")


def card_awaited(t, emu, d, watcher):
    """REQUEST ICC with a time-out waits for the card, event by event."""
    emu.ctl("remove", "1-1")
    watcher.wait_event("card-removed")
    request = b"\x11\x00" + item(0x80, b"\x3c")
    with Connection(d) as c, Connection(d) as other:
        x = c.send(request)
        t.eq(other.ask(CHALLENGE), (-6, b""), "others are answered meanwhile")
        gone = Connection(d)
        gone.send(request)
        gone.close()
        emu.ctl("insert", "1-1")
        error, body = c.answer(x)
        t.ok(error == 0 and body[:1] == b"\x03", "a card put in is waited for")
        t.eq(other.ask(CHALLENGE)[0], 0, "who went away is forgotten")


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu, Slotd() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        with d.control() as watcher:
            watcher.ask(cmd="watch")
            works(t, d, "an APDU")
            for test in (unplugged, handler_killed, card_taken,
                         card_awaited):
                print("# " + test.__name__, flush=True)
                test(t, emu, d, watcher)
        code, took = d.stop()
        t.ok(code == 0 and took < 1, "SIGTERM: out in %.3f s" % took)
        t.eq(sorted(os.listdir(d.run)), ["status"], "nothing is left behind")
    t.done()


main()
