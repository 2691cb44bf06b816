# SPDX-License-Identifier: BSD-2-Clause
"""PC/SC's socket protocol, spoken by hand for tests, and a slotd whose one
reader is an ST-1044U played by the test."""
import os
import select
import socket
import struct
import threading

from harness import ERR, FAKE_IFDHANDLER, TIMEOUT, FakeServer, Slotd

NAME = "Cherry GmbH SmartTerminal XX44 00 00"
ATR = "3b80800101"
STATE = 184

OK = 0
(CANCELLED, INVALID_HANDLE, INSUFFICIENT_BUFFER, UNKNOWN_READER,
 SHARING_VIOLATION, NO_SMARTCARD, PROTO_MISMATCH, INVALID_VALUE,
 NOT_TRANSACTED, READER_UNAVAILABLE, SERVICE_STOPPED, UNSUPPORTED,
 UNRESPONSIVE, RESET_CARD, REMOVED_CARD) = (0x80100000 + x for x in (
     0x02, 0x03, 0x08, 0x09, 0x0b, 0x0c, 0x0f, 0x11, 0x16, 0x17, 0x1e, 0x1f,
     0x66, 0x68, 0x69))
EXCLUSIVE, SHARED, DIRECT = 1, 2, 3
LEAVE, RESET, UNPOWER, EJECT = 0, 1, 2, 3
T0, T1 = 1, 2


def words(*numbers):
    return struct.pack("=%dI" % len(numbers), *numbers)


# Requests with a card handle: the command, the body behind the handle, what
# follows it; the length of the answer, where rv is in there, and where the
# length of the bytes behind it (0: there are none).
CHALLENGE = bytes.fromhex("0084000008")
ATTRIB = words(0x90303) + bytes(264) + words(264, 0)
REQUESTS = {
    "RECONNECT": (0x05, words(SHARED, T0 | T1, LEAVE, 0, 0), b"", 24, 20, 0),
    "DISCONNECT": (0x06, words(LEAVE, 0), b"", 12, 8, 0),
    "DISCONNECT reset": (0x06, words(RESET, 0), b"", 12, 8, 0),
    "BEGIN": (0x07, words(0), b"", 8, 4, 0),
    "END": (0x08, words(LEAVE, 0), b"", 12, 8, 0),
    "TRANSMIT": (0x09, words(T1, 16, len(CHALLENGE), 3, 16, 300, 0), CHALLENGE,
                 32, 28, 24),
    "CONTROL": (0x0a, words(0x42000d48, 0, 300, 0, 0), b"", 24, 20, 16),
    "STATUS": (0x0b, words(0), b"", 8, 4, 0),
    "GET_ATTRIB": (0x0f, ATTRIB, b"", 280, 276, 0),
    "SET_ATTRIB": (0x10, ATTRIB, b"", 280, 276, 0),
}


class State:
    """One reader of the array."""

    def __init__(self, raw):
        self.name = raw[:128].split(b"\0")[0].decode()
        (self.events, self.state, self.sharing) = struct.unpack_from(
            "=IIi", raw, 128)
        (self.atr_len, self.protocol) = struct.unpack_from("=II", raw, 176)
        self.atr = raw[140:140 + self.atr_len].hex()


