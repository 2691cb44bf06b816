# SPDX-License-Identifier: BSD-2-Clause
"""PC/SC's dialect of the real slotd, without libpcsclite: versions, waits and
their races, share modes, transactions, resets, and bad clients. The card is
played by this test."""
import os
import select
import socket
import stat
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from harness import (FAKE_IFDHANDLER, TIMEOUT, FakeServer,  # noqa: E402
                     Slotd, Tap)
from openct_wire import Connection, lock, transact  # noqa: E402
from pcsc_wire import (ATR, CANCELLED, DIRECT, EJECT, EXCLUSIVE,  # noqa: E402
                       INSUFFICIENT_BUFFER, INVALID_HANDLE, INVALID_VALUE,
                       NAME, NO_SMARTCARD, NOT_TRANSACTED, OK,
                       PROTO_MISMATCH, REMOVED_CARD, RESET, RESET_CARD,
                       SERVICE_STOPPED, SHARED, SHARING_VIOLATION, T0, T1,
                       UNKNOWN_READER, UNPOWER, UNRESPONSIVE, UNSUPPORTED,
                       Client, World, words)


def files(t):
    with World() as w:
        path = os.path.join(w.d.run, "pcscd.comm")
        t.eq(oct(os.stat(path).st_mode), oct(stat.S_IFSOCK | 0o666),
             "the socket's mode")
        with open(os.path.join(w.d.run, "pcscd.pid"), "rb") as f:
            t.eq(f.read(), b"%d\n\0" % w.d.process.pid,
                 "the pid file: a number, a newline, a NUL")
        w.d.stop()
        t.ok(not os.path.exists(path) and not os.path.exists(
            os.path.join(w.d.run, "pcscd.pid")), "both go with slotd")


def switched_off(t):
    with World(config="pcsc = no;\n") as w:
        t.ok(not os.path.exists(os.path.join(w.d.run, "pcscd.comm")),
             "pcsc = no: there is no socket")


def taken(t):
    """Another pcscd is there: all but PC/SC works, and the log says why."""
    with Slotd() as d:
        os.mkdir(d.run)
        path = os.path.join(d.run, "pcscd.comm")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen(4)
            d.start()
            t.ok(d.wait_log("another pcscd serves"), "the log says it, once")
            t.eq(select.select([other], [], [], 0)[0], [],
                 "without a knock at its socket, which may start a pcscd")
            with d.control() as c:
                t.ok(c.ask(cmd="list")["ok"], "slotd works")
            d.stop()
            t.ok(os.path.exists(path), "and leaves the other one's socket")
            t.eq(sum("another pcscd" in x for x in d.log), 1, "once")
        d.start()
        with Client(d) as c:
            t.eq(c.states(), [], "what a dead one left is taken over")


def versions(t):
    with World() as w:
        for minor in range(0, 11):
            with w.client(minor, establish=False) as c:
                good = 3 <= minor <= 6
                t.eq(c.version, (4, minor, OK) if good else
                     (4, 6, SERVICE_STOPPED), "a client of 4.%d" % minor)
        with w.client(9, establish=False) as c:
            t.eq(c.ask(0x11, words(4, 6, 0)), (4, 6, OK),
                 "4.9 takes up the offer on the same connection")
            c.minor = 6
            t.eq(len(c.states()), 1, "and is a 4.6 then")
        with w.client(4, establish=False) as c:
            t.eq(c.ask(0x11, words(3, 4, 0)), (4, 6, SERVICE_STOPPED),
                 "another major version")
        with w.client(None) as c:
            c.send(0x01, words(2, 0, 0))
            t.ok(c.closed(), "nothing goes before the version")


def malformed(t):
    rows = [("body too small", words(8, 0x01) + bytes(8)),
            ("body too large", words(16, 0x01) + bytes(16)),
            ("4 GB", words(0xffffffff, 0x04)),
            ("LIST_READERS", words(8, 0x03) + bytes(8)),
            ("no such command", words(0, 0x99)),
            ("a command of 4.6", words(0, 0x16)),
            ("an APDU of 65549 bytes", words(32, 9, 1, 2, 16, 65549, 3, 16,
                                             300, 0)),
            ("somebody else's card", words(8, 0x0b, 0x12345678, 0)),
            ("card 0", words(8, 0x0b, 0, 0))]
    with World() as w:
        for name, raw in rows:
            with w.client() as c:
                c.sock.sendall(raw)
                t.ok(c.closed(), "closed: " + name)
        with w.client() as a, w.client() as b:
            card = a.card()
            b.send(0x0b, words(card, 0))
            t.ok(b.closed(), "a card number is no use to others")
            t.eq(a.status(card), OK, "and its owner keeps it")


