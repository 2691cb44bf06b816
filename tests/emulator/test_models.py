# SPDX-License-Identifier: BSD-2-Clause
"""The readers of the other levels, driven by a small host of this file."""
import os

from usbip_client import Ccid, Device, Emulator, Tap

AID = "00a4040c0ca000000063504b43532d3135"
FOX = b"The quick brown fox jumps over the lazy dog."
CARDS = os.path.join(os.environ.get("top_srcdir", "."), "emulator", "cards")


def xfr(c, data, level=0, slot=0):
    return c.command(0x6f, bytes([0, level & 0xff, level >> 8]), bytes(data),
                     slot=slot)


def block(pcb, inf=b"", nad=0):
    b = bytes([nad, pcb, len(inf)]) + inf
    x = 0
    for i in b:
        x ^= i
    return b + bytes([x])


class T1:
    """The host's end, for a good line: chaining both ways, S(WTX)."""

    def __init__(self, c, ifsc=254):
        self.c, self.ns, self.nr, self.ifsc = c, 0, 0, ifsc

    def send(self, b):
        a = xfr(self.c, b)
        assert a.status & 0x40 == 0, a
        return a.data

    def apdu(self, apdu):
        parts = [apdu[i:i + self.ifsc]
                 for i in range(0, len(apdu), self.ifsc)]
        for i, p in enumerate(parts):
            more = 0x20 if i + 1 < len(parts) else 0
            got = self.send(block(self.ns << 6 | more, p))
            self.ns ^= 1
            if more:
                assert got == block(0x80 | self.ns << 4), got
        response = b""
        while True:
            assert got[1] & 0x80 == 0 and got[1] >> 6 == self.nr, got.hex()
            self.nr ^= 1
            response += got[3:-1]
            if not got[1] & 0x20:
                return response
            got = self.send(block(0x80 | self.nr << 4))


def tpdu_t1(t, emu):
    with Device(emu.address, "1-1") as dev:
        dev.configure()
        c = Ccid(dev)
        t.eq(c.power_on(0).error, 7, "tpdu: no automatic voltage")
        c.power_on()
        t.eq(c.command(0x6c).data.hex(), "1100000a00", "plain parameters")
        pps = bytes.fromhex("ff1113fd")
        t.eq(xfr(c, pps).data, pps, "PPS is echoed")
        a = xfr(c, block(0, bytes.fromhex("0084000008")))
        t.eq((a.status, a.error), (0x40, 0xfe), "mute at the wrong speed")
        c.command(0x61, b"\1\0\0", bytes.fromhex("1310004500fe00"))
        t.eq(xfr(c, block(0xc1, b"\xfe")).data, block(0xe1, b"\xfe"), "IFSD")
        t1 = T1(c)
        t.eq(t1.apdu(bytes.fromhex(AID)), b"\x90\0", "an APDU")
        t.eq(t1.apdu(bytes.fromhex("00a4000c025031")), b"\x90\0", "one more")
        t.eq(t1.apdu(bytes.fromhex("00b000002c")), FOX + b"\x90\0", "read")
        long = bytes.fromhex("00d60000c8") + bytes(range(200))
        t1.ifsc = 50
        t.eq(t1.apdu(long), b"\x90\0", "a chained command")
        t.eq(t1.apdu(bytes.fromhex("00b0000000")),
             bytes(range(200)) + bytes(56) + b"\x90\0", "a chained response")
        t.eq(xfr(c, block(0xc0)).data, block(0xe0), "RESYNCH")
        t.eq(xfr(c, block(0, b"\0\x84\0\0\x08")).data[1], 0, "starts again")
        t.eq(xfr(c, b"\0\0\0\x55").data, block(0x91), "R: wrong check")
        t.eq(xfr(c, block(0, b"\0\x84\0\0\x08")).data, block(0x92),
             "R: wrong N(S)")
        t.eq(xfr(c, pps).data, block(0x92), "no PPS later")
        bad_pps(t, c)


def bad_pps(t, c):
    for text in ("ff119679", "ff1113fe", "ff1013", "ff1213fe", "ff31 13 dd"):
        c.power_on()
        a = xfr(c, bytes.fromhex(text))
        t.eq((a.status, a.error), (0x40, 0xfe), "no answer to PPS " + text)


