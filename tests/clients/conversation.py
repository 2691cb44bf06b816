# SPDX-License-Identifier: BSD-2-Clause
"""A PC/SC program that tries everything the C interface has, right and wrong, and
says what comes of it: a line "PART: STEP: RESULT" each, PART being a function
below. compare.py runs it with two daemons. A line "?remove" or "?insert" asks
who runs it to take out or put in the first card, and is answered by a line.

The first reader holds a card that offers T=0 and T=1, the second one T=1."""
import ctypes
import sys
import threading

import pcsc
from pcsc import EJECT, LEAVE, PNP, RAW, RESET, SHARE_DIRECT, \
    SHARE_EXCLUSIVE, SHARE_SHARED, T0, T1, UNPOWER, ReaderState

CHALLENGE = bytes.fromhex("0084000008")
SELECT_MF = bytes.fromhex("00a4000c023f00")
FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
UNKNOWN = "No such reader 00 00"
BOGUS = 0x12345678
LONG_MS = 20000
# those of pcsclite.h and reader.h; libccid answers some, vpcd fewer
ATTRIBUTES = {
    "VENDOR_NAME": 0x10100, "VENDOR_IFD_TYPE": 0x10101,
    "VENDOR_IFD_VERSION": 0x10102, "VENDOR_IFD_SERIAL_NO": 0x10103,
    "CHANNEL_ID": 0x20110, "ASYNC_PROTOCOL_TYPES": 0x30120,
    "DEFAULT_CLK": 0x30121, "MAX_CLK": 0x30122, "DEFAULT_DATA_RATE": 0x30123,
    "MAX_DATA_RATE": 0x30124, "MAX_IFSD": 0x30125,
    "SYNC_PROTOCOL_TYPES": 0x30126, "POWER_MGMT_SUPPORT": 0x40131,
    "USER_TO_CARD_AUTH_DEVICE": 0x50140, "USER_AUTH_INPUT_DEVICE": 0x50142,
    "CHARACTERISTICS": 0x60150, "CURRENT_PROTOCOL_TYPE": 0x80201,
    "CURRENT_CLK": 0x80202, "CURRENT_F": 0x80203, "CURRENT_D": 0x80204,
    "CURRENT_N": 0x80205, "CURRENT_W": 0x80206, "CURRENT_IFSC": 0x80207,
    "CURRENT_IFSD": 0x80208, "CURRENT_BWT": 0x80209, "CURRENT_CWT": 0x8020a,
    "CURRENT_EBC_ENCODING": 0x8020b, "EXTENDED_BWT": 0x8020c,
    "ICC_PRESENCE": 0x90300, "ICC_INTERFACE_STATUS": 0x90301,
    "CURRENT_IO_STATE": 0x90302, "ATR_STRING": 0x90303,
    "ICC_TYPE_PER_ATR": 0x90304, "ESC_RESET": 0x7a000,
    "ESC_CANCEL": 0x7a003, "ESC_AUTHREQUEST": 0x7a005, "MAXINPUT": 0x7a007,
    "DEVICE_UNIT": 0x7fff0001, "DEVICE_IN_USE": 0x7fff0002,
    "DEVICE_FRIENDLY_NAME": 0x7fff0003, "DEVICE_SYSTEM_NAME": 0x7fff0004,
    "SUPRESS_T1_IFS_REQUEST": 0x7fff0007, "nothing": 0, "unknown": 0xffffffff,
}


class Part:
    """Says the lines of one part; a step without words is not told."""

    def __init__(self, name):
        self.name = name
        self.contexts = []

    def context(self):
        self.contexts.append(pcsc.Context())
        return self.contexts[-1].handle

    def over(self):
        for context in self.contexts:
            context.release()

    def say(self, step, rv, *more):
        if step == "":
            return rv
        print("%s: %s: %08x%s" % (self.name, step, rv, "".join(
            " " + str(m) for m in more)), flush=True)
        return rv

    def call(self, step, function, *args):
        return self.say(step, pcsc.call(function, *args))


