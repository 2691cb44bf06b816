#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Yubico's ykman, with a card of somebody else."""
import sys

from backend import arguments, backend, need, run, test

ARGS = arguments()


@test
def readers_are_listed():
    need("ykman")
    with backend(ARGS, cards=["openpgp"]) as b:
        assert b.reader_names[0] in b.run("ykman", "list",
                                          "--readers").splitlines()


@test
def an_application_is_selected_and_asked():
    need("ykman")
    with backend(ARGS, cards=["openpgp"]) as b:
        said = b.run("ykman", "--reader", b.reader_names[0], "apdu", "-a",
                     "OPENPGP", "ca004f")
        assert "SW=9000" in said and "d276000124010304" in \
            said.replace(" ", "").lower(), said


if __name__ == "__main__":
    sys.exit(run())
