#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One program with slotd and with Debian's pcscd: where they differ is to be
explained in differences.txt, word for word, and nothing else may be in there.

    compare.py [--backend slotd]      the test
    compare.py --backend pcscd        is skipped: both are always compared
    compare.py --show [PART...]       prints what differs, as in the list
"""
import argparse
import os
import subprocess
import sys

import backend as backends
from backend import Skip, backend, run, test

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, "differences.txt")
# offers T=0, then T=1; the same files on both cards
ATR = "atr 3b 80 80 01 tck\n"


def both_protocols(b):
    """The card sample, with another ATR."""
    with open(os.path.join(HERE, "..", "..", "emulator", "cards",
                           "sample.card")) as f:
        lines = [ATR if line.startswith("atr") else line for line in f]
    return b.write("both.card", "".join(lines))


def conversation(which, parts=()):
    """What conversation.py says with that daemon: {step: result}."""
    b = backend(argparse.Namespace(backend=which), cards=["sample", "sample"])
    b.cards[0] = both_protocols(b)
    said = {}
    with b:
        p = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "conversation.py"),
             *parts], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(b.env, PCSCLITE_NO_BLOCKING="1"))
        with p:
            for line in p.stdout:
                if line.startswith("?"):
                    {"?remove": b.remove, "?insert": b.insert}[line.strip()]()
                    p.stdin.write("\n")
                    p.stdin.flush()
                else:
                    part, step, result = line.split(": ", 1)[0], *line.split(
                        ": ", 1)[1].rsplit(": ", 1)
                    said["%s: %s" % (part, step)] = result.strip()
        if p.returncode != 0:
            raise AssertionError("it ended with %d" % p.returncode)
    return said


def differences(parts=()):
    """{step: (what pcscd says, what slotd says)}"""
    pcscd, slotd = (conversation(which, parts) for which in ("pcscd", "vpcd"))
    return {step: (pcscd.get(step), slotd.get(step))
            for step in {**pcscd, **slotd}
            if pcscd.get(step) != slotd.get(step)}


def explained():
    """The list: {step: (pcscd's result, slotd's)}; each has a reason."""
    found = {}
    with open(LIST) as f:
        for block in f.read().split("\n\n"):
            lines = [x for x in block.splitlines() if not x.startswith("#")]
            if not lines:
                continue
            step, pcscd, slotd, *why = lines
            assert pcscd.startswith("\tpcscd: "), block
            assert slotd.startswith("\tslotd: "), block
            assert why, "no reason: " + block
            found[step] = (pcscd[8:], slotd[8:])
    return found


@test
def slotd_and_pcscd_differ_as_explained():
    if ARGS.backend == "pcscd":
        raise Skip("both are compared when slotd is tested")
    found, listed = differences(), explained()
    wrong = ["%s\n\tpcscd: %s\n\tslotd: %s" % (step, *found.get(step, ("", "")))
             for step in {**found, **listed}
             if found.get(step) != listed.get(step)]
    assert not wrong, "not as in differences.txt:\n" + "\n".join(wrong)


def main():
    if ARGS.show is None:
        return run()
    for step, results in differences(ARGS.show).items():
        print("%s\n\tpcscd: %s\n\tslotd: %s\n" % (step, *results))
    return 0


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", choices=sorted(backends.BACKENDS),
                        default="slotd")
    parser.add_argument("--show", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = arguments()
    sys.exit(main())