def t1_faults(t, emu):
    """Each block error of the card, and that nothing runs twice."""
    apdu = block(0, bytes.fromhex("0084000008"))
    again = block(0x80)
    rows = [
        ("card-edc@1", lambda b: block(b[1], b[3:-1]) != b),
        ("card-nad@1", lambda b: b[0] == 0x12),
        ("card-pcb@1", lambda b: b[1] == 0xff),
        ("card-seq@1", lambda b: b[1] == 0x40),
        ("card-len@1", lambda b: b[2] == 11),
    ]
    with Device(emu.address, "1-1") as dev:
        dev.configure()
        c = Ccid(dev)
        for spec, judge in rows:
            c.power_on()
            c.command(0x61, b"\1\0\0", bytes.fromhex("1110004500fe00"))
            emu.ctl("stats-reset", "1-1")
            emu.ctl("fault", "1-1", spec)
            t.ok(judge(xfr(c, apdu).data), spec)
            good = xfr(c, again).data
            t.eq((good[:3], good[-3:-1]), (b"\0\0\x0a", b"\x90\0"),
                 spec + ": the block again when asked")
            t.eq(emu.stats("1-1")["slots"][0]["commands"], 1, "run once")
        c.power_on()
        c.command(0x61, b"\1\0\0", bytes.fromhex("1110004500fe00"))
        emu.ctl("fault", "1-1", "card-wtx@1:9+card-ifs@3:40+card-mute@5")
        t.eq(xfr(c, apdu).data, block(0xc3, b"\x09"), "S(WTX)")
        t.eq(xfr(c, block(0xe3, b"\x09")).data[:3], b"\0\0\x0a", "then I")
        t.eq(xfr(c, block(0x40, apdu[3:-1])).data, block(0xc1, b"\x28"),
             "S(IFS)")
        t.eq(xfr(c, block(0xe1, b"\x28")).data[:3], b"\0\x40\x0a", "then I")
        a = xfr(c, apdu)
        t.eq((a.status, a.error), (0x40, 0xfe), "mute once")
        t.eq(xfr(c, again).data[:3], b"\0\0\x0a", "asked again")
        emu.ctl("fault", "1-1", "none")


def tpdu_t0(t, emu):
    with Device(emu.address, "1-2") as dev:
        dev.configure()
        c = Ccid(dev)
        t.eq(c.power_on().data.hex(), "3b025430", "T=0 ATR")
        for tpdu, want in (
                ("00a40000020001", "6113"),
                ("00c0000010", "6f1180020400820101830200018801086103"),
                ("00c0000003", "8a01059000"),
                ("00b0000003", "543d309000"),
                ("00ca010100", "6c03"),
                ("00ca010103", "543d309000"),
                ("0020000104" + b"1234".hex(), "9000"),
                ("0020000100", "9000"),
                ("00fe000000", "6d00")):
            t.eq(xfr(c, bytes.fromhex(tpdu)).data.hex(), want,
                 "t=0 " + tpdu)


def character(t, emu):
    with Device(emu.address, "1-3") as dev:
        dev.configure()
        c = Ccid(dev)
        c.power_on()
        t.eq(xfr(c, bytes.fromhex("00a40000 02"), 1).data.hex(), "a4",
             "char: procedure byte")
        t.eq(xfr(c, bytes.fromhex("0001"), 1).data.hex(), "61", "char: SW1")
        t.eq(xfr(c, b"", 1).data.hex(), "13", "char: SW2")
        t.eq(xfr(c, bytes.fromhex("00b0000003"), 1).data.hex(), "b0", "INS")
        t.eq(xfr(c, b"", 5).data.hex(), "543d309000", "data and status")
        t.eq(xfr(c, b"", 1).error, 0xfe, "nothing more comes: mute")
        emu.ctl("fault", "1-3", "card-wtx@1:3+card-mute@2")
        t.eq(xfr(c, bytes.fromhex("00b0000001"), 4).data.hex(), "606060b0",
             "NULL bytes come first")
        t.eq(xfr(c, bytes.fromhex("00b0000001"), 1).error, 0xfe, "silence")
        emu.ctl("fault", "1-3", "none")


def extended(t, emu):
    with Device(emu.address, "1-4") as dev:
        dev.configure()
        c = Ccid(dev)
        t.eq(c.power_on(0).status, 0, "automatic voltage")
        t.eq(xfr(c, bytes.fromhex(AID)).data, b"\x90\0", "a short APDU")
        xfr(c, bytes.fromhex("00a4000c024401"))
        xfr(c, bytes.fromhex("0020000104") + b"1234")
        body = bytes(i % 251 for i in range(1000))
        apdu = bytes.fromhex("00d60000 0003e8") + body
        a = xfr(c, apdu[:261], 1)
        t.eq((a.data, a.chain), (b"", 0x10), "first part: go on")
        for i in (261, 522):
            a = xfr(c, apdu[i:i + 261], 3)
            t.eq((a.data, a.chain), (b"", 0x10), "middle part")
        a = xfr(c, apdu[783:], 2)
        t.eq((a.data, a.chain), (b"\x90\0", 0), "last part: answer")
        a = xfr(c, bytes.fromhex("00b0000000 03e8"))
        t.eq((len(a.data), a.chain), (261, 1), "the answer begins")
        data, chains = a.data, []
        while a.chain in (1, 3):
            a = xfr(c, b"", 0x10)
            data += a.data
            chains.append(a.chain)
        t.eq(chains, [3, 3, 2], "goes on and ends")
        t.eq(data, body + b"\x90\0", "and is whole")
        t.eq(xfr(c, b"", 0x10).error, 8, "nothing waits")
        t.eq(xfr(c, b"\0\0", 2).error, 8, "an end without a beginning")
        t.eq(xfr(c, b"\0\0", 1).chain, 0x10, "a beginning")
        t.eq(xfr(c, bytes.fromhex(AID)).error, 8, "and then another")
        t.eq(xfr(c, bytes.fromhex(AID)).data, b"\x90\0", "all is well again")


