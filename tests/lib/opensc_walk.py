# SPDX-License-Identifier: BSD-2-Clause
"""libopenct, used as OpenSC uses it, on the real chain: slotd, ifdhandler and
an emulated Cherry ST-1044U with a card. The steps are in opensc_walk.c."""
import os
import subprocess
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, Emulator, Slotd, Tap  # noqa: E402

# another build's library, or this one's
CLIENT = os.environ.get("CLIENT_BUILD", BUILD)
MOVES = {       # what to do, and the event that says that it is done
    "unplug": (("unplug", "1-1"), "reader-removed"),
    "plug": (("plug", "1-1"), "reader-added"),
    "remove": (("remove", "1-1"), "card-removed"),
    "insert": (("insert", "1-1"), "card-inserted"),
}


def main():
    t = Tap()
    walk = os.path.join(CLIENT, "tests", "lib", "opensc_walk")
    with Emulator(["cherry-st1044u"]) as emu, Slotd() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        with d.control() as c:
            c.ask(cmd="watch")
            p = subprocess.Popen([walk], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True,
                                 env=dict(os.environ, OPENCT_SOCKETDIR=d.run))
            for line in p.stdout:
                words = line.split()
                if words[0] == "do":
                    ctl, event = MOVES[words[1]]
                    emu.ctl(*ctl)
                    c.wait_event(event)
                    p.stdin.write("done\n")
                    p.stdin.flush()
                else:
                    t.ok(words[0] == "ok", line.split(" - ")[1].strip())
            p.stdin.close()
            t.eq(p.wait(), 0, "it came to its end")
    t.done()


main()
