# SPDX-License-Identifier: BSD-2-Clause
"""A program under way, and what it says line by line.

    with Dialog(b, "pcsc_scan", "-n") as d:
        d.expect("Card inserted")
        b.remove()
        d.expect("Card removed")
"""
import re
import subprocess
import time

from harness import TIMEOUT, Lines


class Dialog:
    def __init__(self, b, *words, env=None):
        self.said = []
        self.p = subprocess.Popen(
            words, cwd=b.dir, env=dict(b.env, **(env or {})),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.lines = Lines(self.p.stdout.fileno())

    def expect(self, pattern):
        """Reads until a line matches; the match."""
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                self.said.append(self.lines.next(end - time.monotonic()))
            except Exception as e:
                raise AssertionError("no %r in\n%s" % (
                    pattern, "\n".join(self.said))) from e
            found = re.search(pattern, self.said[-1])
            if found:
                return found

    def say(self, line=""):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()

    def end(self, code=0):
        """Waits for its end; all that it said."""
        self.p.stdin.close()
        try:
            while True:
                self.said.append(self.lines.next())
        except EOFError:
            pass
        got = self.p.wait(TIMEOUT)
        if got != code:
            raise AssertionError("%s\nended with %d" % (
                "\n".join(self.said), got))
        return "\n".join(self.said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        self.p.stdout.close()
