# SPDX-License-Identifier: BSD-2-Clause
"""The card after ISO 7816-4, through the Cherry: command and answer."""
import os
import tempfile

from usbip_client import Ccid, Device, Emulator, Tap

# A leading "!" resets the card first. "*" stands for any bytes before SW1 SW2.
TALKS = [
    ("select", """
        00a4000000                       6f0a82013883023f008a0105 9000
        00a4000c023f00                   9000
        00a4000c025015                   9000
        00a40300                         610c
        00a4000c025015                   9000
        00a4000002440100                 6f118002040082010183024401 880120 8a0105 9000
        00a4000402440100                 6211800204008201018302 4401 880120 8a0105 9000
        00a4000802440100                 6400 9000
        00a4000802501500                 64095007504b43532d3135 9000
        00a40000024401                   6113
        00c0000013                       6f118002040082010183024401880120 8a0105 9000
        00c0000000                       6985
        00a4000c024401                   9000
        00a4000402440105                 6c13
        00a4000c02ffff                   6a82
        00a4000c03ffff00                 6700
        00a4080c0450154401               9000
        00a4080c04a000a001               9000
        00a4090c02a001                   9000
        00a4090c025015                   6a82
        00a4040c06f0736c6f7465           9000
        00a4090c02a002                   9000
        00a4040c0ca000000063504b43532d3135  9000
        00a4040c03f0736d                 6a82
        00a4020c024401                   9000
        00a4010c024401                   6a82
        00a4070c024401                   6a86
        00a400ff023f00                   6a86
        """),
    ("read binary", """
        !00b0000000                      6986
        00a4000c025015                   9000
        00b0000000                       6986
        00a4000c025031                   9000
        00b0000003                       546865 9000
        00b0000104                       68652071 9000
        00b0810703                       636b20 9000
        00b0810000                       *9000
        00b000f820                       0000000000000000 6282
        00b000f800                       0000000000000000 9000
        00b0010001                       6b00
        00b000ff01                       00 9000
        00b0850001                       6a82
        00b0e10001                       6a86
        00b00000                         6700
        00a4000c023f00                   9000
        00b0820f01                       31 9000
        00b09e0002                       6119 9000
        00b2010400                       6981
        """),
    ("update binary", """
        !00a4080c0450155031              9000
        00d6000003414243                 9000
        00b0000004                       41424320 9000
        00d600ff0158                     9000
        00d600ff025859                   6a84
        00d60101015a                     6b00
        00d6000100                       6700
        00d6810301ff                     9000
        00b0000304                       ff717569 9000
        """),
    ("records", """
        !00a4040c08f0736c6f74656d75      9000
        00b2010c00                       6669727374207265636f726420202031 9000
        00b2020410                       7365636f6e64207265636f7264202032 9000
        00b2030400                       6a83
        00b2010420                       6c10
        00b2010408                       6c10
        00b20000 00                      *9000
        00b20002 00                      7365636f6e64207265636f7264202032 9000
        00b20002 00                      6a83
        00b20003 00                      6669727374207265636f726420202031 9000
        00b20001 00                      7365636f6e64207265636f7264202032 9000
        00b20101 00                      6a86
        00b20105 00                      6a86
        00e200080f6669727374207265636f7264202020  6700
        00e200081074686972642020202020202020202020  9000
        00b2030400                       74686972642020202020202020202020 9000
        00dc01041066697273745f5f5f5f5f5f5f5f5f5f5f  9000
        00b2010400                       66697273745f5f5f5f5f5f5f5f5f5f5f 9000
        00b2021400                       61206c6f6e676572206f6e65 9000
        00dc0214026869                   9000
        00b2021400                       6869 9000
        00e200100474776f32               9000
        00b2030400                       74776f32 9000
        00b2011c00                       6e65776573742020 9000
        00b2021c00                       6f6c646573742020 9000
        00e20018083333333333333333       9000
        00e20018083434343434343434       9000
        00e20018083535353535353535       9000
        00b2011c00                       3535353535353535 9000
        00b2041c00                       6e65776573742020 9000
        00b2051c00                       6a83
        00b0000000                       6981
        00b2013400                       6a82
        """),
    ("pin", """
        !00a4080c0450154401              9000
        00b0000001                       6982
        00d600000100                     6982
        00200001                         63c3
        002000010431323335               63c2
        00200001083132333400000000       9000
        00200001                         9000
        00b0000004                       6f6e6c79 9000
        00d60000014f                     9000
        !00200001                        63c3
        0020000108ffffffffffffffff       63c2
        002000010439393939               63c1
        002000010439393939               63c0
        002000010431323334               6983
        00200001                         6983
        002000020431323334               6a88
        002001010431323334               6a86
        002c00010c313233343536373835353535  9000
        002000010435353535               9000
        002400010835353535 36363636      9000
        00240001083535353537373737       63c2
        002400011036363636ffffffff37373737ffffffff  9000
        002000010437373737               9000
        002400010737373737313233         6a80
        002c0101083132333435363738       9000
        002c0101083132333435363739       63c9
        002c010104313233 34              6700
        """),
    ("other", """
        !0084000010                      *9000
        0084000000                       *9000
        0084010008                       6a86
        00ca010100                       736c6f74656d752073616d706c652063617264 9000
        00ca5f50                         611b
        00c000000a                       68747470733a2f2f6578 6111
        00c0000020                       6c11
        00c0000000                       616d706c652e6f72672f736c6f74656d75 9000
        00ca5f5001                       6c1b
        00ca123400                       6a88
        80ca010100                       6e00
        01ca010100                       6881
        04ca010100                       6882
        10ca010100                       6884
        00fe0000                         6d00
        """),
]

