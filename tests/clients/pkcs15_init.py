#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""OpenSC with an Aladdin eToken PRO (a CardOS M4 card in a token that CCID knows
nothing of): pkcs15-init makes a PKCS #15 card of it, other tools use it.

A key of CardOS signs or deciphers. OpenSC 0.23, which has no --split-key any
more, makes one that deciphers when both are wanted, and signs with it."""
import os
import sys

from backend import Skip, arguments, backend, need, run, same, test

ARGS = arguments()
ATR = "3b:f2:18:00:02:c1:0a:31:fe:58:c8:09:75"
NAME = "Aladdin eToken PRO 00 00"
SO = ["--so-pin", "12345678"]
PIN = ["--pin", "1234"]
REFUSED = 255
MODULE = ["pkcs11-tool", "--module", "opensc-pkcs11.so"]
LOGIN = ["-l", *PIN]


def token():
    need("opensc-tool", "pkcs11-tool", "pkcs15-crypt", "pkcs15-init",
         "pkcs15-tool", "openssl")
    return backend(ARGS, cards=["cardos"], model="etoken-0514",
                   driver="etoken")


def personalize(b):
    b.run("pkcs15-init", "-C", *SO, "--so-puk", "87654321", "-l", "my token")
    b.run("pkcs15-init", "-P", "-a", "1", "-l", "User", *SO, *PIN,
          "--puk", "123456")


def generate(b, key, bits, usage):
    b.run("pkcs15-init", "-G", "rsa/%d" % bits, "-a", "1", "-u", usage, "-i",
          key, "-l", "key " + key, *SO, *PIN)
    b.run("pkcs15-tool", "--read-public-key", key, "-o", "pub" + key)


def verify(b, key):
    same(b.run("openssl", "dgst", "-sha256", "-verify", "pub" + key,
               "-signature", "sig", "msg"), "Verified OK\n")


def sign(b, key):
    """With PKCS #15 and with PKCS #11."""
    b.write("msg", os.urandom(1000))
    b.run("openssl", "dgst", "-sha256", "-binary", "-out", "hash", "msg")
    b.run("pkcs15-crypt", "-s", "-k", key, *PIN, "--sha-256", "--pkcs1", "-R",
          "-i", "hash", "-o", "sig")
    verify(b, key)
    b.run(*MODULE, *LOGIN, "--id", key, "-s", "-m", "SHA256-RSA-PKCS", "-i",
          "msg", "-o", "sig")
    verify(b, key)


def decipher(b, key):
    b.write("msg", "a secret\n")
    b.run("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub" + key,
          "-in", "msg", "-out", "enc")
    b.run("pkcs15-crypt", "-c", "-k", key, *PIN, "--pkcs1", "-R", "-i", "enc",
          "-o", "dec")
    same(b.read("dec"), b"a secret\n")
    b.run(*MODULE, *LOGIN, "--id", key, "--decrypt", "-m", "RSA-PKCS", "-i",
          "enc", "-o", "dec")
    same(b.read("dec"), b"a secret\n")


@test
def opensc_tool_knows_the_token():
    with token() as b:
        said = b.run("opensc-tool", "-l").splitlines()
        if ARGS.backend == "slotd":
            same(b.reader_names, [NAME])
        assert any(row.startswith("0    Yes") and
                   row.endswith(b.reader_names[0]) for row in said), said
        same(b.run("opensc-tool", "-a").split()[-1], ATR)
        assert "CardOS" in b.run("opensc-tool", "-n")
        said = b.run("opensc-tool", "-s", "00ca018200", "-s", "00840000ff")
        same(said.count("(SW1=0x90, SW2=0x00)"), 2)
        assert "C8 09" in said, said


@test
def a_new_card_is_made_and_shown():
    with token() as b:
        personalize(b)
        said = b.run("pkcs15-tool", "-D")
        assert "my token" in said and "PIN [User]" in said, said
        said = b.run("opensc-tool", "-f")
        assert "3F005015" in said.replace(" ", ""), said
        said = b.run(*MODULE, "-L")
        assert "my token (User)" in said and NAME[:6] in said or \
            ARGS.backend == "pcscd", said
        for name in ["info", "text"]:
            b.write(name, os.urandom(1000))
            b.run("pkcs15-init", "-W", name, "-l", name, "--application-name",
                  "slotd", *SO, *PIN)
            b.run("pkcs15-tool", "-R", name, "-o", "back")
            same(b.read("back"), b.read(name))


@test
def keys_made_on_the_token_sign_and_decipher():
    with token() as b:
        personalize(b)
        for key, bits in ("45", 1024), ("55", 2048):
            generate(b, key, bits, "sign")
            sign(b, key)
        for key, bits in ("46", 1024), ("56", 2048):
            generate(b, key, bits, "decrypt")
            decipher(b, key)
        generate(b, "47", 1024, "sign,decrypt")
        sign(b, "47")
        decipher(b, "47")
        same(b.run(*MODULE, *LOGIN, "-t").splitlines()[-1], "No errors")


@test
def a_key_and_its_certificate_from_elsewhere():
    with token() as b:
        personalize(b)
        b.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
              "-keyout", "key", "-out", "cert", "-subj", "/CN=Erika", "-days",
              "3650")
        b.run("pkcs15-init", "-S", "key", "-a", "1", "-u",
              "sign,decrypt", "-i", "50", *SO, *PIN)
        b.run("pkcs15-init", "-X", "cert", "-a", "1", "-i", "50", *SO, *PIN)
        b.run("pkcs15-tool", "--read-certificate", "50", "-o", "back")
        same(b.read("back"), b.read("cert"))
        b.run("pkcs15-tool", "--read-public-key", "50", "-o", "pub50")
        sign(b, "50")
        decipher(b, "50")


@test
def pins_are_changed_blocked_and_unblocked():
    with token() as b:
        personalize(b)
        user = ["--auth-id", "1"]
        b.run("pkcs15-tool", "--verify-pin", *user, *PIN)
        b.run("pkcs15-tool", "--change-pin", *user, *PIN, "--new-pin", "4321")
        for _ in range(3):
            b.run("pkcs15-tool", "--verify-pin", *user, *PIN, code=REFUSED)
        said = b.run("pkcs15-tool", "--verify-pin", *user, "--pin", "4321",
                     code=REFUSED)
        assert "blocked" in said, said
        b.run("pkcs15-tool", "--unblock-pin", *user, "--puk", "123456",
              "--new-pin", "1234")
        b.run("pkcs15-tool", "--verify-pin", *user, *PIN)


@test
def a_token_pulled_out_and_put_back():
    if ARGS.backend != "slotd":
        raise Skip("vpcd's readers stay")
    with token() as b:
        personalize(b)
        generate(b, "45", 1024, "sign")
        for _ in range(3):
            b.emulator.ctl("unplug", "1-1")
            b.slotd.wait_log("eToken PRO: unplugged")
            assert NAME not in b.run("opensc-tool", "-l")
            b.emulator.ctl("plug", "1-1")
            b.ask("wait-cards", "1")
            sign(b, "45")


if __name__ == "__main__":
    sys.exit(run())
