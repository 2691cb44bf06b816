# SPDX-License-Identifier: BSD-2-Clause
"""The real slotd and the real ifdhandler on an emulated Cherry ST-1044U."""
import os
import select
import socket
import time

from harness import TIMEOUT, Emulator, Slotd, Tap, Timeout, children, kill
from openct_wire import LOCK_SHARED, Connection, lock, status, transact

MODEL = "cherry-st1044u"
SELECT_MF = "00a4000c023f00"
CHALLENGE = "0084000008"
RESET = bytes([0x10, 0])
NOBODY = ("", 0, [0] * 8, 0, 0)


def started(emu, d):
    d.start(d.reader(emu.address, "1-1"))
    d.wait_log("is ready")


def outcome(client, apdu=CHALLENGE):
    """The status word, the number of the error, or None: disconnected."""
    try:
        error, body = client.ask(transact(bytes.fromhex(apdu)))
    except (EOFError, ConnectionError):
        return None
    return error or body[-2:].hex()


def plugging(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        t.eq(status(d)[:3], ("Cherry GmbH SmartTerminal XX44", 1,
                                    [1] + [0] * 7), "ready, with its card")
        with Connection(d) as c:
            t.eq(c.ask(RESET)[1][2:4].hex(), "3b9d", "RESET tells the ATR")
            t.eq(outcome(c, SELECT_MF), "9000", "SELECT MF")
            emu.ctl("remove", "1-1")
            d.wait_log("card removed")
            t.eq(status(d)[2][0], 0, "removed: no sequence")
            t.eq(outcome(c), -6, "no card")
            emu.ctl("insert", "1-1")
            d.wait_log("card inserted")
            t.eq(status(d)[2][0], 2, "inserted: the next one")
            t.eq(outcome(c), "9000", "the same connection goes on")
            emu.ctl("unplug", "1-1")
            d.wait_log("unplugged")
            t.eq(status(d), NOBODY, "unplugged: gone from the status file")
            t.ok(not os.path.exists(d.run + "/0"), "and from the directory")
            t.ok(outcome(c) in (-17, None), "its client is told")
        emu.ctl("plug", "1-1")
        d.wait_log("reader 0: .*is ready")
        t.eq(status(d)[2][0], 3, "replugged: the same number")
        with Connection(d) as c:
            t.eq(outcome(c), "9000", "all is well")


def unplugged_under_way(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        with Connection(d) as c:
            t.eq(outcome(c), "9000", "one command")
            emu.ctl("fault", "1-1", "unplug@x1")
            t.ok(outcome(c) in (-17, None), "unplugged in the next one")
        d.wait_log("unplugged")
        t.eq(status(d), NOBODY, "gone")
        emu.ctl("fault", "1-1", "none")
        emu.ctl("plug", "1-1")
        d.wait_log("is ready")
        with Connection(d) as c:
            t.eq(outcome(c), "9000", "back")


def handler_killed(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        with Connection(d) as c:
            emu.ctl("fault", "1-1", "lost@x1")
            c.send(transact(bytes.fromhex(CHALLENGE)))
            began = time.monotonic()
            for pid in children(d.process.pid):
                kill(pid)
            t.ok(c.answer()[0] not in (0, -6), "the client is told")
            d.wait_log("killed by signal 9")
            d.wait_log("is ready")
            took = time.monotonic() - began
            t.ok(took < 1, "the reader is back in %.3f s" % took)
        # the answer is lost yet if the handler died before it asked
        emu.ctl("fault", "1-1", "none")
        with Connection(d) as c:
            t.eq(outcome(c), "9000", "and works")


def locks(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        with Connection(d) as a, Connection(d) as b:
            handle = a.ask(lock())[1]
            t.eq(outcome(b), -7, "TRANSACT against a lock")
            t.eq(b.ask(RESET)[0], -7, "RESET against a lock")
            t.eq(b.ask(lock(LOCK_SHARED))[0], -7, "LOCK against a lock")
            t.eq(outcome(a), "9000", "the holder goes on")
            a.ask(bytes([0x02, 0]) + handle)
            t.eq(outcome(b), "9000", "unlocked")


def waiting(t):
    """A holder dies with an APDU under way; whoever waits gets the card, in
    the order of asking."""
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        holder = Connection(d)
        holder.ask(lock())
        waiters = [d.control() for _ in range(3)]
        for w in waiters:
            w.send(cmd="lock", reader=0, wait_ms=TIMEOUT * 1000)
            with d.control() as later:      # slotd has heard w by then
                later.ask(cmd="hello")
        holder.send(transact(bytes.fromhex(CHALLENGE)))
        holder.close()
        for i, w in enumerate(waiters):
            t.ok(w.answer()["ok"], "waiter %d has the card" % i)
            t.eq(w.ask(cmd="transmit", reader=0, apdu=CHALLENGE)
                 ["response"][-4:], "9000", "and uses it")
            t.eq(select.select([v.sock for v in waiters[i + 1:]], [], [],
                               0)[0], [], "alone")
            w.close()


def stopped_holder(t):
    """A program that holds the card and does nothing loses it, reset."""
    with Emulator([MODEL]) as emu, Slotd() as d:
        d.start("lock_timeout = 100;\n" + d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        with Connection(d) as a, d.control() as b:
            a.ask(lock())
            t.eq(outcome(a), "9000", "a holder at work")
            resets = emu.stats("1-1")["slots"][0]["resets"]
            t.ok(b.ask(cmd="lock", reader=0, wait_ms=TIMEOUT * 1000)["ok"],
                 "the one that waited has the card")
            t.ok("[%d] uid %d" % (os.getpid(), os.getuid()) in
                 d.wait_log("too long and lost it"), "the log names the idler")
            t.eq(b.ask(cmd="transmit", reader=0, apdu=CHALLENGE)
                 ["response"][-4:], "9000", "and uses it")
            t.eq(emu.stats("1-1")["slots"][0]["resets"], resets + 1,
                 "after a reset")
            t.eq(outcome(a), -8, "the idler is told that its lock is gone")
            t.eq(outcome(a), -7, "and has the card no more")


def descriptors(slotd):
    """How many it has open. Only root may look into it; else 0."""
    try:
        return len(os.listdir("/proc/%d/fd" % slotd.process.pid))
    except PermissionError:
        return 0


def crowd(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        keep = Connection(d)
        fds = descriptors(d)
        clients = [Connection(d) for _ in range(200)]
        for i, c in enumerate(clients):
            if i % 3:
                c.send(transact(bytes.fromhex(CHALLENGE)))
            if i % 5 == 0:
                c.send(lock())
        for c in clients:
            c.close()
        with d.control() as c:
            t.ok(c.ask(cmd="lock", reader=0, wait_ms=TIMEOUT * 1000)["ok"],
                 "200 clients come and vanish, and their locks")
        with d.control() as c:
            t.eq(c.ask(cmd="list")["readers"][0]["state"], "ready", "at ease")
        t.eq(outcome(keep), "9000", "one that stayed is served")
        with d.control() as c:          # the last ones may still be closing
            end = time.monotonic() + TIMEOUT
            while descriptors(d) > fds + 2 and time.monotonic() < end:
                c.ask(cmd="hello")
            n = descriptors(d)
        t.ok(n <= fds + 2, "no descriptor is left (%d, %d before)" % (n, fds))
        keep.close()


def over_tcp(t):
    with Emulator([MODEL], listen="127.0.0.1:0") as emu, Slotd() as d:
        port = emu.address.rsplit(":", 1)[1]
        try:
            socket.getaddrinfo("localhost", port)
        except socket.gaierror:     # no /etc/hosts, as in a bare chroot
            t.ok(True, "a host by its name # SKIP localhost has no address")
            return
        d.start(d.reader("localhost:" + port, "1-1") +
                d.reader("no-such-host.invalid:" + port, "1-1", name="s"))
        d.wait_log("reader 0: .*is ready")
        with Connection(d) as c:
            t.eq(outcome(c), "9000", "a host by its name")
        d.read_to = 0
        t.ok(d.wait_log("reader 1: .*host name is not known", limit=60),
             "and one that nobody knows")


def leaving(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        started(emu, d)
        c = Connection(d)
        c.ask(lock())
        before = children(d.process.pid)
        code, took = d.stop()
        t.ok(code == 0 and took < 1, "SIGTERM: out in %.3f s" % took)
        t.eq(set(os.listdir(d.run)) - {"status"}, set(), "no socket is left")
        t.eq(status(d), NOBODY, "no reader in the status file")
        t.eq([p for p in before if os.path.exists("/proc/%d" % p)], [],
             "no handler")
        c.close()


def main():
    t = Tap()
    for test in (plugging, unplugged_under_way, handler_killed, locks, waiting,
                 stopped_holder, crowd, over_tcp, leaving):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