class Client:
    """One connection, which is one context; minor None: no VERSION."""

    def __init__(self, slotd, minor=4, establish=True):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(os.path.join(slotd.run, "pcscd.comm"))
        self.minor = minor
        if minor is not None:
            self.version = self.ask(0x11, words(4, minor, 0))
        if minor is not None and establish:
            _, self.context, rv = self.ask(0x01, words(2, 0, 0))
            assert rv == OK

    def send(self, cmd, body=b"", data=b""):
        self.sock.sendall(words(len(body), cmd) + body + data)

    def receive(self, n):
        got = b""
        while len(got) < n:
            more = self.sock.recv(n - len(got))
            if not more:
                raise EOFError(got)
            got += more
        return got

    def ask(self, cmd, body):
        """The words of the answer, for bodies of words only."""
        self.send(cmd, body)
        return struct.unpack("=%dI" % (len(body) // 4),
                             self.receive(len(body)))

    def silent(self):
        """Nothing has come yet."""
        return not select.select([self.sock], [], [], 0)[0]

    def closed(self):
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def send_request(self, what, card):
        cmd, body, data, _, _, _ = REQUESTS[what]
        self.send(cmd, words(card) + body, data)

    def result(self, what):
        """rv of what send_request asked."""
        _, _, _, n, at, length = REQUESTS[what]
        got = self.receive(n)
        rv, = struct.unpack_from("=I", got, at)
        if rv == OK and length != 0:
            self.receive(struct.unpack_from("=I", got, length)[0])
        return rv

    # ---- readers ----

    def array(self, raw):
        got = [State(raw[i:i + STATE]) for i in range(0, len(raw), STATE)]
        return [s for s in got if s.name]

    def states(self, places=16):
        if self.minor < 6:
            self.send(0x12)
            return self.array(self.receive(places * STATE))
        self.send(0x16)
        n, = struct.unpack("=I", self.receive(4))
        self.send(0x17)
        return self.array(self.receive(n * STATE))

    def wait(self):
        """Registers, with the states where they belong to it."""
        self.send(0x13, bytes(8) if self.minor == 3 else b"")
        if self.minor in (4, 5):
            return self.array(self.receive(16 * STATE))
        return self.states() if self.minor == 6 else None

    def pair(self):
        return struct.unpack("=II", self.receive(8))

    def stop(self):
        self.send(0x14, bytes(8) if self.minor == 3 else b"")

    def events(self):
        self.send(0x15)
        return self.pair()

    # ---- cards; each gives what the program gets ----

    def send_connect(self, mode=SHARED, protocols=T0 | T1, name=NAME,
                     context=None):
        self.send(0x04, words(context or self.context) +
                  name.encode().ljust(128, b"\0") +
                  words(mode, protocols, 0, 0, 0))

    def connected(self):
        got = self.receive(152)
        return struct.unpack("=III", got[140:])   # card, protocol, rv

    def connect(self, *args, **more):
        self.send_connect(*args, **more)
        card, protocol, rv = self.connected()
        return rv, card, protocol

    def card(self, *args, **more):
        rv, card, _ = self.connect(*args, **more)
        assert rv == OK, hex(rv)
        return card

    def reconnect(self, card, init=LEAVE, mode=SHARED, protocols=T0 | T1):
        return self.ask(0x05, words(card, mode, protocols, init, 0, 0))[5]

    def disconnect(self, card, what=LEAVE):
        return self.ask(0x06, words(card, what, 0))[2]

    def send_begin(self, card):
        self.send(0x07, words(card, 0))

    def begun(self):
        return self.pair()[1]

    def begin(self, card):
        self.send_begin(card)
        return self.begun()

    def end(self, card, what=LEAVE):
        return self.ask(0x08, words(card, what, 0))[2]

    def status(self, card):
        return self.ask(0x0b, words(card, 0))[1]

    def transmit(self, card, apdu=bytes.fromhex("0084000008"), pci=T1,
                 room=300):
        self.send_transmit(card, apdu, pci, room)
        return self.transmitted()

    def send_transmit(self, card, apdu, pci=T1, room=300):
        self.send(0x09, words(card, pci, 16, len(apdu), 3, 16, room, 0), apdu)

    def transmitted(self):
        got = struct.unpack("=8I", self.receive(32))
        return got[7], got[6], self.receive(got[6] if got[7] == OK else 0)

    def control(self, card, code, data=b"", room=300):
        self.send(0x0a, words(card, code, len(data), room, 0, 0), data)
        got = struct.unpack("=6I", self.receive(24))
        return got[5], got[4], self.receive(got[4] if got[5] == OK else 0)

    def attrib(self, card, what, cmd=0x0f):
        self.send(cmd, words(card, what) + bytes(264) + words(264, 0x8010001d))
        got = self.receive(280)
        n, rv = struct.unpack("=II", got[272:])
        return rv, got[8:8 + n] if rv == OK else b""

    def release(self, context=None):
        return self.ask(0x02, words(context or self.context, 0))[1]

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Card(threading.Thread):
    """Answers what slotd asks of the reader; keeps a list of it."""

    def __init__(self, h, atr):
        super().__init__(daemon=True)
        self.h, self.atr = h, atr
        self.asked = []
        self.mute = False
        self.first = T1                 # protocol after a reset
        self.refuses_t1 = False
        self.gate = threading.Event()   # closed: APDUs are not answered
        self.gate.set()

    def run(self):
        try:
            while True:
                self.one(self.h.heard(3600))
        except (EOFError, OSError):
            pass

    def one(self, m):
        said = m["said"]
        if said not in ("WATCH", "CANCEL"):
            self.asked.append(said + (str(m["arg"]) if said in (
                "POWER_ON", "PROTOCOL") else ""))
        if said == "POWER_ON" and self.mute:
            self.h.answer(m, err=ERR["MUTE"])
        elif said == "POWER_ON":
            self.h.answer(m, data=self.atr, arg=self.first)
        elif said == "PROTOCOL" and m["arg"] == T1 and self.refuses_t1:
            self.h.answer(m, err=ERR["PROTOCOL"])
        elif said == "PROTOCOL":
            self.h.answer(m, arg=self.first if m["arg"] & self.first else
                          m["arg"])
        elif said == "TRANSMIT":
            self.gate.wait(TIMEOUT)
            self.h.answer(m, data="00" * 8 + "9000")
        elif said == "CONTROL":
            self.h.answer(m, data=m["data"])
        elif said == "POWER_OFF":
            self.h.answer(m)


class World:
    """slotd with one ready reader, whose card answers by itself."""

    def __init__(self, present=True, config="", **info):
        self.present, self.config = present, config
        self.info = dict(dict(vendor="Cherry GmbH", serial="", vid=0x046a,
                              product="SmartTerminal XX44", pid=0x002d),
                         **info)

    wrap = ()               # what slotd is started by

    def __enter__(self):
        self.d = Slotd(handler=FAKE_IFDHANDLER, wrap=self.wrap)
        self.d.__enter__()
        self.server = FakeServer(self.d.dir)
        self.reader = self.d.reader(self.server.address, "1-1")
        self.d.start(self.config + self.reader)
        self.plug()
        return self

    def plug(self):
        self.h = self.server.handler()
        self.card = Card(self.h, ATR)
        self.h.do("READY", **self.info)
        self.card.start()
        for i in range(self.info.get("slots", 1)):
            self.h.do("CARD", slot=i, arg=int(self.present))
        self.d.wait_log("is ready")
        self.settled()

    def settled(self):
        """slotd has told everybody of what was logged."""
        with self.d.control() as c:
            c.ask(cmd="hello")

    def insert(self):
        self.h.do("CARD", arg=1)
        self.d.wait_log("card inserted")
        self.settled()

    def remove(self):
        self.h.do("CARD", arg=0)
        self.d.wait_log("card removed")
        self.settled()

    def client(self, *args, **more):
        return Client(self.d, *args, **more)

    def __exit__(self, *what):
        self.server.close()
        return self.d.__exit__(*what)