def pieces(t):
    """Requests in pieces of one byte, and two in one piece."""
    with World() as w, w.client() as c:
        card = c.card()
        raw = words(32, 9, card, T1, 16, 5, 3, 16, 300, 0) + \
            bytes.fromhex("0084000008")
        for i in range(len(raw)):
            c.sock.sendall(raw[i:i + 1])
        got = c.receive(42)
        t.eq(got[-2:], b"\x90\x00", "an APDU byte by byte")
        c.sock.sendall(raw + raw + words(8, 0x0b, card, 0))
        t.eq((c.receive(42), c.receive(42), c.pair()), (got, got, (card, OK)),
             "three requests at once are answered in order")


def reader_states(t):
    for minor in (3, 4, 5, 6):
        with World() as w, w.client(minor) as c:
            s, = c.states()
            t.eq((s.name, s.state, s.events, s.sharing, s.atr, s.protocol),
                 (NAME, 0x34, 0, 0, ATR, 0), "4.%d: a card" % minor)
            card = c.card()
            s, = c.states()
            t.eq((s.state, s.sharing, s.protocol), (0x34, 1, T1), "in use")
            w.remove()
            s, = c.states()
            t.eq((s.state, s.events, s.atr), (2, 1, ""), "taken out")
            w.insert()
            s, = c.states()
            t.eq((s.state, s.events, s.atr), (0x34, 2, ATR), "put in")
            t.eq((c.status(card), c.disconnect(card)), (REMOVED_CARD, OK),
                 "the handle knows that it is another card")


def array_length(t):
    with World(config="pcsc_readers = 48;\n") as w, w.client() as c:
        t.eq(len(c.states(48)), 1, "48 places for clients that expect them")
        t.ok(c.silent(), "and no byte more")
    with World(slots=20, present=False) as w:
        with w.client(4) as c, w.client(6) as d:
            t.eq(len(c.states()), 16, "an old client sees the first 16")
            got = d.states()
            t.eq(len(got), 20, "a 4.6 client sees all 20")
            t.eq((got[0].name, got[19].name), (NAME, NAME[:-2] + "13"),
                 "the slot is in the name, in hex")


def size_stays(t):
    """Programs of 4.6 remember the largest array they saw, over restarts."""
    with World(slots=17, present=False) as w:
        with w.client(6) as c:
            c.send(0x16)
            t.eq(c.receive(4), words(256), "many readers: a larger array")
        w.d.stop()
        w.d.start()
        with w.client(6) as c:
            c.send(0x16)
            t.eq(c.receive(4), words(256), "it stays so without them")
            t.eq(c.states(), [], "and is empty")
    with World() as w, w.client(6) as c:
        c.send(0x16)
        t.eq(c.receive(4), words(16), "few: a small one")


def names(t):
    rows = [(dict(serial="12ab", interface=""), " (12ab) 00 00"),
            (dict(serial="", interface="CCID"), " [CCID] 00 00"),
            (dict(serial="12ab", interface="Key 12ab"),
             " [Key 12ab] 00 00"),
            (dict(serial="7", interface="Gl\u00fcck"), " [Gl..ck] (7) 00 00")]
    for info, want in rows:
        with World() as w:
            w.d.configure("")
            w.d.signal(1)
            w.d.wait_log("names it no longer")
            w.info.update(info)
            w.d.configure(w.reader)
            w.d.signal(1)
            w.plug()
            with w.client() as c:
                t.eq(c.states()[0].name, NAME[:-6] + want, "name %r" % want)
    with World(product="Smart Terminal XX44") as w, w.client() as c:
        t.eq(c.states()[0].name, "Cherry GmbH Smart Terminal XX44 00 00",
             "the device's strings make the name")
    with World(product="Smart Terminal XX44", pid=0x00a7) as w, \
            w.client() as c:
        t.eq(c.states()[0].name, "Cherry SmartTerminal XX44 00 00",
             "but for those that libccid calls otherwise")


