# SPDX-License-Identifier: BSD-2-Clause
"""The eToken PRO behind slotd. trap_N: a mistake that OpenCT made with it, or
that is easily made; the others are in tests/ifd/test_etoken*.c."""
import ctypes
import os
import time

from harness import BUILD, Emulator, Slotd, Tap
from openct_wire import Connection, item, lock, status, transact

TOKEN = "etoken-0514"
CHERRY = "cherry-st1044u"
ATR = "3bf2180002c10a31fe58c80975"
SELECT_MF = "00a4000c023f00"
CHALLENGE = "0084000008"
VERIFY = "0020000104" + b"1234".hex()
NEEDS_PIN = "00b0840010"        # READ BINARY of a file behind the PIN
SELECT_5015 = "00a4000c025015"
LOCKED, GONE, NOT_SUPPORTED, BUFFER = -7, -17, -4, -11
RESET, PROTOCOL = b"\x10\x00", b"\x22\x00"


class World:
    """slotd with a token, reader 0, and a Cherry, reader 1."""

    def __init__(self, options="", config=""):
        self.options, self.config = options, config

    def __enter__(self):
        self.emu = Emulator([TOKEN + self.options, CHERRY]).__enter__()
        self.slotd = Slotd().__enter__()
        self.slotd.start(
            self.config +
            self.slotd.reader(self.emu.address, "1-1", "etoken", "token") +
            self.slotd.reader(self.emu.address, "1-2", "ccid", "cherry"))
        for _ in range(2):
            self.slotd.wait_log("is ready")
        with self.slotd.control() as c:
            readers = {r["driver"]: r["reader"]
                       for r in c.ask(cmd="list")["readers"]}
        self.token, self.cherry = readers["etoken"], readers["ccid"]
        return self

    def __exit__(self, kind, value, trace):
        self.slotd.__exit__(kind, value, trace)
        self.emu.__exit__(kind, value, trace)

    def client(self, reader=None):
        return Connection(self.slotd, self.token if reader is None else reader)

    def stats(self):
        return self.emu.stats("1-1")

    def transfers(self):
        return self.stats()["endpoints"][0]["transfers"]


def apdu(c, text):
    """The response in hex, or the error."""
    error, body = c.ask(transact(bytes.fromhex(text)))
    if error != 0:
        return error
    return body[3:].hex() if body[0] & 0x40 else body[2:].hex()


def trap_5_others_do_not_wait(t):
    """A command of 1 s, with S(WTX) every 0.3 s: the Cherry is not slowed, nor
    are the list and hotplug."""
    with World(",delay=1000,wtx=300") as w, w.client() as slow, \
            w.client(w.cherry) as fast, w.slotd.control() as control:
        began = time.monotonic()
        x = slow.send(transact(bytes.fromhex(CHALLENGE)))
        worst = 0
        for _ in range(20):
            at = time.monotonic()
            t.ok(len(apdu(fast, CHALLENGE)) == 20, "the Cherry answers")
            t.ok(control.ask(cmd="list")["ok"], "the list comes")
            worst = max(worst, time.monotonic() - at)
        w.emu.ctl("unplug", "1-2")
        w.slotd.wait_log("unplugged")
        w.emu.ctl("plug", "1-2")
        w.slotd.wait_log("is ready")
        error, body = slow.answer(x)
        took = time.monotonic() - began
        t.ok(error == 0 and len(body) == 13, "and the slow answer comes")
        t.ok(took > 0.95, "after its time")   # clocks count whole ms
        print("# slow command %.2f s, slowest other %.3f s" % (took, worst))


def trap_10_a_lock_is_kept(t):
    with World() as w, w.client() as a, w.client() as b:
        t.eq(a.ask(lock())[0], 0, "A locks")
        t.eq(apdu(a, SELECT_MF), "9000", "and works")
        resets = w.stats()["slots"][0]["resets"]
        t.eq(b.ask(RESET)[0], LOCKED, "B may not reset")
        t.eq(apdu(b, SELECT_MF), LOCKED, "nor send an APDU")
        t.eq(b.ask(PROTOCOL + item(0x88, b"\1"))[0], LOCKED,
             "nor choose a protocol")
        t.eq(b.ask(bytes([0x14, 0]) + item(0x83, bytes.fromhex(
            "0101" + VERIFY)))[0] in (LOCKED, NOT_SUPPORTED), True,
            "nor verify a PIN")
        t.eq(b.ask(lock())[0], LOCKED, "nor lock")
        t.eq(w.stats()["slots"][0]["resets"], resets, "the card noticed nothing")
        t.eq(apdu(a, SELECT_MF), "9000", "A goes on")


def trap_10_a_reset_is_a_real_one(t):
    with World() as w, w.client() as a, w.client() as b:
        t.eq([apdu(a, x) for x in (SELECT_5015, VERIFY)], ["9000"] * 2,
             "logged in")
        t.eq(apdu(a, NEEDS_PIN)[-4:], "9000", "the file can be read")
        t.eq(b.ask(RESET)[1][2:].hex(), ATR, "another program resets")
        t.eq(apdu(a, SELECT_5015), "9000", "the card works")
        t.eq(apdu(a, NEEDS_PIN), "6982", "the login is lost")