T0_CARD = """card iso
atr 3b 00
df 3f00
file 3f00/0001 transparent size 600
data "abcdefghij"
file 3f00/0002 fixed size 4 records 3 sfi 2
record "AAAA"
record "BBBB"
record "CCCC"
object 0101 "ninteen characters."
"""

T0_TALK = """
    00a40000020001                      6f0e800202588201018302 00018a0105 9000
    00a4000002000100                    6f0e80020258820101830200018a0105 9000
    00b0000004                          61626364 9000
    00ca010100                          6e696e7465656e20636861726163746572732e 9000
    00ca010105                          6e696e7465656e20636861726163746572732e 9000
    00b2021410                          42424242 9000
    00b2021000                          6a86
    00b2001200                          41414141 9000
    00b2000200                          42424242 9000
    00d6000003414243                    6981
    00ca5555                            6a88
    """

# An answer of 300 bytes: what is behind 256 of them the host asks for.
LONG_CARD = """card openpgp
atr 3b 1a 11 00 31 f5 73 c0 01 80 05 90 00
"""

LONG_TALK = """
    00a4040006d27600012401              9000
    00200083083132333435363738          9000
    10da7f21ff%s                        9000
    00da7f212d%s                        9000
    00ca7f2100                          %s612c
    00c0000000                          %s9000
    """ % tuple("c5" * n for n in (255, 45, 256, 44))


def turns(text):
    for line in text.strip().splitlines():
        line = line.strip()
        apdu, _, want = line.partition("  ")
        yield apdu.replace(" ", ""), want.replace(" ", "")


def play(t, c, name, text):
    for apdu, want in turns(text):
        if apdu[0] == "!":
            c.power_on()
            apdu = apdu[1:]
        try:
            got = c.hex(apdu)
        except OSError as e:
            got = str(e)
        if want[0] == "*":
            t.ok(got.endswith(want[1:]) and len(got) > 4, "%s %s" %
                 (name, apdu))
        else:
            t.eq(got, want, "%s %s" % (name, apdu))


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu, \
            Device(emu.address, "1-1") as dev:
        dev.configure()
        c = Ccid(dev)
        for name, text in TALKS:
            c.power_on()
            play(t, c, name, text)
        c.power_on()
        before = emu.stats("1-1")["slots"][0]["commands"]
        c.hex("0084000008")
        t.eq(emu.stats("1-1")["slots"][0]["commands"], before + 1,
             "commands are counted")
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "t0.card")
        with open(path, "w") as f:
            f.write(T0_CARD)
        with Emulator(["cherry-st1044u,card=" + path]) as emu, \
                Device(emu.address, "1-1") as dev:
            dev.configure()
            c = Ccid(dev)
            t.eq(c.power_on().data.hex(), "3b00", "T=0 ATR")
            play(t, c, "t=0", T0_TALK)
            t.eq(c.hex("00b0000000")[-4:], "6981", "t=0 after records")
            commands = emu.stats("1-1")["slots"][0]["commands"]
            c.hex("00ca010100")
            t.eq(emu.stats("1-1")["slots"][0]["commands"], commands + 1,
                 "6Cxx is followed and nothing runs twice")
        with open(path, "w") as f:
            f.write(LONG_CARD)
        with Emulator(["cherry-st1044u,card=" + path]) as emu, \
                Device(emu.address, "1-1") as dev:
            dev.configure()
            c = Ccid(dev)
            c.power_on()
            play(t, c, "long", LONG_TALK)
    t.done()


main()
