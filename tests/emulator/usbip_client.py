# SPDX-License-Identifier: BSD-2-Clause
"""A USB/IP client and a CCID host for tests, and a way to start slotemu.

    with Emulator(["cherry-st1044u"]) as emu:
        with Device(emu.address, "1-1") as dev:
            dev.configure()
            ccid = Ccid(dev)
            atr = ccid.power_on().data
"""
import errno
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
OP_REQ_IMPORT, OP_REP_IMPORT = 0x8003, 0x0003
OP_REQ_DEVLIST, OP_REP_DEVLIST = 0x8005, 0x0005
TIMEOUT = 20


def program():
    build = os.environ.get("top_builddir", ".")
    return os.path.join(build, "emulator", "slotemu")


def connect(address):
    if address.startswith("unix:"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(TIMEOUT)
        s.connect(address[5:])
        return s
    host, port = address.rsplit(":", 1)
    s = socket.create_connection((host, int(port)), TIMEOUT)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


class Emulator:
    """slotemu with these devices, on a Unix socket unless listen says more."""

    def __init__(self, devices, listen=None, args=()):
        self.dir = tempfile.mkdtemp(prefix="slotemu")
        self.control = os.path.join(self.dir, "control")
        listen = listen or "unix:" + os.path.join(self.dir, "usbip")
        words = [program(), "--listen", listen, "--control", self.control]
        for d in devices:
            words += ["--device", d]
        self.process = subprocess.Popen(words + list(args),
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != "listening":
            raise RuntimeError("slotemu did not start")
        self.address = line[1]

    def ctl(self, *words, check=True):
        p = subprocess.run([program(), "ctl", "--control", self.control,
                            *words], capture_output=True, text=True,
                           timeout=TIMEOUT)
        if check and p.returncode != 0:
            raise RuntimeError(p.stderr)
        return p

    def stats(self, busid):
        return json.loads(self.ctl("stats", busid).stdout)

    def stop(self):
        self.process.terminate()
        code = self.process.wait(TIMEOUT)
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        code = self.stop()
        if kind is None and code != 0:
            raise RuntimeError("slotemu ended with %d" % code)


def receive(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError("connection closed")
        data += piece
    return data


def device_list(address):
    """The bus ids a server exports, with vid, pid and interface classes."""
    with connect(address) as s:
        s.sendall(struct.pack(">HHI", 0x111, OP_REQ_DEVLIST, 0))
        version, code, status, n = struct.unpack(">HHII", receive(s, 12))
        assert (version, code, status) == (0x111, OP_REP_DEVLIST, 0)
        found = []
        for _ in range(n):
            d = receive(s, 312)
            busid = d[256:288].rstrip(b"\0").decode()
            vid, pid = struct.unpack(">HH", d[300:304])
            classes = [receive(s, 4)[0] for _ in range(d[311])]
            found.append((busid, vid, pid, classes))
        return found


class ImportFailed(Exception):
    pass


class Device:
    """An imported device; transfers by sequence number."""

    def __init__(self, address, busid):
        self.sock = connect(address)
        self.sock.sendall(struct.pack(">HHI32s", 0x111, OP_REQ_IMPORT, 0,
                                      busid.encode()))
        _, code, status = struct.unpack(">HHI", receive(self.sock, 8))
        assert code == OP_REP_IMPORT
        if status != 0:
            self.sock.close()
            raise ImportFailed(status)
        d = receive(self.sock, 312)
        busnum, devnum, self.speed = struct.unpack(">III", d[288:300])
        self.devid = busnum << 16 | devnum
        self.seq = 0
        self.input = {}      # seq -> is it an IN transfer
        self.answers = {}    # seq -> (status, data)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def submit(self, ep, data=None, length=0, setup=b"\0" * 8):
        """Starts a transfer; data None means IN. Returns its number."""
        self.seq += 1
        is_in = data is None
        n = length if is_in else len(data)
        self.sock.sendall(struct.pack(
            ">IIIIIIIIII8s", CMD_SUBMIT, self.seq, self.devid, int(is_in),
            ep & 15, 0, n, 0, 0xffffffff, 0, setup) + (data or b""))
        self.input[self.seq] = is_in
        return self.seq

    def unlink(self, seq):
        """Cancels; the status of RET_UNLINK."""
        self.seq += 1
        mine = self.seq
        self.sock.sendall(struct.pack(">IIIIII24x", CMD_UNLINK, mine,
                                      self.devid, 0, 0, seq))
        return self.wait(mine)[0]

    def pump(self):
        kind, seq, _, _, _, status, n = struct.unpack(
            ">IIIIIiI", receive(self.sock, 48)[:28])
        if kind == RET_SUBMIT:
            data = receive(self.sock, n) if self.input[seq] else b""
            self.answers[seq] = (status, data if self.input[seq] else n)
        else:
            assert kind == RET_UNLINK
            self.answers[seq] = (status, b"")

    def wait(self, seq):
        while seq not in self.answers:
            self.pump()
        return self.answers.pop(seq)

    def control(self, rtype, request, value, index, length=0, data=b""):
        """A control transfer: (status, data or bytes sent)."""
        n = length if rtype & 0x80 else len(data)
        setup = struct.pack("<BBHHH", rtype, request, value, index, n)
        return self.wait(self.submit(0, None if rtype & 0x80 else data, n,
                                     setup))

    def descriptor(self, kind, index=0, length=4096):
        return self.control(0x80, 6, kind << 8 | index,
                            0x409 if kind == 3 else 0, length)

    def configure(self):
        status, _ = self.control(0x00, 9, 1, 0)
        assert status == 0

    def write(self, ep, data):
        return self.wait(self.submit(ep, data))

    def read(self, ep, length):
        return self.wait(self.submit(ep, None, length))


class Answer:
    def __init__(self, raw):
        self.raw = raw
        (self.type, self.length, self.slot, self.seq, self.status,
         self.error, self.chain) = struct.unpack("<BIBBBBB", raw[:10])
        self.data = raw[10:]

    def __repr__(self):
        return "Answer(%s)" % self.raw.hex()


class Ccid:
    def __init__(self, dev, out=0x02, into=0x82, size=65556):
        self.dev, self.out, self.into, self.size = dev, out, into, size
        self.seq = 0

    def send(self, kind, args=b"\0\0\0", data=b"", slot=0, length=None):
        """Starts a command; returns its sequence number."""
        seq = self.seq & 0xff
        self.seq += 1
        n = len(data) if length is None else length
        status, _ = self.dev.write(self.out, struct.pack(
            "<BIBB3s", kind, n, slot, seq, args) + data)
        assert status == 0, status
        return seq

    def receive(self):
        status, raw = self.dev.read(self.into, self.size)
        if status != 0:
            raise OSError(-status, os.strerror(-status))
        return Answer(raw)

    def command(self, *args, **kw):
        seq = self.send(*args, **kw)
        a = self.receive()
        assert a.seq == seq, a
        return a

    def power_on(self, voltage=1, slot=0):
        return self.command(0x62, bytes([voltage, 0, 0]), slot=slot)

    def power_off(self, slot=0):
        return self.command(0x63, slot=slot)

    def status(self, slot=0):
        return self.command(0x65, slot=slot)

    def apdu(self, apdu, slot=0):
        """bytes of the response; time extensions are waited through."""
        self.send(0x6f, data=bytes(apdu), slot=slot)
        a = self.receive()
        while a.status & 0xc0 == 0x80:
            a = self.receive()
        if a.status & 0x40:
            raise OSError(errno.EIO, "bError %d" % a.error)
        return a.data

    def hex(self, apdu, slot=0):
        return self.apdu(bytes.fromhex(apdu), slot).hex()


class Tap:
    """Test Anything Protocol on standard output."""

    def __init__(self):
        self.n = 0
        self.failed = 0

    def ok(self, what, name):
        self.n += 1
        print("%sok %d - %s" % ("" if what else "not ", self.n, name),
              flush=True)
        self.failed += not what

    def eq(self, got, want, name):
        self.ok(got == want, name)
        if got != want:
            print("# got  %r\n# want %r" % (got, want), flush=True)

    def done(self):
        print("1..%d" % self.n, flush=True)
        raise SystemExit(self.failed != 0)
