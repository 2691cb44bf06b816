#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What PC/SC's functions do, as programs meet it through libpcsclite: the same
steps with slotd and with Debian's pcscd, whose answers are in the table. Where
slotd answers otherwise its own answer stands behind, and why.

A step is "CLIENT CALL ARGUMENT...": each client has a context and one card
handle. A call with & goes on in the background, "CLIENT wait" has its result."""
import ctypes
import os
import sys
import tempfile
import threading

import pcsc

ATR_BOTH = "3b 80 80 01 01"         # T=0 and T=1, T=0 first
ATR_SPECIFIC = "3b 90 11 10 00 91"  # TA2: T=0 and nothing else

# name, the card's ATR (None: the sample card's), rows: step, pcscd's answer,
# and slotd's with the reason where it is another one.
SCENARIOS = {
    "connect": (None, [
        ("a connect shared 0", "PROTO_MISMATCH"),
        ("a connect 4 T1", "INVALID_VALUE"),
        ("a connect 4 0", "PROTO_MISMATCH"),
        ("a connect shared T0", "PROTO_MISMATCH"),
        ("a connect shared T0T1", "OK T1"),
        ("a status", "OK PRESENT POWERED NEGOTIABLE T1"),
        ("b connect shared T1", "OK T1"),
        ("b connect shared T0", "PROTO_MISMATCH"),
        ("b connect direct 0", "OK T1"),
        ("b transmit T1", "OK 9000"),
        ("a transmit T0", "PROTO_MISMATCH"),
        ("a transmit T1", "OK 9000"),
        ("a disconnect leave", "OK"),
        ("a status", "INVALID_HANDLE"),
    ]),
    "both protocols": (ATR_BOTH, [
        ("a connect shared T0T1", "OK T1"),
        ("a transmit T1", "OK 9000"),
        ("b connect shared T0", "PROTO_MISMATCH"),
        ("a disconnect reset", "OK"),
        ("b connect shared T0", "OK T0"),
        ("b transmit T0", "OK 9000"),
        ("a connect shared T0T1", "OK T0"),
        ("a connect shared T1", "PROTO_MISMATCH"),
    ]),
    "specific mode": (ATR_SPECIFIC, [
        ("a connect shared T1", "PROTO_MISMATCH"),
        ("a connect shared T0T1", "OK T0"),
    ]),
    "raw": (None, [
        ("a connect shared T1", "OK T1"),
        ("b connect shared RAW", "OK RAW"),
        ("a transmit T1", "PROTO_MISMATCH", "OK 9000",
         "a program that wants raw changes nothing for others"),
    ]),
    "exclusive": (None, [
        ("a connect exclusive T1", "OK T1"),
        ("b connect shared T1", "SHARING_VIOLATION"),
        ("b connect direct 0", "SHARING_VIOLATION"),
        ("a end leave", "NOT_TRANSACTED"),
        ("a begin", "OK"),
        ("a end leave", "OK"),
        ("a end leave", "NOT_TRANSACTED"),
        ("a transmit T1", "OK 9000"),
        ("a disconnect leave", "OK"),
        ("b connect shared T1", "OK T1"),
        ("a connect exclusive T1", "SHARING_VIOLATION"),
        ("b reconnect exclusive T1 leave", "OK T1"),
        ("a connect shared T1", "SHARING_VIOLATION"),
        ("b reconnect shared T1 leave", "OK T1"),
        ("b end leave", "OK", "NOT_TRANSACTED",
         "pcscd forgets to give back the lock of exclusive use"),
        ("a connect shared T1", "OK T1"),
    ]),
    "transactions": (None, [
        ("a connect shared T1", "OK T1"),
        ("b connect shared T1", "OK T1"),
        ("a end leave", "NOT_TRANSACTED"),
        ("a begin", "OK"),
        ("a begin", "OK"),
        ("b end leave", "SHARING_VIOLATION"),
        ("b control features", "SHARING_VIOLATION"),
        ("b attrib atr", "SHARING_VIOLATION"),
        ("b begin&", ""),
        ("b2 connect shared T1&", ""),
        ("a transmit T1", "OK 9000"),
        ("a end leave", "OK"),
        ("a end leave", "OK"),
        ("b wait", "OK"),
        ("b end leave", "OK"),
        ("b2 wait", "OK T1"),
        ("a begin", "OK"),
        ("a reconnect shared T1 leave", "OK T1"),
        ("b end leave", "SHARING_VIOLATION"),
        ("b disconnect leave", "OK"),
        ("a disconnect leave", "OK"),
        ("b2 begin", "OK"),
        ("b2 end leave", "OK"),
    ]),
    "resets": (None, [
        ("a connect shared T1", "OK T1"),
        ("b connect shared T1", "OK T1"),
        ("a reconnect shared T1 eject", "INVALID_VALUE"),
        ("a reconnect shared T1 reset", "OK T1"),
        ("a transmit T1", "OK 9000"),
        ("b status", "W_RESET_CARD"),
        ("b transmit T1", "W_RESET_CARD"),
        ("b begin", "W_RESET_CARD"),
        ("b end leave", "W_RESET_CARD"),
        ("b attrib atr", "W_RESET_CARD"),
        ("b reconnect shared T1 leave", "OK T1"),
        ("b transmit T1", "OK 9000"),
        ("a reconnect shared T1 unpower", "OK T1"),
        ("b transmit T1", "W_RESET_CARD"),
        ("b reconnect shared T1 leave", "OK T1"),
        ("a begin", "OK"),
        ("a end reset", "OK"),
        ("a transmit T1", "W_RESET_CARD"),
        ("b transmit T1", "W_RESET_CARD"),
        ("a reconnect shared T1 leave", "OK T1"),
        ("b reconnect shared T1 leave", "OK T1"),
        ("a disconnect reset", "OK"),
        ("b transmit T1", "W_RESET_CARD"),
        ("b reconnect shared T1 leave", "OK T1"),
        ("a connect shared T1", "OK T1"),
        ("a disconnect eject", "OK"),
        ("b transmit T1", "OK 9000"),
        ("b disconnect unpower", "OK"),
        ("a connect shared T1", "OK T1"),
        ("a transmit T1", "OK 9000"),
    ]),
    "power taken away": (None, [
        ("a connect shared T1", "OK T1"),
        ("b connect shared T1", "OK T1"),
        ("b disconnect unpower", "OK"),
        ("a look", "PRESENT INUSE"),
        ("a transmit T1", "W_RESET_CARD"),
        ("a reconnect shared T1 leave", "OK T1"),
        ("a transmit T1", "OK 9000"),
        ("a status", "OK PRESENT T1", "OK PRESENT POWERED NEGOTIABLE T1",
         "pcscd reconnects to a card without power"),
        ("b connect shared T1", "W_UNPOWERED_CARD", "OK T1", "and leaves it"),
    ]),
    "power taken away by the last one": (None, [
        ("a connect shared T1", "OK T1"),
        ("a disconnect unpower", "OK"),
        ("a look", "PRESENT"),
        ("b connect direct 0", "OK none"),
        ("b status", "OK PRESENT none"),
        ("a connect shared T1", "OK T1"),
        ("b status", "OK PRESENT POWERED NEGOTIABLE T1"),
    ]),
    "removal": (None, [
        ("a connect shared T1", "OK T1"),
        ("b connect shared T1", "OK T1"),
        ("a begin", "OK"),
        ("remove", ""),
        ("a transmit T1", "W_REMOVED_CARD"),
        ("a end leave", "W_REMOVED_CARD"),
        ("b status", "W_REMOVED_CARD"),
        ("b reconnect shared T1 leave", "NO_SMARTCARD"),
        ("c connect shared T1", "NO_SMARTCARD"),
        ("c connect direct 0", "OK none"),
        ("c transmit T1", "NO_SMARTCARD"),
        ("c disconnect leave", "OK"),
        ("insert", ""),
        ("b status", "W_REMOVED_CARD"),
        ("b reconnect shared T1 leave", "OK T1"),
        ("b begin", "OK"),
        ("b transmit T1", "OK 9000"),
        ("b end leave", "OK"),
        ("a reconnect shared T1 leave", "OK T1"),
        ("a end leave", "NOT_TRANSACTED"),
    ]),
    "a context that ends": (None, [
        ("a connect shared T1", "OK T1"),
        ("b connect shared T1", "OK T1"),
        ("b release", "OK"),
        ("a transmit T1", "OK 9000"),
        ("b connect shared T1", "OK T1"),
        ("b begin", "OK"),
        ("a begin&", ""),
        ("b release", "OK"),
        ("a wait", "W_RESET_CARD"),
        ("a reconnect shared T1 leave", "OK T1"),
        ("a transmit T1", "OK 9000"),
    ]),
    "states": (None, [
        ("a look", "PRESENT"),
        ("a connect shared T1", "OK T1"),
        ("b look", "PRESENT INUSE"),
        ("a disconnect leave", "OK"),
        ("a connect exclusive T1", "OK T1"),
        ("b look", "PRESENT EXCLUSIVE"),
        ("a disconnect leave", "OK"),
        ("b look", "PRESENT"),
        ("remove", ""),
        ("b look", "EMPTY"),
        ("insert", ""),
        ("b look", "PRESENT"),
    ]),
    "counted events": (None, [
        ("a count", "0"),
        ("a connect shared T1", "OK T1"),
        ("a reconnect shared T1 reset", "OK T1"),
        ("a disconnect unpower", "OK"),
        ("a count", "0"),
        ("remove", ""),
        ("a count", "1"),
        ("insert", ""),
        ("a count", "2"),
    ]),
    "bad arguments": (None, [
        ("a establish 4", "INVALID_VALUE"),
        ("a establish 0", "OK"),
        ("a connect shared T1", "OK T1"),
        ("a disconnect 4", "INVALID_VALUE"),
        ("a begin", "OK"),
        ("a end 4", "INVALID_VALUE"),
        ("a end leave", "OK"),
        ("a reconnect 4 T1 leave", "INVALID_VALUE"),
        ("a reconnect shared 0 leave", "PROTO_MISMATCH"),
        ("a attrib 0xfb2", "UNSUPPORTED_FEATURE"),
        ("a transmit T1 9", "INSUFFICIENT_BUFFER 10"),
    ]),
}

# ---- the walk; run as a program of its own ----

MODES = {"exclusive": 1, "shared": 2, "direct": 3, "4": 4}
PROTOCOLS = {"0": 0, "T0": 1, "T1": 2, "T0T1": 3, "RAW": 4}
PROTOCOL_NAMES = {0: "none", 1: "T0", 2: "T1", 4: "RAW"}
ENDS = {"leave": 0, "reset": 1, "unpower": 2, "eject": 3, "4": 4}
CODES = {"features": 0x42000d48}
ATTRIBUTES = {"atr": 0x90303}
STATUS = ["UNKNOWN", "ABSENT", "PRESENT", "SWALLOWED", "POWERED", "NEGOTIABLE",
          "SPECIFIC"]
LOOKS = {0x10: "EMPTY", 0x20: "PRESENT", 0x80: "EXCLUSIVE", 0x100: "INUSE",
         0x200: "MUTE"}
ERRORS = {
    0: "OK", 0x03: "INVALID_HANDLE", 0x04: "INVALID_PARAMETER",
    0x08: "INSUFFICIENT_BUFFER", 0x09: "UNKNOWN_READER",
    0x0b: "SHARING_VIOLATION", 0x0c: "NO_SMARTCARD", 0x0f: "PROTO_MISMATCH",
    0x11: "INVALID_VALUE", 0x16: "NOT_TRANSACTED",
    0x17: "READER_UNAVAILABLE", 0x1f: "UNSUPPORTED_FEATURE",
    0x65: "W_UNSUPPORTED_CARD", 0x66: "W_UNRESPONSIVE_CARD",
    0x67: "W_UNPOWERED_CARD", 0x68: "W_RESET_CARD", 0x69: "W_REMOVED_CARD"}
SCAN_MS = 100


def error(rv):
    return ERRORS.get(rv & 0xffff, "%08x" % rv)


class Pci(ctypes.Structure):
    _fields_ = [("protocol", ctypes.c_ulong), ("length", ctypes.c_ulong)]


class Client:
    def __init__(self, reader):
        self.reader = reader.encode()
        self.context = ctypes.c_long(0)
        self.card = ctypes.c_long(0)
        self.protocol = ctypes.c_ulong(0)
        self.thread = None
        self.answer = None
        self.events = None
        self.establish("2")

    def establish(self, scope):
        return error(pcsc.call("SCardEstablishContext", int(scope), None, None,
                               ctypes.byref(self.context)))

    def release(self):
        rv = pcsc.call("SCardReleaseContext", self.context)
        self.establish("2")
        return error(rv)

    def agreed(self, rv):
        return error(rv) if rv else "OK " + PROTOCOL_NAMES.get(
            self.protocol.value, str(self.protocol.value))

    def connect(self, mode, protocols):
        return self.agreed(pcsc.call(
            "SCardConnect", self.context, self.reader, MODES[mode],
            PROTOCOLS[protocols], ctypes.byref(self.card),
            ctypes.byref(self.protocol)))

    def reconnect(self, mode, protocols, init):
        return self.agreed(pcsc.call(
            "SCardReconnect", self.card, MODES[mode], PROTOCOLS[protocols],
            ENDS[init], ctypes.byref(self.protocol)))

    def disconnect(self, end):
        return error(pcsc.call("SCardDisconnect", self.card, ENDS[end]))

    def begin(self):
        return error(pcsc.call("SCardBeginTransaction", self.card))

    def end(self, end):
        return error(pcsc.call("SCardEndTransaction", self.card, ENDS[end]))

    def status(self):
        n, atr_n = ctypes.c_ulong(200), ctypes.c_ulong(33)
        name, atr = (ctypes.create_string_buffer(x.value) for x in (n, atr_n))
        state, protocol = ctypes.c_ulong(), ctypes.c_ulong()
        rv = pcsc.call("SCardStatus", self.card, name, ctypes.byref(n),
                       ctypes.byref(state), ctypes.byref(protocol), atr,
                       ctypes.byref(atr_n))
        if rv != 0:
            return error(rv)
        words = [text for i, text in enumerate(STATUS)
                 if state.value & 1 << i]
        return " ".join(["OK"] + words + [PROTOCOL_NAMES[protocol.value]])

    def transmit(self, protocol, room="300"):
        """GET CHALLENGE, 8 bytes: cards and readers of all kinds know it."""
        n = ctypes.c_ulong(int(room))
        answer = ctypes.create_string_buffer(300)
        pci = Pci(PROTOCOLS[protocol], ctypes.sizeof(Pci))
        rv = pcsc.call("SCardTransmit", self.card, ctypes.byref(pci),
                       bytes.fromhex("0084000008"), 5, None, answer,
                       ctypes.byref(n))
        if rv != 0:
            return error(rv) + (" %d" % n.value if rv & 0xff == 8 else "")
        return "OK " + answer.raw[n.value - 2:n.value].hex()

    def control(self, code):
        answer, n = ctypes.create_string_buffer(300), ctypes.c_ulong()
        return error(pcsc.call("SCardControl", self.card, CODES[code], None, 0,
                               answer, 300, ctypes.byref(n)))

    def attrib(self, what):
        number = ATTRIBUTES[what] if what in ATTRIBUTES else int(what, 16)
        n = ctypes.c_ulong(264)
        return error(pcsc.call("SCardGetAttrib", self.card, number,
                               ctypes.create_string_buffer(264),
                               ctypes.byref(n)))

    def event(self):
        rows = (pcsc.ReaderState * 1)()
        rows[0].name = self.reader
        pcsc.must("SCardGetStatusChange", self.context, 0, rows, 1)
        return rows[0].event

    def look(self):
        now = self.event()
        return " ".join(text for bit, text in LOOKS.items() if now & bit)

    def count(self):
        """Cards that came and went since this was asked for the first time."""
        now = self.event() >> 16
        if self.events is None:
            self.events = now
        return str(now - self.events)

    def until(self, word):
        """The reader's state has that word in it."""
        while word not in self.look():
            rows = (pcsc.ReaderState * 1)()
            rows[0].name, rows[0].current = self.reader, self.event()
            pcsc.call("SCardGetStatusChange", self.context, SCAN_MS, rows, 1)

    def background(self, call, words):
        def run():
            self.answer = call(*words)
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def wait(self):
        self.thread.join(20)
        return self.answer