def numbers(t):
    """Two alike; the second one is faster."""
    with Slotd(handler=FAKE_IFDHANDLER) as d, FakeServer(d.dir) as server:
        d.start(d.reader(server.address, "1-1", name="a") +
                d.reader(server.address, "1-2", name="b"))
        first, second = server.handler(), server.handler()
        second.become_ready()
        d.wait_log("reader 1: .* is ready")
        first.become_ready()
        d.wait_log("reader 0: .* is ready")
        with Client(d) as c:
            t.eq([s.name[-5:] for s in c.states()], ["01 00", "00 00"],
                 "names do not depend on who is faster")


def waits(t):
    """One wait for each minor: the change ends it, STOP ends it."""
    for minor in (3, 4, 5, 6):
        with World() as w, w.client(minor) as c:
            c.states()
            c.wait()
            t.ok(c.silent(), "4.%d: nothing comes of itself" % minor)
            c.stop()
            t.eq(c.pair(), (0, OK), "a wait that is stopped")
            c.stop()
            c.states()
            t.ok(c.silent(), "a STOP for no wait is not answered")
            c.wait()
            w.remove()
            t.eq(c.pair()[1], OK, "the change ends the wait")
            c.stop()
            c.states()
            t.ok(c.silent(), "the signal was the answer")
            w.insert()
            c.states()
            t.ok(c.silent(), "nobody waits: nothing comes")


def missed_in_43(t):
    with World() as w, w.client(3) as c:
        c.states()
        w.remove()
        c.wait()
        t.eq(c.pair()[1], OK, "4.3: a change before the wait ends it")


def race_of_46(t):
    """A change between WAIT and the states: the client expects the size."""
    with World() as w, w.client(6) as c:
        c.send(0x13)
        c.send(0x15)
        c.pair()                        # slotd has seen the WAIT
        w.remove()
        t.ok(c.silent(), "the signal waits")
        s, = c.states()
        t.eq(s.state, 2, "size and states come unharmed, up to date")
        t.eq(c.pair()[1], OK, "then the signal")
        c.send(0x13)
        c.send(0x15)
        c.pair()
        w.insert()
        c.stop()
        t.eq(c.pair(), (0, OK), "a STOP before the states answers for both")
        c.states()
        t.ok(c.silent(), "once")
        c.send(0x13)
        c.send(0x15)
        c.pair()
        w.remove()
        with w.client(None) as d:
            d.ask(0x0d, words(c.context, 0))
        c.states()
        t.eq(c.pair()[1], CANCELLED, "a cancelled wait says so")


def race_of_45(t):
    """A signal before READER_EVENTS is taken for its answer."""
    for minor in (5, 6):
        with World() as w, w.client(minor) as c:
            t.eq(c.events(), (2, OK), "one reader came: 1 + 1")
            c.wait()
            w.remove()
            c.send(0x15)
            t.eq((c.pair(), c.pair()), ((2, OK), (2, OK)),
                 "4.%d: signal and answer are the same" % minor)


def reader_events(t):
    with World() as w, w.client(5) as c:
        c.wait()
        w.d.configure("")
        w.d.signal(1)
        t.eq(c.pair(), (3, OK), "a reader went: the count says so")
        t.eq(c.states(), [], "it is no longer there")
        w.d.wait_log("read .* again")
        w.d.configure(w.reader)
        w.d.signal(1)
        w.d.wait_log("read .* again")  # a reload wakes whoever waits
        c.wait()
        w.plug()
        t.eq(c.pair(), (4, OK), "a reader came")
        t.eq(c.states()[0].name, NAME, "under the same name")


def sharing_signals(t):
    with World() as w, w.client() as c, w.client() as d, w.client() as e:
        c.wait()
        one = d.card()
        t.eq(c.pair()[1], OK, "the first use ends a wait")
        t.eq(c.wait()[0].sharing, 1, "one")
        two = e.card()
        t.ok(c.silent(), "a second one does not")
        e.disconnect(two)
        d.disconnect(one)
        t.eq(c.pair()[1], OK, "the last one's end does")
        c.wait()
        d.card(EXCLUSIVE)
        t.eq(c.pair()[1], OK, "exclusive use does")
        t.eq(c.states()[0].sharing, -1, "exclusive")
        c.wait()
        d.close()
        t.eq(c.pair()[1], OK, "so does its end")


