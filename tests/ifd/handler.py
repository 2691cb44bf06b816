# SPDX-License-Identifier: BSD-2-Clause
"""slotd's end of an ifdhandler, for tests: starts one on an emulated device and
speaks the channel (protocols/channel.h) with it.

    with Emulator(["cherry-st1044u"]) as emu, Handler(emu.address, "1-1") as h:
        info = h.ready()
        atr = h.power_on().data
"""
import os
import re
import socket
import struct
import subprocess
import sys

SOURCE = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(SOURCE, "tests", "emulator"))

from usbip_client import Device  # noqa: E402

TIMEOUT = 20
CHANNEL_FD, DEVICE_FD = 3, 4


def names(header, macro):
    """The names of an X-macro list, in order."""
    text = open(os.path.join(SOURCE, header)).read()
    body = re.search(r"#define %s\(X\)(.*?)\n\n" % macro, text, re.S).group(1)
    return re.findall(r"X\((\w+)", body)


TYPES = ["NONE"] + names("protocols/channel.h", "CHANNEL_LIST")
ERRORS = names("base/err.h", "ERR_LIST")
PRESENT, POWERED, MUTED = 1, 2, 4


class Message:
    def __init__(self, raw):
        kind, self.slot, err, _, self.xid, self.arg = struct.unpack(
            "<BBBBII", raw[:12])
        self.type, self.err = TYPES[kind], ERRORS[err]
        self.data = raw[12:]

    @property
    def text(self):
        return self.data.decode()

    def __repr__(self):
        return "%s slot=%d %s xid=%d arg=%d %s" % (
            self.type, self.slot, self.err, self.xid, self.arg,
            self.data.hex())


class Info:
    def __init__(self, raw):
        (self.slots, self.flags, self.vid, self.pid, self.bcd, self.max_apdu,
         self.max_message, self.features, self.protocols) = struct.unpack(
            "<BBHHHIIII", raw[:24])
        self.texts, at = [], 24
        while at < len(raw):
            n, = struct.unpack("<H", raw[at:at + 2])
            self.texts.append(raw[at + 2:at + 2 + n].decode())
            at += 2 + n
        (self.driver, self.vendor, self.product, self.serial, self.interface,
         self.plan) = self.texts


class Handler:
    def __init__(self, address, busid, driver="ccid", debug=1):
        device = Device(address, busid)
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mine.settimeout(TIMEOUT)
        self.channel, self.xid, self.kept, self.log = mine, 0, [], []
        fds = {CHANNEL_FD: theirs.fileno(), DEVICE_FD: device.sock.fileno()}
        # from high numbers, so that neither is in the way of the other
        high = {fd: os.dup2(n, 100 + fd) for fd, n in fds.items()}
        program = os.path.join(os.environ.get("top_builddir", "."), "ifd",
                               "ifdhandler")

        def born():
            for fd, n in high.items():
                os.dup2(n, fd)

        self.process = subprocess.Popen(
            [program, "--driver", driver, "--kind", "usbip", "--devid",
             str(device.devid), "--speed", str(device.speed), "--debug",
             str(debug)], preexec_fn=born, close_fds=False)
        for n in high.values():
            os.close(n)
        theirs.close()
        device.close()

    def send(self, kind, slot=0, arg=0, data=b"", xid=None):
        if xid is None:
            self.xid += 1
            xid = self.xid
        self.channel.send(struct.pack("<BBBBII", TYPES.index(kind), slot, 0, 0,
                                      xid, arg) + data)
        return xid

    def receive(self):
        """The next message that is no LOG; None at the end."""
        while True:
            try:
                raw = self.channel.recv(70000)
            except ConnectionResetError:    # it left with messages unread
                return None
            if not raw:
                return None
            m = Message(raw)
            if m.type != "LOG":
                return m
            self.log.append(m.text)

    def wait(self, wanted):
        """The first message that is wanted, others are kept for later."""
        for i, m in enumerate(self.kept):
            if wanted(m):
                return self.kept.pop(i)
        while True:
            m = self.receive()
            if m is None:
                raise EOFError("the handler has left")
            if wanted(m):
                return m
            self.kept.append(m)

    def result(self, xid):
        return self.wait(lambda m: m.type == "RESULT" and m.xid == xid)

    def card(self, slot=0):
        return self.wait(lambda m: m.type == "CARD" and m.slot == slot)

    def ready(self):
        return Info(self.wait(lambda m: m.type == "READY").data)

    def power_on(self, slot=0, warm=0):
        return self.result(self.send("POWER_ON", slot, warm))

    def power_off(self, slot=0):
        return self.result(self.send("POWER_OFF", slot))

    def transmit(self, apdu, slot=0):
        return self.result(self.send("TRANSMIT", slot,
                                     data=bytes.fromhex(apdu)))

    def stop(self):
        self.channel.close()
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
