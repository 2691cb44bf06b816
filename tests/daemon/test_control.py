# SPDX-License-Identifier: BSD-2-Clause
"""The control socket of the real slotd, as doc/control.md promises it. The
readers are played by this test."""
import json
import os
import socket
import stat

from harness import FAKE_IFDHANDLER, FakeServer, Slotd, Tap, kill

ATR = "3b800181"


class World:
    """slotd with ready readers, all called "Fake Reader"; h are theirs."""

    def __init__(self, readers=1, slots=1):
        self.readers, self.slots = readers, slots

    def __enter__(self):
        self.d = Slotd(handler=FAKE_IFDHANDLER)
        self.d.__enter__()
        self.server = FakeServer(self.d.dir)
        self.h = []
        self.d.start("".join(
            self.d.reader(self.server.address, "1-%d" % i, name="r%d" % i)
            for i in range(self.readers)))
        for _ in range(self.readers):
            self.plug()
        self.c = self.d.control()
        self.c.ask(cmd="hello")
        return self

    def plug(self):
        h = self.server.handler()
        h.do("READY", slots=self.slots)
        for i in reversed(range(self.slots)):
            h.do("CARD", slot=i, arg=1)
        for _ in range(self.slots):
            h.answer(h.expect("POWER_ON"), data=ATR)
        self.d.wait_log("is ready")
        self.h.append(h)

    def __exit__(self, *what):
        self.c.close()
        self.server.close()
        return self.d.__exit__(*what)


def error(answer):
    return answer["ok"], answer.get("error")


def readers(t):
    with World() as w:
        c = w.c
        got = c.ask(cmd="hello", id="x")
        t.eq((got["id"], got["ok"], got["pid"], got["socket_dir"]),
             ("x", True, w.d.process.pid, w.d.run), "hello")
        t.ok(got["uptime_ms"] >= 0 and got["version"], "version and uptime")
        got = c.ask(cmd="list", id=[1, {"a": None}])
        t.eq(got["id"], [1, {"a": None}], "any id comes back")
        want = {"reader": 0, "name": "Fake Reader", "driver": "ccid",
                "device": "usbip:%s/1-0" % w.server.address, "state": "ready",
                "display": False, "keypad": False,
                "slots": [{"slot": 0, "card": "powered", "atr": ATR,
                           "sequence": 1}]}
        t.eq(got["readers"], [want], "list")
        got = c.ask(cmd="info", reader=0)
        want.update(vid=0x1234, pid=0x5678, bcd_device=0x100, vendor="Fake",
                    product="Reader", serial="42", interface="", plan="fake",
                    max_apdu=261, max_message=271, features=0x207b2,
                    protocols=["T=0", "T=1"],
                    handler_pid=w.h[0].born["pid"])
        t.eq(got["reader"], want, "info")
        t.ok("id" not in got, "no id, none comes back")
        st = os.stat(os.path.join(w.d.run, "control"))
        t.eq(oct(st.st_mode), oct(stat.S_IFSOCK | 0o666), "the socket's mode")


def names(t):
    rows = [
        (dict(reader=1), 1), (dict(reader="1"), 1), (dict(reader=2), "NO_READER"),
        (dict(reader="fake"), "ARG"), (dict(reader="Fake Reader"), "ARG"),
        (dict(reader="Cherry"), "NO_READER"), (dict(reader="7"), "NO_READER"),
        (dict(reader=-1), "NO_READER"), (dict(reader=2**40), "NO_READER"),
        (dict(reader=""), "ARG"), (dict(reader=None), "ARG"),
        (dict(reader=[0]), "ARG"), (dict(), "ARG"),
    ]
    with World(readers=2) as w:
        for more, want in rows:
            got = w.c.ask(cmd="info", **more)
            if isinstance(want, int):
                t.eq(got["reader"]["reader"], want, "info of %s" % more)
            else:
                t.eq(error(got), (False, want), "info of %s" % more)
                t.ok(got["text"], "with words: " + got["text"])
    with World() as w:
        for name in ("fake", "FAKE READER", "E r"):
            t.eq(w.c.ask(cmd="info", reader=name)["reader"]["reader"], 0,
                 "a part of a name: " + name)
        t.eq(w.c.ask(cmd="info")["reader"]["reader"], 0, "the only reader")


