#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""GnuPG with its scdaemon and an OpenPGP card: keys made on the card and brought
there, signing, deciphering, ssh, and a card that is pulled out."""
import os
import re
import sys
import time

from backend import HERE, Skip, arguments, backend, need, need_file, run, \
    same, test

ARGS = arguments()
SCDAEMON = "/usr/lib/gnupg/scdaemon"
AID = "D276000124010304FFFE000000010000"
USER = "Test Card <test@example.org>"
LIMIT = 20      # seconds until scdaemon notices a card that leaves or comes


class Gpg:
    """A home directory of GnuPG's, and its daemons, on a backend."""

    def __init__(self, b, pin="123456", admin="12345678"):
        self.b = b
        self.home = b.path("gnupg")
        os.mkdir(self.home, 0o700)
        b.env["GNUPGHOME"] = self.home
        self.write("scdaemon.conf", "disable-ccid\n")
        self.pins(pin, admin)
        self.write("gpg-agent.conf",
                   "enable-ssh-support\npinentry-program %s\n" %
                   b.path("pinentry"))
        open(b.path("asked"), "w").close()

    def write(self, name, text):
        self.b.write(os.path.join("gnupg", name), text)

    def pins(self, pin, admin):
        """What the user types from now on."""
        os.chmod(self.b.write("pinentry", "#!/bin/sh\nexec %s -B %s %s %s %s\n"
                              % (sys.executable,
                                 os.path.join(HERE, "pinentry.py"), pin, admin,
                                 self.b.path("asked"))), 0o700)

    def asked(self):
        """Which PINs the user was asked for since the last time."""
        said = self.b.read("asked").decode().split("\n")[:-1]
        open(self.b.path("asked"), "w").close()
        return said

    def gpg(self, *words, **more):
        return self.b.run("gpg", "--batch", "--no-tty", "--trust-model",
                          "always", *words, **more)

    def dialog(self, *words, lines):
        """A command that asks; the lines answer it."""
        return self.b.run("gpg", "--no-tty", "--command-fd", "0", "--status-fd",
                          "1", *words, input="\n".join(lines) + "\n")

    def card(self):
        """What the card is said to be, by the words before the colons."""
        said = self.gpg("--card-status")
        return dict(re.findall(r"^(\S[^.:]*?) *\.*: (.*)$", said, re.M))

    def scd(self, *commands, hex=()):
        """Commands to scdaemon; what it answers."""
        said = self.b.run("gpg-connect-agent", *hex,
                          *("scd " + c for c in commands), "/bye")
        assert "ERR" not in said, said
        return said

    def wait(self, enough):
        """Until enough() is true; what it returned."""
        end = time.monotonic() + LIMIT
        while not (got := enough()):
            assert time.monotonic() < end, "this does not come to pass"
            time.sleep(0.05)
        return got

    def sign(self):
        self.b.write("msg", "hello\n")
        self.gpg("--yes", "--local-user", USER, "-o", "sig", "--detach-sign",
                 "msg")
        said = self.gpg("--verify", "sig", "msg")
        assert "Good signature" in said, said

    def decrypt(self):
        self.b.write("file", os.urandom(5000))
        self.gpg("--yes", "-r", USER, "-o", "enc", "--encrypt", "file")
        self.gpg("--yes", "-o", "back", "--decrypt", "enc")
        assert self.b.read("back") == self.b.read("file")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.b.run("gpgconf", "--kill", "all")


def needed():
    need("gpg", "gpg-agent", "gpg-connect-agent", "gpgconf")
    need_file(SCDAEMON, "scdaemon")


def generate(g):
    """All three keys on the card; returns what the user was asked."""
    said = g.dialog("--card-edit", lines=[
        "admin", "generate", "n", "0", "Test Card", "test@example.org", "",
        "quit"])
    assert "KEY_CREATED" in said, said
    return g.asked()


