#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""openct-ifd: slotd's readers in Debian's pcscd.

Programs talk to pcscd, which loads openct-ifd, which talks to slotd; the names
of reader.conf pair the readers. `--backend pcscd' has no slotd: it skips."""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pcsc
from backend import (LIMIT, Emulator, Skip, SlotdBackend, arguments, in_build,
                     inside, need, run, same, test)
from harness import Slotd
from openct_wire import Connection, lock, transact

ARGS = arguments()
HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = in_build("lib", ".libs", "openct-ifd.so")
INFO = in_build("lib", "Info.plist")
ATR = {"cardos": "3b:f2:18:00:02:c1:0a:31:fe:58:c8:09:75",
       "sample": "3b:9d:13:81:31:fe:45:80:73:b6:21:40:57:73:6c:6f:74:65:6d:75:"
                 "8f"}
CHALLENGE = bytes.fromhex("0084000008")
SELECT = bytes.fromhex("00a4000c023f00")
ABSENT, PRESENT = 0x10, 0x20
W_REMOVED, W_RESET, NO_CARD = 0x80100069, 0x80100068, 0x8010000C
UNSUPPORTED = 0x8010001F
ATTR_PRESENT, ATTR_ATR = 0x90300, 0x90303
LOCKED = -7

# libpcsclite reads the path once: a link that leads to the pcscd of each test
LINKS = tempfile.TemporaryDirectory(prefix="ifd")
LINK = os.path.join(LINKS.name, "pcscd.comm")
os.environ["PCSCLITE_CSOCK_NAME"] = LINK


class Bundle(SlotdBackend):
    """devices as slotemu has them; conf is (FRIENDLYNAME, DEVICENAME) pairs."""

    def __init__(self, conf, devices=("cherry-st1044u,card=sample",)):
        super().__init__([])
        if ARGS.backend != "slotd":
            raise Skip("pcscd has no bundle to load")
        need("pcscd", "unshare")
        if subprocess.run(inside("true"), capture_output=True).returncode:
            raise Skip("no namespaces can be made")
        self.conf, self.devices = conf, devices
        self.pcscd = None

    def start(self):
        self.emulator = Emulator(self.devices)
        self.slotd = Slotd()
        self.start_slotd()
        self.start_pcscd()

    def start_slotd(self):
        self.slotd.start("".join(
            Slotd.reader(self.emulator.address, "1-%d" % i, name="r%d" % i)
            for i in range(1, len(self.devices) + 1)))
        with self.slotd.control() as c:
            c.ask(cmd="watch")
            while [r["state"] for r in c.ask(cmd="list")["readers"]] != \
                    ["ready"] * len(self.devices):
                c.event()

    def start_pcscd(self):
        """As an administrator has it: the bundle, and a file for the reader.
        It sees the processes of this system: slotd is one of them."""
        bundle = self.path("openct-ifd.bundle/Contents")
        os.makedirs(bundle + "/Linux")
        os.mkdir(self.path("readers"))
        os.symlink(LIBRARY, bundle + "/Linux/openct-ifd.so")
        os.symlink(INFO, bundle + "/Info.plist")
        self.write("readers/slotd", "".join(
            'FRIENDLYNAME "%s"\nDEVICENAME %s\nLIBPATH %s\n' % (
                *pair, LIBRARY) for pair in self.conf))
        with open(self.path("log"), "w") as log:
            self.pcscd = subprocess.Popen(
                [word for word in inside(
                    sys.executable, "-B", HERE + "/backend.py", "pcscd",
                    self.path("readers"))
                 if word not in ("--pid", "--fork", "--kill-child=SIGKILL")],
                stdout=log, stderr=log,
                env=dict(os.environ, OPENCT_SOCKETDIR=self.slotd.run,
                         PCSCLITE_HP_DROPDIR=self.dir))
        sock = "/proc/%d/root/run/pcscd/pcscd.comm" % self.pcscd.pid
        end = time.monotonic() + LIMIT
        while not os.path.exists(sock):
            if time.monotonic() > end or self.pcscd.poll() is not None:
                raise RuntimeError("pcscd does not start")
            time.sleep(0.01)
        if os.path.lexists(LINK):
            os.unlink(LINK)
        os.symlink(sock, LINK)
        self.env["PCSCLITE_CSOCK_NAME"] = LINK

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop(failed=True)
            raise
        return self

    def stop(self, failed):
        if self.pcscd is not None:
            self.pcscd.send_signal(signal.SIGTERM)
            try:
                self.pcscd.wait(LIMIT)
            finally:
                self.pcscd.kill()
            if failed:
                for line in self.log().splitlines():
                    print("# pcscd: " + line, flush=True)
        super().stop(failed)

    def log(self):
        return self.read("log").decode(errors="replace")

    def states(self, wanted):
        """Waits until the readers are in these states: absent or present."""
        with pcsc.Context() as c:
            c.wait(lambda known: all(known.get(name, 0) & state
                                     for name, state in wanted.items()))


class Program:
    """A PC/SC program, connected to a card."""

    def __init__(self, reader, mode=pcsc.SHARE_SHARED):
        self.context = pcsc.Context()
        self.card, self.protocol = ctypes.c_long(), ctypes.c_ulong()
        pcsc.must("SCardConnect", self.context.handle, reader.encode(), mode,
                  pcsc.T0 | pcsc.T1, ctypes.byref(self.card),
                  ctypes.byref(self.protocol))

    def transmit(self, apdu, room=65538):
        """(rv, response)"""
        pci = (ctypes.c_ulong * 2)(self.protocol.value, 16)
        out, n = ctypes.create_string_buffer(room), ctypes.c_ulong(room)
        rv = pcsc.call("SCardTransmit", self.card, pci, apdu, len(apdu), None,
                       out, ctypes.byref(n))
        return rv, out.raw[:n.value] if rv == 0 else b""

    def control(self, code):
        out, n = ctypes.create_string_buffer(300), ctypes.c_ulong()
        rv = pcsc.call("SCardControl", self.card, code, b"", 0, out, 300,
                       ctypes.byref(n))
        return rv, out.raw[:n.value]

    def attribute(self, tag):
        out, n = ctypes.create_string_buffer(264), ctypes.c_ulong(264)
        rv = pcsc.call("SCardGetAttrib", self.card, tag, out, ctypes.byref(n))
        return rv, out.raw[:n.value] if rv == 0 else b""

    def reconnect(self, how):
        return pcsc.call("SCardReconnect", self.card, pcsc.SHARE_SHARED,
                         pcsc.T0 | pcsc.T1, how, ctypes.byref(self.protocol))

    def works(self):
        rv, response = self.transmit(CHALLENGE)
        assert rv == 0 and len(response) == 10, (hex(rv), response)

    def disconnect(self, how=pcsc.LEAVE):
        return pcsc.call("SCardDisconnect", self.card, how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.disconnect()
        self.context.release()


ONE, ONE_NAME = [("One", "slotd:")], "One 00 00"


@test
def readers_are_paired_by_name_and_number():
    need("pcsc_scan", "opensc-tool")
    names = ["Blanks 00 00", "Part 01 00", "Later 02 00"]
    with Bundle([("Blanks", '"slotd:cherry gmbh smartterminal xx44"'),
                 ("Part", "openct:tpdu"), ("Later", "slotd:later")],
                ("tpdu-reader,card=cardos", "cherry-st1044u,card=sample")) as b:
        b.states({names[0]: PRESENT, names[1]: PRESENT, names[2]: ABSENT})
        said = b.run("pcsc_scan", "-r")
        for i, name in enumerate(names):
            assert "%d: %s\n" % (i, name) in said, said
        for name, card in zip(names, ("sample", "cardos")):
            same(b.run("opensc-tool", "-r", name, "-a").split()[-1], ATR[card])
        said = b.run("opensc-tool", "-r", names[0], "-s", "00a4000c023f00")
        assert "(SW1=0x90, SW2=0x00)" in said, said


@test
def two_alike_are_told_apart_by_number():
    with Bundle([("Second", "slotd:1"), ("First", "slotd:0"),
                 ("Any", "slotd:tpdu"), ("No form", "/dev/null")],
                ("tpdu-reader,card=sample", "tpdu-reader,card=cardos")) as b:
        b.states({"Second 00 00": PRESENT, "First 01 00": PRESENT,
                  "Any 02 00": ABSENT})
        with b.slotd.control() as c:
            atrs = [r["slots"][0]["atr"]
                    for r in c.ask(cmd="list")["readers"]]
        for name, atr in ("First 01 00", atrs[0]), ("Second 00 00", atrs[1]):
            with Program(name) as p:
                same(p.attribute(ATTR_ATR)[1].hex(), atr)
        assert "several readers" in b.log(), b.log()
        assert "write slotd:NUMBER or slotd:NAME" in b.log(), b.log()
        assert "Info.plist" not in b.log(), b.log()


@test
def all_slots_of_a_reader_are_there():
    with Bundle(ONE, ("eight-slots",)) as b:
        b.states({"One 00 0%d" % i: PRESENT for i in range(8)})
        for i in range(8):
            with Program("One 00 0%d" % i) as p:
                p.works()


@test
def cards_go_and_come_back():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p:
            p.works()
            b.emulator.ctl("remove", "1-1")
            b.states({ONE_NAME: ABSENT})
            same(p.transmit(CHALLENGE)[0], W_REMOVED)
            b.emulator.ctl("insert", "1-1")
            b.states({ONE_NAME: PRESENT})
            same(p.reconnect(pcsc.LEAVE), 0)
            p.works()


@test
def a_card_changed_in_no_time_is_another_card():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p, b.slotd.control() as c:
            p.works()
            c.ask(cmd="watch")
            b.pcscd.send_signal(signal.SIGSTOP)
            b.emulator.ctl("remove", "1-1")
            c.wait_event("card-removed")
            b.emulator.ctl("insert", "1-1")
            c.wait_event("card-inserted")
            b.pcscd.send_signal(signal.SIGCONT)
            rv = p.transmit(CHALLENGE)[0]   # pcscd may not know it, we do
            assert rv in (NO_CARD, W_REMOVED), hex(rv)
            wait_until(lambda: p.transmit(CHALLENGE)[0] == W_REMOVED)
            b.states({ONE_NAME: PRESENT})
            same(p.reconnect(pcsc.LEAVE), 0)
            p.works()


@test
def readers_go_and_come_back():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        for _ in range(2):
            b.emulator.ctl("unplug", "1-1")
            b.states({ONE_NAME: ABSENT})
            b.emulator.ctl("plug", "1-1")
            b.states({ONE_NAME: PRESENT})
            with Program(ONE_NAME) as p:
                p.works()


@test
def slotd_goes_and_comes_back():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p:
            p.works()
            b.slotd.stop()
            b.states({ONE_NAME: ABSENT})
            b.start_slotd()
            b.states({ONE_NAME: PRESENT})
            same(p.transmit(CHALLENGE)[0], W_REMOVED)
            same(p.reconnect(pcsc.LEAVE), 0)
            p.works()
            for child in handlers(b):       # the reader's handler dies
                os.kill(child, signal.SIGKILL)
            wait_until(lambda: p.transmit(CHALLENGE)[0] == W_REMOVED)
            b.states({ONE_NAME: PRESENT})
            same(p.reconnect(pcsc.LEAVE), 0)
            p.works()


@test
def a_slotd_that_starts_after_pcscd_is_found():
    class Late(Bundle):
        def start_slotd(self):
            pass

    with Late(ONE) as b:
        b.states({ONE_NAME: ABSENT})
        Bundle.start_slotd(b)
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p:
            p.works()


@test
def a_slotd_that_waits_for_a_knock_is_woken():
    class Asleep(Bundle):
        def start_slotd(self):
            pass

        def start_pcscd(self):
            os.mkdir(self.slotd.run)
            path = os.path.join(self.slotd.run, "control")
            with socket.socket(socket.AF_UNIX) as door:
                door.bind(path)
                door.listen()
                door.settimeout(LIMIT)
                starting = threading.Thread(target=super().start_pcscd)
                starting.start()
                door.accept()[0].close()
            os.unlink(path)
            starting.join()
            Bundle.start_slotd(self)

    with Asleep(ONE) as b:
        b.states({ONE_NAME: PRESENT})


@test
def cards_are_reset_as_programs_ask():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p, Program(ONE_NAME) as other:
            for how in (pcsc.RESET, pcsc.UNPOWER):
                same(p.reconnect(how), 0)
                p.works()
                same(other.transmit(CHALLENGE)[0], W_RESET)
                same(other.reconnect(pcsc.LEAVE), 0)
                other.works()
            same(p.disconnect(pcsc.UNPOWER), 0)
        with Program(ONE_NAME) as p:
            p.works()


@test
def the_card_is_pcscds_while_it_uses_it_and_only_then():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        openct = Connection(b.slotd)
        with Program(ONE_NAME) as p:
            p.works()
            same(openct.ask(lock())[0], LOCKED)
            same(openct.ask(transact(CHALLENGE))[0], LOCKED)
        wait_until(lambda: openct.ask(lock())[0] == 0)


@test
def a_card_others_have_locked_is_not_there_until_it_is_free():
    with Bundle(ONE) as b:
        b.emulator.ctl("remove", "1-1")
        b.states({ONE_NAME: ABSENT})
        openct = Connection(b.slotd)
        same(openct.ask(lock())[0], 0)
        with b.slotd.control() as c:
            c.ask(cmd="watch")
            b.emulator.ctl("insert", "1-1")
            c.wait_event("card-inserted")
        wait_until(lambda: "has locked the card" in b.log())
        b.states({ONE_NAME: ABSENT})
        openct.close()
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p:
            p.works()


@test
def what_is_not_there_has_an_error_of_its_own():
    with Bundle(ONE) as b:
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p:
            same(p.control(0x42000000 + 3400), (0, b""))    # no feature
            same(p.control(0x42000001)[0], UNSUPPORTED)     # no escape
            same(p.attribute(ATTR_ATR)[1].hex(),
                 ATR["sample"].replace(":", ""))
            same(p.attribute(ATTR_PRESENT), (0, b"\2"))
            for tag in (0xfb2, 0xfb3):      # for pcscd itself: addresses
                same(p.attribute(tag)[0], UNSUPPORTED)
            same(p.transmit(SELECT), (0, b"\x90\0"))


@test
def long_apdus_pass():
    with Bundle(ONE, ("extended-apdu-reader,card=sample",)) as b:
        b.states({ONE_NAME: PRESENT})
        with Program(ONE_NAME) as p:
            rv, response = p.transmit(bytes.fromhex("00840000001000"))
            same((rv, len(response), response[-2:]), (0, 4098, b"\x90\0"))


def handlers(b):
    with b.slotd.control() as c:
        return [c.ask(cmd="info", reader=0)["reader"]["handler_pid"]]


def wait_until(done):
    end = time.monotonic() + LIMIT
    while not done():
        if time.monotonic() > end:
            raise AssertionError("it does not happen")
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(run())
