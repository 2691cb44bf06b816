# SPDX-License-Identifier: BSD-2-Clause
"""OpenCT's dialect of the real slotd: what programs may rely on, and what bad
clients cannot do to good ones. The reader is played by this test."""
import os
import signal
import socket
import stat
import struct
import subprocess
import sys

from harness import FAKE_IFDHANDLER, FakeServer, Slotd, Tap, kill
from openct_wire import (LONG, MORE, Connection, item, lock, message, status,
                         transact)

SELECT = bytes.fromhex("00a40000023f00")
OK = bytes.fromhex("9000")


class World:
    """slotd with one ready reader; h is its handler."""

    def __init__(self, slots=1, card=True):
        self.slots, self.card = slots, card

    def __enter__(self):
        self.d = Slotd(handler=FAKE_IFDHANDLER)
        self.d.__enter__()
        self.server = FakeServer(self.d.dir)
        self.d.start(self.d.reader(self.server.address, "1-1"))
        self.plug()
        return self

    def plug(self):
        self.h = self.server.handler()
        self.h.do("READY", slots=self.slots)
        for i in reversed(range(self.slots)):
            self.h.do("CARD", slot=i, arg=int(self.card))
        for _ in range(self.slots if self.card else 0):
            self.h.answer(self.h.expect("POWER_ON"), data="3b800181")
        self.d.wait_log("is ready")
        with self.d.control() as c:     # and everybody has been told
            c.ask(cmd="hello")

    def client(self):
        return Connection(self.d)

    def serve(self, data="9000", err=0):
        """Answers the next APDU; returns what it was."""
        m = self.h.expect("TRANSMIT")
        self.h.answer(m, data=data, err=err)
        return m["data"]

    def works(self, t, name):
        """A new client gets an APDU through."""
        with self.client() as c:
            x = c.send(transact(SELECT))
            self.serve()
            t.eq(c.answer(x), (0, item(0x05, OK, True)), name)

    def __exit__(self, *what):
        self.server.close()
        return self.d.__exit__(*what)


def published(t):
    with World(slots=2) as w:
        name, slots, cards, flags, pid = status(w.d)
        t.eq((name, slots, cards[:3], flags), ("Fake Reader", 2, [1, 1, 0], 0),
             "the record in the status file")
        t.eq(pid, w.d.process.pid, "its pid is that of slotd")
        st = os.stat(os.path.join(w.d.run, "0"))
        t.eq(oct(st.st_mode), oct(stat.S_IFSOCK | 0o666), "the socket's mode")
        path = os.path.join(w.d.run, "status")
        inode = os.stat(path).st_ino
        t.eq(os.stat(path).st_size, 1728, "the status file's size")
        w.d.configure("")
        with w.client() as c:
            w.d.signal(signal.SIGHUP)
            t.ok(c.is_closed(), "the reader is taken away: clients are closed")
        t.eq(status(w.d), ("", 0, [0] * 8, 0, 0), "its record is empty")
        t.ok(not os.path.exists(os.path.join(w.d.run, "0")),
             "its socket is gone")
        t.eq(os.stat(path).st_ino, inode, "the status file is the same one")


def card_numbers(t):
    with World() as w, w.client() as c, w.d.control() as ctl:
        ctl.ask(cmd="watch")
        w.h.do("CARD", arg=0)
        ctl.wait_event("card-removed")
        t.eq(status(w.d)[2][0], 0, "no card: sequence number 0")
        t.eq(c.ask(transact(SELECT)), (-6, b""), "and an APDU is answered -6")
        w.h.do("CARD", arg=1)
        w.h.answer(w.h.expect("POWER_ON"), data="3b00")
        ctl.wait_event("card-inserted")
        t.eq(status(w.d)[2][0], 2, "another card has another number")


