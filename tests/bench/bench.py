#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench.py BUILD: what an APDU and an idle second cost.

Starts slotemu and slotd on Unix sockets in a temporary folder and prints a
table: USB transfers, system calls and time per APDU, context switches while
idle, memory. Nothing is asserted; counts are exact, times are this machine's.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
APDU = '00a4000c023f00'
COUNT = 1000


def row(what, value):
    print('%-62s %s' % (what, value), flush=True)


def switches(pid):
    total = 0
    for path in glob.glob('/proc/%d/task/*/status' % pid):
        total += sum(map(int, re.findall(
            r'ctxt_switches:\s+(\d+)', open(path).read())))
    return total


def memory(pid):
    text = open('/proc/%d/smaps_rollup' % pid).read()
    pick = lambda k: sum(map(int, re.findall(r'^%s:\s+(\d+)' % k, text, re.M)))
    return 'RSS %d kB, PSS %d kB, private %d kB' % (
        pick('Rss'), pick('Pss'), pick('Private_Clean') + pick('Private_Dirty'))


class World:
    def __init__(self, device='cherry-st1044u'):
        self.dir = tempfile.mkdtemp(prefix='slotd-bench-')
        d = self.dir
        r, w = os.pipe()
        self.emu = subprocess.Popen(
            [BUILD + '/emulator/slotemu', '--listen', 'unix:%s/usbip' % d,
             '--control', d + '/emu', '--device', device], stdout=w)
        os.close(w)
        os.read(r, 1)
        with open(d + '/conf', 'w') as f:
            f.write('hotplug = no;\nreader bench { driver = ccid; '
                    'device = usbip:unix:%s/usbip/1-1; };\n' % d)
        self.slotd = subprocess.Popen(
            [BUILD + '/daemon/slotd', '--foreground', '--config', d + '/conf',
             '--socket-dir', d + '/run', '--ifdhandler',
             BUILD + '/ifd/ifdhandler'])
        self.env = dict(os.environ, OPENCT_SOCKETDIR=d + '/run')
        while subprocess.run(
                [BUILD + '/tools/slotctl', 'wait', '--timeout', '10'],
                env=self.env, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode:
            time.sleep(0.05)
        kids = open('/proc/%d/task/%d/children' % (
            self.slotd.pid, self.slotd.pid)).read().split()
        self.handler = int(kids[0])

    def stats(self):
        """Completed transfers by endpoint."""
        stats = json.loads(subprocess.check_output(
            [BUILD + '/emulator/slotemu', 'ctl', '--control',
             self.dir + '/emu', 'stats', '1-1']))
        return {'%(type)s %(endpoint)s' % e: e['transfers']
                for e in stats['endpoints']}

    def apdus(self, count=COUNT):
        return json.loads(subprocess.check_output(
            [BUILD + '/tests/bench/bench_apdu', '0', str(count), APDU],
            env=self.env))

    def close(self):
        self.slotd.terminate()
        self.slotd.wait()
        self.emu.terminate()
        self.emu.wait()
        shutil.rmtree(self.dir)


def transfers(w):
    before = w.stats()
    w.apdus()
    after = w.stats()
    for k in sorted(after):
        row('USB transfers per APDU, %s' % k,
            '%.3f' % ((after[k] - before[k]) / (COUNT + 100)))


def idle(w):
    names = (('slotd', w.slotd.pid), ('ifdhandler', w.handler))
    time.sleep(8)       # past the power-off delay
    before = [switches(pid) for _, pid in names]
    stats = w.stats()
    time.sleep(10)
    for (name, pid), was in zip(names, before):
        row('context switches of %s in 10 idle seconds' % name,
            switches(pid) - was)
    row('USB transfers in 10 idle seconds',
        sum(w.stats().values()) - sum(stats.values()))


def syscalls(w):
    if not shutil.which('strace'):
        row('system calls', 'no strace here')
        return
    for name, pid in (('slotd', w.slotd.pid), ('ifdhandler', w.handler)):
        log = w.dir + '/strace'
        s = subprocess.Popen(['strace', '-c', '-o', log, '-p', str(pid)],
                             stderr=subprocess.PIPE)
        s.stderr.readline()             # "attached"
        w.apdus()
        s.terminate()
        s.wait()
        calls = {}
        for line in open(log):
            m = re.match(r'\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$',
                         line)
            if m and m.group(2) != 'total':
                calls[m.group(2)] = int(m.group(1))
        per = {k: round(v / (COUNT + 100), 2) for k, v in calls.items()
               if v > COUNT / 10}
        row('system calls of %s per APDU' % name, '%.2f %s' % (
            sum(calls.values()) / (COUNT + 100), per))


def main():
    w = World()
    try:
        for i in range(3):
            t = w.apdus()
            row('time of an APDU through libopenct, run %d' % (i + 1),
                'median %(median_us).0f us, p99 %(p99_us).0f us, '
                'min %(min_us).0f us' % t)
        transfers(w)
        syscalls(w)
        row('memory of slotd', memory(w.slotd.pid))
        row('memory of ifdhandler', memory(w.handler))
        idle(w)
    finally:
        w.close()


main()
