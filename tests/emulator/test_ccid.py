# SPDX-License-Identifier: BSD-2-Clause
"""What the reader refuses, abort, cards that come and go, time, faults."""
import struct
import subprocess

from usbip_client import Ccid, Device, Emulator, Tap, program

CHALLENGE = bytes.fromhex("0084000008")


def raw(c, kind, args="000000", data="", **kw):
    return c.command(kind, bytes.fromhex(args), bytes.fromhex(data),
                     **kw).raw.hex()


def refusals(t, c):
    """(message, arguments, data, answer with its sequence as SS)"""
    rows = [
        (0x6f, "000000", "0084000008", "800000000000SS41fe00", "no power"),
        (0x6c, "000000", "", "820000000000SS41fe00", "parameters, no power"),
        (0x61, "010000", "1110004d002000", "820000000000SS41fe00", "same"),
        (0x62, "000000", "", "800000000000SS410700", "no auto voltage"),
        (0x62, "040000", "", "800000000000SS410700", "no voltage 4"),
        (0x62, "010000", "00", "800000000000SS410100", "data in power on"),
        (0x62, "010000", "", None, "power on"),
        (0x6c, "000000", "", "820700000000SS000001" + "1310004500fe00",
         "parameters as the ATR says"),
        (0x61, "000000", "1100000a00", "820000000000SS400700", "no T=0"),
        (0x61, "020000", "1100000a00", "820000000000SS400700", "no T=2"),
        (0x61, "010000", "1100000a00", "820000000000SS400100", "5 for T=1"),
        (0x61, "010000", "7710004d002000", "820000000000SS400a00", "Fi RFU"),
        (0x61, "010000", "1110004d002000",
         "820700000000SS0000011110004d002000", "parameters set"),
        (0x6c, "000000", "", "820700000000SS0000011110004d002000", "and got"),
        (0x6d, "000000", "", "820700000000SS0000011310004500fe00", "reset"),
        (0x6f, "000100", "0084000008", "800000000000SS400800", "a chain"),
        (0x6f, "000000", "00840000000008", "800000000000SS400100",
         "an extended APDU"),
        (0x6f, "000000", "008400", "800000000000SS400100", "three bytes"),
        (0x6f, "000000", "00d6000005010203", "800000000000SS400100",
         "Lc and data disagree"),
        (0x6f, "000000", "00d60000ff" + "00" * 257, "800000000000SS400100",
         "262 bytes"),
        (0x6b, "000000", "0102", "830000000000SS400000", "escape"),
        (0x69, "000000", "00", "800000000000SS400000", "secure"),
        (0x73, "000000", "00" * 8, "840000000000SS400000", "data rate"),
        (0x71, "000000", "", "810000000000SS400000", "mechanical"),
        (0x55, "000000", "", "810000000000SS400000", "unknown"),
        (0x6e, "010000", "", "810000000000SS000001", "clock stop"),
        (0x65, "000000", "", "810000000000SS000001", "clock is stopped"),
        (0x6e, "000000", "", "810000000000SS000000", "clock restart"),
        (0x6e, "020000", "", "810000000000SS400700", "clock 2"),
        (0x6a, "000000", "", "810000000000SS000000", "T0APDU"),
        (0x63, "000000", "", "810000000000SS010000", "power off"),
    ]
    for kind, args, data, want, name in rows:
        seq = "%02x" % (c.seq & 0xff)
        got = raw(c, kind, args, data)
        if want is not None:
            t.eq(got, want.replace("SS", seq), name)
    seq = "%02x" % (c.seq & 0xff)
    t.eq(raw(c, 0x65, slot=3), "810000000003%s420500" % seq, "no slot 3")
    seq = "%02x" % (c.seq & 0xff)
    t.eq(raw(c, 0x65, length=7), "810000000000%s410100" % seq,
         "a length beyond the data")


def abort(t, dev, c, emu):
    c.power_on()
    seq = c.send(0x6f, data=CHALLENGE)
    a = c.command(0x65)
    t.eq((a.seq, a.status, a.error), (seq + 1, 0x40, 0xe0),
         "a second command while one runs: busy")
    status, _ = dev.control(0x21, 1, c.seq << 8, 0)
    t.eq(status, 0, "abort request")
    a = c.command(0x65, slot=0)
    t.eq(a.error, 0xff, "commands meanwhile are aborted")
    # the abort's sequence number is the request's
    c.seq -= 1
    status, _ = dev.control(0x21, 1, c.seq << 8, 0)
    a = c.command(0x72)
    t.eq((a.type, a.status, a.error), (0x81, 0, 0), "abort is done")
    t.eq(c.status().status, 0, "and the slot is free")
    t.eq(dev.control(0x21, 1, 9, 0)[0], -32, "abort of no slot stalls")


