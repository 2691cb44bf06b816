# SPDX-License-Identifier: BSD-2-Clause
"""Programs that want one card, with the libpcsclite of the system, on the real
chain: slotd in pcscd's place, ifdhandler, the emulated Cherry ST-1044U. Those
written by others are in tests/clients.

    test_pcsc_programs.py --client     one PC/SC program, told what to do by
                                       lines on standard input
"""
import ctypes
import os
import signal
import subprocess
import sys
import time

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import TIMEOUT, Emulator, Lines, Slotd, Tap  # noqa: E402

NAME = "Cherry GmbH SmartTerminal XX44 00 00"
CHALLENGE = bytes.fromhex("0084000008")


def library():
    try:
        return ctypes.CDLL("libpcsclite.so.1")
    except OSError:
        return None


# ---- the client: each call's result is a line on standard output ----

class Program:
    def __init__(self):
        self.lib = library()
        self.context = ctypes.c_long()
        self.handle = ctypes.c_long()
        self.protocol = ctypes.c_ulong()

    def establish(self):
        return self.lib.SCardEstablishContext(
            ctypes.c_ulong(2), None, None, ctypes.byref(self.context))

    def connect(self, mode="2"):
        return self.lib.SCardConnect(
            self.context, NAME.encode(), ctypes.c_ulong(int(mode)),
            ctypes.c_ulong(3), ctypes.byref(self.handle),
            ctypes.byref(self.protocol))

    def reconnect(self, init="0"):
        return self.lib.SCardReconnect(
            self.handle, ctypes.c_ulong(2), ctypes.c_ulong(3),
            ctypes.c_ulong(int(init)), ctypes.byref(self.protocol))

    def begin(self):
        return self.lib.SCardBeginTransaction(self.handle)

    def end(self, what="0"):
        return self.lib.SCardEndTransaction(self.handle,
                                            ctypes.c_ulong(int(what)))

    def transmit(self):
        pci = (ctypes.c_ulong * 2)(2, 16)
        n = ctypes.c_ulong(300)
        out = ctypes.create_string_buffer(300)
        rv = self.lib.SCardTransmit(self.handle, pci, CHALLENGE,
                                    ctypes.c_ulong(len(CHALLENGE)), None, out,
                                    ctypes.byref(n))
        return rv if rv or out.raw[n.value - 2:n.value] == b"\x90\x00" else -1

    def disconnect(self, what="0"):
        return self.lib.SCardDisconnect(self.handle, ctypes.c_ulong(int(what)))

    def release(self):
        return self.lib.SCardReleaseContext(self.context)


def client():
    p = Program()
    for line in sys.stdin:
        what, *args = line.split()
        rv = getattr(p, what)(*args) & 0xffffffff
        print("%s %x %f" % (what, rv, time.monotonic()), flush=True)


class Child:
    """A client in a process of its own; connected."""

    def __init__(self, d):
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--client"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env(d))
        self.lines = Lines(self.process.stdout.fileno())

    def start(self, *words):
        self.process.stdin.write(" ".join(words).encode() + b"\n")
        self.process.stdin.flush()

    def result(self, what):
        """(rv, when)"""
        said, rv, when = self.lines.next(TIMEOUT).split()
        assert said == what, (said, what)
        return int(rv, 16), float(when)

    def call(self, *words):
        self.start(*words)
        return self.result(words[0])[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


# ---- the tests ----

def env(d):
    return dict(os.environ, LC_ALL="C", PCSCLITE_CSOCK_NAME=os.path.join(
        d.run, "pcscd.comm"))


def wait_waiting(d, n):
    """Until slotd has n requests in line."""
    end = time.monotonic() + TIMEOUT
    with d.control() as c:
        while time.monotonic() < end:
            slot = c.ask(cmd="info", reader=0)["reader"]["slots"][0]
            if slot.get("waiting", 0) == n:
                return
            time.sleep(0.005)
    raise AssertionError("never %d requests in line" % n)


def contention(t, d):
    with Child(d) as a, Child(d) as b, Child(d) as c:
        for p in (a, b, c):
            t.eq((p.call("establish"), p.call("connect")), (0, 0), "connected")
        t.eq((a.call("begin"), a.call("transmit")), (0, 0), "one has the card")
        b.start("begin")
        wait_waiting(d, 1)
        c.start("begin")
        wait_waiting(d, 2)
        a.start("end")
        _, ended = a.result("end")
        rv, began = b.result("begin")
        t.eq(rv, 0, "the second one gets it")
        t.ok(began - ended < 0.05, "at once")
        t.eq((b.call("transmit"), b.call("end")), (0, 0), "and uses it")
        t.eq(c.result("begin")[0], 0, "then the third one")
        a.start("begin")
        wait_waiting(d, 1)
        killed = time.monotonic()
        c.process.send_signal(signal.SIGKILL)
        rv, when = a.result("begin")
        t.eq(hex(rv), "0x80100068", "its holder killed: the card was reset")
        t.ok(when - killed < 1, "and is free within a second")
        t.eq([a.call("reconnect"), a.call("begin"), a.call("transmit"),
              a.call("end")], [0] * 4, "the next one goes on with it")
        t.eq([hex(b.call("transmit")), b.call("reconnect"),
              b.call("transmit")], ["0x80100068", 0, 0],
             "others are told and go on")
        t.eq([b.call("disconnect"), b.call("release")], [0, 0], "goodbye")


def main():
    if sys.argv[1:] == ["--client"]:
        client()
        return
    if library() is None:
        print("1..0 # SKIP libpcsclite.so.1 is not installed")
        return
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu, Slotd() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        contention(t, d)
    t.done()


main()
