#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""GnuTLS' p11tool, on a CAC card."""
import sys

from backend import CAC_PIN, arguments, backend, need, run, same, test
from module import opensc_module

ARGS = arguments()


@test
def p11tool_lists_and_signs():
    need("p11tool")
    with backend(ARGS, cards=["cac"]) as b:
        b.env["GNUTLS_PIN"] = CAC_PIN
        with_module = ("p11tool", "--provider", opensc_module(), "--login")
        said = b.run(*with_module, "--list-all", "pkcs11:")
        same((said.count("Type: Private key"),
              said.count("Type: X.509 Certificate")), (3, 3))
        said = b.run(*with_module, "--test-sign",
                     "pkcs11:id=%00%01;type=private")
        assert "Verifying against public key in the token... ok" in said, said


if __name__ == "__main__":
    sys.exit(run())