def commands(t):
    rows = [
        ("STATUS of the reader", b"\x00\x10", 0,
         item(0, b"Fake Reader") + item(1, b"\x00")),
        ("STATUS of slot 0", b"\x00\x00", 0, item(2, b"\x03")),
        ("STATUS of slot 0 again", b"\x00\x00", 0, item(2, b"\x01")),
        ("slot == number of slots", b"\x00\x01", -3, b""),
        ("slot 255", b"\x00\xff", -3, b""),
        ("an unknown command", b"\x42\x00", -101, b""),
        ("a reserved command", b"\x15\x00", -101, b""),
        ("an unknown tag is passed over", b"\x00\x00" + item(0x3f, b"x"), 0,
         item(2, b"\x01")),
        ("an item of no bytes", b"\x21\x00" + item(0x84, b""), -100, b""),
        ("a cut item", b"\x21\x00\x84\x09\x00", -100, b""),
        ("an empty body", b"", -100, b""),
        ("a lock without a type", b"\x01\x00", -102, b""),
        ("a display", b"\x13\x11" + item(0x81, b"hi"), -4, b""),
        ("a PIN pad", b"\x14\x00" + item(0x83, b"\x01\x05\x00"), -4, b""),
        ("memory", b"\x16\x00" + item(0x85, b"\0") + item(0x87, b"\x04"), -4,
         b""),
        ("memory to write", b"\x17\x00" + item(0x85, b"\0") + item(0x86, b"x"),
         -4, b""),
        ("eject", b"\x12\x00", 0, b""),
        ("a lock of nobody", b"\x02\x00" + item(0x04, b"\x00"), -8, b""),
    ]
    with World() as w, w.client() as c:
        for name, body, error, answer in rows:
            t.eq(c.ask(body), (error, answer), name)
        x = c.send(b"\x10\x00")
        w.h.answer(w.h.expect("POWER_ON"), data="3b00")
        t.eq(c.answer(x), (0, item(3, b"\x3b\x00")), "RESET gives the ATR")
        x = c.send(b"\x20\x00" + SELECT)
        t.eq(w.serve("6a82"), SELECT.hex(), "TRANSACT as of old: the APDU")
        t.eq(c.answer(x), (0, b"\x6a\x82"), "and the response, as they are")
        x = c.send(b"\x22\x00" + item(0x88, b"\x01"))
        m = w.h.expect("PROTOCOL")
        w.h.answer(m, arg=2)
        t.eq((m["arg"], c.answer(x)), (2, (0, b"")), "SET PROTOCOL")


def cut_messages(t):
    """Each cut message is followed by a hangup: that client is gone, and the
    next one is served."""
    whole = message(transact(SELECT))
    with World() as w:
        for cut in range(len(whole)):
            with w.client() as c:
                c.sock.sendall(whole[:cut])
                c.sock.shutdown(socket.SHUT_WR)
                assert c.is_closed()
        w.works(t, "a message cut at every length costs nobody else")
        with w.client() as c:
            c.sock.sendall(message(b"\x21\x00", length=65535))
            w.works(t, "a header that promises 65535 bytes and stops")


def pipelining(t):
    with World() as w, w.client() as c:
        c.sock.sendall(b"".join(
            message(transact(bytes([0, 0xb0, 0, i])), xid=i) if i % 2 else
            message(b"\x00\x00", xid=i) for i in range(200)))
        got = []
        for i in range(200):
            if i % 2:
                m = w.h.expect("TRANSMIT")
                assert m["data"] == "00b000%02x" % i
                w.h.answer(m, data="%02x9000" % i)
            xid, dest, error, n = struct.unpack("=IIhH", c.receive(12))
            body = c.receive(n)
            got.append((xid, error, body[-3:] if i % 2 else None))
        t.eq(got, [(i, 0, bytes([i]) + OK if i % 2 else None)
                   for i in range(200)], "200 requests sent ahead, in order")
        data = message(transact(SELECT), xid=7)
        for i in range(len(data)):
            c.sock.sendall(data[i:i + 1])
        w.serve()
        t.eq(c.answer(7), (0, item(5, OK, True)), "a request byte by byte")