def scopes(t):
    with World() as w, w.client(establish=False) as c:
        t.eq([c.ask(0x01, words(scope, 0, 0))[2] for scope in range(6)],
             [OK] * 4 + [INVALID_VALUE] * 2, "scopes of a context")


def cancels(t):
    with World() as w, w.client() as c:
        c.wait()
        with w.client(None) as d:
            t.eq(d.ask(0x0d, words(c.context, 0)), (c.context, OK), "a cancel")
        t.eq(c.pair(), (0, CANCELLED), "ends the wait")
        with w.client(None) as d:
            t.eq(d.ask(0x0d, words(c.context, 0))[1], OK,
                 "nobody waits: no matter")
            t.eq(d.ask(0x0d, words(1, 0))[1], OK, "no such context: neither")
        t.eq(len(c.states()), 1, "the context lives on")
        old = c.context
        _, c.context, _ = c.ask(0x01, words(2, 0, 0))
        t.ok(old != c.context, "a second ESTABLISH gives another number")
        t.eq(c.connect(context=old)[0], INVALID_HANDLE, "the old one is gone")
        t.eq(c.connect()[0], OK, "the new one works")
        t.eq((c.release(old), c.release(), c.release()),
             (INVALID_HANDLE, OK, INVALID_HANDLE), "RELEASE, once")


def connects(t):
    rows = [("no protocol", (SHARED, 0), PROTO_MISMATCH),
            ("no mode", (0, T1), INVALID_VALUE),
            ("mode 4", (4, T1), INVALID_VALUE),
            ("protocol first", (4, 0), PROTO_MISMATCH),
            ("no such reader", (SHARED, T1, "Reader 00 00"), UNKNOWN_READER),
            ("a name without end", (SHARED, T1, "x" * 128), UNKNOWN_READER),
            ("no name", (SHARED, T1, ""), UNKNOWN_READER)]
    with World() as w, w.client() as c:
        for name, args, want in rows:
            t.eq(c.connect(*args)[0], want, "refused: " + name)
        t.eq(c.states()[0].sharing, 0, "nothing is left of those")
        rv, card, protocol = c.connect(SHARED, T0 | T1)
        t.eq((rv, protocol), (OK, T1), "T=1 of both")
        t.ok(0 < card < 1 << 31, "a card number")
        with w.client() as d:
            t.eq(d.connect(SHARED, T0)[0], PROTO_MISMATCH,
                 "T=0 is not for others to choose now")
            t.eq(d.connect(SHARED, 4)[::2], (OK, 4), "raw is what there is")
            t.eq(d.connect(SHARED, T1)[::2], (OK, T1), "and poisons nobody")
        t.eq(c.transmit(card, pci=T0)[0], PROTO_MISMATCH, "an APDU for T=0")
        t.eq(c.transmit(card)[2].hex(), "00" * 8 + "9000", "an APDU")
        t.eq(c.transmit(card, room=9)[:2], (INSUFFICIENT_BUFFER, 10),
             "a buffer too small: the length needed")
        t.eq((c.disconnect(card, 4), c.disconnect(card)), (INVALID_VALUE, OK),
             "disconnect")
        t.eq(c.connect(SHARED, T0)[::2], (OK, T0), "alone, T=0 can be had")