def walk(scenario, reader):
    """Prints the answers; card movements are asked of who reads them."""
    clients = {}
    for row in SCENARIOS[scenario][1]:
        words = row[0].rstrip("&").split()
        if words[0] in ("remove", "insert"):
            print(words[0], flush=True)
            sys.stdin.readline()
            Client(reader).until("EMPTY" if words[0] == "remove" else
                                 "PRESENT")
            continue
        client = clients.setdefault(words[0], Client(reader))
        call = getattr(client, words[1])
        if row[0].endswith("&"):
            client.background(call, words[2:])
            print("", flush=True)
        else:
            print(call(*words[2:]), flush=True)
    os._exit(0)         # whatever waits in the background


if __name__ == "__main__" and sys.argv[1:2] == ["walk"]:
    walk(*sys.argv[2:])

# ---- the tests ----

from backend import Skip, TOP, arguments, backend, run, test  # noqa: E402
from dialog import Dialog  # noqa: E402

ARGS = arguments()


def card_file(atr):
    """The sample card with that ATR."""
    with open(os.path.join(TOP, "emulator", "cards", "sample.card")) as f:
        lines = ["atr %s\n" % atr if line.startswith("atr") else line
                 for line in f]
    card = tempfile.NamedTemporaryFile("w", suffix=".card")
    card.writelines(lines)
    card.flush()
    return card