def bad_requests(t):
    rows = [
        (b"", "FORMAT"), (b"{", "FORMAT"), (b"[]", "FORMAT"), (b"7", "FORMAT"),
        (b"{}", "FORMAT"), (b'{"cmd": 7}', "FORMAT"), (b"\xff\xfe", "FORMAT"),
        (b'{"cmd": "list"} x', "FORMAT"), (b"\0", "FORMAT"),
        (b'{"cmd": "list", "cmd": "list"}', "FORMAT"),
        (b"[" * 5000, "FORMAT"),
        (b'{"cmd": "fly"}', "UNSUPPORTED"),
        (b'{"cmd": "atr", "slot": "x"}', "ARG"),
        (b'{"cmd": "atr", "slot": 1}', "NO_SLOT"),
        (b'{"cmd": "atr", "slot": -1}', "NO_SLOT"),
        (b'{"cmd": "atr", "slot": 4294967296}', "NO_SLOT"),
        (b'{"cmd": "reset", "how": "hot"}', "ARG"),
        (b'{"cmd": "reset", "how": 1}', "ARG"),
        (b'{"cmd": "transmit"}', "ARG"),
        (b'{"cmd": "transmit", "apdu": 7}', "ARG"),
        (b'{"cmd": "transmit", "apdu": ""}', "ARG"),
        (b'{"cmd": "transmit", "apdu": "00a400"}', "ARG"),
        (b'{"cmd": "transmit", "apdu": "00a40000f"}', "ARG"),
        (b'{"cmd": "transmit", "apdu": "00a4000g"}', "ARG"),
        (b'{"cmd": "lock", "wait_ms": -1}', "ARG"),
        (b'{"cmd": "lock", "wait_ms": "x"}', "ARG"),
        (b'{"cmd": "unlock"}', "NO_LOCK"),
    ]
    with World() as w:
        c = w.c
        for line, want in rows:
            c.sock.sendall(line + b"\n")
            got = c.answer()
            t.eq(error(got), (False, want), "%r: %s" % (
                line[:50], got["text"]))
        c.sock.sendall(b'{"cmd": "hello", "pad": "%s"}' % (b"x" * 262000))
        c.sock.sendall(b"\n")
        t.ok(c.answer()["ok"], "a line of 262 kB")
        c.sock.sendall(b'{"pad": "' + b"x" * 262144)
        try:
            c.answer()
            t.ok(False, "a longer one")
        except (EOFError, ConnectionResetError):
            t.ok(True, "a longer one ends the connection")
        with w.d.control() as other:
            t.ok(other.ask(cmd="list")["ok"], "and only this one")


def cards(t):
    with World() as w:
        c, h = w.c, w.h[0]
        t.eq(c.ask(cmd="atr")["atr"], ATR, "atr: no exchange")
        c.send(cmd="transmit", apdu="00 A4 00 00 02 3F 00", id=3)
        m = h.expect("TRANSMIT")
        t.eq(m["data"], "00a40000023f00", "an APDU reaches the card")
        h.answer(m, data="6f009000")
        t.eq(c.answer(), {"id": 3, "ok": True, "response": "6f009000"},
             "and its response comes back")
        big = "00" * 65544
        c.send(cmd="transmit", apdu=big)
        h.answer(h.expect("TRANSMIT"), data="00" * 65536 + "9000")
        t.eq(len(c.answer()["response"]), 2 * 65538, "the longest ones")
        for how, arg in (("warm", 1), ("cold", 0)):
            c.send(cmd="reset", how=how)
            m = h.expect("POWER_ON")
            h.answer(m, data="3b00")
            t.eq((m["arg"], c.answer()["atr"]), (arg, "3b00"), "reset, " + how)
        c.send(cmd="transmit", apdu="00a40000")
        h.answer(h.expect("TRANSMIT"), err=11, data=b"bError 0xfe".hex())
        t.eq(c.answer(), {"ok": False, "error": "READER",
                          "text": "bError 0xfe"}, "the handler's own words")
        c.send(cmd="transmit", apdu="00a40000")
        h.answer(h.expect("TRANSMIT"), err=11, data="fffe")
        t.ok(not c.answer()["ok"], "words that are not UTF-8")
        with w.d.control() as watcher:
            watcher.ask(cmd="watch")
            h.do("CARD", arg=0)
            watcher.wait_event("card-removed")
        for cmd in ("atr", "reset"):
            t.eq(error(c.ask(cmd=cmd)), (False, "NO_CARD"), cmd + ", no card")
        c.send(cmd="transmit", apdu="00a40000")
        c.send(cmd="hello", id=1)
        c.send(cmd="transmit", apdu="00a40000")
        t.eq([error(c.answer()) for _ in range(3)],
             [(False, "NO_CARD"), (True, None), (False, "NO_CARD")],
             "requests sent ahead are answered in order")