@test
def the_card_is_shown():
    needed()
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        card = g.card()
        same(card["Reader"], b.reader_names[0])
        same(card["Application ID"], AID)
        same(card["Version"], "3.4")
        same(card["PIN retry counter"], "3 0 3")
        same(card["Key attributes"], "rsa2048 rsa2048 rsa2048")


@test
def keys_made_on_the_card():
    needed()
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        same(generate(g), ["Admin PIN", "PIN", "PIN"])
        g.sign()
        g.decrypt()
        card = g.card()
        # two signatures made the certificate of the key itself
        assert int(card["Signature counter"]) >= 3, card
        # the keys that this host knows are the card's
        said = g.gpg("-K", "--with-colons")
        same(said.count(AID), 3)
        # somebody else's host knows it after a look at the card
        g.gpg("-o", "public", "--export")
        b.run("gpgconf", "--kill", "all")
        for name in os.listdir(g.home):
            if name.startswith(("pubring", "private", "trustdb")):
                b.run("rm", "-r", os.path.join(g.home, name))
        g.gpg("--import", "public")
        g.card()
        g.sign()


# key-attr's answers; the card; what it has then
ALGORITHMS = [
    (["2", "1"], "openpgp", "ed25519 cv25519 ed25519"),
    (["2", "4"], "openpgp", "nistp384 nistp384 nistp384"),
    (["1", "3072"], "openpgp-extended", "rsa3072 rsa3072 rsa3072"),
]


@test
def other_algorithms_and_lengths():
    needed()
    for choice, card, attributes in ALGORITHMS:
        model = {"model": "extended-apdu-reader"} if "ext" in card else {}
        with backend(ARGS, cards=[card], **model) as b, Gpg(b) as g:
            g.dialog("--card-edit", lines=["admin", "key-attr"] + choice * 3 +
                     ["quit"])
            same(g.card()["Key attributes"], attributes)
            generate(g)
            g.sign()
            g.decrypt()


@test
def readers_of_other_kinds():
    """Blocks in a reader of TPDU level, a token, a token without bulk pipes."""
    needed()
    if ARGS.backend != "slotd":
        raise Skip("vpcd is of one kind")
    for model, driver, card in [("tpdu-reader", "ccid", "openpgp-extended"),
                                ("etoken-0514", "etoken", "openpgp"),
                                ("iccd-b", "ccid", "openpgp")]:
        with backend(ARGS, cards=[card], model=model, driver=driver) as b, \
                Gpg(b) as g:
            generate(g)
            g.sign()
            g.decrypt()


def bring(g, key, to):
    """A subkey (or the primary one, 0) to the card's place 1, 2 or 3."""
    g.dialog("--edit-key", USER, lines=(["key %d" % key] if key else []) +
             ["keytocard"] + ([] if key else ["y"]) + ["%d" % to, "save"])


@test
def keys_brought_to_the_card():
    needed()
    for algorithms in [("rsa2048", "rsa2048", "rsa2048"),
                       ("ed25519", "cv25519", "ed25519"),
                       ("nistp256", "nistp256", "nistp256/ecdsa")]:
        with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
            quick = ["--pinentry-mode", "loopback", "--passphrase", ""]
            g.gpg(*quick, "--quick-generate-key", USER, algorithms[0], "sign",
                  "0")
            fpr = re.search(r"^fpr:+(\w+)", g.gpg("-K", "--with-colons"),
                            re.M)[1]
            g.gpg(*quick, "--quick-add-key", fpr, algorithms[1], "encr", "0")
            g.gpg(*quick, "--quick-add-key", fpr, algorithms[2], "auth", "0")
            for key, to in [(0, 1), (1, 2), (2, 3)]:
                bring(g, key, to)
            same(set(g.asked()), {"Admin PIN"})
            same(g.gpg("-K", "--with-colons").count(AID), 3)
            same(g.card()["Key attributes"],
                 " ".join(algorithms).replace("/ecdsa", ""))
            g.sign()
            g.decrypt()
            same(set(g.asked()), {"PIN"})