def ask(what):
    print("?" + what, flush=True)
    sys.stdin.readline()


class Card:
    """A connection; each method says its step and gives the result."""

    def __init__(self, part, where, name=FIRST):
        self.part, self.context, self.name = part, where, name
        self.handle = ctypes.c_long()
        self.protocol = ctypes.c_ulong()

    def connect(self, step, mode=SHARE_SHARED, protocols=T0 | T1, name=None):
        rv = pcsc.call("SCardConnect", self.context,
                       (name or self.name).encode(), mode, protocols,
                       ctypes.byref(self.handle), ctypes.byref(self.protocol))
        return self.part.say(step, rv, "T=%d" % (self.protocol.value - 1)
                             if rv == 0 else "")

    def reconnect(self, step, init=LEAVE, mode=SHARE_SHARED,
                  protocols=T0 | T1):
        rv = pcsc.call("SCardReconnect", self.handle, mode, protocols, init,
                       ctypes.byref(self.protocol))
        return self.part.say(step, rv, self.protocol.value if rv == 0 else "")

    def disconnect(self, step, what=LEAVE):
        return self.part.call(step, "SCardDisconnect", self.handle, what)

    def begin(self, step):
        return self.part.call(step, "SCardBeginTransaction", self.handle)

    def end(self, step, what=LEAVE):
        return self.part.call(step, "SCardEndTransaction", self.handle, what)

    def transmit(self, step, apdu=CHALLENGE, pci=None, room=300, show=2):
        pci = (ctypes.c_ulong * 2)(
            self.protocol.value if pci is None else pci, 16)
        out = ctypes.create_string_buffer(max(room, 1))
        n = ctypes.c_ulong(room)
        rv = pcsc.call("SCardTransmit", self.handle, pci, apdu, len(apdu),
                       None, out, ctypes.byref(n))
        got = out.raw[:n.value] if rv == 0 else b""
        return self.part.say(step, rv, n.value, got[len(got) - show:].hex())

    def status(self, step, name_room=100, atr_room=33):
        name = ctypes.create_string_buffer(100)
        atr = ctypes.create_string_buffer(33)
        a, b = ctypes.c_ulong(name_room), ctypes.c_ulong(atr_room)
        state, protocol = ctypes.c_ulong(), ctypes.c_ulong()
        rv = pcsc.call("SCardStatus", self.handle, name, ctypes.byref(a),
                       ctypes.byref(state), ctypes.byref(protocol), atr,
                       ctypes.byref(b))
        more = (name.value.decode(), a.value, "%x" % state.value,
                protocol.value, atr.raw[:b.value].hex()) if rv == 0 else \
            (a.value, b.value)
        return self.part.say(step, rv, *more)

    def attribute(self, step, what, room=264):
        out = ctypes.create_string_buffer(max(room or 0, 1))
        n = ctypes.c_ulong(room or 0)
        rv = pcsc.call("SCardGetAttrib", self.handle, what,
                       None if room is None else out, ctypes.byref(n))
        return self.part.say(step, rv, n.value, out.raw[:n.value].hex()
                             if rv == 0 and room else "")

    def control(self, step, code, data=b"", room=264):
        out = ctypes.create_string_buffer(max(room, 1))
        n = ctypes.c_ulong(0)
        rv = pcsc.call("SCardControl", self.handle, code, data, len(data),
                       out, room, ctypes.byref(n))
        return self.part.say(step, rv, n.value, out.raw[:n.value].hex()
                             if rv == 0 else "")


def opened(part, where, **more):
    """A card that is connected; of that nothing is said."""
    card = Card(part, where, **more)
    if card.connect(""):
        raise pcsc.Error("no connection")
    return card


# ---- the parts ----

def contexts(p):
    handle = ctypes.c_long()
    for scope in range(6):
        p.call("scope %d" % scope, "SCardEstablishContext", scope, None, None,
               ctypes.byref(handle))
    p.call("is valid", "SCardIsValidContext", handle)
    p.call("release", "SCardReleaseContext", handle)
    p.call("is not valid", "SCardIsValidContext", handle)
    p.call("release twice", "SCardReleaseContext", handle)
    p.call("a bogus one", "SCardReleaseContext", BOGUS)
    p.call("cancel", "SCardCancel", p.context())
    p.call("cancel a bogus one", "SCardCancel", BOGUS)


