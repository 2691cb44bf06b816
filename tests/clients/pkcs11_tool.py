#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pkcs11-tool and pkcs15-tool on a CAC card: login, signatures, decryption."""
import sys

from backend import CAC_PIN, arguments, backend, need, run, same, test

ARGS = arguments()
MODULE = "opensc-pkcs11.so"
LOGIN = ("--module", MODULE, "-l", "--pin", CAC_PIN)


def public_key(b, key):
    """The key of the certificate on the card, as OpenSSL wants it."""
    b.run("pkcs11-tool", "--module", MODULE, "--read-object", "--type", "cert",
          "--id", key, "-o", "cert.der")
    b.run("openssl", "x509", "-in", "cert.der", "-inform", "DER", "-noout",
          "-pubkey", "-out", "pub.pem")


@test
def pkcs11_tool_tests_the_card():
    need("pkcs11-tool")
    with backend(ARGS, cards=["cac"]) as b:
        said = b.run("pkcs11-tool", *LOGIN, "-t", check=False)
        for text in ("all 4 signature functions seem to work",
                     "RSA-PKCS: OK", "RSA-X-509: OK"):
            assert text in said, said
        # the card has no random numbers, which counts as an error
        same(said.splitlines()[-1], "1 errors")


@test
def signatures_verify():
    need("pkcs11-tool", "openssl")
    with backend(ARGS, cards=["cac"]) as b:
        b.write("msg", "what is signed\n")
        for key in ("0001", "0002", "0003"):
            public_key(b, key)
            b.run("pkcs11-tool", *LOGIN, "--id", key, "-s", "-m",
                  "SHA256-RSA-PKCS", "-i", "msg", "-o", "sig")
            same(b.run("openssl", "dgst", "-sha256", "-verify", "pub.pem",
                       "-signature", "sig", "msg"), "Verified OK\n")


@test
def what_is_encrypted_comes_back():
    need("pkcs11-tool", "openssl")
    with backend(ARGS, cards=["cac"]) as b:
        public_key(b, "0002")
        b.write("msg", "what is secret\n")
        b.run("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub.pem",
              "-in", "msg", "-out", "enc")
        b.run("pkcs11-tool", *LOGIN, "--id", "0002", "--decrypt", "-m",
              "RSA-PKCS", "-i", "enc", "-o", "dec")
        same(b.read("dec"), b"what is secret\n")


@test
def a_wrong_pin_is_refused():
    need("pkcs11-tool")
    with backend(ARGS, cards=["cac"]) as b:
        said = b.run("pkcs11-tool", "--module", MODULE, "-l", "--pin", "00000000",
                     "-O", check=False)
        assert "C_Login failed" in said, said


@test
def pkcs15_tool_lists_the_card():
    need("pkcs15-tool")
    with backend(ARGS, cards=["cac"]) as b:
        said = b.run("pkcs15-tool", "--list-certificates", "--list-keys",
                     "--list-pins")
        same((said.count("X.509 Certificate"), said.count("Private RSA Key")),
             (3, 3))
        b.run("pkcs15-tool", "--verify-pin", "--pin", CAC_PIN)
        said = b.run("pkcs15-tool", "--read-certificate", "0001")
        assert "BEGIN CERTIFICATE" in said, said


if __name__ == "__main__":
    sys.exit(run())