def cards(t, dev, c, emu):
    c.power_on()
    waiting = dev.submit(1, None, 8)
    emu.ctl("remove", "1-1")
    t.eq(dev.wait(waiting), (0, b"P\2"), "removed, on the interrupt endpoint")
    t.eq(c.status().status, 2, "no card")
    a = c.power_on()
    t.eq((a.status, a.error), (0x42, 0xfe), "no card to power")
    a = c.command(0x6f, data=CHALLENGE)
    t.eq((a.status, a.error), (0x42, 0xfe), "no card to ask")
    emu.ctl("insert", "1-1")
    emu.ctl("remove", "1-1")
    emu.ctl("insert", "1-1:0")
    t.eq(dev.read(1, 8), (0, b"P\3"), "changes are told once")
    t.eq(c.status().status, 1, "inserted, no power")
    waiting = dev.submit(1, None, 8)
    t.eq(emu.ctl("insert", "1-1").returncode, 0, "inserted twice: fine")
    t.eq(dev.unlink(waiting), -104, "and no news")
    seq = c.command(0x62, b"\1\0\0").seq
    c.send(0x6f, data=CHALLENGE)
    emu.ctl("remove", "1-1")
    a = c.receive()
    t.eq((a.seq, a.status, a.error), (seq + 1, 0x42, 0xfe),
         "a card that leaves during its command")
    emu.ctl("insert", "1-1")


def clock(t, c):
    c.power_on()
    c.send(0x6f, data=CHALLENGE)
    a = c.receive()
    t.eq((a.status, a.error, a.length), (0x80, 1, 0), "time extension")
    a = c.receive()
    t.eq((a.status, a.error), (0x80, 1), "one more")
    a = c.receive()
    t.eq(len(a.data), 10, "then the answer")


def fault(t, dev, c, emu, spec, name, judge):
    c.power_on()
    emu.ctl("fault", "1-1", spec)
    c.send(0x6f, data=CHALLENGE)
    t.ok(judge(dev, c), "fault " + spec + ": " + name)
    emu.ctl("fault", "1-1", "none")
    dev.control(0x02, 1, 0, 0x82)


def faults(t, emu):
    def field(**want):
        def judge(_, c):
            a = c.receive()
            return all(getattr(a, k) == v(c) for k, v in want.items())
        return judge

    def raises(_, c):
        try:
            c.receive()
            return False
        except (OSError, struct.error):
            return True

    with Device(emu.address, "1-1") as dev:
        dev.configure()
        c = Ccid(dev)
        last = lambda c: c.seq - 1
        fault(t, dev, c, emu, "seq@1:3", "bSeq",
              field(seq=lambda c: last(c) + 3))
        fault(t, dev, c, emu, "slot@x1", "bSlot", field(slot=lambda c: 1))
        fault(t, dev, c, emu, "length@*:100", "dwLength",
              field(length=lambda c: 110))
        fault(t, dev, c, emu, "type@1:129", "type",
              field(type=lambda c: 0x81))
        fault(t, dev, c, emu, "short@1:4", "cut",
              lambda _, c: len(c.receive().raw) == 16)
        fault(t, dev, c, emu, "short@1:14", "header cut",
              lambda dev, _: dev.read(2, 300) == (0, dev_bytes(c)[:6]))
        fault(t, dev, c, emu, "empty@1", "empty, then whole",
              lambda dev, c: dev.read(2, 300) == (0, b"") and
              len(c.receive().data) == 10)
        fault(t, dev, c, emu, "stall@1", "EPIPE", raises)
        dev.read(2, 300)
        fault(t, dev, c, emu, "twice@1", "twice",
              lambda _, c: c.receive().raw == c.receive().raw)
        fault(t, dev, c, emu, "babble@1", "overflow",
              lambda dev, _: dev.read(2, 100)[0] == -75)
        while dev.unlink(dev.submit(2, None, 2048)) == 0:
            pass
        fault(t, dev, c, emu, "wtx@1:1", "one extension",
              lambda _, c: c.receive().status == 0x80 and
              len(c.receive().data) == 10)
        fault(t, dev, c, emu, "late@x1:50", "late",
              lambda _, c: len(c.receive().data) == 10)
        fault(t, dev, c, emu, "lost@1", "lost",
              lambda dev, _: dev.unlink(dev.submit(2, None, 300)) == -104)
        fault(t, dev, c, emu, "lost@2", "the second only",
              lambda _, c: len(c.receive().data) == 10)
        fault(t, dev, c, emu, "hang@1", "hangs",
              lambda dev, _: dev.unlink(dev.submit(2, None, 300)) == -104)
        c.send(0x65)
        t.eq(dev.unlink(dev.submit(2, None, 300)), -104, "for good")
    for spec in ("unplug@x1", "unplug@t3"):
        with Device(emu.address, "1-1") as dev:
            dev.configure()
            c = Ccid(dev)
            c.power_on()
            emu.ctl("fault", "1-1", spec)
            try:
                for _ in range(3):
                    c.apdu(CHALLENGE)
                t.ok(False, spec)
            except (EOFError, ConnectionError):
                t.ok(True, spec + " ends the connection")
        t.eq(emu.stats("1-1")["plugged"], False, "it is unplugged")
        emu.ctl("fault", "1-1", "none")
        emu.ctl("plug", "1-1")


