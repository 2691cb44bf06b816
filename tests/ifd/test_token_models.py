# SPDX-License-Identifier: BSD-2-Clause
"""Every token of emulator/model_token.c under its driver, end to end: an APDU of
each case, long answers, unplug and replug, and a fault at each control transfer
of reset, command and answer."""
import json
import socket
import sys

from handler import POWERED, PRESENT, Handler
from usbip_client import Emulator, Tap

ATR = "3bf2180002c10a31fe58c80975"
TOKENS = [("etoken-050c", "etoken"), ("etoken-0514", "etoken"),
          ("etoken64-0600", "etoken64"), ("etoken64-0700", "etoken64"),
          ("starkey", "starkey")]
SELECT_MF = "00a4000c023f00"
SELECT_FILE = "00a4000c024000"
UPDATE = "00d6000064" + bytes(range(100)).hex()
READ = "00b0000064"
TEXT = bytes(range(100)).hex() + "9000"
FAULTS = ["stall", "short", "short:33", "empty", "babble", "late:5"]
FEWER = ["stall", "short"]      # for the twins of a token


def cases(t, h, name):
    t.eq((h.transmit("00a40000").err), "OK", name + ": case 1")
    r = h.transmit("00840000fa")
    t.eq((r.err, len(r.data)), ("OK", 252), "case 2, 250 bytes")
    t.eq(h.transmit("00b0000010").err, "OK", "case 2")
    t.eq(h.transmit(SELECT_FILE).data.hex(), "9000", "case 3")
    t.eq(h.transmit(UPDATE).data.hex(), "9000", "100 bytes out")
    t.eq(h.transmit(READ).data.hex(), TEXT, "and in again")
    r = h.transmit("00a40000023f0000")
    t.ok(r.data[:1].hex() == "6f" and r.data[-2:].hex() == "9000", "case 4")
    r = h.transmit("008400000000fe")
    t.eq((r.err, len(r.data)), ("OK", 256), "an extended APDU")


def file_of_4k(t, h):
    data = bytes(i * 7 & 0xff for i in range(4096))
    h.transmit(SELECT_FILE)
    for at in range(0, 4096, 128):
        r = h.transmit("00d6%04x80" % at + data[at:at + 128].hex())
        if r.data.hex() != "9000":
            t.eq(r.data.hex(), "9000", "written at %d" % at)
    got = b"".join(h.transmit("00b0%04x80" % at).data[:-2]
                   for at in range(0, 4096, 128))
    t.ok(got == data, "4 kB written and read back")


def lags(emu, busid, h):
    """Whether the next answer is not that of the next command."""
    before = transfers(emu, busid)
    r = h.transmit(SELECT_MF)
    return r.err == "OK" and (transfers(emu, busid) - before != 2 or
                              r.data.hex() != "9000")


def faults(t, emu, busid, name, h, requests, undo):
    """Faults at each of the transfers that these requests take."""
    n = transfers(emu, busid)
    for send, want in requests:
        t.eq(send().data.hex(), want, name + ": without a fault")
    n = transfers(emu, busid) - n
    bad = 0
    kinds = FAULTS if "0514" in name or "starkey" in name else FEWER
    for script in kinds:
        kind, _, value = script.partition(":")
        for at in range(1, n + 1):
            fault(emu, busid, "%s@c%d%s" % (
                kind, at, ":" + value if value else ""))
            for send, want in requests:
                r = send()
                bad += r.err == "OK" and r.data.hex() != want
            fault(emu, busid, "none")
            bad += lags(emu, busid, h)
            bad += undo().err != "OK"
            bad += any(send().data.hex() != want for send, want in requests)
    t.eq(bad, 0, "%s: %d faults at %d transfers: right or an error, and well "
         "after a reset" % (name, len(kinds), n))
    return n


def ask(emu, line):
    """slotemu's control socket, spoken to by hand: there is much to say."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(emu.control)
        s.sendall(line.encode() + b"\n")
        answer = s.makefile().readline()
    if not answer.startswith("ok"):
        raise RuntimeError(answer)
    return answer[3:]


def fault(emu, busid, script):
    ask(emu, "fault %s %s" % (busid, script))


def transfers(emu, busid):
    return json.loads(ask(emu, "stats " + busid))["endpoints"][0]["transfers"]


def unplugged(t, emu, busid, driver, name, n):
    """Leaves at each transfer of an APDU of 100 bytes, and comes back."""
    bad = 0
    for at in range(1, n + 1):
        h = Handler(emu.address, busid, driver)
        with h:
            h.ready()
            h.power_on()
            h.transmit(SELECT_FILE)
            fault(emu, busid, "unplug@c%d" % at)
            try:
                r = h.transmit(UPDATE)
                bad += r.err not in ("GONE", "OK")
            except EOFError:
                bad += 1
        fault(emu, busid, "none")
        ask(emu, "plug " + busid)
    t.eq(bad, 0, "%s: unplugged at %d transfers" % (name, n))
    with Handler(emu.address, busid, driver) as h:
        h.ready()
        t.eq(h.power_on().data.hex(), ATR, "and is well after that")


def token(t, emu, busid, model, driver):
    with Handler(emu.address, busid, driver) as h:
        info = h.ready()
        t.eq((info.slots, info.protocols, info.driver), (1, 2, driver), model)
        t.eq(h.card().arg, PRESENT, "its card is there")
        r = h.power_on()
        t.eq((r.err, r.data.hex(), r.arg), ("OK", ATR, 2), "ATR, T=1")
        t.eq(h.card().arg, PRESENT | POWERED, "and is on")
        cases(t, h, model)
        file_of_4k(t, h)
        n = faults(t, emu, busid, model + ", APDUs", h, [
            (lambda: h.transmit(SELECT_FILE), "9000"),
            (lambda: h.transmit(UPDATE), "9000"),
            (lambda: h.transmit(READ), TEXT)], h.power_on)
        if driver != "starkey":
            faults(t, emu, busid, model + ", reset", h,
                   [(h.power_on, ATR)], h.power_on)
        h.send("QUIT")
        t.eq(h.stop(), 0, "leaves")
    unplugged(t, emu, busid, driver, model, 8)


def main():
    t = Tap()
    chosen = [x for x in TOKENS if len(sys.argv) < 2 or x[0] in sys.argv]
    with Emulator([model for model, _ in chosen]) as emu:
        for i, (model, driver) in enumerate(chosen):
            token(t, emu, "1-%d" % (i + 1), model, driver)
    t.done()


main()
