# SPDX-License-Identifier: BSD-2-Clause
"""OpenSC's own tools judge the CardOS card, through pcscd and vpcd.

    test_opensc.py                      the tests, as TAP
    test_opensc.py --record CARD FILE   writes FILE, a talk for test_cardos

All runs in namespaces with a /run/pcscd and a loopback device of their own, so
a pcscd of this machine is not disturbed, nor another run of this.
"""
import fcntl
import os
import pty
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
from tap import Skip, run, same, test  # noqa: E402

VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
MODULE = "opensc-pkcs11.so"
TOOLS = ("cardos-tool opensc-tool openssl pcscd pkcs11-tool pkcs15-crypt "
         "pkcs15-init pkcs15-tool unshare").split()
INSIDE = "SLOTD_TEST_NAMESPACE"
SO = ["--so-pin", "12345678"]
PIN = ["--pin", "1234"]
TRIES = 100


def missing():
    """Why this cannot run here, or None."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            return tool + " is not installed"
    if not os.path.exists(VPCD):
        return "vsmartcard-vpcd is not installed"
    if not os.path.isdir("/run/pcscd"):
        return "there is no /run/pcscd"
    if subprocess.run(unshare("true"), capture_output=True).returncode != 0:
        return "no namespaces can be made"
    return None


def unshare(*words):
    return ["unshare", "--mount", "--net"] + \
        (["--map-root-user"] if os.getuid() else []) + list(words)


def loopback_up():
    SIOCSIFFLAGS, IFF_UP = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


class Card:
    """An emulated card in a virtual reader, and a directory to work in."""

    port = 35963

    def __init__(self, name, talk=None):
        self.dir = tempfile.mkdtemp(prefix="opensc")
        self.talk = talk
        Card.port += 2      # vpcd takes the next one, too; no TIME_WAIT
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/pcscd"],
                       check=True)
        conf = os.path.join(self.dir, "conf")
        os.mkdir(conf)
        with open(os.path.join(conf, "vpcd"), "w") as f:
            f.write(f'FRIENDLYNAME "vpcd"\nDEVICENAME /dev/null:{Card.port:#x}\n'
                    f"LIBPATH {VPCD}\nCHANNELID {Card.port:#x}\n")
        with open(os.path.join(self.dir, "log"), "w") as log:
            self.pcscd = subprocess.Popen(["pcscd", "-f", "-c", conf],
                                          stdout=log, stderr=log)
        self.bridge = None
        try:
            self.connect(name)
        except Exception:
            self.close()
            raise

    def connect(self, name):
        program = os.path.join(os.environ.get("top_builddir", "."),
                               "tests/emulator/vpcd_bridge")
        for _ in range(TRIES):
            self.bridge = subprocess.Popen(
                [program, name, str(Card.port)] +
                ([self.talk] if self.talk else []),
                stderr=subprocess.DEVNULL)
            time.sleep(0.2)
            if self.bridge.poll() is None:
                break
        for _ in range(TRIES):
            p = self.run("opensc-tool", "-a", check=False)
            if "3b:" in p.stdout:
                return
            time.sleep(0.1)
        raise RuntimeError("the card does not appear")

    def label(self, text):
        if self.talk:
            with open(self.talk, "a") as f:
                f.write(f"\n# {text}\n")

    def run(self, *words, check=True):
        """Runs a tool; a wrong exit status shows what it said."""
        p = subprocess.run(words, cwd=self.dir, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
        if check and p.returncode != 0:
            raise AssertionError(f"{' '.join(words)}\n{p.stdout}")
        return p

    def step(self, *words):
        self.label(" ".join(words))
        return self.run(*words).stdout

    def refused(self, *words):
        self.label(" ".join(words) + " (refused)")
        p = self.run(*words, check=False)
        assert p.returncode != 0, f"{' '.join(words)} succeeded"
        return p.stdout

    def typed(self, *words):
        """Runs a tool that asks for PINs on its terminal; the exit status."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execvp(words[0], words)
        said = b""
        while True:
            try:
                said += os.read(fd, 1000)
            except OSError:     # the tool has ended
                break
            if said.rstrip().endswith(b"]:"):
                while termios.tcgetattr(fd)[3] & termios.ECHO:
                    time.sleep(0.01)    # what comes before is thrown away
                os.write(fd, b"12345678\n" if b"Officer" in said else
                         b"1234\n")
                said = b""
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def write(self, name, data):
        with open(os.path.join(self.dir, name), "wb") as f:
            f.write(data)

    def read(self, name):
        with open(os.path.join(self.dir, name), "rb") as f:
            return f.read()

    def close(self):
        for p in (self.bridge, self.pcscd):
            if p is not None:
                p.terminate()
                p.wait()
        subprocess.run(["umount", "/run/pcscd"], check=False)
        shutil.rmtree(self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def personalize(c):
    c.step("pkcs15-init", "-C", *SO, "--so-puk", "87654321")
    c.step("pkcs15-init", "-P", "-a", "1", "-l", "User", *SO, *PIN,
           "--puk", "123456")


def public_key(c, key):
    c.step("pkcs15-tool", "--read-public-key", key, "-o", "pub" + key)


def sign(c, key):
    """Signs a hash on the card, checks it with OpenSSL."""
    c.write("msg", b"hello\n")
    c.run("openssl", "dgst", "-sha256", "-binary", "-out", "hash", "msg")
    c.step("pkcs15-crypt", "-s", "-k", key, *PIN, "--sha-256", "--pkcs1",
           "-R", "-i", "hash", "-o", "sig")
    c.run("openssl", "dgst", "-sha256", "-verify", "pub" + key,
          "-signature", "sig", "msg")


def decipher(c, key):
    c.write("msg", b"hello\n")
    c.run("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub" + key,
          "-in", "msg", "-out", "enc")
    c.step("pkcs15-crypt", "-c", "-k", key, *PIN, "--pkcs1", "-R", "-i", "enc",
           "-o", "dec")
    same(c.read("dec"), b"hello\n")


def generate(c, bits, usage, key):
    c.step("pkcs15-init", "-G", f"rsa/{bits}", "-a", "1", "-u", usage, "-i",
           key, "-l", f"key {key}", *SO, *PIN)
    public_key(c, key)


def store(c, bits, usage, key):
    """A key and its certificate from outside."""
    c.run("openssl", "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes",
          "-keyout", "key", "-out", "cert", "-subj", "/CN=slotd", "-days",
          "9999")
    c.step("pkcs15-init", "-S", "key", "-a", "1", "-u", usage, "-i", key,
           "-l", f"key {key}", *SO, *PIN)
    c.step("pkcs15-init", "-X", "cert", "-a", "1", "-i", key, "-l",
           f"cert {key}", *SO, *PIN)
    c.step("pkcs15-tool", "--read-certificate", key, "-o", "cert.back")
    same(c.read("cert.back"), c.read("cert"))
    public_key(c, key)


def change_pins(c):
    user = ["--auth-id", "1"]
    c.refused("pkcs15-tool", "--verify-pin", *user, "--pin", "9999")
    c.step("pkcs15-tool", "--change-pin", *user, *PIN, "--new-pin", "4321")
    for _ in range(3):
        c.refused("pkcs15-tool", "--verify-pin", *user, *PIN)
    c.refused("pkcs15-tool", "--verify-pin", *user, "--pin", "4321")
    c.step("pkcs15-tool", "--unblock-pin", *user, "--puk", "123456",
           "--new-pin", "1234")
    c.step("pkcs15-tool", "--verify-pin", *user, *PIN)


def data_object(c):
    c.write("data", bytes(i * i % 251 for i in range(1000)))
    c.step("pkcs15-init", "-W", "data", "-l", "file", "--application-name",
           "slotd", *SO, *PIN)
    c.step("pkcs15-tool", "-R", "file", "-o", "data.back")
    same(c.read("data.back"), c.read("data"))
    c.step("pkcs15-init", "-D", "data", "-l", "file", "--application-name",
           "slotd", *SO, *PIN)


def pkcs11(c, *words):
    return c.step("pkcs11-tool", "--module", MODULE, *words)


@test
def the_card_is_known():
    with Card("cardos") as c:
        same("Atos CardOS" in c.run("opensc-tool", "-n").stdout, True)
        said = c.run("cardos-tool", "-i").stdout
        for text in ("CardOS V4.2B (C) Siemens AG", "53 6c 6f 74 00 01",
                     "that's CardOS M4.2B", "32 (administration)"):
            assert text in said, said
    with Card("cardos-m4.0") as c:
        said = c.run("cardos-tool", "-i").stdout
        assert "that's CardOS M4.0" in said, said


@test
def keys_made_on_the_card():
    with Card("cardos") as c:
        personalize(c)
        generate(c, 1024, "sign", "45")
        sign(c, "45")
        c.refused("pkcs15-crypt", "-c", "-k", "45", *PIN, "--pkcs1", "-R",
                  "-i", "hash", "-o", "dec")
        generate(c, 1024, "decrypt", "46")
        decipher(c, "46")
        # a key for both deciphers; OpenSC signs by deciphering
        generate(c, 1024, "sign,decrypt", "47")
        sign(c, "47")
        decipher(c, "47")
        generate(c, 2048, "sign", "48")
        sign(c, "48")
        generate(c, 2048, "decrypt", "49")
        decipher(c, "49")


@test
def keys_from_outside():
    with Card("cardos") as c:
        personalize(c)
        store(c, 1024, "sign", "50")
        sign(c, "50")
        store(c, 2048, "decrypt", "51")
        decipher(c, "51")
        c.step("pkcs15-init", "-D", "cert,privkey,pubkey", "-i", "50", *SO,
               *PIN)
        said = c.run("pkcs15-tool", "-D").stdout
        assert "cert 51" in said and "cert 50" not in said, said


@test
def pins_and_data():
    with Card("cardos") as c:
        personalize(c)
        change_pins(c)
        data_object(c)


@test
def through_pkcs11():
    with Card("cardos") as c:
        personalize(c)
        generate(c, 1024, "sign", "45")
        generate(c, 1024, "decrypt", "46")
        c.write("msg", b"hello\n")
        pkcs11(c, "-l", *PIN, "--id", "45", "-s", "-m", "SHA256-RSA-PKCS",
               "-i", "msg", "-o", "sig")
        c.run("openssl", "dgst", "-sha256", "-verify", "pub45", "-signature",
              "sig", "msg")
        c.run("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub46",
              "-in", "msg", "-out", "enc")
        pkcs11(c, "-l", *PIN, "--id", "46", "--decrypt", "-m", "RSA-PKCS",
               "-i", "enc", "-o", "dec")
        same(c.read("dec"), b"hello\n")
        same(pkcs11(c, "-l", *PIN, "-t").splitlines()[-1], "No errors")


@test
def erased_and_made_again():
    with Card("cardos") as c:
        for _ in range(2):
            personalize(c)
            generate(c, 1024, "sign", "45")
            same(c.typed("pkcs15-init", "-E"), 0)
            same("Empty directory" in c.run("opensc-tool", "-f").stdout, True)


@test
def a_card_of_the_first_version():
    with Card("cardos-m4.0") as c:
        personalize(c)
        generate(c, 1024, "sign", "45")
        sign(c, "45")
        c.refused("pkcs15-init", "-G", "rsa/2048", "-a", "1", "-u", "sign",
                  *SO, *PIN)


def recorded(c, large):
    """What the recorded talks are made of."""
    personalize(c)
    generate(c, 1024, "sign", "45")
    sign(c, "45")
    if not large:
        return
    store(c, 2048, "decrypt", "51")
    decipher(c, "51")
    store(c, 1024, "sign", "50")
    sign(c, "50")
    generate(c, 2048, "sign", "48")
    sign(c, "48")
    change_pins(c)
    c.step("pkcs15-init", "-D", "cert,privkey,pubkey", "-i", "50", *SO, *PIN)


def squeeze(text):
    """Six and more equal bytes become one and a count."""
    return re.sub(r"\b((?:..)*?)(..)\2{5,}",
                  lambda m: "%s%s*%d " % (m[1], m[2], (len(m[0]) -
                                          len(m[1])) // 2), text)


def mask(lines):
    """What differs from run to run: keys made on the card, their work."""
    made, reads_key, out, command = False, False, [], ""
    for line in lines:
        n = (len(line) - 6) // 2
        if line.startswith("# "):
            made = re.search(r"-G |-k 4", line) is not None
        elif line.startswith("> "):
            command = line[2:]
            reads_key = reads_key and command.startswith("00b0")
        elif line.startswith("< 7f49"):
            reads_key = True
        if line.startswith("< ") and made and n > 64:
            if command.startswith("00b201"):
                line = f"{line[:10]} ?{n - 4} 9000"
            elif reads_key or command.startswith("002a9e9a"):
                line = f"< ?{n} 9000"
        out.append(line)
    return out


def pack(line):
    return line if line[:2] not in ("> ", "< ") or "?" in line else \
        line[:2] + squeeze(line[2:]).strip()


def record(card, path):
    talk = os.path.abspath(path) + ".raw"
    with Card(card, talk) as c:
        version = c.run("opensc-tool", "-i").stdout.split("\n")[0]
        open(talk, "w").close()
        recorded(c, card == "cardos")
    with open(talk) as f:
        lines = mask(f.read().split("\n"))
    with open(path, "w") as f:
        f.write("# SPDX-License-Identifier: BSD-2-Clause\n"
                f"# {version}, recorded by test_opensc.py --record\n"
                f"card {card}\n")
        f.write("\n".join(pack(x) for x in lines).rstrip() + "\n")
    os.unlink(talk)


def main():
    why = missing()
    if why is not None:
        print("1..0 # SKIP " + why)
        return 0
    if INSIDE not in os.environ:
        env = dict(os.environ, **{INSIDE: "1"})
        return subprocess.run(
            unshare(sys.executable, "-B", *sys.argv), env=env).returncode
    loopback_up()
    if sys.argv[1:2] == ["--record"]:
        record(*sys.argv[2:4])
        return 0
    return run()


if __name__ == "__main__":
    sys.exit(main())
