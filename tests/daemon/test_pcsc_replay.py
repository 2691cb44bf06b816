# SPDX-License-Identifier: BSD-2-Clause
"""What libpcsclite 1.9.9, 2.3.0 and 2.5.1 said to pcscd, call by call, is said
to slotd, and slotd's answers are compared with pcscd's, byte by byte.

The recordings (pcsc/4.4.txt ...) hold a line for each piece that went over the
socket: connection, direction, number of bytes, bytes, "..." where the rest was
not kept. Other than in the recordings are the numbers of contexts and cards,
which are random, and in 4.6 the size of the array: pcscd began with 2 places,
slotd has 16. The 4.4 client of 4.4-to-4.6 spoke to a pcscd of 4.6, which says
so; slotd says what the client says. And an empty place has an ATR of 34 bytes,
as 1.9.9 and 2.3.0 have it, where that pcscd says 0 behind the first two.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import TOP, Tap  # noqa: E402
from pcsc_wire import STATE, Client, World, words  # noqa: E402

LINE = re.compile(r"c(\d)([<>])\s+(\d+)? ?(\w+)(\.\.\.)?$")
PLACES = 16


class Replay:
    def __init__(self, t, w, name):
        self.t, self.w, self.name = t, w, name
        self.clients = {}
        self.masks = {}         # a number of the recording -> ours
        self.sent = {}          # since the last answer, by connection
        self.command = {}       # under way, by connection
        self.skip = {}          # the rest of an array that was compared
        self.ended = set()
        self.call = "?"
        self.good = True

    def masked(self, raw):
        for old, new in self.masks.items():
            raw = raw.replace(old, new)
        return raw

    def differs(self, got, want):
        self.good = False
        print("# %s: %s\n#  got  %s\n#  want %s" % (
            self.name, self.call, got.hex(), want.hex()))

    def to_slotd(self, c, raw):
        if c not in self.clients:
            self.clients[c] = Client(self.w.d, None)
        self.sent[c] = self.sent.get(c, b"") + raw
        self.skip[c] = 0
        self.clients[c].sock.sendall(self.masked(raw))

    def learn(self, c, got, want):
        """The numbers that are random, from the answers that give them."""
        command = self.sent.pop(c, b"")[4:8][:1]
        if command:
            self.command[c] = command[0]
        if self.command.get(c) == 0x01:
            self.masks[want[4:8]] = got[4:8]
        if self.command.get(c) == 0x04:
            self.masks[want[140:144]] = got[140:144]

    def from_slotd(self, c, n, want):
        if self.skip.get(c):
            self.skip[c] -= n
            return
        last = self.sent.get(c, b"")[-8:]
        whole = n
        if last == bytes.fromhex("0000000016000000"):
            want = PLACES.to_bytes(4, sys.byteorder)
        if last == bytes.fromhex("0000000017000000"):
            self.skip[c] = 2 * STATE - n
            whole, n = PLACES * STATE, STATE
        want = want[:n]
        if self.name == "4.4-to-4.6":
            want = self.other(want)
        got = self.clients[c].receive(whole)[:len(want)]
        self.learn(c, got, want)
        if got != self.masked(want):
            self.differs(got, self.masked(want))

    @staticmethod
    def other(want):
        if want == words(4, 6, 0):
            return words(4, 4, 0)
        return b"" if len(want) > 176 and not any(want) else want

    def ends(self, c, who):
        if c not in self.ended:
            self.ended.add(c)
            self.clients[c].sock.shutdown(1)
        if who == "<" and not self.clients[c].closed():
            self.differs(b"", b"EOF")

    def line(self, text):
        if text.startswith("##"):
            self.call = text.strip("# \n")
            return
        c, who, n, raw, _ = LINE.match(text.strip()).groups()
        if raw == "EOF":
            self.ends(c, who)
        elif who == ">":
            self.to_slotd(c, bytes.fromhex(raw))
        else:
            self.from_slotd(c, int(n), bytes.fromhex(raw))

    def run(self):
        path = os.path.join(TOP, "tests", "daemon", "pcsc",
                            self.name + ".txt")
        with open(path) as f:
            lines = f.readlines()
        for text in lines:
            self.line(text)
        self.t.ok(self.good and len(lines) > 50, "recording %s" % self.name)


def main():
    t = Tap()
    for name in ("4.4", "4.4-to-4.6", "4.5", "4.6"):
        with World() as w:
            Replay(t, w, name).run()
    t.done()


main()