def dev_bytes(c):
    return bytes([0x80, 10, 0, 0, 0, 0])


def class_descriptors(t, emu):
    for variant, n, first in (("short", 49, 10), ("long", 93, 255),
                              ("nonsense", 93, 54), ("none", 39, 7),
                              ("good", 93, 54)):
        emu.ctl("fault", "1-1", "class=" + variant)
        with Device(emu.address, "1-1") as dev:
            d = dev.descriptor(2)[1]
            t.eq((len(d), d[2] | d[3] << 8, d[18]), (n, n, first),
                 "class descriptor " + variant)


def seeds(t, emu):
    """The same seed, the same faults."""
    seen = []
    for _ in range(2):
        emu.ctl("fault", "1-1", "seed=42")
        trace = []
        with Device(emu.address, "1-1") as dev:
            dev.configure()
            c = Ccid(dev)
            for _ in range(40):
                c.send(0x65)
                a = dev.submit(2, None, 300)
                if dev.unlink(a) == 0:
                    trace.append(dev.answers.pop(a))
                dev.control(0x02, 1, 0, 0x82)
        seen.append(trace)
    t.eq(seen[0], seen[1], "a seed repeats itself")
    t.ok(len(set(seen[0])) > 3, "and does something")
    emu.ctl("fault", "1-1", "none")


def command_line(t):
    """(what is wrong, the word that says so)"""
    listen, device = ["--listen", "127.0.0.1:0"], ["--device", "egate"]
    for words, said in (
            (listen, "--device is missing"),
            (device, "--listen is missing"),
            (listen + device + ["more"], "options are expected, not more"),
            (listen + device + ["--fault", "x"], "--fault: a number"),
            (listen + device + ["--ready-fd", "x"], "--ready-fd: a number"),
            (listen + ["--device", "egate,card=no"], "no built-in card"),
            (device + ["--listen", "127.0.0.1:65536"], "up to 65535"),
            (device + ["--listen", "127.0.0.1:"], "up to 65535")):
        p = subprocess.run([program(), *words], capture_output=True,
                           text=True, timeout=60)
        t.ok(p.returncode in (1, 2) and said in p.stderr, said)


def control_socket(t, emu):
    for words in (["plug"], ["plug", "7-7"], ["fly", "1-1"],
                  ["insert", "1-1:5"], ["plug", "1-1:0"], ["insert", "1-1:"],
                  ["card", "1-1"], ["card", "1-1", "/nonexistent"],
                  ["fault", "1-1", "seq@0"], ["fault", "1-1", "mood@1"],
                  ["stats", "1-1", "more"]):
        p = emu.ctl(*words, check=False)
        t.ok(p.returncode != 0 and p.stderr, "ctl refuses " +
             " ".join(words))
    with Device(emu.address, "1-2") as dev:
        dev.configure()
        Ccid(dev).status()
        dev.submit(1, None, 8)
        s = emu.stats("1-2")
        n = {e["endpoint"]: e["transfers"] for e in s["endpoints"]}
        t.eq(n, {"00": 1, "81": 0, "02": 1, "82": 1},
             "transfers are counted when they end")
        emu.ctl("stats-reset", "1-2")
        s = emu.stats("1-2")
        t.eq(sum(e["transfers"] for e in s["endpoints"]), 0, "and reset")
        t.eq(dev.descriptor(1)[1][16], 3, "a serial number has a string")
        t.eq(dev.descriptor(3, 3)[1][2:].decode("utf-16-le"), "A-17", "it")
        t.eq(Ccid(dev).status().status, 2, "nocard")
        emu.ctl("unplug", "1-2")
        try:
            dev.pump()
            dev.pump()
            t.ok(False, "unplug ends the connection")
        except EOFError:
            t.ok(True, "unplug ends the connection")


def main():
    t = Tap()
    with Emulator(["cherry-st1044u", "cherry-st1044u,serial=A-17,nocard"]) \
            as emu:
        with Device(emu.address, "1-1") as dev:
            dev.configure()
            refusals(t, Ccid(dev))
        command_line(t)
        control_socket(t, emu)
        faults(t, emu)
        class_descriptors(t, emu)
        seeds(t, emu)
    with Emulator(["cherry-st1044u,delay=60000"]) as emu, \
            Device(emu.address, "1-1") as dev:
        dev.configure()
        c = Ccid(dev)
        abort(t, dev, c, emu)
        cards(t, dev, c, emu)
    with Emulator(["cherry-st1044u,delay=120,wtx=45"]) as emu, \
            Device(emu.address, "1-1") as dev:
        dev.configure()
        clock(t, Ccid(dev))
    t.done()


main()
