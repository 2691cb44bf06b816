#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pyscard, Python's smartcard: readers, connections, monitors, attributes.

The tests run this file again with Debian's Python, once for each part of the
walk below; parts and test talk in lines."""
import os
import subprocess
import sys

PYTHON = "/usr/bin/python3"
ATR = "3B 9D 13 81 31 FE 45 80 73 B6 21 40 57 73 6C 6F 74 65 6D 75 8F"
MF = [0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00]

# ---- the walk, with pyscard; run as a program of its own ----


def say(*words):
    print(*words, flush=True)


def hear():
    return sys.stdin.readline().strip()


def walk_send():
    from smartcard.Exceptions import NoCardException
    from smartcard.System import readers
    from smartcard.util import toHexString
    for reader in readers():
        c = reader.createConnection()
        try:
            c.connect()
        except NoCardException:     # a virtual reader's second slot
            continue
        data, sw1, sw2 = c.transmit(MF)
        say(reader, "|", toHexString(c.getATR()), "|", c.getProtocol(),
            "| %02X%02X" % (sw1, sw2), len(data))
        data, sw1, sw2 = c.transmit([0x00, 0xB0, 0x82, 0x00, 0x00])
        say(bytes(data).decode(), "%02X%02X" % (sw1, sw2))
        c.disconnect()


def walk_protocols():
    from smartcard.CardConnection import CardConnection
    from smartcard.Exceptions import CardConnectionException
    from smartcard.System import readers
    c = readers()[0].createConnection()
    try:
        c.connect(CardConnection.T0_protocol)
    except CardConnectionException as e:
        say("T0:", e)
    c.connect(CardConnection.T1_protocol)
    say("T1:", c.getProtocol() == CardConnection.T1_protocol)
    c.disconnect()


def walk_exclusive():
    """Keeps the card for itself until told; then shares it in transactions."""
    from smartcard.ExclusiveConnectCardConnection import \
        ExclusiveConnectCardConnection
    from smartcard.ExclusiveTransmitCardConnection import \
        ExclusiveTransmitCardConnection
    from smartcard.System import readers
    c = ExclusiveConnectCardConnection(readers()[0].createConnection())
    c.connect()
    say("mine")
    hear()
    c.disconnect()
    c = ExclusiveTransmitCardConnection(readers()[0].createConnection())
    c.connect()
    c.lock()
    say("locked %02X%02X" % tuple(c.transmit(MF)[1:]))
    hear()
    c.unlock()
    c.disconnect()
    say("free")


def walk_attributes():
    from smartcard.System import readers
    from smartcard.scard import SCARD_ATTR_ATR_STRING, \
        SCARD_ATTR_DEVICE_FRIENDLY_NAME, SCARD_ATTR_DEVICE_SYSTEM_NAME, \
        SCARD_ATTR_MAXINPUT, SCARD_ATTR_VENDOR_NAME, SCARD_CTL_CODE
    from smartcard.util import toHexString
    c = readers()[0].createConnection()
    c.connect()
    say(toHexString(c.getAttrib(SCARD_ATTR_ATR_STRING)))
    for name in (SCARD_ATTR_DEVICE_FRIENDLY_NAME, SCARD_ATTR_DEVICE_SYSTEM_NAME,
                 SCARD_ATTR_VENDOR_NAME):
        say(bytes(c.getAttrib(name)).rstrip(b"\0").decode())
    say(int.from_bytes(bytes(c.getAttrib(SCARD_ATTR_MAXINPUT)), "little"))
    say(toHexString(c.control(SCARD_CTL_CODE(3400), [])))
    c.disconnect()


def walk_card_monitor():
    from smartcard.CardMonitoring import CardMonitor, CardObserver
    from smartcard.util import toHexString

    class Observer(CardObserver):
        def update(self, observable, actions):
            for word, cards in zip(("added", "removed"), actions):
                for card in cards:
                    say(word, card.reader, "|", toHexString(card.atr))
    monitor = CardMonitor()
    observer = Observer()
    monitor.addObserver(observer)
    hear()
    monitor.deleteObserver(observer)


def walk_reader_monitor():
    from smartcard.ReaderMonitoring import ReaderMonitor, ReaderObserver

    class Observer(ReaderObserver):
        def update(self, observable, actions):
            for word, names in zip(("added", "removed"), actions):
                for name in names:
                    say(word, name)
    monitor = ReaderMonitor()
    observer = Observer()
    monitor.addObserver(observer)
    hear()
    monitor.deleteObserver(observer)


def walk_card_request():
    """A card with this ATR is waited for, one with another is not taken."""
    from smartcard.CardRequest import CardRequest
    from smartcard.CardType import ATRCardType
    from smartcard.Exceptions import CardRequestTimeoutException
    from smartcard.util import toBytes
    try:
        CardRequest(timeout=0.2, cardType=ATRCardType(
            toBytes("3B 80 01 81"))).waitforcard()
    except CardRequestTimeoutException:
        say("no such card")
    say("waiting")
    service = CardRequest(timeout=20, cardType=ATRCardType(
        toBytes(ATR))).waitforcard()
    service.connection.connect()
    say("%02X%02X" % tuple(service.connection.transmit(MF)[1:]))


def walk_cancel():
    """The bare functions: a wait of one thread, cancelled by another."""
    import threading
    import smartcard.scard as s
    _, context = s.SCardEstablishContext(s.SCARD_SCOPE_USER)
    _, names = s.SCardListReaders(context, [])
    _, states = s.SCardGetStatusChange(context, 0, [
        (name, s.SCARD_STATE_UNAWARE) for name in names])
    waiting = [(name, state) for name, state, _ in states]

    def wait():
        rv, _ = s.SCardGetStatusChange(context, s.INFINITE, waiting)
        say("ended:", s.SCardGetErrorMessage(rv))
    thread = threading.Thread(target=wait)
    thread.start()
    while thread.is_alive():    # until it really waits
        s.SCardCancel(context)
        thread.join(0.05)
    s.SCardReleaseContext(context)


if __name__ == "__main__" and sys.argv[1:2] == ["walk"]:
    globals()["walk_" + sys.argv[2]]()
    sys.exit(0)

# ---- the tests ----

from backend import Skip, arguments, backend, run, same, test  # noqa: E402
from dialog import Dialog  # noqa: E402

ARGS = arguments()
PROTOCOL_T1 = 2


def walk(what):
    if subprocess.run([PYTHON, "-c", "import smartcard"],
                      capture_output=True).returncode != 0:
        raise Skip("python3-pyscard is not installed")
    return [PYTHON, "-B", os.path.abspath(__file__), "walk", what]


def slotd_only(why):
    if ARGS.backend != "slotd":
        raise Skip(why)


@test
def readers_and_apdus():
    words = walk("send")
    with backend(ARGS, cards=["sample", "sample"]) as b:
        said = b.run(*words).splitlines()
        for name in b.reader_names:
            row = "%s | %s | %d | 9000 0" % (name, ATR, PROTOCOL_T1)
            same(said[said.index(row) + 1], "SLOTEMU-00000001 9000")


@test
def a_protocol_the_card_lacks():
    words = walk("protocols")
    with backend(ARGS, cards=["sample"]) as b:
        said = b.run(*words).splitlines()
        assert "mismatch" in said[0], said
        same(said[1], "T1: True")


@test
def exclusive_connections_and_transactions():
    words, other = walk("exclusive"), walk("send")
    with backend(ARGS, cards=["sample"]) as b, Dialog(b, *words) as d:
        d.expect("^mine$")
        said = b.run(*other, code=1)
        assert "Sharing violation" in said, said
        d.say()
        d.expect("^locked 9000$")
        with Dialog(b, *other) as second:   # waits for its turn
            d.say()
            d.expect("^free$")
            second.expect("^SLOTEMU-00000001 9000$")
            second.end()
        d.end()


@test
def attributes_and_the_feature_list():
    slotd_only("vpcd has no attributes")
    words = walk("attributes")
    with backend(ARGS, cards=["sample"]) as b:
        name = b.reader_names[0]
        same(b.run(*words).splitlines(), [
            ATR, name, name, "Cherry GmbH", "261", "12 04 42 33 00 12"])


@test
def a_card_monitor_sees_cards_come_and_go():
    words = walk("card_monitor")
    with backend(ARGS, cards=["sample"]) as b, Dialog(b, *words) as d:
        row = "%s .*%s$" % (b.reader_names[0], ATR)
        d.expect("^added " + row)
        b.remove()
        d.expect("^removed " + row)
        b.insert()
        d.expect("^added " + row)
        d.say()
        d.end()


@test
def a_reader_monitor_sees_readers_come_and_go():
    slotd_only("vpcd's readers stay")
    words = walk("reader_monitor")
    with backend(ARGS, cards=["sample", "sample"]) as b, \
            Dialog(b, *words) as d:
        d.expect("^added " + b.reader_names[0])
        d.expect("^added " + b.reader_names[1])
        b.emulator.ctl("unplug", "1-2")
        d.expect("^removed " + b.reader_names[1])
        b.emulator.ctl("plug", "1-2")
        d.expect("^added " + b.reader_names[1])
        d.say()
        d.end()


@test
def a_card_is_waited_for():
    words, monitor = walk("card_request"), walk("card_monitor")
    with backend(ARGS, cards=["sample"]) as b:
        with Dialog(b, *monitor) as d:
            d.expect("^added")
            b.remove()
            d.expect("^removed")
        with Dialog(b, *words) as d:
            d.expect("^no such card$")
            d.expect("^waiting$")
            b.insert()
            d.expect("^9000$")
            d.end()


@test
def a_wait_is_cancelled():
    words = walk("cancel")
    with backend(ARGS, cards=["sample"]) as b:
        same(b.run(*words), "ended: Command cancelled.\n")


if __name__ == "__main__":
    sys.exit(run())
