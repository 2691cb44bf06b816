#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""contention.py BUILD: how long a PC/SC program waits for a card that others
use, on slotd and on Debian's pcscd with vsmartcard's virtual reader.

The same program (bench_pcsc, on the system's libpcsclite) and the same emulated
card meet both in turn. A wait is from SCardBeginTransaction to its return. What
it has to be are the holds ahead: transactions of others that were begun or
waiting before it was called, from their begin to the call of their end; what is
more is the daemon's doing, or the machine's. Where it is allowed all of it runs
with real-time priority, so that other work of the machine does not count.
Nothing is asserted.
"""
import os
import signal
import statistics
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1])
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
os.environ["top_builddir"] = BUILD
os.environ.setdefault("top_srcdir", os.path.join(TESTS, ".."))
sys.path[:0] = [os.path.join(TESTS, "clients"), os.path.join(TESTS, "tools")]

from backend import BACKENDS, Skip  # noqa: E402

PROGRAM = os.path.join(BUILD, "tests", "bench", "bench_pcsc")
SECONDS = 10            # of each series of a second client
LOCK_MS = 2000          # slotd's lock_timeout for the stopped holder
PATIENCE = 10           # seconds until a hand-over counts as never
CROWD, EACH = 8, 20
COUNTS = ("waits", "APDUs", "served in order of coming, %")      # not times
AT_ONCE = 10 ** 6       # nanoseconds between those that come at the same time
LONG = 10 ** 6          # transactions, or microseconds: until told to end


class Transaction:
    def __init__(self, who, line):
        self.who = who
        self.called, self.begun, self.ending, self.ended, self.resets = (
            int(x) for x in line.split())

    wait = property(lambda self: self.begun - self.called)

    def is_ahead(self, o):
        """Did this one come before o? At the same time means either order."""
        if abs(self.called - o.called) < AT_ONCE:
            return self.begun < o.begun
        return self.called < o.called

    def more(self, others):
        """Nanoseconds it waited beyond those that others before it held."""
        held = sum(o.ending - max(o.begun, self.called) for o in others
                   if o is not self and o.is_ahead(self) and
                   o.ending > self.called)
        return max(0, self.wait - held)


class Program:
    """One bench_pcsc, connected and ready to go."""

    def __init__(self, b, *words):
        self.process = subprocess.Popen(
            [PROGRAM] + [str(word) for word in words], env=b.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("bench_pcsc does not get ready")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def lines(self):
        return self.process.communicate()[0].splitlines()

    def transactions(self):
        return [Transaction(self, line) for line in self.lines()]


def ms(ns):
    return "%.2f" % (ns / 1e6)


def beyond(ts, others):
    more = sorted(t.more(others) for t in ts)
    return {"beyond the holds ahead, median": ms(statistics.median(more)),
            "beyond the holds ahead, 99 of 100":
            ms(more[len(more) * 99 // 100]),
            "beyond the holds ahead, max": ms(more[-1])}


def run_both(busy, guest):
    busy.go()
    guest.go()
    time.sleep(SECONDS)
    guest.signal(signal.SIGTERM)
    time.sleep(1)           # its last wait may be a long one
    busy.signal(signal.SIGTERM)


def single_apdus(b):
    """The same guest without transactions: APDU after APDU."""
    busy = Program(b, "transactions", LONG, 20000, 1000)
    guest = Program(b, "apdus", LONG, "0084000008")
    run_both(busy, guest)
    busy.transactions()
    ns = [int(line) for line in guest.lines()]
    return {"APDUs": len(ns), "mean": ms(statistics.mean(ns)),
            "max": ms(max(ns))}


def second_client(b, hold_ms, gap_ms):
    """Waits of one that wants the card now and then, while another one has it
    most of the time."""
    busy = Program(b, "transactions", LONG, hold_ms * 1000, gap_ms * 1000)
    guest = Program(b, "transactions", LONG, 0, 7300)
    run_both(busy, guest)
    holds, waits = busy.transactions(), guest.transactions()
    more = beyond(waits, holds)
    waits = [t.wait for t in waits]
    return dict({"waits": len(waits), "mean": ms(statistics.mean(waits)),
                 "median": ms(statistics.median(waits)),
                 "max": ms(max(waits))}, **more)


def order_kept(ts):
    """Of the pairs that waited at the same time, those served as they came."""
    kept = n = 0
    for a in ts:
        for b in ts:
            if a.who is not b.who and \
                    a.called + AT_ONCE < b.called < a.begun:
                n += 1
                kept += a.begun < b.begun
    return 100 * kept / n if n else 100


def crowd(b):
    programs = [Program(b, "transactions", EACH, 5000, 0)
                for _ in range(CROWD)]
    for p in programs:
        p.go()
    ts = [t for p in programs for t in p.transactions()]
    total = max(t.ended for t in ts) - min(t.called for t in ts)
    ends = [max(t.ended for t in ts if t.who is p) for p in programs]
    return dict({"total (the holds alone: 800)": ms(total),
                 "between the first and the last to finish":
                 ms(max(ends) - min(ends)),
                 "mean wait": ms(statistics.mean(t.wait for t in ts)),
                 "max wait": ms(max(t.wait for t in ts)),
                 "served in order of coming, %": "%.1f" % order_kept(ts)},
                **beyond(ts, ts))


def hand_over(b, number):
    """From a signal to the holder until the one that waits has the card."""
    holder = Program(b, "transactions", 1, LONG * 1000, 0)
    heir = Program(b, "transactions", 1, 0, 0)
    holder.go()
    time.sleep(0.5)
    heir.go()
    time.sleep(0.5)         # it waits by now
    at = time.monotonic_ns()
    holder.signal(number)
    try:
        out, _ = heir.process.communicate(timeout=PATIENCE)
        got = ms(Transaction(heir, out).begun - at)
    except subprocess.TimeoutExpired:
        got = "not in %d s" % PATIENCE
        heir.process.kill()
        heir.process.communicate()
    holder.process.kill()
    holder.process.communicate()
    return got


def hand_overs(b):
    killed = sorted((hand_over(b, signal.SIGKILL) for _ in range(9)),
                    key=float)
    return {"after kill -9, median": killed[4], "after kill -9, max": killed[8],
            "after SIGSTOP": hand_over(b, signal.SIGSTOP)}


SERIES = [
    ("a second client's wait, another has it for 5 of 10 ms, in ms",
     lambda b: second_client(b, 5, 5)),
    ("a second client's wait, another has it for 20 of 21 ms, in ms",
     lambda b: second_client(b, 20, 1)),
    ("a second client's APDUs, which makes no transactions, the same, in ms",
     single_apdus),
    ("%d clients, %d transactions of 5 ms each, in ms" % (CROWD, EACH), crowd),
    ("hand-over to the one that waits, lock_timeout %d, in ms" % LOCK_MS,
     hand_overs),
]


def measure(name):
    """What each series gave, or why there is none."""
    try:
        with BACKENDS[name](["sample"]) as b:
            if name == "slotd":
                b.slotd.configure("lock_timeout = %d;\n" % LOCK_MS +
                                  b.slotd.reader(b.emulator.address, "1-1",
                                                 name="r1"))
                b.slotd.signal(signal.SIGHUP)
            return [run(b) for _, run in SERIES]
    except Skip as why:
        return str(why)


def ratio(ours, theirs):
    """Of times: those below what the clocks can tell say nothing."""
    try:
        return "%.1f" % (float(theirs) / float(ours)) \
            if min(float(ours), float(theirs)) >= 0.05 else ""
    except ValueError:
        return ""


def be_undisturbed():
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError as e:
        print("no real-time priority (%s): other work counts" % e.strerror)


def main():
    be_undisturbed()
    slotd, pcscd = measure("slotd"), measure("pcscd")
    if isinstance(pcscd, str):
        print("no pcscd to compare with: " + pcscd)
        pcscd = [{} for _ in SERIES]
    for (title, _), ours, theirs in zip(SERIES, slotd, pcscd):
        print("%s\n%-44s %12s %12s %8s" % (title, "", "slotd", "pcscd",
                                           "ratio"))
        for what, value in ours.items():
            other = theirs.get(what, "-")
            print("  %-42s %12s %12s %8s" % (
                what, value, other, "" if what in COUNTS else
                ratio(value, other)), flush=True)


main()
