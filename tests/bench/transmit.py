#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""transmit.py BUILD: what an SCardTransmit costs on slotd and on Debian's pcscd
with vsmartcard's virtual reader: system calls, context switches and time.

The program (bench_pcsc, on the system's libpcsclite) and the emulated card are
the same; slotd has it once in its own virtual reader, by the same vpcd_bridge, and
once in an emulated USB reader, where ifdhandler does what it does for real ones
but for the USB itself. pcscd with libccid and a USB
reader was measured elsewhere: 24.0 system calls, 5.0 context switches. Nothing
is asserted.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys

BUILD = os.path.abspath(sys.argv[1])
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
os.environ["top_builddir"] = BUILD
os.environ.setdefault("top_srcdir", os.path.join(TESTS, ".."))
sys.path[:0] = [os.path.join(TESTS, "clients"), os.path.join(TESTS, "tools")]

from backend import BACKENDS, Skip, children  # noqa: E402

PROGRAM = os.path.join(BUILD, "tests", "bench", "bench_pcsc")
COUNT, WARM_UP = 3000, 100
CALL = re.compile(r"\d+ +(\w+)\(")


class Series:
    """A program that is ready to send COUNT APDUs."""

    def __init__(self, b):
        self.process = subprocess.Popen(
            [PROGRAM, "apdus", str(COUNT + WARM_UP), "0084000008"], env=b.env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("bench_pcsc does not get ready")

    def run(self):
        """Nanoseconds of each; it is still connected then."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [int(self.process.stdout.readline())
                for _ in range(COUNT + WARM_UP)][WARM_UP:]

    def end(self):
        self.process.communicate()


def switches(pid):
    total = 0
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, tid)) as f:
            total += sum(int(n) for n in re.findall(
                r"ctxt_switches:\s+(\d+)", f.read()))
    return total


def per_apdu(n):
    return "%.2f" % (n / (COUNT + WARM_UP))


def count_calls(b, pid):
    if shutil.which("strace") is None:
        return "no strace"
    log, series = os.path.join(b.dir, "strace"), Series(b)
    tracer = subprocess.Popen(["strace", "-f", "-o", log, "-p", str(pid)],
                              stderr=subprocess.PIPE)
    tracer.stderr.readline()            # "attached"
    series.run()
    tracer.terminate()
    tracer.wait()
    series.end()
    with open(log) as f:
        return per_apdu(sum(CALL.match(line) is not None for line in f))


def processes(name, b):
    if name == "pcscd":
        return [("daemon", b.pid)]
    pid = b.slotd.process.pid
    return [("daemon", pid), ("ifdhandler", children(pid)[0])]


def measure(name):
    """Rows of this daemon, or why there are none."""
    rows = {}
    try:
        with BACKENDS[name](["sample"]) as b:
            pids = processes(name, b)
            for who, pid in pids:
                rows["system calls, " + who] = count_calls(b, pid)
            series = Series(b)
            before = [switches(pid) for _, pid in pids]
            ns = sorted(series.run())
            for (who, pid), n in zip(pids, before):
                rows["context switches, " + who] = per_apdu(switches(pid) - n)
            series.end()
    except Skip as why:
        return str(why)
    rows["time in us, median"] = "%.0f" % (statistics.median(ns) / 1e3)
    rows["time in us, 99 of 100"] = "%.0f" % (ns[len(ns) * 99 // 100] / 1e3)
    return rows


def main():
    columns = [measure(name) for name in ("slotd", "vpcd", "pcscd")]
    if isinstance(columns[2], str):
        print("no pcscd to compare with: " + columns.pop())
    print("%-32s %12s %12s %12s" % ("an SCardTransmit", "slotd, USB",
                                    "slotd, vpcd", "pcscd, vpcd"))
    for what in columns[0]:
        print("  %-30s" % what + "".join(
            " %12s" % column.get(what, "-") for column in columns),
            flush=True)


main()
