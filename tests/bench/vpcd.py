#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vpcd.py BUILD: what an APDU costs in a virtual reader, through the control
socket, with a card emulator that writes each message at once and with one that
writes length and bytes apart, as many do. A reader that does not ask for early
ACKs waits some 45 ms for the latter. Nothing is asserted."""
import os
import sys
import time

os.environ["top_builddir"] = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["top_srcdir"] = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "daemon"))
from harness import Slotd  # noqa: E402
from vpcd_card import VpcdCard  # noqa: E402

COUNT = 1000


class Apart(VpcdCard):
    """Nagle's algorithm is on."""

    def say(self, data):
        self.sock.sendall(data[:2])
        self.sock.sendall(data[2:])


def transmit(c):
    got = c.ask(cmd="transmit", reader=0, slot=0, apdu="0084000008")
    assert "response" in got, got


def main():
    with Slotd(debug=0) as d:
        d.start("reader v { device = vpcd:0/1; };")
        port = int(d.wait_log("slot 0: emulated cards").split()[-1])
        for name, emulator in (("one write", VpcdCard),
                               ("length and bytes apart", Apart)):
            with d.control() as watcher, d.control() as c:
                watcher.ask(cmd="watch")
                with emulator(port):
                    watcher.wait_event("card-inserted")
                    took = []
                    for _ in range(COUNT):
                        began = time.monotonic()
                        transmit(c)
                        took.append(time.monotonic() - began)
                watcher.wait_event("card-removed")
            took.sort()
            print("virtual reader, %-24s ms an APDU: median %.2f, 99%% %.2f"
                  % (name + ",", took[COUNT // 2] * 1e3,
                     took[COUNT * 99 // 100] * 1e3), flush=True)


main()
