#!/usr/bin/python3 -I
# SPDX-License-Identifier: BSD-2-Clause
"""An ifdhandler without a reader: what it does is told by its device.

The test is the USB/IP server, so descriptor 4 is a socket to the test; or else
it is a terminal whose other end the test has. Each
line that comes there is an order, and every message of slotd is told there.
"""
import json
import os
import select
import socket
import struct
import sys

TYPES = ["NONE", "POWER_ON", "POWER_OFF", "TRANSMIT", "PROTOCOL", "CONTROL",
         "STATUS", "WATCH", "CANCEL", "PING", "QUIT", "READY", "FAILED",
         "RESULT", "CARD", "PONG", "LOG", "SLOW_CARD"]

channel = socket.socket(fileno=3)
DEVICE = 4
os.set_blocking(DEVICE, True)


def send(kind, slot=0, err=0, xid=0, arg=0, data=b""):
    channel.send(struct.pack("<BBBBII", TYPES.index(kind), slot, err, 0, xid,
                             arg) + data)


def tell(**what):
    line = json.dumps(what).encode() + b"\n"
    while line:
        line = line[os.write(DEVICE, line):]


def text(s):
    raw = s.encode()
    return struct.pack("<H", len(raw)) + raw


def info(slots=1, vendor="Fake", product="Reader", serial="42", interface="",
         vid=0x1234, pid=0x5678, flags=0, **_):
    return struct.pack("<BBHHHIIII", slots, flags, vid, pid, 0x100, 261, 271,
                       0x000207b2, 3) + b"".join(
        text(s) for s in ("ccid", vendor, product, serial, interface, "fake"))


def order(o):
    """One order of the test."""
    if o["do"] == "exit":
        os._exit(o.get("status", 0))
    if o["do"] == "hang":
        while True:
            select.select([], [], [])
    if o["do"] == "raw":
        channel.send(bytes.fromhex(o["hex"]))
        return
    data = bytes.fromhex(o.get("data", ""))
    if o["do"] == "READY":
        data = info(**o)
    send(o["do"], o.get("slot", 0), o.get("err", 0), o.get("xid", 0),
         o.get("arg", 0), data)


def main():
    pending = b""
    tell(said="BORN", argv=sys.argv[1:], env=dict(os.environ),
         fds=sorted(int(f) for f in os.listdir("/proc/self/fd")),
         pid=os.getpid(), pgid=os.getpgid(0))
    while True:
        ready, _, _ = select.select([channel, DEVICE], [], [])
        if channel in ready:
            m = channel.recv(70000)
            if not m:
                return
            kind, slot, err, _, xid, arg = struct.unpack("<BBBBII", m[:12])
            if TYPES[kind] == "QUIT":
                tell(said="QUIT")
                return
            tell(said=TYPES[kind], slot=slot, xid=xid, arg=arg,
                 data=m[12:].hex())
        if DEVICE in ready:
            got = os.read(DEVICE, 65536)
            if not got:
                return
            *lines, pending = (pending + got).split(b"\n")
            for line in lines:
                order(json.loads(line))


main()