def lists(p):
    where = p.context()
    n = ctypes.c_ulong(0)
    p.call("how long", "SCardListReaders", where, None, None, ctypes.byref(n))
    p.say("length", 0, n.value)
    names = ctypes.create_string_buffer(200)
    n.value = 5
    p.call("too short", "SCardListReaders", where, None, names,
           ctypes.byref(n))
    n.value = 200
    p.call("all", "SCardListReaders", where, None, names, ctypes.byref(n))
    p.say("names", 0, names.raw[:n.value])
    n.value = 200
    p.call("groups", "SCardListReaderGroups", where, names, ctypes.byref(n))
    p.say("group names", 0, names.raw[:n.value])
    p.call("a bogus context", "SCardListReaders", BOGUS, None, None,
           ctypes.byref(n))


def connects(p):
    where = p.context()
    card = Card(p, where)
    card.connect("unknown reader", name=UNKNOWN)
    card.connect("no protocol", protocols=0)
    card.connect("mode 0", mode=0)
    card.connect("mode 4", mode=4)
    card.connect("protocol 0x100", protocols=0x100)
    for name in (FIRST, SECOND):
        for text, protocols in (("T=0", T0), ("T=1", T1), ("any", T0 | T1)):
            step = "%s of %s" % (text, name)
            if card.connect(step, protocols=protocols, name=name) == 0:
                card.disconnect(step + ": disconnect and power off", UNPOWER)
    one, two = Card(p, where), Card(p, p.context())
    one.connect("the first one")
    two.connect("a second one")
    two.connect("a third one, exclusive", mode=SHARE_EXCLUSIVE)
    two.connect("another protocol", protocols=T1 if one.protocol.value == T0
                else T0)
    two.connect("no protocol, direct", mode=SHARE_DIRECT, protocols=0)
    two.disconnect("disconnect the direct one")
    for what in (4, 5, BOGUS):
        one.disconnect("disposition %d" % what, what)
    p.call("a bogus card", "SCardDisconnect", BOGUS, LEAVE)
    p.call("the null context", "SCardConnect", 0, FIRST.encode(), 2, 3,
           ctypes.byref(one.handle), ctypes.byref(one.protocol))


def exclusive(p):
    one, two = Card(p, p.context()), Card(p, p.context())
    one.connect("exclusive", mode=SHARE_EXCLUSIVE)
    one.status("status")
    one.transmit("transmit")
    for text, mode in (("shared", SHARE_SHARED), ("direct", SHARE_DIRECT),
                       ("exclusive", SHARE_EXCLUSIVE)):
        two.connect("another one, " + text, mode=mode)
    one.begin("begin")
    one.end("end")
    one.end("end without begin")
    one.reconnect("reconnect shared", mode=SHARE_SHARED)
    one.end("end the rest")
    two.connect("another one can connect")
    two.transmit("and transmit")
    one.reconnect("no way back", mode=SHARE_EXCLUSIVE)
    two.disconnect("the other one leaves")
    one.reconnect("now there is", mode=SHARE_EXCLUSIVE)
    one.disconnect("leave")


