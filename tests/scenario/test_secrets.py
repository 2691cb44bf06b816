# SPDX-License-Identifier: BSD-2-Clause
"""A PIN on its way to the card leaves no trace: not in a log at its highest
level, not on a terminal, not in the memory of those who passed it on."""
import os
import re
import subprocess
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, Emulator, Slotd, Tap, children  # noqa: E402

VERIFY = "0020000108" + "31323334" + "00000000"
HEADER = "00 20 00 01, 13 bytes"
PIN = re.compile(r"31[ :]?32[ :]?33[ :]?34|(?<!\d)1234(?!\d)")
# as bytes, as digits, and as URBs and CCID messages hold it
TRACES = (bytes.fromhex(VERIFY[:18]), VERIFY[:18].encode())


def slotctl(d, *args, text=None):
    p = subprocess.run([os.path.join(BUILD, "tools", "slotctl"),
                        "--socket-dir", d.run, *args], input=text,
                       capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout + p.stderr


class Program:
    """A user of libopenct that has sent an APDU and still runs."""

    def __init__(self, d, apdu):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests", "scenario", "send_apdu")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, OPENCT_SOCKETDIR=d.run))
        self.process.stdin.write(apdu + "\n.")
        self.process.stdin.flush()
        self.sw = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()


def traces(pid):
    """Where the writable memory of a process holds the PIN."""
    found = []
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            span, access, *_, name = (line.split() + [""])[:6]
            if "w" not in access:
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            if end - start > 1 << 26:       # a sanitizer's shadow
                continue
            mem.seek(start)
            try:
                held = mem.read(end - start)
            except OSError:
                continue
            found += ["%s+%x" % (name or "heap", held.index(x))
                      for x in TRACES if x in held]
    return found


def pin_never_logged(t, d):
    told = [slotctl(d, "send", VERIFY), slotctl(d, "send", "-", text=VERIFY),
            slotctl(d, "--json", "send", VERIFY)]
    t.eq([code for code, _ in told], [0, 0, 0], "slotctl verifies a PIN")
    t.ok(HEADER in told[0][1], "and shows the header")
    d.wait_log(re.escape(HEADER))
    with Program(d, VERIFY) as p:
        t.eq(p.sw, "9000", "a program does, through libopenct")
        d.wait_log(re.escape("send_apdu[%d]" % p.process.pid) + ".*" +
                   re.escape(HEADER))
    d.wait_log("9000|90 00")
    for text in d.log + [text for _, text in told]:
        if PIN.search(text):
            t.ok(False, "a PIN: " + text)
    t.ok(True, "pin-never-logged")


def pin_in_no_memory(t, d):
    if os.getuid() != 0:
        t.ok(True, "pin-in-no-memory # SKIP only root may look")
        return
    with Program(d, VERIFY) as p:
        slotctl(d, "send", VERIFY)
        who = {"slotd": d.process.pid, "program": p.process.pid}
        for i, pid in enumerate(children(d.process.pid)):
            who["handler %d" % i] = pid
        for name, pid in who.items():
            t.eq(traces(pid), [], "pin-in-no-memory of " + name)


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu, Slotd(debug=2) as d:
        d.start("debug = 9;\n" + d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        pin_never_logged(t, d)
        pin_in_no_memory(t, d)
    t.done()


main()