def protocols(t):
    """A card that offers two, and answers to reset with the other one."""
    def asked(w):
        return [x for x in w.card.asked if x.startswith("PROTOCOL")]
    with World() as w, w.client() as c, w.client() as d:
        w.card.first = T0
        w.card.asked.clear()
        d.card(DIRECT)
        t.eq(c.connect(SHARED, T0 | T1)[::2], (OK, T1), "T=1 of both")
        t.eq(asked(w), ["PROTOCOL2"], "is asked for alone")
    with World() as w, w.client() as c:
        w.card.first, w.card.refuses_t1 = T0, True
        w.card.asked.clear()
        t.eq(c.connect(SHARED, T0 | T1)[::2], (OK, T0),
             "T=0 if the card does not mean it")
        t.eq(asked(w), ["PROTOCOL2", "PROTOCOL3"], "is asked for then")
    with World() as w, w.client() as c, w.client() as d:
        w.card.first = T0
        one, two = c.card(), d.card()
        w.remove()
        w.insert()
        t.eq((c.reconnect(one), c.transmit(one)[0]), (OK, OK),
             "T=1 of the next card, whose programs know the one before")
        t.eq(d.transmit(two)[0], REMOVED_CARD, "as they are told")
    with World() as w, w.client() as c, Connection(w.d) as o:
        w.card.first = T0
        t.eq(o.ask(b"\x10\0")[0], 0, "an OpenCT program resets the card")
        w.card.asked.clear()
        t.eq(c.connect(SHARED, T1)[0], PROTO_MISMATCH, "its T=0 stays")
        t.eq(c.connect(SHARED, T0 | T1)[::2], (OK, T0), "for others, too")
        t.eq(asked(w), ["PROTOCOL1"], "and T=1 is not asked for")


def no_card(t):
    with World(present=False) as w, w.client() as c:
        t.eq(c.connect()[0], NO_SMARTCARD, "no card")
        rv, card, protocol = c.connect(DIRECT, 0)
        t.eq((rv, protocol), (OK, 0), "DIRECT needs none")
        t.eq(c.control(card, 0x42000d48), (OK, 6, b"\x12\x04\x42\x33\0\x12"),
             "the reader's features")
        t.eq(c.transmit(card)[0], NO_SMARTCARD, "but there is none to ask")
        t.eq(c.reconnect(card), NO_SMARTCARD, "still no card")
        w.insert()
        t.eq(c.reconnect(card), OK, "now there is one")
        t.eq(c.transmit(card)[0], OK, "and it answers")


def mute(t):
    """A card that does not answer to reset; upside down, perhaps."""
    with World(present=False) as w, w.client() as c:
        w.card.mute = True
        c.wait()
        w.insert()
        t.eq(c.pair()[1], OK, "a mute card ends a wait")
        s, = c.states()
        t.eq((s.state, s.events, s.atr), (0x0c, 1, ""),
             "it is there and says nothing")
        t.eq(c.connect()[0], UNRESPONSIVE, "a connect")
        card = c.card(DIRECT)
        t.eq((c.reconnect(card), c.transmit(card)[0]), (UNRESPONSIVE,
             PROTO_MISMATCH), "a reconnect, and an APDU")
        t.eq(c.control(card, 0x42000d48)[0], OK, "the reader is well")
        w.card.mute = False
        t.eq((c.reconnect(card), c.transmit(card)[0]), (OK, OK),
             "a card that answers at last")
        t.eq(c.states()[0].state, 0x34, "is one like others")


def idle(t):
    """A card that nobody uses loses its power, and nobody can tell."""
    with World(config="power_off_delay = 50;\n") as w, w.client() as c:
        card = c.card()
        t.ok("POWER_OFF" not in w.card.asked, "a card in use keeps it")
        w.card.asked.clear()
        c.disconnect(card)
        end = time.monotonic() + TIMEOUT
        while c.states()[0].protocol != 0 and time.monotonic() < end:
            pass
        t.eq(w.card.asked, ["POWER_OFF"], "off")
        s, = c.states()
        t.eq((s.state, s.atr, s.events, s.protocol), (0x34, ATR, 0, 0),
             "it looks as before")
        card = c.card()
        t.eq(w.card.asked[1], "POWER_ON0", "and is powered for the next one")
        t.eq(c.transmit(card)[0], OK, "which can use it")


def exclusive(t):
    with World() as w, w.client() as c, w.client() as d:
        one = c.card()
        t.eq(d.connect(EXCLUSIVE)[0], SHARING_VIOLATION, "another uses it")
        t.eq(c.reconnect(one, mode=EXCLUSIVE), OK, "from shared to exclusive")
        t.eq(d.connect()[0], SHARING_VIOLATION, "others are refused at once")
        t.eq(c.end(one), NOT_TRANSACTED, "its lock is not a transaction")
        t.eq((c.begin(one), c.end(one), c.end(one)), (OK, OK, NOT_TRANSACTED),
             "a transaction in it")
        t.eq(c.reconnect(one), OK, "back to shared")
        two = d.card()
        t.eq(d.transmit(two)[0], OK, "it really is")
        t.eq(c.reconnect(one, mode=EXCLUSIVE), SHARING_VIOLATION,
             "not with another one in it")
        t.eq(c.transmit(one)[0], OK, "which changed nothing")


