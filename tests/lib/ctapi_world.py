# SPDX-License-Identifier: BSD-2-Clause
"""The readers, cards and slotd that programs using libctapi are tested with,
and what happens to them on the programs' request (ctapi_client.h)."""
import os
import signal
import subprocess
import sys
import time

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, TIMEOUT, Emulator, Slotd, Tap  # noqa: E402
from harness import Timeout  # noqa: E402
from openct_wire import Connection, lock, transact  # noqa: E402

# another build's libraries, or this one's
CLIENT = os.environ.get("CLIENT_BUILD", BUILD)
LIBRARY = os.path.join(CLIENT, "lib", ".libs", "libctapi.so.0")
DEVICES = ["cherry-st1044u,card=ddv-1", "cherry-st1044u,card=ddv-0",
           "eight-slots", "au9540,card=ddv-1", "tpdu-reader,card=ddv-1",
           "two-endpoints,card=ddv-1", "cherry-st1044u,card=ddv-1,delay=300"]
EVENTS = {"unplug": "reader-removed", "plug": "reader-added",
          "remove": "card-removed", "insert": "card-inserted"}


class World:
    def __init__(self, emu, d, t):
        self.emu, self.d, self.t = emu, d, t
        self.watcher = None
        self.executed = 0

    def start(self, settings=""):
        self.d.start(settings + "".join(
            self.d.reader(self.emu.address, "1-%d" % (i + 1), name="r%d" % i)
            for i in range(len(DEVICES))))
        with self.d.control() as c:
            c.ask(cmd="watch")
            while [r["state"] for r in c.ask(cmd="list")["readers"]] != \
                    ["ready"] * len(DEVICES):
                c.event()
        self.watcher = self.d.control()
        self.watcher.ask(cmd="watch")

    def kill(self):
        self.d.signal(signal.SIGKILL)
        self.d.process.wait()
        self.d.process.stderr.close()
        self.d.notify.close()
        os.unlink(os.path.join(self.d.dir, "notify"))
        self.d.process = None

    def do(self, what):
        what, busid = (what.split() + ["1-1"])[:2] \
            if what.split()[0] in EVENTS else (what, None)
        if what in EVENTS:
            self.emu.ctl(what, busid)
            self.watcher.wait_event(EVENTS[what])
        elif what == "hello":
            with self.d.control() as c:
                c.ask(cmd="hello")
        elif what.startswith("emu "):       # and nobody waits for slotd
            self.emu.ctl(*what.split()[1:])
        elif what.startswith("card "):      # another one
            self.emu.ctl("card", "1-1", self.card(what.split()[1]))
            self.watcher.wait_event("card-inserted")
        elif what.startswith("swap"):       # and nobody waits for slotd
            busid = what.split()[1]
            self.emu.ctl("remove", busid)
            self.emu.ctl("insert", busid)
        elif what == "login":
            self.t.eq(self.update(), "6982",
                      "and the next program finds the PIN unverified")
        elif what == "take":
            self.take()
        elif what == "give back":
            self.other.close()
            self.do("hello")
        elif what == "count":
            self.executed = self.commands()
        elif what == "executed":
            self.t.eq(self.commands() - self.executed, 1,
                      "asked four times, the card has run it once")
        elif what == "kill":
            self.kill()
        elif what.startswith("restart"):
            self.d.stop()
            self.start(what[len("restart"):] + "\n")
        elif what == "start":
            self.start()
        elif what == "stop":
            self.d.stop()

    def take(self):
        """Another program, which wants the card until it gets it."""
        self.other = Connection(self.d)
        end = time.monotonic() + TIMEOUT
        while self.other.ask(lock())[0] != 0:
            if time.monotonic() > end:
                raise Timeout("the card was not given up")
            time.sleep(0.01)

    def card(self, name):
        if name != "mute":
            return name
        path = os.path.join(self.d.dir, "mute.card")
        with open(path, "w") as f:
            f.write("card iso\natr 3b00\nmute\ndf 3f00\n")
        return path

    def update(self):
        """What a card that nobody resets says to UPDATE RECORD."""
        with Connection(self.d) as c:
            c.ask(transact(bytes.fromhex("00a4040c09d27600002548420200")))
            error, body = c.ask(transact(bytes.fromhex("00dc01e4020029")))
            return body[-2:].hex() or error

    def commands(self):
        return self.emu.stats("1-1")["slots"][0]["commands"]


def play(program, after=None, log=None):
    """Runs a program that is asked to load libctapi, and does what it asks for;
    its results, then those of after(t, d). log: CTAPI_LOG, else d.dir's own."""
    t = Tap()
    with Emulator(DEVICES) as emu, Slotd() as d:
        w = World(emu, d, t)
        w.start()
        p = subprocess.Popen(
            [os.path.join(CLIENT, "tests", "lib", program), LIBRARY],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, OPENCT_SOCKETDIR=d.run,
                     CTAPI_LOG=log or os.path.join(d.dir, "ctapi.log")))
        for line in p.stdout:
            words = line.split()
            if words[0] == "do":
                w.do(" ".join(words[1:]))
                p.stdin.write("done\n")
                p.stdin.flush()
            else:
                t.ok(words[0] == "ok", line.split(" - ")[1].strip())
        p.stdin.close()
        t.eq(p.wait(), 0, "it came to its end")
        if after is not None:
            after(t, d)
    t.done()
