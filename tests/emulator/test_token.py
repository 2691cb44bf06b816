# SPDX-License-Identifier: BSD-2-Clause
"""The emulated eTokens and the Starkey, request by request: what is not just so
is stalled."""
from usbip_client import Device, Emulator, Tap

ATR = bytes.fromhex("3bf2180002c10a31fe58c80975")
STALL = -32
OUT, IN = 0x40, 0xc0
SETTINGS = bytes.fromhex("000001008813")
ETOKEN = [(OUT, 0x01, b""), (IN, 0x81, 35), (OUT, 0x03, b""), (IN, 0x83, 13),
          (OUT, 0x02, SETTINGS), (IN, 0x82, 1)]
ETOKEN64 = [(OUT, 0x01, b""), (IN, 0x81, 35), (OUT, 0x08, b""), (IN, 0x88, 2),
            (OUT, 0x03, b""), (IN, 0x83, 1)]
TOKENS = [("etoken-050c", 0x50c, ETOKEN), ("etoken-0514", 0x514, ETOKEN),
          ("etoken64-0600", 0x600, ETOKEN64),
          ("etoken64-0700", 0x700, ETOKEN64)]
SELECT_MF = "00a4000c023f00"


def lrc(b):
    x = 0
    for c in b:
        x ^= c
    return bytes([x])


