# SPDX-License-Identifier: BSD-2-Clause
"""A daemon with cards, for programs written by others.

    ARGS = arguments()

    @test
    def the_reader_is_listed():
        need("opensc-tool")
        with backend(ARGS, cards=["cardos"]) as b:
            assert b.reader_names[0] in b.run("opensc-tool", "-l")

    if __name__ == "__main__":
        sys.exit(run())

Each program works in a directory of its own (b.dir, also its HOME), with b.env,
in which PCSCLITE_CSOCK_NAME names the daemon's socket. `--backend' says which
daemon that is:

    slotd   slotd with emulated USB readers, the whole chain (default)
    vpcd    slotd with a virtual reader, slots named as those of pcscd
    pcscd   Debian's pcscd with vsmartcard's virtual readers, in namespaces of
            its own: a pcscd of this machine is not disturbed

A card is a name or file that slotemu takes: "cardos", "ddv-1"... or "cac", the
card of libcacard, which is always in a virtual reader. cac_database() makes it.
"""
import argparse
import atexit
import fcntl
import functools
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("top_srcdir", TOP)
os.environ.setdefault("top_builddir", os.path.join(TOP, "build"))
for folder in ("tools", "daemon"):
    sys.path.insert(0, os.path.join(TOP, "tests", folder))
from harness import BUILD, Emulator, Slotd  # noqa: E402
from tap import Skip, run, same, test  # noqa: E402,F401
import pcsc  # noqa: E402

VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
PORT = 35963            # vpcd's own; its second slot has the next one
SLOTS = 2               # of each virtual reader
LIMIT = 20              # seconds until a daemon has its cards
RUN_LIMIT = 100         # seconds for one program


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", choices=sorted(BACKENDS),
                        default="slotd")
    return parser.parse_args()


def need(*programs):
    """Skips the test when one of these programs is not installed."""
    for name in programs:
        if shutil.which(name) is None:
            raise Skip(name + " is not installed")


def need_file(path, what):
    """Skips the test when the file is not there."""
    if not os.path.exists(path):
        raise Skip(what + " is not installed")


def in_build(*path):
    return os.path.abspath(os.path.join(BUILD, *path))


CAC_PIN = "12345678"
CAC_NAMES = ("c1", "c2", "c3")


@functools.cache
def cac_database():
    """The NSS database that is the CAC card: three keys and certificates."""
    need("certutil")
    nss = tempfile.mkdtemp(prefix="cac")
    atexit.register(shutil.rmtree, nss)
    pin, noise = os.path.join(nss, "pin"), os.path.join(nss, "noise")
    with open(pin, "w") as f:
        f.write(CAC_PIN)
    with open(noise, "wb") as f:
        f.write(os.urandom(100))

    def certutil(*words):
        subprocess.run(["certutil", *words, "-d", "sql:" + nss, "-f", pin],
                       check=True, capture_output=True)
    certutil("-N")
    for i, name in enumerate(CAC_NAMES, 1):
        certutil("-S", "-n", name, "-s", "CN=card key " + name, "-x", "-t",
                 "CT,CT,CT", "-g", "2048", "-m", str(i), "-z", noise)
    return nss


