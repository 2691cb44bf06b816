#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""NSS, as in Firefox: modutil and certutil on a CAC card."""
import sys

from backend import CAC_PIN, arguments, backend, need, run, same, test
from module import opensc_module

ARGS = arguments()


@test
def nss_signs_a_request_with_the_card():
    need("modutil", "certutil", "openssl")
    with backend(ARGS, cards=["cac"]) as b:
        b.run("mkdir", "nss")
        b.write("pin", CAC_PIN)
        b.run("certutil", "-N", "-d", "sql:nss", "--empty-password")
        b.run("modutil", "-dbdir", "sql:nss", "-force", "-add", "card",
              "-libfile", opensc_module())
        # an empty slot is an error to it
        said = b.run("modutil", "-dbdir", "sql:nss", "-list", "card",
                     check=False)
        assert "Slot: " + b.reader_names[0] in said, said
        token = next(line.split(":")[1].strip() for line in said.splitlines()
                     if line.strip().startswith("Token Name:"))
        said = b.run("certutil", "-L", "-d", "sql:nss", "-h", token, "-f",
                     "pin")
        same(said.count(token + ":CAC "), 3)
        b.run("certutil", "-R", "-d", "sql:nss", "-h", token, "-k", "0001",
              "-s", "CN=signed by the card", "-f", "pin", "-a", "-o",
              "request.pem")
        said = b.run("openssl", "req", "-in", "request.pem", "-verify",
                     "-noout", "-subject")
        assert "verify OK" in said and "signed by the card" in said, said


if __name__ == "__main__":
    sys.exit(run())
