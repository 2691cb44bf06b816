# SPDX-License-Identifier: BSD-2-Clause
"""ifdhandler and a reader that misbehaves: right answer or clear error, each
request answered once, never a hang."""
import os
import select
import signal
import time

from handler import POWERED, PRESENT, Handler
from usbip_client import Emulator, Tap

CHALLENGE = "0084000008"

# The fault, on the answer to an APDU; the results that are right. An APDU is
# sent again afterwards and must be answered, unless the handler had to leave.
FAULTS = [
    ("stall@x1", {"STALL"}),
    ("short@x1", {"SHORT"}),
    ("length@x1", {"SHORT"}),
    ("babble@x1", {"IO", "FORMAT", "TOO_LONG"}),
    ("empty@x1", {"OK"}),
    ("twice@x1", {"OK"}),
    ("type@x1", {"FORMAT", "READER"}),
    ("late@x1:300", {"OK"}),
    ("wtx@x1:1", {"OK"}),
]

# The class descriptor; a piece of the sentence that says what is wrong.
CLASSES = [
    ("short", "the class descriptor is 10 bytes long, 54 expected"),
    ("long", "class descriptor"),
    ("none", "class descriptor"),
]


def started(emu):
    h = Handler(emu.address, "1-1")
    h.ready()
    h.card()
    return h


def one_fault(t, emu, fault, right):
    with started(emu) as h:
        h.power_on()
        emu.ctl("fault", "1-1", fault)
        r = h.transmit(CHALLENGE)
        emu.ctl("fault", "1-1", "none")
        t.ok(r.err in right, "%s: %s" % (fault, r.err))
        r = h.transmit(CHALLENGE)
        t.ok(r.err == "OK" and len(r.data) == 10, "and well after it")
        h.send("QUIT")
        h.process.wait(5)


def bad_class(t, emu, kind, words):
    emu.ctl("fault", "1-1", "class=" + kind)
    h = Handler(emu.address, "1-1")
    m = h.receive()
    t.ok(m.type == "FAILED" and words in m.text and len(m.text) > 10,
         "class descriptor %s: %s" % (kind, m.text))
    t.eq(h.stop(), 1, "and it leaves")
    emu.ctl("fault", "1-1", "none")


def nonsense(t, emu):
    """A5 in each byte may be a reader: whatever it says, no harm is done."""
    emu.ctl("fault", "1-1", "class=nonsense")
    h = Handler(emu.address, "1-1")
    m = h.receive()
    t.ok(m.type in ("READY", "FAILED"), "class descriptor of A5: " + m.type)
    if m.type == "READY":
        h.card()
        t.ok(h.power_on().err != "HANDLER", "a request is answered")
        h.send("QUIT")
    t.ok(h.stop() in (0, 1), "it leaves in order")
    emu.ctl("fault", "1-1", "none")


def cancelled(t, emu):
    with started(emu) as h:
        h.power_on()
        emu.ctl("fault", "1-1", "wtx@x1")
        first = h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
        second = h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
        h.send("PING", xid=77)
        t.eq(h.wait(lambda m: m.type == "PONG").xid, 77,
             "PING is answered while a card works for ever")
        h.send("CANCEL", xid=second)
        t.eq(h.result(second).err, "CANCELLED", "a waiting request cancelled")
        h.send("CANCEL", xid=first)
        t.eq(h.result(first).err, "CANCELLED", "a running one, by an abort")
        emu.ctl("fault", "1-1", "none")
        t.eq(h.transmit(CHALLENGE).err, "OK", "and well after it")
        t.eq([m for m in h.kept if m.type == "RESULT"], [],
             "each request has one result")


def hanging(t, emu):
    """QUIT and a lost slotd end it, whatever the reader does."""
    for how in "QUIT", "EOF":
        with started(emu) as h:
            h.power_on()
            emu.ctl("fault", "1-1", "hang@x1")
            h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
            h.send("PING")
            h.wait(lambda m: m.type == "PONG")
            begin = time.monotonic()
            if how == "QUIT":
                h.send("QUIT")
                h.process.wait(5)
            t.eq(h.stop(), 0, "%s ends it while the reader hangs" % how)
            t.ok(time.monotonic() - begin < 1, "within a second")
            emu.ctl("fault", "1-1", "none")


def powered_off(t, emu):
    """The card is off after slotd has vanished."""
    h = started(emu)
    h.power_on()
    h.stop()
    with started(emu) as h:
        t.eq(h.transmit(CHALLENGE).err, "UNPOWERED", "off when slotd is gone")


def cards(t, emu):
    with started(emu) as h:
        h.power_on()
        t.eq(h.card().arg, PRESENT | POWERED, "on")
        emu.ctl("remove", "1-1")
        t.eq(h.card().arg, 0, "the card was removed")
        t.eq(h.transmit(CHALLENGE).err, "NO_CARD", "so no APDU")
        t.eq(h.power_on().err, "NO_CARD", "and no power")
        emu.ctl("insert", "1-1")
        t.eq(h.card().arg, PRESENT, "a card was inserted")
        t.eq(h.power_on().err, "OK", "and powered")


def unplugged(t, emu):
    """In the middle of an APDU."""
    with started(emu) as h:
        h.power_on()
        emu.ctl("fault", "1-1", "lost@x1")
        xid = h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
        other = h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
        h.send("PING")
        h.wait(lambda m: m.type == "PONG")
        emu.ctl("unplug", "1-1")
        t.eq(h.result(xid).err, "GONE", "unplugged during an APDU")
        t.eq(h.result(other).err, "GONE", "the next one too")
        m = h.wait(lambda m: m.type == "FAILED")
        t.eq((m.err, m.text), ("GONE", "reader unplugged"), "and slotd told")
        t.eq(h.stop(), 1, "it leaves")
    emu.ctl("plug", "1-1")


def caged(t, emu):
    with started(emu) as h:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in
                      open("/proc/%d/status" % h.process.pid) if ":\t" in line)
        t.eq((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"),
             "no new privileges, a filter of system calls")
        t.eq(status["Threads"].strip(), "1", "one thread")


def idle(t, emu):
    def switches(h):
        return [line for line in open("/proc/%d/status" % h.process.pid)
                if "ctxt" in line]

    with started(emu) as h:
        h.power_on()
        while open("/proc/%d/stat" % h.process.pid).read().split()[2] != "S":
            pass
        before, n = switches(h), emu.stats("1-1")["endpoints"]
        select.select([h.channel], [], [], 0.5)
        t.eq(switches(h), before, "no context switch in half an idle second")
        t.eq(emu.stats("1-1")["endpoints"], n, "and no transfer")


def stopped(t, emu):
    """SIGKILL while a request runs: slotd sees the end of the channel."""
    with started(emu) as h:
        h.power_on()
        emu.ctl("fault", "1-1", "lost@x1")
        h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
        os.kill(h.process.pid, signal.SIGKILL)
        while h.receive() is not None:
            pass
        t.ok(True, "killed, and the channel ends")
    emu.ctl("fault", "1-1", "none")
    with started(emu) as h:
        t.eq(h.power_on().err, "OK", "the next one finds the reader in order")


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu:
        for fault, right in FAULTS:
            one_fault(t, emu, fault, right)
        for kind, words in CLASSES:
            bad_class(t, emu, kind, words)
        nonsense(t, emu)
        cancelled(t, emu)
        hanging(t, emu)
        powered_off(t, emu)
        cards(t, emu)
        unplugged(t, emu)
        caged(t, emu)
        idle(t, emu)
        stopped(t, emu)
    t.done()


main()