class Backend:
    """What all have in common: a directory, emulators of cards that connect to
    virtual readers, and running programs."""

    def __init__(self, cards):
        if pcsc.libpcsclite() is None:
            raise Skip("libpcsclite.so.1 is not installed")
        self.cards = cards
        self.virtual = {}       # the port of a card in a virtual reader
        self.bridges = {}       # and its emulator, while it is in
        self.dir = tempfile.mkdtemp(prefix="client")
        self.env = dict(os.environ, HOME=self.dir, LC_ALL="C")
        self.reader_names = []

    def ask(self, *words):
        """What this file, run with these words, prints line by line."""
        return self.run(sys.executable, "-B", os.path.abspath(__file__),
                        *words).splitlines()

    def run(self, *words, check=True, code=0, **more):
        """Runs a program; what it said. A wrong exit status is an error."""
        more.setdefault("stdin", subprocess.DEVNULL)
        if "input" in more:
            del more["stdin"]
        p = subprocess.run(words, cwd=self.dir, env=dict(
            self.env, **more.pop("env", {})), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=RUN_LIMIT, **more)
        if check and p.returncode != code:
            raise AssertionError("%s\n%s\nended with %d" % (
                " ".join(words), p.stdout, p.returncode))
        return p.stdout

    def start_bridges(self):
        if "cac" in self.cards:
            need_file(in_build("tests", "clients", "cac_card"), "libcacard-dev")
            self.nss = cac_database()
        for i in self.virtual:
            self.start_bridge(i)

    def start_bridge(self, i, enter=()):
        """The emulator connects to the reader: its card is new each time."""
        port = str(self.virtual[i])
        if self.cards[i] == "cac":
            words = [in_build("tests", "clients", "cac_card"), self.nss, port]
        else:
            words = [in_build("tests", "emulator", "vpcd_bridge"),
                     self.cards[i], port]
        self.bridges[i] = subprocess.Popen([*enter, *words])

    def stop_bridge(self, i):
        bridge = self.bridges.pop(i)
        bridge.kill()
        bridge.wait()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        """A file in the programs' directory; its path."""
        with open(self.path(name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def __enter__(self):
        try:
            self.start()
            self.reader_names = self.ask("wait-cards", str(len(self.cards)))
        except BaseException:
            self.stop(failed=True)
            raise
        return self

    def __exit__(self, kind, *_):
        self.stop(failed=kind is not None)


class SlotdBackend(Backend):
    """slotd, ifdhandler, and the emulated USB readers of slotemu."""

    all_virtual = False

    def __init__(self, cards, model="cherry-st1044u", driver="ccid"):
        super().__init__(cards)
        self.model = model
        self.driver = driver
        self.emulator = self.slotd = None
        virtual = [i for i, card in enumerate(cards)
                   if self.all_virtual or card == "cac"]
        self.virtual = dict.fromkeys(virtual)
        self.busid = {i: "1-%d" % n for n, i in enumerate(
            (i for i in range(len(cards)) if i not in virtual), 1)}

    def start(self):
        config = ""
        if self.busid:
            self.emulator = Emulator(["%s,card=%s,unplugged" % (
                self.model, self.cards[i]) for i in self.busid])
            config += "".join(Slotd.reader(self.emulator.address, busid,
                                           self.driver, "r%d" % i)
                              for i, busid in self.busid.items())
        if self.virtual:
            config += "reader v { device = vpcd:0/%d; };" % max(
                SLOTS, len(self.virtual))
        self.slotd = Slotd()
        self.env["PCSCLITE_CSOCK_NAME"] = os.path.join(self.slotd.run,
                                                       "pcscd.comm")
        self.slotd.start(config)
        for i in self.virtual:
            self.virtual[i] = int(self.slotd.wait_log(
                "slot .*: emulated cards connect").split()[-1])
        self.start_bridges()
        for n, i in enumerate(self.busid, 1):       # named in this order
            self.insert_usb(i, "plug")
            self.ask("wait-cards", str(len(self.virtual) + n))

    def insert_usb(self, i, what):
        self.emulator.ctl(what, self.busid[i])

    def remove(self, i=0):
        if i in self.virtual:
            self.stop_bridge(i)
        else:
            self.insert_usb(i, "remove")

    def insert(self, i=0):
        if i in self.virtual:
            self.start_bridge(i)
        else:
            self.insert_usb(i, "insert")

    def stop(self, failed):
        for i in list(self.bridges):
            self.stop_bridge(i)
        if self.slotd is not None:
            self.slotd.__exit__(AssertionError if failed else None, None, None)
        if self.emulator is not None:
            self.emulator.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class VpcdBackend(SlotdBackend):
    all_virtual = True


def inside(*words):
    """The command, in mount, network and process namespaces of its own."""
    return ["unshare", "--mount", "--net", "--pid", "--fork",
            "--kill-child=SIGKILL"] + \
        (["--map-root-user"] if os.getuid() else []) + list(words)


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(child) for child in f.read().split()]


class PcscdBackend(Backend):
    """Debian's pcscd with virtual readers, a bridge carries a card to each.

    The namespaces make everything private that is fixed in them: pcscd's
    socket, reached through /proc/PID/root, and the readers' ports."""

    def __init__(self, cards, model=None, driver=None):
        super().__init__(cards)
        self.unshare = None
        self.pid = 0            # of pcscd
        self.virtual = {i: PORT + i for i in range(len(cards))}

    def start(self):
        need("pcscd", "unshare", "nsenter")
        need_file(VPCD, "vsmartcard-vpcd")
        if subprocess.run(inside("true"), capture_output=True).returncode:
            raise Skip("no namespaces can be made")
        os.mkdir(self.path("readers"))
        for i in range(0, len(self.cards), SLOTS):
            self.write("readers/%d" % i, (
                'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{0:#x}\n'
                "LIBPATH {1}\nCHANNELID {0:#x}\n").format(PORT + i, VPCD))
        with open(self.path("log"), "w") as log:
            self.unshare = subprocess.Popen(
                inside(sys.executable, "-B", os.path.abspath(__file__),
                       "pcscd", self.path("readers")), stdout=log, stderr=log)
        self.find()
        self.start_bridges()

    def find(self):
        """Waits for pcscd's socket, then for its readers."""
        end = time.monotonic() + LIMIT
        while True:
            below = children(self.unshare.pid)
            sock = below and "/proc/%d/root/run/pcscd/pcscd.comm" % below[0]
            if sock and os.path.exists(sock):
                break
            if time.monotonic() > end or self.unshare.poll() is not None:
                raise RuntimeError("pcscd does not start")
            time.sleep(0.01)
        self.pid = below[0]
        self.env["PCSCLITE_CSOCK_NAME"] = sock
        self.ask("wait-readers", str(len(self.cards)))

    def start_bridge(self, i, enter=()):
        super().start_bridge(i, [
            "nsenter", "--target", str(self.pid), "--net"] + (
                ["--user", "--preserve-credentials"] if os.getuid() else []))

    def insert(self, i=0):
        self.start_bridge(i)

    def remove(self, i=0):
        self.stop_bridge(i)

    def stop(self, failed):
        for i in list(self.bridges):
            self.stop_bridge(i)
        if self.unshare is not None:
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)
            self.unshare.kill()
            self.unshare.wait()
            if failed:
                for line in self.read("log").decode().splitlines():
                    print("# " + line, flush=True)
        shutil.rmtree(self.dir, ignore_errors=True)


BACKENDS = {"slotd": SlotdBackend, "vpcd": VpcdBackend,
            "pcscd": PcscdBackend}


def backend(args, cards=("cardos",), **more):
    """The daemon that the arguments name, with these cards, as a context; its
    readers are in the cards' order. model= is slotemu's for slotd's readers,
    driver= is slotd's for them."""
    return BACKENDS[args.backend](list(cards), **more)


# ---- what this file does as a program of its own ----

def loopback_up():
    SIOCSIFFLAGS, IFF_UP = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def become_pcscd(readers):
    """In new namespaces; nothing of the machine's /run is seen, udev neither."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    os.mkdir("/run/pcscd")
    loopback_up()
    os.execvp("pcscd", ["pcscd", "--foreground", "--config", readers])


def print_lines(lines):
    for line in lines:
        print(line)


def main(what, arg):
    if what == "pcscd":
        become_pcscd(arg)
    with pcsc.Context() as c:
        if what == "wait-cards":
            print_lines(c.wait_cards(int(arg), LIMIT))
        else:
            c.wait(lambda known: len(known) > int(arg), LIMIT)


if __name__ == "__main__":
    main(*sys.argv[1:])
