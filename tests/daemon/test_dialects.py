# SPDX-License-Identifier: BSD-2-Clause
"""All dialects at one card: what each kind of program is told while another kind
has the card, after it was reset, after it was taken from the one that kept it,
and after another card was put in. The card is played by this test; CT-API's part
is the real libctapi."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import BUILD, TIMEOUT, Lines, Tap  # noqa: E402
from openct_wire import (LOCK_EXCLUSIVE, LOCK_SHARED, Connection,  # noqa: E402
                         item, lock, transact)
from pcsc_wire import (DIRECT, EXCLUSIVE, NOT_TRANSACTED, OK,  # noqa: E402
                       REMOVED_CARD, RESET, RESET_CARD, SHARED,
                       SHARING_VIOLATION, World)

CHALLENGE = bytes.fromhex("0084000008")
APDU = "0084000008"
OPENCT_LOCKED, OPENCT_NO_LOCK = -7, -8
CT_BUSY, CT_OK = "-8", "0"
CT_REQUEST, CT_NOT_ACTIVE = "data 1 2012010000", "0 64a2"
WAITS, REFUSED = "waits", "LOCKED"


# ---- programs: send() asks, word() is what it is told, close() ends it ----

class OpenCT:
    ASK = {"transact": transact(CHALLENGE), "lock": lock(LOCK_EXCLUSIVE),
           "shared lock": lock(LOCK_SHARED), "reset": b"\x10\0",
           "status": b"\0\0", "protocol": b"\x22\0" + item(0x88, b"\1")}

    def __init__(self, w, what):
        self.connection, self.ask = Connection(w.d), self.ASK[what]

    def send(self):
        self.connection.send(self.ask)

    def word(self):
        return self.connection.answer()[0]

    def close(self):
        self.connection.close()


class Slotctl:
    def __init__(self, w, what):
        self.control, self.what = w.d.control(), what

    def send(self):
        self.control.send(cmd=self.what, apdu=APDU)

    def word(self):
        return self.control.answer().get("error", "")

    def close(self):
        self.control.close()


class CtApi:
    def __init__(self, w, what="init 1"):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests", "daemon", "ctapi_say")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(os.environ, OPENCT_SOCKETDIR=w.d.run))
        self.lines = Lines(self.process.stdout.fileno())
        self.what = what

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.say(line)
        return self.word()

    def send(self):
        self.say(self.what)

    def word(self):
        return self.lines.next().strip()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(TIMEOUT)

    def kill(self):
        self.process.kill()
        self.end()

    close = end


class Pcsc:
    """What it asks: with a handle it got before, or a CONNECT."""
    CONNECTS = {"CONNECT": SHARED, "CONNECT exclusive": EXCLUSIVE,
                "CONNECT direct": DIRECT}
    def __init__(self, w, what):
        self.what, self.client = what, w.client()
        self.card = None if what in self.CONNECTS else self.client.card()

    def send(self):
        if self.card is None:
            self.client.send_connect(self.CONNECTS[self.what])
        else:
            self.client.send_request(self.what, self.card)

    def word(self):
        return self.client.connected()[2] if self.card is None else \
            self.client.result(self.what)

    def silent(self):
        return self.client.silent()

    def close(self):
        self.client.close()


# ---- those that have the card: each is taken and given back ----

class OpenCTLock:
    def __init__(self, w, kind=LOCK_EXCLUSIVE):
        self.connection = Connection(w.d)
        error, self.handle = self.connection.ask(lock(kind))
        assert error == 0

    def give_back(self):
        assert self.connection.ask(b"\2\0" + self.handle)[0] == 0
        self.connection.close()

    def next_word(self):
        return self.connection.ask(transact(CHALLENGE))[0]

    def again(self):
        error, self.handle = self.connection.ask(lock())
        return error == 0 and self.next_word() == 0


class SharedLock(OpenCTLock):
    def __init__(self, w):
        super().__init__(w, LOCK_SHARED)


class CtTerminal:
    def __init__(self, w):
        self.program = CtApi(w)
        assert self.program.ask("init 1") == CT_OK

    def give_back(self):
        self.program.ask("close")
        self.program.end()

    def next_word(self):
        return self.program.ask("data 0 " + APDU)

    def again(self):
        return self.program.ask(CT_REQUEST).endswith("9001") and \
            self.next_word().endswith("9000")


class CtSession(CtTerminal):
    """With a card, which is reset at both ends."""

    def __init__(self, w):
        super().__init__(w)
        assert self.program.ask(CT_REQUEST).endswith("9001")


class Transaction:
    def __init__(self, w, mode=SHARED):
        self.client = w.client()
        self.card = self.client.card(mode)
        if mode == SHARED:
            assert self.client.begin(self.card) == OK

    def give_back(self):
        self.client.disconnect(self.card)
        self.client.close()

    def next_word(self):
        return self.client.transmit(self.card)[0]

    def again(self):
        return self.client.reconnect(self.card) == OK and \
            self.client.begin(self.card) == OK and self.next_word() == OK


class Exclusive(Transaction):
    def __init__(self, w):
        super().__init__(w, EXCLUSIVE)


class SlotctlLock:
    def __init__(self, w):
        self.control = w.d.control()
        assert self.control.ask(cmd="lock")["ok"]

    def give_back(self):
        self.control.close()

    def next_word(self):
        return self.control.ask(cmd="transmit", apdu=APDU).get("error", "")

    def again(self):
        return self.control.ask(cmd="lock")["ok"] and self.next_word() == ""


HOLDERS = [OpenCTLock, CtTerminal, Transaction, SlotctlLock]

# Who asks for what, what it is told while another program has the card, while
# it has a shared lock (None: not asked), and when the one has given it back for
# which it waits.
BUSY = [
    (OpenCT, "transact", OPENCT_LOCKED, 0, None),
    (OpenCT, "lock", OPENCT_LOCKED, OPENCT_LOCKED, None),
    (OpenCT, "shared lock", OPENCT_LOCKED, 0, None),
    (OpenCT, "reset", OPENCT_LOCKED, None, None),
    (OpenCT, "protocol", OPENCT_LOCKED, None, None),
    (OpenCT, "status", 0, 0, None),
    (CtApi, "init 1", CT_BUSY, CT_BUSY, None),
    (Slotctl, "transmit", REFUSED, "", None),
    (Slotctl, "lock", REFUSED, REFUSED, None),
    (Slotctl, "reset", REFUSED, None, None),
    (Pcsc, "CONNECT", WAITS, OK, OK),
    (Pcsc, "CONNECT direct", WAITS, OK, OK),
    (Pcsc, "CONNECT exclusive", WAITS, SHARING_VIOLATION, SHARING_VIOLATION),
    (Pcsc, "BEGIN", SHARING_VIOLATION, SHARING_VIOLATION, None),
    (Pcsc, "END", SHARING_VIOLATION, NOT_TRANSACTED, None),
    (Pcsc, "TRANSMIT", SHARING_VIOLATION, OK, None),
    (Pcsc, "STATUS", SHARING_VIOLATION, OK, None),
    (Pcsc, "RECONNECT", SHARING_VIOLATION, OK, None),
    (Pcsc, "CONTROL", SHARING_VIOLATION, OK, None),
    (Pcsc, "GET_ATTRIB", SHARING_VIOLATION, OK, None),
    (Pcsc, "DISCONNECT", OK, OK, None),
    (Pcsc, "DISCONNECT reset", WAITS, None, OK),
]


def meet(t, w, holder, rows):
    """Rows: program, what it asks for, its word now, and when it is free."""
    others = [(make(w, what), make.__name__ + " " + what, now, later)
              for make, what, now, later in rows]
    h = holder(w)
    for o, _, _, _ in others:
        o.send()
    for o, name, now, _ in others:
        if now != WAITS:
            t.eq(o.word(), now, "%s: %s" % (holder.__name__, name))
    for o, name, now, _ in others:
        if now == WAITS:
            t.ok(o.silent(), "%s: %s waits" % (holder.__name__, name))
    h.give_back()
    for o, name, now, later in others:
        if now == WAITS:
            t.eq(o.word(), later, "%s: %s, when it is free" % (
                holder.__name__, name))
    for o, _, _, _ in others:
        o.close()
    w.settled()


def busy(t):
    with World() as w:
        for holder in HOLDERS:
            meet(t, w, holder, [(make, what, held, free)
                                for make, what, held, _, free in BUSY])
        meet(t, w, SharedLock, [(make, what, shared, None)
                                for make, what, _, shared, _ in BUSY
                                if shared is not None])


def busy_exclusive(t):
    """PC/SC's exclusive use: the same, but that its own kind never waits, and
    that nobody can have a handle."""
    with World() as w:
        rows = [(make, what, held if make != Pcsc else SHARING_VIOLATION, None)
                for make, what, held, _, _ in BUSY
                if make != Pcsc or what in Pcsc.CONNECTS]
        meet(t, w, Exclusive, rows)
        t.eq(w.client().connect()[0], OK, "when it is over, it is over")


# ---- resets: who makes them, and how; all but PC/SC's handles are indifferent

def reset_openct(w):
    with Connection(w.d) as c:
        assert c.ask(OpenCT.ASK["reset"])[0] == 0


def reset_slotctl(w):
    with w.d.control() as c:
        assert c.ask(cmd="reset")["ok"]


def reset_reconnect(w):
    with w.client() as c:
        assert c.reconnect(c.card(), RESET) == OK


def reset_disconnect(w):
    with w.client() as c:
        assert c.disconnect(c.card(), RESET) == OK


def reset_end(w):
    with w.client() as c:
        card = c.card()
        assert (c.begin(card), c.end(card, RESET)) == (OK, OK)


def death_in_transaction(w):
    with w.client() as c:
        c.begin(c.card())


def death_in_exclusive_lock(w):
    """OpenCT's: no reset, as ever."""
    OpenCTLock(w).connection.close()