def locking(t):
    with World() as w, w.d.control() as b:
        a, h = w.c, w.h[0]
        t.ok(a.ask(cmd="lock")["ok"], "A takes the card")
        t.ok(a.ask(cmd="lock")["ok"], "which it has then")
        for cmd in (dict(cmd="lock"), dict(cmd="reset"),
                    dict(cmd="transmit", apdu="00a40000"),
                    dict(cmd="lock", wait_ms=1)):
            t.eq(error(b.ask(**cmd)), (False, "LOCKED"), "B is refused: %s" %
                 cmd)
        b.send(cmd="transmit", apdu="00b00000", wait_ms=20000)
        t.eq(a.ask(cmd="list")["readers"][0]["slots"][0]["holder"]["pid"],
             os.getpid(), "the holder is named")
        t.ok(a.ask(cmd="unlock")["ok"], "A gives it back")
        m = h.expect("TRANSMIT")
        h.answer(m, data="9000")
        t.eq(b.answer()["response"], "9000", "B had waited for it")
        t.eq(error(a.ask(cmd="unlock")), (False, "NO_LOCK"), "only once")
        a.ask(cmd="lock")
        b.send(cmd="lock", wait_ms=20000)
        with w.d.control() as other:
            other.ask(cmd="hello")
        a.close()
        t.ok(b.answer()["ok"], "A hangs up: B has it at once")


def events(t):
    with World(slots=2) as w, w.d.control() as watcher:
        c, h = w.c, w.h[0]
        got = watcher.ask(cmd="watch", id=9)
        t.eq((got["id"], len(got["readers"])), (9, 1), "watch begins as list")
        h.do("CARD", slot=1, arg=0)
        base = {"reader": 0, "name": "Fake Reader"}
        t.eq(watcher.event(), dict(base, event="card-removed", slot=1),
             "card-removed")
        h.do("CARD", slot=1, arg=1)
        h.answer(h.expect("POWER_ON"), data="3b00")
        t.eq(watcher.event(), dict(base, event="card-inserted", slot=1,
                                   atr="3b00", sequence=2), "card-inserted")
        c.send(cmd="reset")
        h.answer(h.expect("POWER_ON"), data="3b02")
        c.answer()
        t.eq(watcher.event(), dict(base, event="card-reset", slot=0,
                                   atr="3b02"), "card-reset")
        t.ok(watcher.ask(cmd="hello")["ok"], "a watcher may ask, too")
        kill(h.born["pid"])
        e = watcher.event()
        t.eq((e["event"], bool(e["text"])), ("reader-failed", True),
             "reader-failed: " + e["text"])
        t.eq(error(c.ask(cmd="atr", reader=0)) in (
            (False, "BUSY"), (False, "READER")), True, "it is said so")
        w.plug()
        t.eq(watcher.event(), dict(base, event="reader-added"), "reader-added")
        came = [watcher.event() for _ in range(2)]
        t.eq([(e["event"], e["slot"], e["atr"]) for e in came],
             [("card-inserted", 0, ATR), ("card-inserted", 1, ATR)],
             "the cards in it are inserted with it")
        t.eq(c.ask(cmd="atr")["atr"], ATR,
             "a connection that used it before uses it again")
        w.d.configure("")
        w.d.signal(1)
        t.eq(watcher.event(), dict(base, event="reader-removed"),
             "reader-removed")
        t.eq(c.ask(cmd="list")["readers"], [], "list is empty then")
        t.eq(error(c.ask(cmd="atr", reader=0)), (False, "NO_READER"),
             "and it is not there")


