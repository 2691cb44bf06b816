#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""soak.py [SECONDS [SEED]]: a long rough ride. Several clients use four emulated
readers while devices are unplugged, cards pulled, handlers killed or stopped and
clients die holding locks. At the end slotd must be there, with as many
descriptors as before, and every reader must work. Prints TAP; `make soak`."""
import os
import random
import signal
import sys
import threading
import time

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import Emulator, Slotd, Tap, children  # noqa: E402
from openct_wire import Connection, lock, transact  # noqa: E402

MODELS = ["cherry-st1044u", "tpdu-reader", "extended-apdu-reader",
          "two-endpoints"]
CHALLENGE = transact(bytes.fromhex("0084000008"))
LIMIT = 30      # seconds; longer than any answer may take


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def resident_kb(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * 4


class Client(threading.Thread):
    """Uses one reader until told to stop; every answer counts, late is bad."""

    def __init__(self, slotd, reader, seed):
        super().__init__()
        self.slotd, self.reader = slotd, reader
        self.dice = random.Random(seed)
        self.over = False
        self.answers = {}
        self.slowest = 0.0
        self.wrong = None

    def ask(self, c, body):
        began = time.monotonic()
        error, data = c.ask(body)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.answers[error] = self.answers.get(error, 0) + 1
        if error == 0 and body is CHALLENGE and data[-2:] != b"\x90\x00":
            self.wrong = data[-2:].hex()

    def session(self):
        with Connection(self.slotd, self.reader) as c:
            if self.dice.random() < 0.3:
                self.ask(c, lock())
            for _ in range(self.dice.randrange(1, 60)):
                self.ask(c, CHALLENGE)
            if self.dice.random() < 0.2:
                c.send(CHALLENGE)       # and leaves without the answer

    def run(self):
        while not self.over:
            try:
                self.session()
            except (OSError, EOFError):
                time.sleep(0.02)        # the reader is away


def chaos(dice, emu, slotd):
    busid = "1-%d" % dice.randrange(1, len(MODELS) + 1)
    what = dice.randrange(7)
    if what == 0:
        emu.ctl("unplug", busid, check=False)
    elif what in (1, 2):
        emu.ctl("plug", busid, check=False)
    elif what == 3:
        emu.ctl("remove", busid, check=False)
    elif what in (4, 5):
        emu.ctl("insert", busid, check=False)
    else:
        pids = children(slotd.process.pid)
        if pids:
            try:
                os.kill(dice.choice(pids), dice.choice(
                    [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV]))
            except ProcessLookupError:
                pass


def all_work(slotd):
    end = time.monotonic() + 60     # the longest backoff is 30 s
    while time.monotonic() < end:
        with slotd.control() as c:
            got = [c.ask(cmd="transmit", reader=n, apdu="0084000008")
                   for n in range(len(MODELS))]
        if all(g["ok"] and g["response"].endswith("9000") for g in got):
            return True, got
        time.sleep(0.2)
    return False, got


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    dice = random.Random(seed)
    t = Tap()
    print("# %d seconds, seed %d" % (seconds, seed))
    with Emulator(MODELS) as emu, Slotd(debug=0) as slotd:
        slotd.start("".join(slotd.reader(emu.address, "1-%d" % (i + 1),
                                         name="r%d" % i)
                            for i in range(len(MODELS))))
        threading.Thread(target=slotd.process.stderr.read,
                         daemon=True).start()
        t.ok(all_work(slotd)[0], "every reader works at first")
        pid = slotd.process.pid
        before, rss = descriptors(pid), resident_kb(pid)
        clients = [Client(slotd, i % len(MODELS), seed + i) for i in range(8)]
        for c in clients:
            c.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and slotd.process.poll() is None:
            chaos(dice, emu, slotd)
            time.sleep(dice.random() * 0.2)
        t.ok(slotd.process.poll() is None, "slotd is there")
        for i in range(len(MODELS)):
            emu.ctl("plug", "1-%d" % (i + 1), check=False)
            emu.ctl("insert", "1-%d" % (i + 1), check=False)
        for c in clients:
            c.over = True
        for c in clients:
            c.join(LIMIT)
        t.ok(not any(c.is_alive() for c in clients), "no client waits for ever")
        t.eq([c.wrong for c in clients if c.wrong], [], "no wrong answer")
        ok, got = all_work(slotd)
        t.ok(ok, "every reader works at the end")
        if not ok:
            with slotd.control() as c:
                print("# %s\n# %s" % (got, c.ask(cmd="list")))
            for i in range(len(MODELS)):
                print("# %s" % emu.stats("1-%d" % (i + 1)))
        end = time.monotonic() + 5      # the last ones are being closed
        while descriptors(pid) > before and time.monotonic() < end:
            time.sleep(0.01)
        t.eq(descriptors(pid), before, "no descriptor was lost")
        total = {}
        for c in clients:
            for e, n in c.answers.items():
                total[e] = total.get(e, 0) + n
        print("# answers by error: %s" % total)
        print("# slowest answer %.2f s" % max(c.slowest for c in clients))
        print("# resident %d kB, before %d kB" % (resident_kb(pid), rss))
    t.done()


main()