def ct_close(w):
    CtSession(w).give_back()


def death_in_ct_session(w):
    CtSession(w).program.kill()


RESETS = [(reset_openct, True), (reset_slotctl, True), (reset_reconnect, True),
          (reset_disconnect, True), (reset_end, True),
          (death_in_transaction, True), (ct_close, True),
          (death_in_ct_session, True), (death_in_exclusive_lock, False)]


def resets(t):
    with World() as w, w.client() as c, w.d.control() as watcher:
        card = c.card()
        with Connection(w.d) as o, w.d.control() as s:
            assert o.ask(transact(CHALLENGE))[0] == 0
            watcher.ask(cmd="watch")
            for make, resets_it in RESETS:
                name = make.__name__
                make(w)
                if resets_it:
                    watcher.wait_event("card-reset")
                w.settled()
                t.eq((o.ask(transact(CHALLENGE))[0],
                      s.ask(cmd="transmit", apdu=APDU)["ok"]), (0, True),
                     name + ": OpenCT and slotctl go on")
                word = RESET_CARD if resets_it else OK
                t.eq((c.status(card), c.transmit(card)[0], c.begin(card)),
                     (word,) * 3, name + ": PC/SC is told")
                t.eq((c.reconnect(card), c.status(card)), (OK, OK),
                     name + ": and goes on")
                c.end(card)


