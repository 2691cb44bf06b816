# SPDX-License-Identifier: BSD-2-Clause
"""Malformed USB/IP clients, and the rules of URBs: slotemu stays up."""
import random
import socket
import struct

from usbip_client import (CMD_SUBMIT, Ccid, Device, Emulator, ImportFailed,
                          Tap, connect, device_list, receive)

IMPORT = struct.pack(">HHI32s", 0x111, 0x8003, 0, b"1-1")
SUBMIT = struct.pack(">IIIIIIIIII8s", CMD_SUBMIT, 1, 1 << 16 | 1, 0, 0, 0, 0,
                     0, 0xffffffff, 0, bytes.fromhex("0009010000000000"))


def closed(sock):
    """Whether the server hangs up."""
    try:
        while sock.recv(4096):
            pass
        return True
    except ConnectionError:
        return True
    except socket.timeout:
        return False


def alive(t, emu, name):
    with Device(emu.address, "1-1") as dev:
        dev.configure()
        t.eq(Ccid(dev).status().raw.hex(), "81000000000000010000",
             "alive after " + name)


def cut_everywhere(t, emu):
    """Each prefix of an import and a submit, then silence and a close."""
    whole = IMPORT + SUBMIT
    for n in range(len(whole)):
        with connect(emu.address) as s:
            s.sendall(whole[:n])
    alive(t, emu, "messages cut at each of %d lengths" % len(whole))


def byte_by_byte(t, emu):
    with connect(emu.address) as s:
        for b in IMPORT + SUBMIT:
            s.sendall(bytes([b]))
        got = receive(s, 320 + 48)
        t.eq(struct.unpack(">I", got[320:324])[0], 3, "bytes one by one")


BAD = [
    ("a foreign version", False, struct.pack(">HHI", 0x106, 0x8005, 0)),
    ("an unknown operation", False, struct.pack(">HHI", 0x111, 0x8009, 0)),
    ("an answer as request", False, struct.pack(">HHI", 0x111, 0x0003, 0)),
    ("an unknown URB", True, struct.pack(">I44x", 9)),
    ("a RET_SUBMIT", True, struct.pack(">I44x", 3)),
    ("a foreign device id", True,
     struct.pack(">IIIIII24x", CMD_SUBMIT, 1, 7, 0, 0, 0)),
    ("an OUT of 4 GB", True, struct.pack(
        ">IIIIIII20x", CMD_SUBMIT, 1, 1 << 16 | 1, 0, 2, 0, 0xffffffff)),
    ("endpoint 300", True, struct.pack(
        ">IIIIIII20x", CMD_SUBMIT, 1, 1 << 16 | 1, 1, 300, 0, 64)),
]


def hang_ups(t, emu):
    for name, imported, data in BAD:
        with connect(emu.address) as s:
            s.settimeout(5)
            if imported:
                s.sendall(IMPORT)
                receive(s, 320)
            s.sendall(data)
            t.ok(closed(s), name + " ends the connection")
    alive(t, emu, "all of these")


def garbage(t, emu):
    rnd = random.Random(1)
    for _ in range(100):
        with connect(emu.address) as s:
            try:
                if rnd.random() < 0.5:
                    s.sendall(IMPORT)
                s.sendall(rnd.randbytes(rnd.randrange(400)))
            except ConnectionError:
                pass
    alive(t, emu, "garbage")


def ccid_garbage(t, emu):
    rnd = random.Random(2)
    with Device(emu.address, "1-1") as dev:
        dev.configure()
        for _ in range(500):
            data = bytearray(rnd.randbytes(rnd.randrange(300)))
            if len(data) > 5 and rnd.random() < 0.9:
                data[0] = rnd.choice([0x61, 0x62, 0x65, 0x6c, 0x6f, 0x72])
                data[1:6] = struct.pack("<IB", len(data) - 10 &
                                        0xffffffff, 0)
            dev.write(2, bytes(data))
            dev.unlink(dev.submit(2, None, 300))
    alive(t, emu, "garbage on the bulk endpoint")


def never_reads(t, emu):
    """A client that only sends is closed when its answers pile up."""
    with connect(emu.address) as s:
        s.settimeout(10)
        s.sendall(IMPORT)
        setup = bytes.fromhex("8006000200000010")
        urb = struct.pack(">IIIIIIIIII8s", CMD_SUBMIT, 1, 1 << 16 | 1, 1, 0,
                          0, 4096, 0, 0xffffffff, 0, setup)
        try:
            for _ in range(4000):
                s.sendall(urb * 100)
            t.ok(False, "a client that never reads is closed")
        except ConnectionError:
            t.ok(True, "a client that never reads is closed")
        except socket.timeout:
            t.ok(False, "a client that never reads is closed")
    alive(t, emu, "it")


def crowd(t, emu):
    socks = [connect(emu.address) for _ in range(200)]
    for s in socks:
        s.close()
    alive(t, emu, "200 connections")