def transmits(p):
    where = p.context()
    card = Card(p, where)
    card.connect("connect")
    card.transmit("8 bytes")
    card.transmit("select", SELECT_MF)
    card.transmit("just enough room", room=10)
    card.transmit("too little room", room=9)
    card.transmit("no room", room=0)
    card.transmit("after that")
    for n in range(2, 5):       # Debian's vpcd hangs after 0, and 1 is an order
        card.transmit("%d bytes" % n, CHALLENGE[:n])
    card.transmit("unknown instruction", bytes.fromhex("00ee000000"))
    card.transmit("unknown class", bytes.fromhex("80ee000000"))
    card.transmit("261 bytes", bytes.fromhex("00d60000ff") + bytes(256))
    card.transmit("wrong protocol", pci=T1 if card.protocol.value == T0 else
                  T0)
    card.transmit("raw", pci=RAW)
    card.transmit("protocol 0", pci=0)
    card.transmit("protocol 99", pci=99)
    card.transmit("extended", bytes.fromhex("00840000000008"))
    n = ctypes.c_ulong(10)
    p.call("a bogus card", "SCardTransmit", BOGUS,
           (ctypes.c_ulong * 2)(T1, 16), CHALLENGE, 5, None,
           ctypes.create_string_buffer(10), ctypes.byref(n))
    card.disconnect("leave")
    card.transmit("after disconnect")


def statuses(p):
    card = opened(p, p.context())
    card.status("all")
    card.status("short name", name_room=3)
    card.status("short ATR", atr_room=3)
    p.call("nothing", "SCardStatus", card.handle, None, None, None, None,
           None, None)
    card.disconnect("leave")
    card.status("after disconnect")


def resets(p):
    for text, what in (("reset", RESET), ("power off", UNPOWER)):
        one, two = opened(p, p.context()), opened(p, p.context())
        one.reconnect(text, what)
        one.transmit(text + ": who did it goes on")
        two.transmit(text + ": another one is told")
        two.transmit(text + ": again and again")
        two.status(text + ": by status")
        two.begin(text + ": by begin")
        two.attribute(text + ": by an attribute", 0x90303)
        two.control(text + ": not by control", 0x42000d48)
        two.reconnect(text + ": until it reconnects")
        two.transmit(text + ": then it works")
        two.disconnect(text + ": with disconnect", what)
        one.transmit(text + ": with disconnect: the other one is told")
        one.reconnect(text + ": with disconnect: and reconnects", what)
        one.transmit(text + ": with disconnect: and goes on")
        one.status(text + ": state")
        one.disconnect(text + ": leave")
    card = opened(p, p.context())
    card.reconnect("eject", EJECT)
    card.reconnect("initialization 4", 4)
    card.reconnect("mode 0", mode=0)
    card.reconnect("no protocol", protocols=0)
    card.reconnect("mode direct", mode=SHARE_DIRECT, protocols=0)
    card.disconnect("leave")
    card.reconnect("after disconnect")


def transactions(p):
    one = opened(p, p.context())
    one.end("end without begin")
    one.begin("begin")
    one.begin("begin within")
    one.transmit("transmit")
    one.end("end")
    one.end("end the outer one")
    one.end("once too often")
    two = opened(p, p.context())
    one.begin("begin again")
    two.end("another one ends it")
    two.transmit("another one transmits")
    two.status("and asks")
    two.reconnect("and reconnects")
    two.attribute("and asks for an attribute", 0x90303)
    two.control("and for features", 0x42000d48)
    two.disconnect("and leaves")
    one.end("end with reset", RESET)
    one.transmit("which tells its own")
    one.reconnect("reconnect")
    one.begin("and begin")
    one.disconnect("leave within")
    two = opened(p, p.context())
    two.begin("nobody has it")
    two.end("disposition 5", 5)
    two.end("end")
    p.call("begin with a bogus card", "SCardBeginTransaction", BOGUS)
    p.call("end with a bogus card", "SCardEndTransaction", BOGUS, LEAVE)
    two.disconnect("leave")


def direct(p):
    one = Card(p, p.context())
    one.connect("direct, no protocol", mode=SHARE_DIRECT, protocols=0)
    one.status("status")
    one.transmit("transmit")
    one.control("features", 0x42000d48)
    one.attribute("ATR", 0x90303)
    one.reconnect("becomes shared")
    one.transmit("then it can")
    one.disconnect("leave")


