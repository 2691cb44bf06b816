# SPDX-License-Identifier: BSD-2-Clause
"""Stands in for a pinentry: gpg-agent asks it for PINs.

    pinentry.py PIN ADMIN-PIN LOG

LOG gets a line each time: which PIN was asked for."""
import sys
import urllib.parse


def main(user, admin, log):
    prompt = ""
    print("OK", flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        rest = urllib.parse.unquote(rest)
        if word == "SETPROMPT":
            prompt = rest
        elif word == "GETPIN":
            with open(log, "a") as f:
                print(prompt, file=f)
            print("D " + (admin if "Admin" in prompt else user))
        print("OK", flush=True)
        if word == "BYE":
            return


main(*sys.argv[1:])
