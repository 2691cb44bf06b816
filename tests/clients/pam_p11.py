#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A login through PAM with a CAC card: pam_p11 and pamtester, in a mount
namespace in which PAM's files and root's home directory are ours."""
import glob
import os
import sys

from backend import CAC_PIN, Skip, arguments, backend, need, run, test
from module import opensc_module

ARGS = arguments()
LOGIN = """set -e
mount -t tmpfs none /etc/pam.d
mount -t tmpfs none "$(getent passwd root | cut -d: -f6)"
cd "$(getent passwd root | cut -d: -f6)"
mkdir .ssh
cp "$OLDPWD/authorized_keys" .ssh
cp "$OLDPWD/service" /etc/pam.d/card
exec pamtester card root authenticate
"""


def login(b, pin, code):
    root = ["--map-root-user"] if os.getuid() else []
    return b.run("unshare", "--mount", *root, "sh", "-c", LOGIN,
                 input=pin + "\n", code=code)


@test
def the_right_pin_logs_in_and_a_wrong_one_does_not():
    need("pamtester", "ssh-keygen", "unshare")
    found = glob.glob("/lib/*/security/pam_p11.so")
    if not found:
        raise Skip("libpam-p11 is not installed")
    with backend(ARGS, cards=["cac"]) as b:
        b.write("service", "auth required %s %s\n" % (found[0],
                                                      opensc_module()))
        b.write("authorized_keys", b.run("ssh-keygen", "-D", opensc_module()))
        said = login(b, CAC_PIN, 0)
        assert "successfully authenticated" in said, said
        login(b, "00000000", 1)


if __name__ == "__main__":
    sys.exit(run())
