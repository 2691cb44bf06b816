#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""OpenSC's openpgp driver with an OpenPGP card: openpgp-tool, pkcs15-tool,
pkcs11-tool."""
import sys

from backend import arguments, backend, need, run, same, test

ARGS = arguments()
MODULE = ["pkcs11-tool", "--module", "opensc-pkcs11.so"]
SIGN = ["--token-label", "OpenPGP card (User PIN (sig))", "-l", "--pin",
        "123456"]
OTHER = ["--token-label", "OpenPGP card (User PIN)", "-l", "--pin", "123456"]
EX_UNAVAILABLE = 69     # of sysexits.h
ADMIN = ["--verify", "CHV3", "--pin", "12345678"]


def make_keys(b):
    for key in "123":
        b.run("openpgp-tool", "-G", key, "-t", "rsa2048", *ADMIN)
        b.run("pkcs15-tool", "--read-public-key", "0" + key, "-o", "pub" + key)


def sign(b, key, login):
    b.run(*MODULE, *login, "--id", "0" + key, "-s", "-m", "SHA256-RSA-PKCS",
          "-i", "msg", "-o", "sig")
    same(b.run("openssl", "dgst", "-sha256", "-verify", "pub" + key,
               "-signature", "sig", "msg"), "Verified OK\n")


@test
def openpgp_tool_tells_about_card_and_holder():
    need("openpgp-tool")
    with backend(ARGS, cards=["openpgp"]) as b:
        said = b.run("openpgp-tool", "-C")
        for text in ("d2:76:00:01:24:01:03:04:ff:fe:00:00:00:01:00:00",
                     "3.4", "00000001"):
            assert text in said, said
        b.run("opensc-tool", "-s", "00a4040006d27600012401", "-s",
              "00200083083132333435363738", "-s", "00da005b09446f653c3c4a616e65")
        said = b.run("openpgp-tool", "-U")
        assert "Doe Jane" in said, said
        b.run("openpgp-tool", "--verify", "CHV1", "--pin", "999999",
              code=EX_UNAVAILABLE)


@test
def keys_sign_and_decipher_through_pkcs11():
    need("openpgp-tool", "pkcs11-tool", "pkcs15-tool", "openssl")
    with backend(ARGS, cards=["openpgp"]) as b:
        make_keys(b)
        b.write("msg", "hello\n")
        sign(b, "1", SIGN)
        sign(b, "3", OTHER)
        b.run("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub2",
              "-in", "msg", "-out", "enc")
        b.run(*MODULE, *OTHER, "--id", "02", "--decrypt", "-m", "RSA-PKCS",
              "-i", "enc", "-o", "dec")
        same(b.read("dec"), b"hello\n")
        same(b.run(*MODULE, *OTHER, "-t").splitlines()[-1], "No errors")


@test
def openpgp_tool_makes_the_card_new():
    need("openpgp-tool", "pkcs15-tool")
    with backend(ARGS, cards=["openpgp"]) as b:
        make_keys(b)
        assert "Signature key" in b.run("pkcs15-tool", "-k")
        b.run("openpgp-tool", "-E")
        assert "Signature key" not in b.run("pkcs15-tool", "-k")


if __name__ == "__main__":
    sys.exit(run())
