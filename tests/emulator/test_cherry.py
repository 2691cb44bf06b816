# SPDX-License-Identifier: BSD-2-Clause
"""The Cherry ST-1044U as the published descriptor and CCID 1.1 have it."""
from usbip_client import Ccid, Device, Emulator, Tap, device_list

CLASS = bytes.fromhex(
    "3621000100070300 0000c0120000401f 000004002a0000e7"
    "4c06006afe000000 0700000000000000 b20702000f010000"
    "ffff0000 0001")
ATR = "3b9d138131fe458073b6214057736c6f74656d758f"


def descriptors(t, dev):
    t.eq(dev.speed, 2, "full speed")
    status, d = dev.descriptor(1)
    t.eq((status, d[8:14].hex()), (0, "6a042d000302"), "046a:002d 2.03")
    status, c = dev.descriptor(2, length=9)
    t.eq((status, len(c), c[2]), (0, 9, 93), "configuration cut at 9 bytes")
    status, c = dev.descriptor(2)
    t.eq((status, len(c)), (0, 93), "configuration whole")
    t.eq(c[18:72].hex(), CLASS.hex(), "class descriptor")
    t.eq(dev.descriptor(3, 1)[1][2:].decode("utf-16-le"), "Cherry GmbH",
         "manufacturer")
    t.eq(dev.descriptor(3, 2)[1][2:].decode("utf-16-le"),
         "SmartTerminal XX44", "product")
    t.eq(dev.descriptor(3, 4), (-32, b""), "the interface string stalls")
    t.eq(dev.descriptor(6), (-32, b""), "no device qualifier at full speed")


def class_requests(t, dev):
    status, d = dev.control(0xa1, 2, 0, 0, 2048)
    t.eq((status, len(d), d[:4].hex()), (0, 1024, "a00f0000"),
         "256 clocks where 4 are announced")
    status, d = dev.control(0xa1, 3, 0, 0, 424)
    t.eq((status, len(d), d[:4].hex()), (0, 424, "002a0000"), "106 rates")
    t.eq(len(dev.control(0xa1, 3, 0, 0, 4096)[1]), 1024, "256 rates")


def exchange(t, c):
    t.eq(c.status().raw.hex(), "81000000000000010000", "card, no power")
    t.eq(c.power_on(0).raw.hex(), "80000000000001410700",
         "no automatic voltage")
    t.eq(c.power_on().data.hex(), ATR, "ATR at 5 V")
    t.eq(c.command(0x61, b"\1\0\0", bytes.fromhex("1110004d002000")).raw.hex(),
         "820700000000030000011110004d002000", "SetParameters T=1")
    t.eq(len(c.apdu(bytes.fromhex("0084000008"))), 10, "GET CHALLENGE")
    t.eq(c.power_off().raw.hex(), "81000000000005010000", "power off")


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu:
        t.eq(device_list(emu.address), [("1-1", 0x46a, 0x2d, [11])], "list")
        with Device(emu.address, "1-1") as dev:
            descriptors(t, dev)
            dev.configure()
            class_requests(t, dev)
            exchange(t, Ccid(dev))
    t.done()


main()
