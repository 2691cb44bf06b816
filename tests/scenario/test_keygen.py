# SPDX-License-Identifier: BSD-2-Clause
"""A key pair made on an eToken: the card asks for more time again and again,
nobody else waits."""
import os
import select
import sys
import time

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import Emulator, Slotd, Tap  # noqa: E402

KEYGEN_MS = 4000        # the card asks each 1.6 s, its BWT is 3.2 s
BITS = 1024


def tlv(tag, *parts):
    value = "".join(parts)
    return "%s%02x%s" % (tag, len(value) // 2, value)


def component(number, more):
    """A part of key 10, for signing, as long as the key shall be."""
    return tlv("00da016e", tlv("83", "2%d10" % number),
               tlv("85", "22" if more else "02", "008c00ffff0000"),
               tlv("86", "00" * 7),
               tlv("8f", "8100", "ff" * (BITS // 8)))


PREPARE = [
    tlv("00da016d", tlv("83", "01"), tlv("86", "0000"), tlv("8f", "00" * 6)),
    "00a4000c023f00",
    component(0, True),
    component(1, False),
    tlv("00e00000", tlv("62", tlv("80", "0200"), tlv("82", "05"),
                        tlv("83", "7ead"), tlv("86", "00" * 9))),
]
GENERATE = tlv("00460000", "20107ead00100020")


def prepare(t, token):
    for i, apdu in enumerate(PREPARE):
        t.eq(token.ask(cmd="transmit", reader="etoken",
                       apdu=apdu).get("response"), "9000",
             "key object and file, %d" % i)


def meanwhile(t, token, other):
    began = time.monotonic()
    token.send(cmd="transmit", reader="etoken", apdu=GENERATE)
    for _ in range(50):
        a = other.ask(cmd="transmit", reader="cherry", apdu="0084000008")
        if not a.get("response", "").endswith("9000"):
            t.eq(a, "9000", "the other reader's card")
    t.eq(len(other.ask(cmd="list")["readers"]), 2, "readers are listed")
    t.ok(not select.select([token.sock], [], [], 0)[0],
         "50 APDUs of another reader while the key is made")
    t.eq(token.answer().get("response"), "9000", "the key is made")
    took = time.monotonic() - began
    t.ok(took >= KEYGEN_MS / 1000, "after %.1f s" % took)


def signs(t, token):
    def ask(apdu):
        r = token.ask(cmd="transmit", reader="etoken", apdu=apdu)["response"]
        return r[:-4] if r[-4:] == "9000" else "SW " + r[-4:]

    n = int(ask("00b2010400")[8:], 16)
    t.eq(n.bit_length(), BITS, "its modulus")
    block = "0001" + "ff" * (BITS // 8 - 35) + "00" + "5a" * 32
    ask(tlv("002241b6", tlv("83", "10")))
    s = int(ask(tlv("002a9e9a", block) + "00"), 16)
    t.eq(pow(s, 65537, n), int(block, 16), "its signature is right")


def main():
    t = Tap()
    devices = ["etoken-0514,card=cardos,keygen=%d" % KEYGEN_MS,
               "cherry-st1044u"]
    with Emulator(devices) as emu, Slotd() as d:
        d.start(d.reader(emu.address, "1-1", "etoken", "etoken") +
                d.reader(emu.address, "1-2", name="cherry"))
        for _ in devices:
            d.wait_log("is ready")
        with d.control() as token, d.control() as other:
            prepare(t, token)
            meanwhile(t, token, other)
            signs(t, token)
    t.done()


main()