def block(pcb, inf=""):
    b = bytes([0, pcb, len(inf) // 2]) + bytes.fromhex(inf)
    return b + lrc(b)


class Token:
    def __init__(self, dev):
        self.dev = dev
        dev.configure()

    def ask(self, step):
        kind, request, what = step
        if kind == OUT:
            return self.dev.control(OUT, request, 0, 0, data=what)
        return self.dev.control(IN, request, 0, 0, what)

    def rite(self, steps):
        return [self.ask(s) for s in steps]

    def send(self, b):
        return self.ask((OUT, 6, b))[0]

    def fetch(self, n=37):
        return self.ask((IN, 0x86, n))

    def exchange(self, b):
        return self.fetch()[1] if self.send(b) == 0 else None


def rites(t):
    with Emulator([m for m, _, _ in TOKENS]) as emu:
        for i, (model, pid, steps) in enumerate(TOKENS):
            with Device(emu.address, "1-%d" % (i + 1)) as dev:
                ids = dev.descriptor(1)[1][8:12].hex()
                t.eq(ids, "2905" + pid.to_bytes(2, "little").hex(), model)
                token = Token(dev)
                rite(t, token, model, steps)
                blocks(t, token, model)


def rite(t, token, model, steps):
    t.eq(token.send(block(0, SELECT_MF)), STALL, "no block before the rite")
    t.eq(token.fetch()[0], STALL, "none to fetch")
    t.eq([token.ask(s)[0] for s in steps[1:]], [STALL] * 5,
         "the reset comes first")
    for n in range(1, len(steps)):
        token.rite(steps[:n])
        wrong = [s for s in steps[1:] if s != steps[n]]
        t.eq({token.ask(s)[0] for s in wrong}, {STALL},
             "out of turn after %d steps" % n)
        t.eq(token.send(block(0, SELECT_MF)), STALL, "no block either")
        kind, request, what = steps[n]
        longer = what + 1 if kind == IN else what + b"\0"
        t.eq(token.ask((kind, request, longer))[0], STALL, "one byte more")
        t.eq(token.dev.control(kind, request, 1, 0, what if kind == IN else 0,
                               what if kind == OUT else b"")[0], STALL,
             "wValue is 0")
        t.eq(token.dev.control(kind, request, 0, 1, what if kind == IN else 0,
                               what if kind == OUT else b"")[0], STALL,
             "wIndex is 0")
    answers = token.rite(steps)
    t.eq([s for s, _ in answers], [0] * 6, model + ": the rite")
    t.eq(answers[1][1], bytes([len(ATR)]) + ATR, "the ATR behind its length")
    t.eq([len(answers[i][1]) for i in (3, 5)], [steps[3][2], steps[5][2]],
         "answers of their length")
    t.eq(answers[5][1], b"\0", "all is well")


def blocks(t, token, model):
    t.eq(token.exchange(block(0, SELECT_MF)), block(0, "9000"),
         model + ": SELECT")
    t.eq(token.fetch()[0], STALL, "an answer is given once")
    token.send(block(0x40, SELECT_MF))
    t.eq(token.fetch(38)[0], STALL, "more than 37 bytes are refused")
    t.eq(token.fetch(255)[0], STALL, "255, too")
    t.eq(token.fetch(), (0, block(0x40, "9000")), "37 are not")
    t.eq(token.exchange(block(0xc1, "40")), block(0xe1, "40"), "S(IFS)")
    token.send(block(0, SELECT_MF))
    t.eq(token.fetch(70)[0], STALL, "69 after an IFSD of 64")
    t.eq(token.fetch(69), (0, block(0, "9000")), "and no more")
    for i in range(4):
        t.eq(token.send(block(0xc0)), 0, "answers wait")
    t.eq(token.send(block(0xc0)), STALL, "four of them")
    t.eq([token.fetch()[1] for _ in range(4)], [block(0xe0)] * 4,
         "the oldest first")


def time(t):
    """BWT is 3.2 s: the card asks for more after half of it, or as told."""
    with Emulator(["etoken-0514,delay=70,wtx=30"]) as emu, \
            Device(emu.address, "1-1") as dev:
        token = Token(dev)
        token.rite(ETOKEN)
        t.eq(token.exchange(block(0, SELECT_MF)), block(0xc3, "01"), "S(WTX)")
        t.eq(token.exchange(block(0xe3, "01")), block(0xc3, "01"), "again")
        t.eq(token.exchange(block(0xe3, "01")), block(0, "9000"),
             "then the answer")
        token.send(block(0x40, SELECT_MF))
        setup = bytes.fromhex("c086000000002500")
        first = dev.submit(0, None, 37, setup)
        t.eq(dev.unlink(first), -104, "the host is tired of waiting")
        t.eq(token.send(block(0x92)), 0, "a card that works does not listen")
        t.eq(token.fetch()[1], block(0xc3, "01"), "its answer is kept")
        token.rite(ETOKEN)
        t.eq(token.fetch()[0], STALL, "until it is reset")


def seeds(t):
    """A seed makes tokens misbehave on endpoint 0, the same way each time."""
    def lives():
        with Emulator(["etoken-0514"], args=["--fault", "7"]) as emu, \
                Device(emu.address, "1-1") as dev:
            Token(dev)
            seen = []
            for _ in range(300):
                seq = dev.submit(0, b"", 0, bytes.fromhex("4001000000000000"))
                dev.unlink(seq)         # some never end by themselves
                seen.append(dev.answers.pop(seq, (None,))[0])
            return seen

    first = lives()
    t.ok({0, STALL, None} <= set(first), "good, stalled and lost ones")
    t.eq(lives(), first, "the same ones again")


def starkey(t):
    with Emulator(["starkey"]) as emu:
        for n in range(2):
            with Device(emu.address, "1-1") as dev:
                token = Token(dev)
                t.eq(token.send(block(0, SELECT_MF)), STALL, "not yet")
                t.eq(dev.read(0x81, 32), (0, ATR), "the ATR comes by itself")
                t.eq(token.exchange(block(0, SELECT_MF)), block(0, "9000"),
                     "SELECT")
                t.eq({token.ask(s)[0] for s in ETOKEN}, {STALL}, "no rite")
                again = dev.submit(1, None, 32)
                t.eq(dev.unlink(again), -104, "it comes once")
        t.eq(emu.stats("1-1")["slots"][0]["resets"], 2, "a reset each time")


def main():
    t = Tap()
    rites(t)
    time(t)
    seeds(t)
    starkey(t)
    t.done()


main()
