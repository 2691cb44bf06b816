#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Java: javax.smartcardio; keytool and jarsigner with OpenSC's PKCS #11 module."""
import subprocess
import sys

from backend import arguments, backend, need, need_file, run, same, test
from jdk import compile_java, tool

ARGS = arguments()
MODULE = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"
ATR = "3b9d138131fe4580" "73b621405773" "6c6f74656d758f"
TRANSMITTED = ["SELECT: 9000", "GET CHALLENGE: 10 bytes"]


def play(b, words):
    """Runs the program; does to the card what it prints."""
    p = subprocess.Popen(words, cwd=b.dir, env=b.env, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = []
    try:
        for line in p.stdout:
            said.append(line.rstrip())
            if said[-1] == "remove":
                b.remove()
            elif said[-1] == "insert":
                b.insert()
        same((p.wait(60), said if p.returncode else 0), (0, 0))
    finally:
        p.kill()
        p.wait()
    return said


@test
def javax_smartcardio():
    with backend(ARGS, cards=["sample"]) as b:
        said = play(b, compile_java(b, "Smartcardio"))
        assert b.reader_names[0] + ": card" in said, said
        at = said.index("*: T=1")
        same(said[at:at + 3], ["*: T=1", "T=0: refused", "T=1: T=1"])
        at = said.index("ATR: " + ATR)
        same(said[at + 1:], TRANSMITTED + ["exclusive"] + TRANSMITTED +
             ["remove", "true", "the card is gone", "false", "insert", "true"]
             + TRANSMITTED)


def card_with_key(b):
    """An RSA key made elsewhere, with its certificate."""
    b.run("openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj",
          "/CN=Erika Mustermann", "-days", "3650", "-keyout", "key.pem",
          "-out", "cert.pem")
    b.run("openssl", "pkcs12", "-export", "-inkey", "key.pem", "-in",
          "cert.pem", "-passout", "pass:secret", "-out", "key.p12")
    b.run("pkcs15-init", "-C", "--so-pin", "12345678", "--so-puk", "87654321")
    b.run("pkcs15-init", "-P", "-a", "1", "--so-pin", "12345678", "--pin",
          "1234", "--puk", "123456", "--label", "user")
    b.run("pkcs15-init", "-S", "key.p12", "-f", "pkcs12", "--passphrase",
          "secret", "-a", "1", "--so-pin", "12345678", "--pin", "1234",
          "-u", "sign")


@test
def keytool_and_jarsigner_use_the_card():
    need("pkcs15-init", "openssl")
    need_file(MODULE, "opensc-pkcs11")
    with backend(ARGS, cards=["cardos"]) as b:
        card_with_key(b)
        b.write("pkcs11.cfg", "name = Card\nlibrary = %s\n" % MODULE)
        store = ["-keystore", "NONE", "-storetype", "PKCS11", "-storepass",
                 "1234", "-providerClass", "sun.security.pkcs11.SunPKCS11",
                 "-providerArg", b.path("pkcs11.cfg")]
        said = b.run(tool("keytool"), "-list", "-v", *store)
        assert "CN=Erika Mustermann" in said and "PrivateKeyEntry" in said, \
            said
        alias = [line.split(": ")[1] for line in said.splitlines()
                 if line.startswith("Alias name:")][0]
        b.write("text", "to be signed\n")
        b.run(tool("jar"), "cf", "text.jar", "text")
        b.run(tool("jarsigner"), *store, "text.jar", alias)
        assert "jar verified" in b.run(tool("jarsigner"), "-verify",
                                       "text.jar")


if __name__ == "__main__":
    sys.exit(run())