def urb_rules(t, emu):
    with Device(emu.address, "1-1") as dev:
        t.eq(dev.read(2, 64)[0], -2, "ENOENT before SET_CONFIGURATION")
        dev.configure()
        t.eq(device_list(emu.address), [], "an imported device is not listed")
        try:
            Device(emu.address, "1-1")
            t.ok(False, "a second import is refused")
        except ImportFailed as e:
            t.eq(e.args[0], 2, "a second import: device busy")
        try:
            Device(emu.address, "9-9")
            t.ok(False, "an unknown bus id is refused")
        except ImportFailed as e:
            t.eq(e.args[0], 4, "an unknown bus id: no device")
        a = dev.submit(1, None, 8)
        t.eq(dev.unlink(a), -104, "unlinked: ECONNRESET")
        t.ok(a not in dev.answers, "and no RET_SUBMIT")
        t.eq(dev.unlink(a), 0, "a second time: 0, it is done")
        t.eq(dev.read(5, 64)[0], -2, "no such endpoint")
        t.eq(dev.write(2, b""), (0, 0), "an empty OUT packet is nothing")
        c = Ccid(dev)
        c.send(0x65)
        t.eq(dev.read(2, 8), (-75, b""), "a packet too long: EOVERFLOW")
        first, second = dev.submit(2, None, 64), dev.submit(2, None, 64)
        c.send(0x65)
        c.send(0x65)
        t.eq((dev.wait(first)[1][6], dev.wait(second)[1][6]), (1, 2),
             "two waiting IN transfers complete in order")


def standard_requests(t, emu):
    with Device(emu.address, "1-1") as dev:
        t.eq(dev.control(0x80, 8, 0, 0, 1), (0, b"\0"), "GET_CONFIGURATION")
        dev.configure()
        t.eq(dev.control(0x80, 8, 0, 0, 1), (0, b"\1"), "configured")
        t.eq(dev.control(0x80, 0, 0, 0, 2), (0, b"\0\0"), "GET_STATUS")
        t.eq(dev.control(0x81, 0, 0, 0, 2), (0, b"\0\0"), "of interface 0")
        t.eq(dev.control(0x81, 0, 0, 1, 2)[0], -32, "no interface 1")
        t.eq(dev.control(0x81, 10, 0, 0, 1), (0, b"\0"), "GET_INTERFACE")
        t.eq(dev.control(0x01, 11, 0, 0)[0], 0, "SET_INTERFACE 0")
        t.eq(dev.control(0x01, 11, 1, 0)[0], -32, "no alternate setting 1")
        t.eq(dev.control(0x00, 9, 2, 0)[0], -32, "no configuration 2")
        t.eq(dev.control(0x02, 3, 0, 0x82)[0], 0, "halt endpoint 82")
        t.eq(dev.control(0x82, 0, 0, 0x82, 2), (0, b"\1\0"), "it is halted")
        t.eq(dev.read(2, 64)[0], -32, "EPIPE from a halted endpoint")
        t.eq(dev.control(0x02, 1, 0, 0x82)[0], 0, "clear halt")
        t.eq(dev.control(0x82, 0, 0, 0x82, 2), (0, b"\0\0"), "it runs again")
        t.eq(dev.control(0x02, 1, 0, 0x87)[0], -32, "no endpoint 87")
        t.eq(dev.control(0x40, 9, 1, 2)[0], -32, "no vendor requests")
        t.eq(dev.control(0x80, 6, 0x2200, 0, 9)[0], -32, "no HID descriptor")
        t.eq(dev.descriptor(3, 0), (0, b"\4\3\x09\4"), "language")
        t.eq(dev.descriptor(3, 77)[0], -32, "no string 77")


RATES = struct.pack("<BBHHH", 0xa1, 3, 0, 0, 1024)
ANSWERED = [    # a fault of the control transfer, how it ends
    ("stall", (-32, 0)), ("short:24", (0, 1000)), ("empty", (0, 0)),
    ("babble", (-75, 0)), ("late:20", (0, 1024))]


def control_faults(t, emu):
    """Vendor and class requests that go wrong: @c counts them."""
    def ask(dev):
        return dev.submit(0, None, 1024, RATES)

    with Device(emu.address, "1-1") as dev:
        dev.configure()
        for fault, want in ANSWERED:
            kind, _, value = fault.partition(":")
            emu.ctl("fault", "1-1", kind + "@c2" + (value and ":" + value))
            t.eq(len(dev.wait(ask(dev))[1]), 1024, "one without a fault")
            status, data = dev.wait(ask(dev))
            t.eq((status, len(data)), want, fault)
        emu.ctl("fault", "1-1", "lost@c1")
        lost, behind = ask(dev), ask(dev)
        t.eq(dev.unlink(lost), -104, "a lost one waits to be cancelled")
        t.eq(len(dev.wait(behind)[1]), 1024, "the one behind it goes on")
        emu.ctl("fault", "1-1", "hang@c1")
        hung = ask(dev)
        t.eq(dev.unlink(hung), -104, "the device hangs")
        standard = dev.submit(0, None, 2, bytes.fromhex("8000000000000200"))
        t.eq(dev.unlink(standard), -104, "for standard requests too")
        t.ok(hung not in dev.answers and standard not in dev.answers,
             "they were not answered")
    alive(t, emu, "a hang")
    for script in "twice@c1", "stall@t1", "seq@c1", "stall@c0":
        t.ok(emu.ctl("fault", "1-1", script, check=False).returncode != 0,
             "no such fault: " + script)
    emu.ctl("fault", "1-1", "none")


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu:
        cut_everywhere(t, emu)
        byte_by_byte(t, emu)
        hang_ups(t, emu)
        garbage(t, emu)
        ccid_garbage(t, emu)
        never_reads(t, emu)
        crowd(t, emu)
        urb_rules(t, emu)
        standard_requests(t, emu)
        control_faults(t, emu)
    with Emulator(["cherry-st1044u"], listen="127.0.0.1:0") as emu:
        alive(t, emu, "starting on TCP")
    t.done()


main()
