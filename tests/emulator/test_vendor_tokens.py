# SPDX-License-Identifier: BSD-2-Clause
"""e-gate, Rutoken S, iKeys and CryptoIdentity at their transfers: who is asked
for what, when, and for how much; whatever else comes is stalled."""
from usbip_client import Device, Emulator, Tap

STALL = -32
SAMPLE_ATR = bytes.fromhex("3b9d138131fe458073b6214057736c6f74656d758f")
RUTOKEN_ATR = bytes.fromhex("3b6f00ff00567275546f6b6e73302000009000")


class Token:
    """Control transfers: out(request, data), get(request, length)."""

    def __init__(self, dev, out_type, in_type):
        self.dev, self.out_type, self.in_type = dev, out_type, in_type
        dev.configure()

    def out(self, request, data=b"", value=0, index=0, kind=None):
        return self.dev.control(self.out_type if kind is None else kind,
                                request, value, index, 0, data)[0]

    def get(self, request, length, value=0, index=0, kind=None):
        status, data = self.dev.control(
            self.in_type if kind is None else kind, request, value, index,
            length)
        return data if status == 0 else status

    def others(self, request):
        """The same request to somebody else."""
        kinds = [k for k in (0xc0, 0xc1, 0xc2) if k != self.in_type]
        return {self.get(request, 1, kind=k) for k in kinds} | {
            self.get(request, 1, value=1), self.get(request, 1, index=1)}


def works(token, status, ready):
    """Status until the card is done; how often it was at work."""
    n = 0
    while True:
        got = token.get(status, 1)
        if got == ready:
            return n
        if got == STALL or got[0] & 0xf0 != 0x40:
            return got
        n += 1


def egate(t):
    with Emulator(["egate"]) as emu, Device(emu.address, "1-1") as dev:
        k = Token(dev, 0x40, 0xc0)
        t.eq(k.others(0xa0), {STALL}, "e-gate: vendor, device, no values")
        t.eq(k.out(0x80, bytes(5)), STALL, "no command before a reset")
        t.eq(k.out(0x90), 0, "reset")
        t.eq(k.get(0xa0, 1), b"\x40", "busy after it")
        t.eq(k.get(0x83, 35), STALL, "no ATR yet")
        t.ok(works(k, 0xa0, b"\x00") > 0, "then ready")
        t.eq(k.get(0x83, 36), STALL, "at most 35 bytes")
        t.eq(k.get(0x83, 35), bytes.fromhex("3b025430"), "the ATR")
        t.eq([k.out(0x80, bytes(n)) for n in (4, 6)], [STALL] * 2,
             "a header has 5 bytes")
        t.eq(k.out(0x80, bytes.fromhex("0084000008")), 0, "a header")
        t.eq(k.get(0x81, 8), STALL, "not while it is busy")
        t.eq(works(k, 0xa0, b"\x10"), 2, "busy twice, then data")
        t.eq(k.get(0xa0, 2), STALL, "a status is one byte")
        t.eq((len(k.get(0x81, 3)), len(k.get(0x81, 8))), (3, 5), "in parts")
        t.eq(k.get(0xa0, 1), b"\x20", "then SW")
        t.eq(k.out(0x80, bytes(5)), STALL, "no header now")
        t.eq((k.get(0x81, 3), k.get(0x81, 2)), (STALL, b"\x90\x00"), "2 bytes")
        t.eq(k.get(0x81, 2), STALL, "once")
        t.eq(k.out(0x80, bytes.fromhex("00a4000c02")), 0, "one with data")
        t.eq(works(k, 0xa0, b"\x10"), 2, "which it wants")
        t.eq([k.out(0x82, bytes(n)) for n in (1, 3)], [STALL] * 2, "as many")
        t.eq(k.out(0x82, b"\x3f\x00"), 0, "as it said")
        t.eq(works(k, 0xa0, b"\x20"), 2, "SW")
        t.eq(k.get(0x81, 2), b"\x90\x00", "9000")
        emu.ctl("fault", "1-1", "card-mute@1")
        k.out(0x80, bytes.fromhex("0084000008"))
        t.eq(k.get(0xa0, 1), b"\x80", "a mute card")