@test
def wrong_pins_and_new_ones():
    needed()
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        generate(g)
        b.run("gpgconf", "--kill", "all")
        g.pins("999999", "12345678")
        b.write("msg", "hello\n")
        said = g.gpg("-o", "sig", "--detach-sign", "msg", code=2)
        assert "Bad PIN" in said, said
        left = int(g.card()["PIN retry counter"].split()[0])
        assert left < 3, left
        b.run("gpgconf", "--kill", "all")
        g.pins("123456", "12345678")
        g.sign()
        same(g.card()["PIN retry counter"], "3 0 3")


@test
def a_new_card_at_the_factory():
    needed()
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        g.dialog("--card-edit", lines=["admin", "login", "me", "quit"])
        same(g.card()["Login data"], "me")
        g.dialog("--card-edit", lines=["admin", "factory-reset", "y", "yes",
                                       "quit"])
        same(g.card()["Login data"], "[not set]")
        same(g.card()["PIN retry counter"], "3 0 3")


@test
def ssh_with_the_authentication_key():
    needed()
    need("ssh-add", "ssh-keygen")
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        generate(g)
        b.run("gpg-connect-agent", "/bye")
        b.env["SSH_AUTH_SOCK"] = b.run("gpgconf", "--list-dirs",
                                       "agent-ssh-socket").strip()
        keys = b.run("ssh-add", "-L")
        assert keys.startswith("ssh-rsa ") and "cardno:" in keys, keys
        b.write("key.pub", keys)
        b.write("msg", "hello\n")
        b.run("ssh-keygen", "-Y", "sign", "-f", "key.pub", "-n", "file", "msg")
        b.write("allowed", "me " + keys)
        said = b.run("ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "me",
                     "-n", "file", "-s", "msg.sig", input="hello\n")
        assert "Good \"file\" signature" in said, said


@test
def a_card_pulled_out_is_noticed():
    needed()
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        g.card()
        g.wait(lambda: "D u" in g.scd("getinfo status"))
        b.remove()
        g.wait(lambda: "D r" in g.scd("getinfo status"))
        said = g.gpg("--card-status", code=2)
        assert "OpenPGP card not available" in said, said
        b.insert()
        g.wait(lambda: AID in g.gpg("--card-status", check=False))


def apdus(said):
    """The answers in a dump of bytes."""
    rows = re.findall(r"^D\[(....)\] ((?: +[0-9A-F]{2})+)", said, re.M)
    joined = "".join(("," if at == "0000" else "") + row.replace(" ", "")
                     for at, row in rows)
    return joined.lower().split(",")[1:]


@test
def apdus_by_hand():
    needed()
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        said = g.scd("serialno undefined", "apdu 00A4040006D27600012401",
                     "apdu 00CA004F00", hex=["--hex"])
        same(apdus(said), ["9000", AID.lower() + "9000"])
    with backend(ARGS, cards=["sample"]) as b, Gpg(b) as g:
        said = g.scd("serialno undefined", "apdu 00A4000C023F00",
                     "apdu 00b0820000", hex=["--hex"])
        same(apdus(said), ["9000", b"SLOTEMU-00000001".hex() + "9000"])


@test
def another_program_is_told_that_the_card_is_taken():
    needed()
    need("opensc-tool")
    with backend(ARGS, cards=["openpgp"]) as b, Gpg(b) as g:
        g.card()        # scdaemon connects for itself alone
        said = b.run("opensc-tool", "-n", code=1)
        assert "in use by another application" in said, said
        g.scd("killscd")
        g.wait(lambda: "OpenPGP card" in b.run("opensc-tool", "-n",
                                               check=False))
        # and gpg comes back for it
        g.wait(lambda: AID in g.gpg("--card-status", check=False))


if __name__ == "__main__":
    sys.exit(run())