def lost(t):
    """A request under way when the reader goes."""
    with World() as w:
        w.c.send(cmd="transmit", apdu="00a40000")
        w.h[0].expect("TRANSMIT")
        w.h[0].do("FAILED", err=8, data=b"unplugged".hex())
        w.h[0].do("exit")
        t.eq(error(w.c.answer()), (False, "GONE"), "unplugged")
        w.plug()
        w.c.send(cmd="transmit", apdu="00a40000")
        w.h[1].expect("TRANSMIT")
        kill(w.h[1].born["pid"])
        t.eq(error(w.c.answer()), (False, "HANDLER"), "its handler killed")


def attached(t):
    """Readers that openct.conf does not name; and the end."""
    rows = [
        (dict(), "ARG"), (dict(device=7), "ARG"), (dict(device="x"), "ARG"),
        (dict(device="usbip:h/1-1", driver=7), "ARG"),
        (dict(device="usbip:h/1-1", driver="nosuch"), "ARG"),
        (dict(device="usbip:h/1-1", driver="usb:12"), "ARG"),
        (dict(device="usb:046a/002d"), "ARG"),
        (dict(device="serial:/dev/ttyS0"), "UNSUPPORTED"),
        (dict(device="usb:/dev/null"), "NO_READER"),
    ]
    with World(readers=1) as w:
        for more, want in rows:
            got = w.c.ask(cmd="attach", **more)
            t.eq(error(got), (False, want), "attach %s: %s" % (
                more, got["text"]))
        device = "usbip:%s/2-2" % w.server.address
        for driver, want in ("egate", "egate"), ("usb:529/600", "etoken64"):
            t.eq(w.c.ask(cmd="attach", device=device + want, driver=driver),
                 {"ok": True, "reader": len(w.h)}, "attach as " + driver)
            w.plug()
            t.ok(want in w.h[-1].born["argv"], "driver " + want)
        t.eq(w.c.ask(cmd="attach", device=device + "egate"),
             {"ok": True, "reader": 1}, "it is there already")
        w.d.signal(1)
        w.d.wait_log("read .* again")
        t.eq([r["state"] for r in w.c.ask(cmd="list")["readers"]],
             ["ready"] * 3, "they stay when openct.conf is read again")
        t.eq(w.c.ask(cmd="shutdown"), {"ok": True, "handlers": 3}, "shutdown")
        t.eq(w.d.process.wait(20), 0, "slotd ends")
        t.eq(os.path.exists(os.path.join(w.d.run, "slotd.pid")), False,
             "and its pid file is gone")


def deaf_watchers(t):
    with World() as w:
        watchers = [w.d.control() for _ in range(50)]
        for c in watchers:
            c.send(cmd="watch")
        for i in range(300):
            w.h[0].do("CARD", arg=i & 1)
            if i & 1:
                w.h[0].answer(w.h[0].expect("POWER_ON"), data=ATR)
        with w.d.control() as c:
            t.ok(c.ask(cmd="list")["ok"], "50 watchers that never read")
        for c in watchers:
            c.close()
        half = socket.socket(socket.AF_UNIX)
        half.connect(os.path.join(w.d.run, "control"))
        half.sendall(json.dumps({"cmd": "hello"}).encode() + b"\n")
        half.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            more = half.recv(4096)
            if not more:
                break
            got += more
        t.ok(json.loads(got)["ok"], "echo ... | nc -U gets its answer")
        half.close()


def main():
    t = Tap()
    for test in (readers, names, bad_requests, cards, locking, events, lost,
                 attached, deaf_watchers):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()
