#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""OpenSSL with the engine pkcs11 of libp11, on a CAC card."""
import subprocess
import sys

from backend import CAC_PIN, Skip, arguments, backend, need, run, same, test

ARGS = arguments()
KEY = "pkcs11:id=%00%01;type=private;pin-value=" + CAC_PIN


@test
def openssl_signs_with_the_card():
    need("openssl")
    if b"available" not in subprocess.run(
            ["openssl", "engine", "-t", "pkcs11"], capture_output=True).stdout:
        raise Skip("libengine-pkcs11-openssl is not installed")
    with backend(ARGS, cards=["cac"]) as b:
        engine = ("-engine", "pkcs11")
        b.write("msg", "what is signed\n")
        b.run("openssl", "dgst", *engine, "-keyform", "engine", "-sha256",
              "-sign", KEY, "-out", "sig", "msg")
        b.run("openssl", "req", *engine, "-keyform", "engine", "-new", "-key",
              KEY, "-subj", "/CN=card", "-out", "request.pem")
        b.run("openssl", "req", "-in", "request.pem", "-noout", "-verify",
              "-pubkey", "-out", "pub.pem")
        same(b.run("openssl", "dgst", "-sha256", "-verify", "pub.pem",
                   "-signature", "sig", "msg"), "Verified OK\n")


if __name__ == "__main__":
    sys.exit(run())
