# SPDX-License-Identifier: BSD-2-Clause
"""slotd, slotemu and slotctl under valgrind, used as the demo uses them, with one
client that hangs up: no error, and no byte lost. The ifdhandler is not: its cage
leaves valgrind no room (and gcc's sanitizers watch it in their build)."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, Emulator, Slotd, Tap  # noqa: E402
import usbip_client  # noqa: E402
from openct_wire import Connection, lock, transact  # noqa: E402

LOST = re.compile(r"definitely lost: 0 bytes|no leaks are possible")


def real(folder, name):
    """The program itself, where libtool has put a script in its place."""
    path = os.path.join(BUILD, folder, ".libs", name)
    return path if os.path.exists(path) else os.path.join(BUILD, folder, name)


def skipped():
    if shutil.which("valgrind") is None:
        return "no valgrind"
    with open(os.path.join(BUILD, "config.h")) as f:
        if "#define SANITIZERS 1" in f.read():
            return "built with sanitizers"
    return None


class Valgrind:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="valgrind")

    def words(self, name):
        return ["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=all",
                "--errors-for-leak-kinds=definite,indirect,possible",
                "--log-file=%s/%s.%%p" % (self.dir, name)]

    def program(self, name, path):
        """A program that runs this one under valgrind, for who starts it."""
        script = os.path.join(self.dir, name + ".sh")
        with open(script, "w") as f:
            f.write('#!/bin/sh\nexec %s %s "$@"\n' % (
                " ".join(self.words(name)), os.path.abspath(path)))
        os.chmod(script, 0o755)
        return script

    def findings(self, name):
        found = []
        for path in glob.glob("%s/%s.[0-9]*" % (self.dir, name)):
            with open(path) as f:
                found += [line.rstrip() for line in f
                          if not LOST.search(line)]
        return found


def use(v, emu, d):
    def slotctl(*args):
        return subprocess.run(
            v.words("slotctl") + [real("tools", "slotctl"), "--socket-dir",
                                  d.run, *args],
            env=dict(os.environ, LD_LIBRARY_PATH=os.path.join(
                BUILD, "lib", ".libs")),
            stdout=subprocess.DEVNULL, timeout=60).returncode

    codes = [slotctl(*words.split()) for words in (
        "list", "info", "atr --decode", "send 00a40000023f0000 00b0000010",
        "send 00200001083132333400000000 --json", "reset --json",
        "send 0")]
    with d.control() as watcher:
        watcher.ask(cmd="watch")
        c = Connection(d)
        c.ask(lock())
        c.send(transact(bytes.fromhex("0084000008")))
        c.close()
        for move, event in (("remove", "card-removed"),
                            ("insert", "card-inserted"),
                            ("unplug", "reader-removed"),
                            ("plug", "reader-added")):
            emu.ctl(move, "1-1")
            watcher.wait_event(event)
    codes.append(slotctl("--reader", "nobody", "mf"))
    return codes


def main():
    t = Tap()
    why = skipped()
    if why is not None:
        t.ok(True, "nothing lost # SKIP " + why)
        t.done()
        return
    v = Valgrind()
    program = usbip_client.program
    usbip_client.program = lambda: v.program("slotemu", program())
    with Emulator(["cherry-st1044u"]) as emu:
        usbip_client.program = program
        with Slotd(wrap=v.words("slotd")) as d:
            d.start(d.reader(emu.address, "1-1"))
            d.wait_log("is ready", limit=60)
            t.eq(use(v, emu, d), [0, 0, 0, 6, 0, 0, 2, 4], "all is done")
    for name in "slotd", "slotemu", "slotctl":
        t.eq(v.findings(name), [], "nothing lost in " + name)
    shutil.rmtree(v.dir)
    t.done()


main()
