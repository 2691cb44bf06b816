# SPDX-License-Identifier: BSD-2-Clause
"""OpenSC's PKCS #11 module."""
import glob

from backend import Skip


def opensc_module():
    """Its path, for programs that want one."""
    found = glob.glob("/usr/lib/*/opensc-pkcs11.so")
    if not found:
        raise Skip("opensc-pkcs11 is not installed")
    return found[0]