def transactions(t):
    with World() as w, w.client() as c, w.client() as d:
        one, two = c.card(), d.card()
        t.eq(c.end(one), NOT_TRANSACTED, "no transaction, no end")
        t.eq((c.begin(one), c.begin(one)), (OK, OK), "they nest")
        t.eq(d.end(two), SHARING_VIOLATION, "others cannot end them")
        d.send_begin(two)
        t.eq(c.end(one), OK, "the first end")
        t.ok(d.silent(), "is not the last")
        t.eq((c.end(one), d.begun()), (OK, OK), "which lets the next one in")
        t.eq(c.transmit(one)[0], SHARING_VIOLATION, "now it is theirs")
        t.eq(d.disconnect(two), OK, "a disconnect ends it")
        t.eq((c.status(one), c.transmit(one)[0]), (OK, OK), "without a reset")


def in_order(t):
    """BEGIN and CONNECT are woken in the order in which they came."""
    with World() as w, w.client() as a, w.client() as b, w.client() as c, \
            w.client() as d, w.client() as e:
        one, two, three = a.card(), b.card(), c.card()
        a.begin(one)
        b.send_begin(two)
        w.settled()
        d.send_connect()
        w.settled()
        c.send_begin(three)
        w.settled()
        t.ok(b.silent() and c.silent() and d.silent(), "all wait")
        a.end(one)
        t.eq(b.begun(), OK, "the first one's turn")
        t.ok(c.silent() and d.silent(), "the others wait on")
        t.eq(e.states()[0].sharing, 3, "who waits does not count")
        b.end(two)
        t.eq((d.connected()[2], c.begun()), (OK, OK), "the next ones' turn")


def own_mutex(t):
    """What would wait for itself is told at once."""
    with World(slots=2) as w, w.client() as c, w.client() as d:
        other = NAME[:-2] + "01"
        one, two = c.card(), c.card()
        c.begin(one)
        t.eq(c.begin(two), SHARING_VIOLATION, "a transaction of one's own")
        t.eq(c.connect()[0], SHARING_VIOLATION, "a connect into it")
        t.eq(c.disconnect(two, RESET), SHARING_VIOLATION, "a reset in it")
        t.eq(c.disconnect(two), OK, "a plain disconnect is no trouble")
        three = d.card(name=other)
        four = c.card(name=other)
        d.begin(three)
        t.eq(c.begin(four), SHARING_VIOLATION,
             "who holds one card does not wait for another's")
        t.eq(c.connect(name=other)[0], SHARING_VIOLATION,
             "a connect does, but not for long")


def naps(t):
    """A BEGIN is refused after a second and keeps its place in line."""
    with World() as w, w.client() as a, w.client() as b, w.client() as c:
        one, two, three = a.card(), b.card(), c.card()
        a.begin(one)
        b.send_begin(two)
        w.settled()
        t.eq(b.begun(), SHARING_VIOLATION, "told to ask again")
        c.send_begin(three)
        w.settled()
        a.end(one)
        t.eq(a.end(one), SHARING_VIOLATION, "the card is kept for it")
        t.eq(b.begin(two), OK, "and is there when it asks")
        t.eq(b.end(two), OK, "one BEGIN, one END")
        t.eq(c.begun(), OK, "then the next one")
        b.send_begin(two)
        w.settled()
        t.eq(b.begun(), SHARING_VIOLATION, "told again")
        c.end(three)
        t.eq(b.end(two), NOT_TRANSACTED, "what is kept is not begun")
        a.send_begin(one)
        t.eq(a.begun(), OK, "it is not kept for ever")