def rutoken(t):
    with Emulator(["rutoken-s"]) as emu, Device(emu.address, "1-1") as dev:
        k = Token(dev, 0x41, 0xc1)
        t.eq(k.others(0xa0), {STALL}, "Rutoken: vendor, interface, no values")
        k.out(0x63)
        a, b = k.get(0xa0, 1)[0], k.get(0xa0, 1)[0]
        t.eq((a & 0xf0, b & 0xf0, b - a), (0x40, 0x40, 1), "it counts")
        works(k, 0xa0, b"\x10")
        t.eq(k.get(0x62, 20), STALL, "19 bytes")
        t.eq(k.get(0x62, 19), RUTOKEN_ATR, "of ATR")
        t.eq(k.get(0x62, 19), STALL, "once")

        def run(header, data=b""):
            k.out(0x65, bytes.fromhex(header))
            if data:
                works(k, 0xa0, b"\x10")
                k.out(0x65, data)
            while k.get(0xa0, 1)[0] & 0xf0 == 0x40:
                pass
            got = k.get(0x6f, 256) if k.get(0xa0, 1) == b"\x10" else b""
            return got + k.get(0x6f, 2)

        t.eq(run("00a4000002", b"\x3f\x00"), b"\x6a\x82", "ids are turned")
        t.eq(run("00a4000002", b"\x00\x3f"), b"\x90\x00", "3f00")
        t.eq(run("00c0000000"), b"\x6c\x20", "32 bytes wait")
        got = run("00c0000020")
        t.eq((len(got), got[6:8], got[-2:]), (34, b"\x00\x3f", b"\x90\x00"),
             "a header, not a TLV")
        t.eq(run("00c0000020")[-2:], b"\x69\x85", "once")


def ikey(t, model, signature, words):
    with Emulator([model]) as emu, Device(emu.address, "1-1") as dev:
        k = Token(dev, 0x41, 0xc1)
        t.eq(k.others(0), {STALL}, model + ": vendor, interface, no values")
        t.eq(k.out(0x16, value=words[0][0]), STALL, "the signature is first")
        t.eq(k.get(0, 0x41), STALL, "at most 64 bytes of it")
        t.eq(k.get(0, 0x40).hex(), signature, "signature")
        t.eq(k.out(0x17, b"\xa4", value=0, index=1), STALL, "no block yet")
        for word, length, answer in words:
            t.eq({k.out(0x16, value=w) for w in (1, 0x1902, 0xffff)}, {STALL},
                 "no other word")
            t.eq(k.out(0x16, value=word), 0, "word %04x" % word)
            t.eq(k.get(1, length + 1), STALL, "%d bytes at most" % length)
            t.eq(k.get(1, length), answer, "its answer")
            t.eq(k.get(1, length), STALL, "once")
        t.eq(k.out(0x17, value=0xc000, index=0xc000), 0, "S(RESYNCH)")
        t.eq((k.get(1, 256), k.get(1, 255)),
             (STALL, bytes.fromhex("00e000e0")), "read with 255 bytes")
        k.get(0, 0x40)
        t.eq(k.out(0x17, value=0xc000, index=0xc000), STALL,
             "all begins anew")


def eutron(t):
    with Emulator(["eutron"]) as emu, Device(emu.address, "1-1") as dev:
        k = Token(dev, 0x42, 0xc2)
        t.eq(k.others(2), {STALL}, "CryptoIdentity: vendor, endpoint")
        t.eq([k.out(r) for r in (0xa3, 0xa1, 0xa2, 0xa0)], [0] * 4, "line")
        t.eq((len(k.get(2, 164)), len(k.get(2, 164)), k.get(2, 164)),
             (3, 2, b""), "something stale, in parts")
        t.eq(k.out(9), 0, "reset")
        t.eq((k.get(2, 64), k.get(2, 64), k.get(2, 64)),
             (SAMPLE_ATR[:3], SAMPLE_ATR[3:], b""), "the ATR, in parts")
        t.eq(k.out(1, bytes.fromhex("ff1111ff")), 0, "a PPS with PPS1")
        t.eq(k.get(2, 64), b"", "is not answered")
        k.out(1, bytes.fromhex("ff01fe"))
        t.eq(k.get(2, 64).hex(), "ff01fe", "one without is")
        k.out(1, bytes.fromhex("00c000c0"))
        t.eq(k.get(2, 64), b"", "no block before the speed")
        t.eq((k.out(0x65), k.out(0x65, value=1)), (STALL, 0), "which is 1")
        k.out(1, bytes.fromhex("00c000c0"))
        t.eq((k.get(2, 260).hex(), k.get(2, 260).hex()), ("00e000", "e0"),
             "a block, in parts")


def main():
    t = Tap()
    egate(t)
    rutoken(t)
    padded = SAMPLE_ATR + bytes(25 - len(SAMPLE_ATR))
    ikey(t, "ikey2k", "0d6300052d2dc0808060800119",
         [(0, 2, b"\0"), (0x1901, 25, padded), (0, 2, b"\0"), (0, 32, b"\0"),
          (0x1901, 25, padded)])
    ikey(t, "ikey3k", "0a6100072d2dc0808060",
         [(0, 2, b"\0"),
          (0x2005, 32, bytes([len(SAMPLE_ATR)]) + SAMPLE_ATR),
          (2, 4, bytes.fromhex("ff1111ff"))])
    eutron(t)
    t.done()


main()
