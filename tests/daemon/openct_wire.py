# SPDX-License-Identifier: BSD-2-Clause
"""OpenCT's socket protocol and status file, spoken by hand for tests."""
import os
import socket
import struct

from harness import TIMEOUT

RECORD = "=64sI8IIi"
LOCK_EXCLUSIVE, LOCK_SHARED = 1, 0
MORE, LONG = 1 << 30, 1 << 29


def message(body, xid=1, dest=0, length=None):
    return struct.pack("=IIhH", xid, dest, 0,
                       len(body) if length is None else length) + body


def item(tag, value, large=False):
    if large:
        return struct.pack(">BH", tag | 0x40, len(value)) + value
    return bytes([tag, len(value)]) + value


def transact(apdu, slot=0, large=True):
    return bytes([0x21, slot]) + item(0x84, apdu, large)


def lock(kind=LOCK_EXCLUSIVE, slot=0):
    return bytes([0x01, slot]) + item(0x82, bytes([kind]))


class Connection:
    """One client. ask() gives (error, body)."""

    def __init__(self, slotd, reader=0):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.path.join(slotd.run, str(reader)))
        self.sock.settimeout(TIMEOUT)
        self.xid = 100

    def send(self, body, **more):
        self.xid += 1
        self.sock.sendall(message(body, self.xid, **more))
        return self.xid

    def receive(self, n):
        got = b""
        while len(got) < n:
            more = self.sock.recv(n - len(got))
            if not more:
                raise EOFError(got)
            got += more
        return got

    def answer(self, xid=None):
        """The next answer, its parts joined."""
        body, dest = b"", MORE
        while dest & MORE:
            got_xid, dest, error, n = struct.unpack("=IIhH", self.receive(12))
            assert xid is None or got_xid == xid, (got_xid, xid)
            body += self.receive(n)
        return error, body

    def ask(self, body, **more):
        return self.answer(self.send(body, **more))

    def is_closed(self):
        """True when the other side closes, without another byte."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def status(slotd, reader=0):
    """The reader's record: (name, slots, cards, flags, pid)."""
    with open(os.path.join(slotd.run, "status"), "rb") as f:
        f.seek(reader * struct.calcsize(RECORD))
        r = struct.unpack(RECORD, f.read(struct.calcsize(RECORD)))
    return r[0].rstrip(b"\0").decode(), r[1], list(r[2:10]), r[10], r[11]
