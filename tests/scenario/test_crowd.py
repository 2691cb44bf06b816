# SPDX-License-Identifier: BSD-2-Clause
"""200 readers and 1000 programs at once, on the real chain: every reader has a
name, a number and a card that answers; what older programs cannot know is told
in the log. Prints what it cost."""
import contextlib
import os
import resource
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, Emulator, Slotd, Tap, children  # noqa: E402
from openct_wire import status  # noqa: E402
from pcsc_wire import OK, Client  # noqa: E402

with open(os.path.join(BUILD, "config.h")) as f:
    # a sanitizer's process takes a hundred times the memory
    SMALL = "define SANITIZERS 1" in f.read()
EMULATORS, EACH = 4, 5 if SMALL else 50     # slotemu takes so many devices
READERS = EMULATORS * EACH
CLIENTS = 5 * READERS
MODEL = "tpdu-reader,card=fast"
CHALLENGE = bytes.fromhex("0084000008")


def pss_kb(pid):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("Pss:"))


def wait_ready(watcher):
    """Until every reader has told of its card."""
    left = READERS - sum(
        r["state"] == "ready" and r["slots"][0]["card"] == "powered"
        for r in watcher.ask(cmd="watch")["readers"])
    for _ in range(left):
        watcher.wait_event("card-inserted")


def who_sees_what(t, d):
    with Client(d, 6) as new, Client(d, 4) as old:
        names = [s.name for s in new.states()]
        t.eq((len(names), len(set(names))), (READERS, READERS),
             "a program of today sees %d readers, each with its own name" % READERS)
        t.eq([s.name for s in old.states()], names[:16],
             "an older one sees the first 16")
    t.eq(sum(s != "" for s, *_ in (status(d, i) for i in range(16))), 16,
         "OpenCT's status file shows 16")
    with d.control() as c:
        t.eq(len(c.ask(cmd="list")["readers"]), READERS, "slotctl shows all")
    return names


def told(t, d):
    d.wait_log("is not offered to OpenCT programs, which know 16")
    d.wait_log("is not shown to PC/SC programs with a libpcsclite before 2.5, "
               "which can know 16 slots")
    t.ok(True, "the log names readers that some programs cannot see")


def everybody_works(t, clients, names):
    for i, c in enumerate(clients):
        c.send_connect(name=names[i % READERS])
    cards = [c.connected() for c in clients]
    t.eq({rv for _, _, rv in cards}, {OK}, "%d programs have connected" % CLIENTS)
    for c, (card, protocol, _) in zip(clients, cards):
        c.send_transmit(card, CHALLENGE, protocol)
    answers = [c.transmitted()[2] for c in clients]
    t.eq({(len(a), a[-2:]) for a in answers}, {(10, b"\x90\x00")},
         "and got an answer from their cards, five from each")


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * CLIENTS:
        print("1..0 # SKIP only %d descriptors are allowed" % hard)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    t = Tap()
    with contextlib.ExitStack() as stack, Slotd(debug=0) as d:
        emulators = [stack.enter_context(Emulator([MODEL] * EACH))
                     for _ in range(EMULATORS)]
        d.start("".join(d.reader(emu.address, "1-%d" % i, name="r%d" % i)
                        for emu in emulators for i in range(1, EACH + 1)))
        with d.control() as watcher:
            wait_ready(watcher)
        t.ok(True, "%d readers are ready" % READERS)
        names = who_sees_what(t, d)
        told(t, d)
        clients = [stack.enter_context(Client(d, 6)) for _ in range(CLIENTS)]
        everybody_works(t, clients, names)
        handlers = children(d.process.pid)
        print("# slotd: %d kB, %d descriptors; %d handlers: %d kB in all" % (
            pss_kb(d.process.pid),
            len(os.listdir("/proc/%d/fd" % d.process.pid)), len(handlers),
            sum(map(pss_kb, handlers))))
    t.done()


main()