def attributes(p):
    card = opened(p, p.context())
    for text, what in ATTRIBUTES.items():
        card.attribute(text, what)
    card.attribute("how long is the ATR", 0x90303, None)
    card.attribute("too little room", 0x90303, 2)
    card.attribute("too little room for a name", 0x7fff0003, 2)
    card.attribute("too much room", 0x90303, 265)
    for text, what in (("ATR", 0x90303), ("SUPRESS_T1_IFS_REQUEST",
                                          0x7fff0007), ("unknown", 0xfffff)):
        p.call("set " + text, "SCardSetAttrib", card.handle, what, b"\1", 1)
    card.disconnect("leave")


def controls(p):
    card = opened(p, p.context())
    card.control("features", 0x42000d48)
    card.control("features, little room", 0x42000d48, room=3)
    card.control("escape", 0x42000001, b"\0\0")
    card.control("unknown", 0x42000000 + 77, b"\1")
    card.control("code 0", 0)
    card.control("verify PIN", 0x42330006, bytes(19))
    card.control("properties", 0x42330012)
    card.disconnect("leave")


def states(p, where, step, *rows, timeout=0):
    """SCardGetStatusChange: (name, current state) each."""
    array = (ReaderState * len(rows))()
    for state, (name, current) in zip(array, rows):
        state.name, state.current = name.encode(), current
    p.say(step, pcsc.call("SCardGetStatusChange", where, timeout, array,
                          len(rows)), *(
        "%x %s" % (s.event, bytes(s.atr[:s.atr_len]).hex()) for s in array))
    return [s.event for s in array]


def changes(p):
    where = p.context()
    first, second, _ = states(p, where, "unaware", (FIRST, 0), (SECOND, 0),
                              (PNP, 0))
    states(p, where, "nothing new", (FIRST, first), (SECOND, second))
    states(p, where, "unknown reader", (UNKNOWN, 0))
    states(p, where, "no reader")
    states(p, where, "ignored", (FIRST, 1))
    states(p, where, "wrong guess: empty", (FIRST, 0x10))
    states(p, where, "wrong guess: mute", (FIRST, 0x220))
    one = opened(p, p.context())
    states(p, where, "in use", (FIRST, 0))
    one.disconnect("")
    one.connect("", mode=SHARE_EXCLUSIVE)
    states(p, where, "in exclusive use", (FIRST, 0))
    one.disconnect("")
    timer = threading.Timer(0.3, pcsc.call, ("SCardCancel", where))
    timer.start()
    states(p, where, "cancelled", (FIRST, first & ~2), timeout=LONG_MS)
    timer.join()
    p.call("a bogus context", "SCardGetStatusChange", BOGUS, 0, None, 0)


def removal(p):
    where = p.context()
    card = opened(p, where)
    idle = opened(p, p.context())
    owner = opened(p, p.context())
    owner.begin("begin")
    known = states(p, where, "before", (FIRST, 0))[0] & ~2
    ask("remove")
    states(p, where, "the card is gone", (FIRST, known), timeout=LONG_MS)
    card.transmit("transmit")
    card.status("status")
    card.reconnect("reconnect without a card")
    owner.end("end")
    Card(p, where).connect("connect without a card")
    empty = Card(p, where)
    empty.connect("direct without a card", mode=SHARE_DIRECT, protocols=0)
    empty.status("direct: status")
    empty.transmit("direct: transmit")
    empty.attribute("direct: ATR", 0x90303)
    empty.attribute("direct: presence", 0x90300)
    empty.disconnect("direct: leave")
    known = states(p, where, "empty", (FIRST, 0))[0] & ~2
    ask("insert")
    states(p, where, "it is back", (FIRST, known), timeout=LONG_MS)
    card.transmit("an old handle knows")
    card.reconnect("until it reconnects")
    card.transmit("then it works")
    idle.disconnect("another one just leaves")
    owner.disconnect("as does who had the transaction")
    card.disconnect("leave")


PARTS = [contexts, lists, connects, exclusive, transmits, statuses, resets,
         transactions, direct, attributes, controls, changes, removal]


def main():
    wanted = sys.argv[1:]
    for part in PARTS:
        if not wanted or part.__name__ in wanted:
            p = Part(part.__name__)
            part(p)
            p.over()


if __name__ == "__main__":
    main()