def resets(t):
    with World() as w, w.client() as c, w.client() as d:
        one, two = c.card(), d.card()
        w.card.asked.clear()
        t.eq(c.reconnect(one, RESET), OK, "a reset")
        t.eq(w.card.asked[0], "POWER_ON1", "a warm one")
        t.eq(c.transmit(one)[0], OK, "the card can be used at once")
        t.eq(d.transmit(two), (RESET_CARD, 0, b""), "another one gets no bytes")
        t.eq((d.status(two), d.transmit(two)[0], d.begin(two), d.end(two)),
             (RESET_CARD,) * 4, "others are told")
        t.eq(d.control(two, 0x42000d48)[0], OK, "but not in CONTROL")
        t.eq((d.reconnect(two), d.status(two)), (OK, OK),
             "until they reconnect")
        t.eq(c.reconnect(one, UNPOWER), OK, "a cold one")
        t.eq((c.status(one), d.status(two)), (OK, RESET_CARD), "is one, too")
        t.eq(c.reconnect(one, EJECT), INVALID_VALUE, "EJECT is none")
        d.reconnect(two)
        c.begin(one)
        t.eq(c.end(one, RESET), OK, "END with a reset")
        t.eq((c.status(one), d.status(two)), (RESET_CARD, RESET_CARD),
             "tells its own program, too")
        t.eq((c.reconnect(one), d.reconnect(two)), (OK, OK), "reconnected")
        t.eq(c.disconnect(one, RESET), OK, "DISCONNECT with a reset")
        t.eq(d.status(two), RESET_CARD, "tells the others")
        d.reconnect(two)
        three = c.card()
        t.eq(c.disconnect(three, UNPOWER), OK, "DISCONNECT takes the power")
        s, = d.states()
        t.eq((s.state, s.atr, s.protocol), (4, ATR, 0), "the state shows it")
        t.eq(d.status(two), RESET_CARD, "others are told")
        t.eq((d.reconnect(two), d.transmit(two)[0]), (OK, OK),
             "and get it back, powered")
        t.eq(d.states()[0].state, 0x34, "the state shows that, too")


def removed(t):
    with World() as w, w.client() as c, w.client() as d:
        one, two = c.card(), d.card()
        c.begin(one)
        w.remove()
        t.eq((c.transmit(one)[0], c.end(one), d.status(two)),
             (REMOVED_CARD,) * 3, "all are told")
        t.eq(c.reconnect(one), NO_SMARTCARD, "nothing to go on with")
        w.insert()
        t.eq(d.status(two), REMOVED_CARD, "another card changes nothing")
        t.eq((d.reconnect(two), d.begin(two)), (OK, OK), "but reconnecting; "
             "the lock went with the card")
        t.eq(d.end(two), OK, "once")
        t.eq((c.reconnect(one), c.end(one)), (OK, NOT_TRANSACTED),
             "the old transaction is forgotten")


def reader_gone(t):
    with World() as w, w.client() as c:
        card = c.card()
        c.begin(card)
        w.d.configure("")
        w.d.signal(1)
        w.d.wait_log("names it no longer")
        w.settled()
        t.eq((c.status(card), c.transmit(card)[0], c.begin(card),
              c.end(card), c.reconnect(card), c.control(card, 1)[0]),
             (INVALID_VALUE,) * 6, "the reader went")
        t.eq(c.connect()[0], UNKNOWN_READER, "its name, too")
        t.eq((c.disconnect(card), c.release()), (OK, OK),
             "what is left can be put away")


def dead_holder(t):
    with World() as w, w.client() as d:
        two = d.card()
        for name, end in (("dies", lambda c: c.close()),
                          ("releases its context", lambda c: c.release())):
            c = w.client()
            c.begin(c.card())
            d.send_begin(two)
            w.settled()
            w.card.asked.clear()
            end(c)
            t.eq(d.begun(), RESET_CARD,
                 "a holder %s: the card is reset" % name)
            t.ok("POWER_ON0" in w.card.asked or "POWER_ON1" in w.card.asked,
                 "really")
            t.eq((d.reconnect(two), d.begin(two), d.end(two)), (OK,) * 3,
                 "and free")
            c.close()
        with w.client() as c:
            c.card()
        w.settled()
        t.eq(d.status(two), OK, "no transaction, no reset")


def robbed(t):
    with World(config="lock_timeout = 200;\n") as w, w.client() as c, \
            w.client() as d:
        one, two = c.card(), d.card()
        c.begin(one)
        d.send_begin(two)
        t.eq(d.begun(), RESET_CARD, "who keeps it too long loses it, reset")
        t.eq(c.transmit(one)[0], RESET_CARD, "and is told")
        t.ok("kept the card locked" in w.d.wait_log("kept the card"),
             "it is named in the log")
        t.eq((d.reconnect(two), d.begin(two)), (OK, OK), "the other goes on")