# ---- the holder is too slow, or its card is exchanged ----

ROBBED = [(OpenCTLock, OPENCT_NO_LOCK), (CtSession, CT_NOT_ACTIVE),
          (Transaction, RESET_CARD), (Exclusive, RESET_CARD),
          (SlotctlLock, "WAS_RESET")]


def robbed(t):
    with World(config="lock_timeout = 200;\n") as w:
        for holder, word in ROBBED:
            h = holder(w)
            with w.d.control() as c:
                t.eq(c.ask(cmd="transmit", apdu=APDU, wait_ms=TIMEOUT * 1000)
                     .get("error", ""), "", holder.__name__ +
                     ": who waits gets the card in the end")
            t.eq(h.next_word(), word, holder.__name__ + ": its word for it")
            t.ok(h.again(), holder.__name__ + ": it can have it again")
            h.give_back()
            w.settled()


# Who has the card, its word when another one is in, and whether the new card is
# still nobody else's.
SWAPPED = [(OpenCTLock, 0, True), (CtSession, CT_NOT_ACTIVE, True),
           (Transaction, REMOVED_CARD, False), (SlotctlLock, "", True)]


def swapped(t):
    with World() as w:
        for holder, word, keeps in SWAPPED:
            h = holder(w)
            w.remove()
            w.insert()
            with Connection(w.d) as o:
                t.eq(o.ask(transact(CHALLENGE))[0],
                     OPENCT_LOCKED if keeps else 0,
                     holder.__name__ + ": whose is the new card?")
            t.eq(h.next_word(), word, holder.__name__ + ": another card")
            t.ok(h.again(), holder.__name__ + ": which it can use")
            h.give_back()
            w.settled()


def main():
    t = Tap()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for test in (busy, busy_exclusive, resets, robbed, swapped):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