def expected(row):
    if ARGS.backend == "slotd" and len(row) > 2:
        return row[2]
    return row[1]


def play(b, d, rows):
    wrong = []
    for row in rows:
        got = d.expect("").string
        if got in ("remove", "insert"):
            getattr(b, got)()
            d.say()
        elif got != expected(row):
            wrong.append("%s: %s, not %s" % (row[0], got, expected(row)))
    assert not wrong, "\n".join(wrong)


def check(scenario, **readers):
    atr, rows = SCENARIOS[scenario]
    with card_file(atr) if atr else tempfile.TemporaryFile() as card:
        with backend(ARGS, cards=[card.name if atr else "sample"],
                     **readers) as b:
            with Dialog(b, sys.executable, "-B", os.path.abspath(__file__),
                        "walk", scenario, b.reader_names[0]) as d:
                play(b, d, rows)
                d.end()


def add(scenario):
    def function():
        check(scenario)
    function.__name__ = scenario
    test(function)


for scenario_name in SCENARIOS:
    add(scenario_name)

@test
def both_protocols_in_readers_of_other_kinds():
    if ARGS.backend != "slotd":
        raise Skip("vpcd is of one kind")
    for model, driver in [("tpdu-reader", "ccid"), ("char-reader", "ccid"),
                          ("pertosmart1038", "pertosmart1038")]:
        check("both protocols", model=model, driver=driver)


if __name__ == "__main__":
    sys.exit(run())