def parallel(t, emu):
    """Eight cards at work, all at the same time."""
    with Device(emu.address, "1-5") as dev:
        dev.configure()
        c = Ccid(dev)
        for slot in range(8):
            t.eq(c.power_on(slot=slot).status, 0, "slot %d" % slot)
        sent = [c.send(0x6f, data=b"\0\x84\0\0\x08", slot=i)
                for i in range(8)]
        got = [c.receive() for _ in range(8)]
        t.eq(sorted((a.slot, a.seq) for a in got),
             list(zip(range(8), sent)), "one answer a slot")
        t.eq([a.status for a in got], [0] * 8, "none had to wait: no busy")
        emu.ctl("remove", "1-5:6")
        t.eq(dev.read(3, 8), (0, bytes.fromhex("505565")), "slot 6 changed")


def two_endpoints(t, emu):
    with Device(emu.address, "1-6") as dev:
        dev.configure()
        c = Ccid(dev)
        t.eq(len(dev.descriptor(2)[1]), 86, "two endpoints")
        t.eq(dev.read(3, 8)[0], -2, "no interrupt endpoint")
        emu.ctl("remove", "1-6")
        t.eq(c.status().status, 2, "status by polling")


def au9540(t, emu):
    with Device(emu.address, "1-7") as dev:
        dev.configure()
        c = Ccid(dev)
        c.power_on(0)
        t.eq(c.command(0x6c).data.hex(), "9610004500fe00",
             "au9540: it took the card's speed")
        a = xfr(c, bytes.fromhex("0084000008"))
        t.eq((a.status, a.error), (0x40, 0xfe), "231 kbit/s do not work")
        c.power_on(0)
        c.command(0x61, b"\1\0\0", bytes.fromhex("9510004500fe00"))
        t.eq(len(xfr(c, bytes.fromhex("0084000008")).data), 10,
             "115 kbit/s do")


def iccd(t, emu):
    with Device(emu.address, "1-8") as dev:
        dev.configure()
        block = lambda: dev.control(0xa1, 0x6f, 0, 0, 300)
        status = lambda: dev.control(0xa1, 0x81, 0, 0, 3)[1].hex()
        t.eq(dev.descriptor(2)[1][13:17].hex(), "000b0002", "iccd-b")
        t.eq(block()[0], -32, "nothing was asked")
        t.eq(status(), "400100", "no power")
        dev.control(0x21, 0x65, 0, 0, data=b"\0\x84\0\0\x08")
        t.eq(block(), (0, b"\x40\x01\xfe"), "mute without power")
        t.eq(dev.control(0x21, 0x62, 1, 0), (0, 0), "power on")
        t.eq(block()[1][:3].hex(), "003b9d", "the ATR")
        t.eq(status(), "400000", "active")
        t.eq(dev.control(0x21, 0x65, 0, 0, data=b"\0\x84\0\0\x08"), (0, 5),
             "an APDU")
        t.eq(block(), (0, b"\x80\1\0"), "wait 10 ms")
        got = block()
        while got == (0, b"\x80\1\0"):
            got = block()
        t.eq((got[1][0], len(got[1])), (0, 11), "the response")
        t.eq(block()[0], -32, "only once")
        t.eq(dev.control(0x21, 0x63, 0, 0), (0, 0), "power off")
        t.eq(status(), "400100", "no power")
        t.eq(dev.control(0x21, 0x65, 0x100, 0, data=b"\0\x84")[0], -32,
             "no chains")


def main():
    t = Tap()
    t0 = os.path.join(CARDS, "t0.card")
    with Emulator([
            "tpdu-reader", "tpdu-reader,card=" + t0,
            "char-reader,card=" + t0, "extended-apdu-reader",
            "eight-slots,delay=200", "two-endpoints",
            "au9540,card=" + os.path.join(CARDS, "fast.card"),
            "iccd-b,delay=20"]) as emu:
        for part in (tpdu_t1, t1_faults, tpdu_t0, character, extended,
                     parallel, two_endpoints, au9540, iccd):
            part(t, emu)
    t.done()


main()