def long_ones(t):
    with World() as w, w.client() as c:
        for n in (4079, 4096, 4097, 65530):
            x = c.send(transact(bytes(n)))
            assert len(w.serve("ab" * n + "9000")) == 2 * n
            if n == 65530:
                t.eq(c.answer(x)[0], 0, "%d bytes each way" % n)
            else:
                t.eq(c.answer(x), (0, item(5, b"\xab" * n + OK, True)),
                     "%d bytes each way" % n)
        x = c.send(transact(SELECT))
        w.serve("ab" * 65536 + "9000")
        t.eq(c.answer(x), (-11, b""), "65538 bytes do not fit an item")
        apdu = b"\x20\x00" + bytes(65544)
        xid = 9
        c.sock.sendall(message(apdu[:65535], xid, MORE | LONG) +
                       message(apdu[65535:], xid, LONG))
        t.eq(len(w.serve("ab" * 65536 + "9000")), 2 * 65544,
             "65544 bytes in two messages")
        t.eq(c.answer(xid), (0, b"\xab" * 65536 + OK), "65538 bytes in two")
        c.sock.sendall(message(b"\x21\x00", 3, MORE))
        t.eq(c.answer(3), (-100, b""), "items are never continued")
        t.ok(c.is_closed(), "and who tries is closed")
        with w.client() as e:
            for i in range(2):
                e.sock.sendall(message(b"\x20\x00" + bytes(65533), 4, MORE))
            t.eq(e.answer(4), (-100, b""), "longer than any APDU")
            t.ok(e.is_closed(), "ends the connection")
        w.works(t, "and the reader works on")


def unread(t):
    with World() as w:
        for _ in range(20):     # this killed OpenCT
            with w.client() as c:
                c.send(b"\x00\x00")
        with w.client() as c:
            x = c.send(transact(SELECT))
            m = w.h.expect("TRANSMIT")
            c.close()
            w.h.answer(m, data="9000")
            w.works(t, "a client that closes with an unread answer")
        with w.client() as c:
            c.sock.setblocking(False)
            sent = 0
            try:
                while sent < 50000000:
                    sent += c.sock.send(message(b"\x00\x10") * 1000)
            except BlockingIOError:
                pass
            t.ok(sent < 20000000, "a client that never reads is held up "
                 "(after %d bytes)" % sent)
            w.works(t, "and disturbs nobody")


def crowd(t):
    with World() as w:
        clients = [w.client() for _ in range(200)]
        for i, c in enumerate(clients):
            c.sock.sendall(message(b"\x00\x00")[:i % 15])
        for c in clients:
            c.close()
        with w.client() as c:
            t.eq(c.ask(b"\x00\x00")[0], 0, "200 clients came and vanished")
        clients = [w.client() for _ in range(200)]
        t.eq([c.ask(b"\x00\x00")[0] for c in clients], [0] * 200,
             "200 clients at once")
        more = []
        for _ in range(150):
            more.append(w.client())
        t.ok(any(c.is_closed() for c in more[140:]), "one user has a limit")
        for c in clients + more:
            c.close()
        w.works(t, "and then all is as before")
        fds = os.listdir("/proc/%d/fd" % w.d.process.pid)
        t.ok(len(fds) < 40, "nothing is left open")


def locks(t):
    with World() as w, w.client() as a, w.client() as b:
        t.eq(a.ask(lock()), (0, item(4, b"\x00")), "A takes the card")
        for name, body in [
                ("RESET", b"\x10\x00"), ("REQUEST", b"\x11\x00"),
                ("TRANSACT", transact(SELECT)),
                ("TRANSACT as of old", b"\x20\x00" + SELECT),
                ("SET PROTOCOL", b"\x22\x00" + item(0x88, b"\x00")),
                ("a shared lock", lock(0)), ("a lock", lock())]:
            t.eq(b.ask(body), (-7, b""), "B is refused " + name)
        x = a.send(transact(SELECT))
        w.serve()
        t.eq(a.answer(x)[0], 0, "A goes on")
        t.eq(a.ask(b"\x02\x00" + item(4, b"\x00")), (0, b""), "A gives back")
        t.eq(b.ask(lock())[0], 0, "B takes it")
        t.eq(a.ask(transact(SELECT)), (-7, b""), "A is refused")
        b.close()
        x = a.send(transact(SELECT))
        w.serve()
        t.eq(a.answer(x)[0], 0, "B hangs up: A goes on at once")


HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
import openct_wire
class S: run = sys.argv[2]
c = openct_wire.Connection(S)
assert c.ask(openct_wire.lock())[0] == 0
print("locked", flush=True)
sys.stdin.read()
"""


def killed_holder(t):
    """Others wait on the control socket, which can wait; they get the card in
    the order they came."""
    here = os.path.dirname(os.path.abspath(__file__))
    with World() as w:
        p = subprocess.Popen([sys.executable, "-c", HOLDER, here, w.d.run],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert p.stdout.readline() == b"locked\n"
        first, second = w.d.control(), w.d.control()
        for c in (first, second):
            c.send(cmd="lock", reader=0, wait_ms=20000)
            with w.d.control() as other:    # slotd has read what came before
                other.ask(cmd="list")
        holder = other_holder(w)
        t.eq(holder["pid"], p.pid, "the holder is named")
        kill(p.pid)
        p.wait()
        t.ok(first.answer()["ok"], "killed: the first in line has the card")
        t.eq(other_holder(w)["pid"], os.getpid(), "as all can see")
        with w.client() as c:
            t.eq(c.ask(transact(SELECT)), (-7, b""), "others are kept out")
        first.close()
        t.ok(second.answer()["ok"], "it hangs up: the second has it")
        second.close()
        p.stdin.close()
        p.stdout.close()


def other_holder(w):
    with w.d.control() as c:
        return c.ask(cmd="list")["readers"][0]["slots"][0].get("holder")


def unplugged(t):
    with World() as w, w.client() as c, w.client() as idle:
        ino = os.stat(os.path.join(w.d.run, "status")).st_ino
        x = c.send(transact(SELECT))
        w.h.expect("TRANSMIT")
        w.h.do("FAILED", err=8, data=b"unplugged".hex())
        w.h.do("exit")
        t.eq(c.answer(x), (-17, b""), "an APDU under way is answered -17")
        t.ok(c.is_closed() and idle.is_closed(), "then clients are closed")
        t.eq(status(w.d)[4], 0, "the reader is not in the status file")
        t.ok(not os.path.exists(os.path.join(w.d.run, "0")), "nor its socket")
        w.plug()
        t.eq(status(w.d)[2][0], 2, "plugged in again: another card number")
        t.eq(os.stat(os.path.join(w.d.run, "status")).st_ino, ino,
             "the status file is the same")
        w.works(t, "and it works")


def handler_killed(t):
    with World() as w, w.client() as c:
        x = c.send(transact(SELECT))
        w.h.expect("TRANSMIT")
        kill(w.h.born["pid"])
        t.eq(c.answer(x), (-5, b""), "its handler killed: the client hears")
        t.ok(c.is_closed(), "and is closed")
        w.plug()
        w.works(t, "the reader is back")


def old_files(t):
    """What a killed daemon left behind does not stop the next one."""
    with World() as w:
        kill(w.d.process.pid)
        w.d.process.wait()
        t.ok(os.path.exists(os.path.join(w.d.run, "0")), "a socket is left")
        ino = os.stat(os.path.join(w.d.run, "status")).st_ino
        w.d.process.stderr.close()
        w.d.notify.close()
        os.unlink(os.path.join(w.d.dir, "notify"))
        w.d.log.clear()
        w.d.read_to = 0
        w.d.start(w.d.reader(w.server.address, "1-1"))
        w.plug()
        w.works(t, "the next slotd works")
        t.eq(os.stat(os.path.join(w.d.run, "status")).st_ino, ino,
             "and goes on with the same status file")


def main():
    t = Tap()
    for test in (published, card_numbers, commands, cut_messages, pipelining,
                 long_ones, unread, crowd, locks, killed_holder, unplugged,
                 handler_killed, old_files):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