def old_and_new(t):
    """OpenCT's locks and PC/SC's transactions are in each other's way."""
    challenge = transact(bytes.fromhex("0084000008"))
    with World() as w, w.client() as c, Connection(w.d) as o:
        card = c.card()
        t.eq(o.ask(challenge)[0], 0, "nobody holds it: both may")
        error, body = o.ask(lock())
        t.eq(error, 0, "an OpenCT program locks the card")
        t.eq(c.transmit(card)[0], SHARING_VIOLATION, "PC/SC hears of sharing")
        c.send_begin(card)
        w.settled()
        t.ok(c.silent(), "a transaction waits")
        t.eq(o.ask(bytes([0x02, 0]) + body)[0], 0, "unlocked")
        t.eq(c.begun(), OK, "it begins")
        t.eq((o.ask(challenge)[0], o.ask(lock())[0]), (-7, -7),
             "OpenCT hears of a lock")
        t.eq(c.end(card, RESET), OK, "the transaction ends with a reset")
        t.eq(o.ask(challenge)[0], 0, "which OpenCT does not mind")


def controls(t):
    tlv = "0102000003010009010" + "00b026a040c022d000a0400000000"
    with World() as w, w.client() as c:
        card = c.card()
        t.eq(c.control(card, 0x313520)[0], OK, "features, Windows' code")
        t.eq(c.control(card, 0x42330012)[2].hex(), tlv, "the properties")
        t.eq(c.control(card, 0x42000d48, room=3)[:2], (INSUFFICIENT_BUFFER, 6),
             "a buffer too small")
        t.eq([c.control(card, x)[:2] for x in (0x42330006, 0)],
             [(UNSUPPORTED, 0)] * 2, "others are not there")


def attributes(t):
    name = NAME.encode() + b"\0"
    want = {0x90303: bytes.fromhex(ATR), 0x90300: b"\2", 0x90301: b"\1",
            0x10100: b"Cherry GmbH\0", 0x10102: struct.pack("=I", 0x1000000),
            0x10103: b"", 0x20110: struct.pack("=I", 0x200000),
            0x7a007: struct.pack("=I", 261), 0x7fff0003: name,
            0x7fff0004: name}
    with World() as w, w.client() as c:
        card = c.card()
        for what, value in want.items():
            t.eq(c.attrib(card, what), (OK, value), "attribute %#x" % what)
        t.eq([c.attrib(card, x)[0] for x in (0x0fb2, 0x0fb3, 0x0fb4, 0, 1,
                                             0xffffffff)], [UNSUPPORTED] * 6,
             "drivers' secrets are not told")
        t.eq([c.attrib(card, x, 0x10)[0] for x in (0x0fb4, 0x90303)],
             [UNSUPPORTED] * 2, "nothing can be set")


def many_handles(t):
    with World() as w, w.client() as c:
        cards = [c.card() for _ in range(200)]
        t.eq(len(set(cards)), 200, "200 handles")
        t.eq(hex(c.connect()[0]), "0x80100006", "one more is too many")
        t.eq((c.disconnect(cards[7]), c.connect()[0]), (OK, OK), "after one "
             "went there is room")


def crowd(t):
    with World() as w:
        clients = [w.client() for _ in range(1000)]
        t.eq(len({c.context for c in clients}), 1000, "1000 contexts")
        for c in clients:
            c.wait()
        w.remove()
        t.ok(all(c.pair()[1] == OK for c in clients), "all of them are woken")
        for c in clients:
            c.close()
        with w.client() as c:
            t.eq(len(c.states()), 1, "and it goes on")


def main():
    t = Tap()
    for test in (files, switched_off, taken, versions, malformed, pieces,
                 reader_states, array_length, size_stays, names, numbers, waits,
                 missed_in_43, race_of_46, race_of_45, reader_events, sharing_signals,
                 scopes, cancels, connects, protocols, no_card, mute, idle,
                 exclusive, transactions, in_order, own_mutex, naps, resets,
                 removed, reader_gone, dead_holder, robbed, old_and_new, controls,
                 attributes, many_handles, crowd):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