def trap_11_protocols(t):
    with World() as w, w.client() as c:
        for n in range(3):      # an odd number of blocks each time
            t.ok(len(apdu(c, CHALLENGE)) == 20, "an APDU")
            t.ok(c.ask(PROTOCOL + item(0x88, b"\0"))[0] != 0, "T=0 is refused")
            t.eq(c.ask(PROTOCOL + item(0x88, b"\1"))[0], 0, "T=1 is fine")
        t.eq(w.stats()["slots"][0]["resets"], 1, "nothing was reset")
        before = w.transfers()
        apdu(c, CHALLENGE)
        t.eq(w.transfers() - before, 2, "no block was repeated")


def trap_12_presence(t):
    """The token is asked nothing while nobody uses it, and is not reset."""
    with World(config="power_off_delay = 50;\n") as w:
        t.eq(status(w.slotd, w.token)[2][0], 1, "card sequence 1 at the start")
        with w.client() as c:
            t.eq([apdu(c, x) for x in (SELECT_5015, VERIFY)], ["9000"] * 2,
                 "somebody logs in and leaves")
        before = w.transfers()
        for _ in range(3):
            time.sleep(0.2)     # more than the delay
            with w.slotd.control() as c:
                t.eq(c.ask(cmd="atr", reader=w.token)["atr"], ATR, "its ATR")
        with w.slotd.control() as c:
            r = [r for r in c.ask(cmd="list")["readers"]
                 if r["reader"] == w.token][0]
            t.eq(r["slots"][0]["card"], "powered", "it has power, as it must")
        t.eq(w.transfers(), before, "not one transfer")
        t.eq(w.stats()["slots"][0]["resets"], 1, "not one reset")
        time.sleep(0.2)
        with w.client() as c:
            t.eq([apdu(c, SELECT_5015), apdu(c, NEEDS_PIN)], ["9000", "6982"],
                 "who comes later is not logged in")
        t.eq(w.stats()["slots"][0]["resets"], 2, "that took one reset")
        w.emu.ctl("unplug", "1-1")
        w.slotd.wait_log("unplugged")
        t.eq(status(w.slotd, w.token)[2][0], 0, "sequence 0 when it has left")


def trap_13_unplugged(t):
    """In the middle of an APDU; and it comes back as another card."""
    with World(",delay=3000") as w, w.client() as c:
        path = os.path.join(w.slotd.run, str(w.token))
        t.ok(os.path.exists(path), "its socket is there")
        x = c.send(transact(bytes.fromhex(CHALLENGE)))
        before = w.transfers()
        w.slotd.control().close()
        while w.transfers() == before:  # until the block has left
            time.sleep(0.01)
        w.emu.ctl("unplug", "1-1")
        error = GONE
        try:
            error, _ = c.answer(x)
        except (EOFError, ConnectionResetError):
            pass
        t.eq(error, GONE, "the client is told, or cut off")
        w.slotd.wait_log("unplugged")
        name, _, cards, _, pid = status(w.slotd, w.token)
        t.eq((cards[0], pid), (0, 0), "the status entry is cleared")
        t.ok(not os.path.exists(path), "the socket is gone")
        w.emu.ctl("plug", "1-1")
        w.slotd.wait_log("is ready")
        t.eq(status(w.slotd, w.token)[2][0], 2,
             "the same number, another sequence")
        with w.client() as again:
            t.eq(again.ask(RESET)[1][2:].hex(), ATR, "it works")


def trap_15_a_small_buffer(t):
    """libopenct says that the buffer is too small, the status word is no
    casualty of it."""
    with open(os.path.join(BUILD, "config.h")) as f:
        if "#define SANITIZERS 1" in f.read():
            t.ok(True, "libopenct # SKIP python cannot load it: sanitizers")
            return
    with World() as w:
        os.environ["OPENCT_SOCKETDIR"] = w.slotd.run
        lib = ctypes.CDLL(os.path.join(BUILD, "lib", ".libs",
                                       "libopenct.so.1"))
        lib.ct_reader_connect.restype = ctypes.c_void_p
        h = ctypes.c_void_p(lib.ct_reader_connect(w.token))
        buf = ctypes.create_string_buffer(300)

        def transact(text, room):
            cmd = bytes.fromhex(text)
            return lib.ct_card_transact(h, 0, cmd, ctypes.c_size_t(len(cmd)),
                                        buf, ctypes.c_size_t(room))

        t.eq(transact(CHALLENGE, 9), BUFFER, "ten bytes into nine")
        t.eq(transact(CHALLENGE, 10), 10, "ten bytes into ten")
        t.eq(transact("00840000fa", 200), BUFFER, "252 bytes into 200")
        t.eq(transact("00840000fa", 300), 252, "252 bytes into 300")
        t.eq(buf.raw[250:252].hex(), "9000", "status word last")
        lib.ct_reader_disconnect(h)


def larger_blocks(t):
    with World(config="driver etoken { block_size = 254; };\n") as w, \
            w.client() as c:
        t.eq(w.transfers() >= 8, True, "S(IFS) after the rite")
        before = w.transfers()
        t.eq(len(apdu(c, "00840000fa")), 504, "250 bytes")
        t.eq(w.transfers() - before, 2, "in one block")
        with w.slotd.control() as control:
            plan = control.ask(cmd="info", reader=w.token)["reader"]["plan"]
            t.ok("blocks of 254 bytes" in plan, "which info tells")


def main():
    t = Tap()
    for test in (trap_5_others_do_not_wait, trap_10_a_lock_is_kept,
                 trap_10_a_reset_is_a_real_one, trap_11_protocols,
                 trap_12_presence, trap_13_unplugged, trap_15_a_small_buffer,
                 larger_blocks):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


if __name__ == "__main__":
    main()
