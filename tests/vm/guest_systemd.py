#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs in the guest of vm.py that systemd has booted: the units, sysusers,
tmpfiles and udev rules of the build directory, installed and used as README
says, with a reader on the kernel's USB. Prints TAP. Argument: the build
directory."""
import os
import re
import shutil
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
from guest_tests import (BUILD, LIMIT, RUN, Control, World,  # noqa: E402
                         attach, expect, install_rule, run, run_tests, slotctl,
                         start_slotemu, until)

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
UNITS = '/etc/systemd/system'
PCSCD = '/run/pcscd/pcscd.comm'


def install_pcscd():
    """A stand-in for Debian's, which may be there, too."""
    run('systemctl', 'stop', 'pcscd.socket', 'pcscd', rc=None)
    if os.path.exists('/etc/init.d/pcscd'):
        os.unlink('/etc/init.d/pcscd')      # disabling it is slow
    with open(UNITS + '/pcscd.socket', 'w') as f:
        f.write('[Socket]\nListenStream=%s\n[Install]\n'
                'WantedBy=sockets.target\n' % PCSCD)
    with open(UNITS + '/pcscd.service', 'w') as f:
        f.write('[Service]\nExecStart=/bin/sleep 9999\n')


def systemctl(*args, rc=0):
    return run('systemctl', *args, rc=rc).strip()


def is_active(unit):
    return systemctl('is-active', unit, rc=None) == 'active'


def main_pid():
    return int(systemctl('show', '-P', 'MainPID', 'slotd'))


def status_of(pid):
    """The fields of /proc/PID/status."""
    with open('/proc/%d/status' % pid) as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f)


def pcsc_readers():
    """The names that libpcsclite's own way of asking gives (protocol 4.4)."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LIMIT)
        s.connect(PCSCD)
        s.sendall(struct.pack('=5I', 12, 0x11, 4, 4, 0))
        f = s.makefile('rb')
        expect(struct.unpack('=3I', f.read(12)) == (4, 4, 0), 'the version')
        s.sendall(struct.pack('=2I', 0, 0x12))
        states = f.read(16 * 184)
    return [name.decode() for name in (
        states[i:i + 128].rstrip(b'\0') for i in range(0, len(states), 184))
        if name]


# -- tests: each goes on where the one before ended ---------------------------

def test_files_are_installed(w):
    """What `make install' does with these files."""
    unit = open(BUILD + '/etc/slotd.service').read()
    sbin = os.path.dirname(re.search(r'ExecStart=(\S+)', unit).group(1))
    os.makedirs(sbin, exist_ok=True)
    for name in '/daemon/slotd', '/ifd/ifdhandler':
        shutil.copy(BUILD + name, sbin)
    for name in (BUILD + '/etc/slotd.service', BUILD + '/etc/slotd.socket',
                 TOP + '/etc/slotd-pcscd.socket'):
        shutil.copy(name, UNITS)
    install_pcscd()


def test_user_and_directory_are_made(w):
    run('systemd-sysusers', BUILD + '/etc/sysusers/slotd.conf')
    run('systemd-tmpfiles', '--create', BUILD + '/etc/tmpfiles/slotd.conf')
    st = os.stat(RUN)
    expect(st.st_uid != 0 and st.st_mode & 0o777 == 0o755,
           'the directory: %s' % (st,))
    install_rule()              # now that the group is there
    systemctl('enable', '--now', 'pcscd.socket')
    w.slotemu = start_slotemu()
    attach('1-1')


def test_the_first_program_starts_slotd_and_sees_the_reader(w):
    systemctl('enable', '--now', 'slotd.socket')
    expect(not is_active('slotd'), 'it runs already')
    out = slotctl('list')
    expect('Cherry GmbH' in out and '3b 9d' in out, out)
    expect(is_active('slotd'), systemctl('status', 'slotd', rc=None))
    expect('90 00  success' in slotctl('mf'), 'mf')


def test_pcscd_beside_it_is_not_woken(w):
    expect(is_active('pcscd.socket') and not is_active('pcscd'),
           systemctl('status', 'pcscd', rc=None))


def test_it_runs_locked_in(w):
    pid = main_pid()
    status = status_of(pid)
    handlers = [int(p) for p in os.listdir('/proc') if p.isdigit() and
                os.path.exists('/proc/%s/status' % p) and
                status_of(int(p))['PPid'] == str(pid)]
    expect(len(handlers) == 1, 'handlers: %s' % handlers)
    for p in [pid] + handlers:
        status = status_of(p)
        expect('\t0' not in '\t' + status['Uid'], 'root: %s' % status['Uid'])
        expect(int(status['CapBnd'], 16) == 0, 'capabilities')
        expect(status['NoNewPrivs'] == '1' and status['Seccomp'] == '2',
               'no seccomp filter')
    score = run('systemd-analyze', 'security', '--no-pager', 'slotd').split(
        '\n')[-2]
    print('# ' + score)
    expect(float(re.search(r'([\d.]+) \w+', score.split(':')[1]).group(1)) < 2,
           score)


def test_nothing_it_needs_is_refused(w):
    log = run('journalctl', '-u', 'slotd', '-o', 'cat', '--no-pager')
    print('# ' + log.replace('\n', '\n# '))
    for word in 'cannot', 'denied', 'not permitted', 'few descriptors':
        expect(word not in log, log)
    warnings = run('journalctl', '-u', 'slotd', '-p', 'warning', '-o', 'cat',
                   '--no-pager')
    expect(warnings.strip() in ('', '-- No entries --'), warnings)
    limits = open('/proc/%d/limits' % main_pid()).read()
    files = re.search(r'Max open files +(\d+)', limits).group(1)
    expect(int(files) > 1024, 'Max open files: ' + files)


def test_reload(w):
    systemctl('reload', 'slotd')
    until('the file is read again', lambda: 'again' in run(
        'journalctl', '-u', 'slotd', '-o', 'cat', '--no-pager'))


def test_killed_it_comes_back_and_nobody_is_refused(w):
    old = main_pid()
    os.kill(old, signal.SIGKILL)
    c = Control()               # waits in the socket that systemd kept
    expect(c.ask(cmd='hello')['pid'] != old, 'the dead one answers')
    out = slotctl('list')
    expect('3b 9d' in out, out)


def test_pcscd_is_replaced(w):
    """As README has it."""
    systemctl('disable', '--now', 'pcscd.socket', 'pcscd')
    systemctl('enable', 'slotd-pcscd.socket')
    systemctl('restart', 'slotd')
    expect(is_active('slotd-pcscd.socket'), 'its socket is not there')
    names = pcsc_readers()
    expect(names == ['Cherry GmbH SmartTerminal XX44 00 00'], str(names))


def test_and_back(w):
    systemctl('disable', '--now', 'slotd-pcscd.socket')
    systemctl('restart', 'slotd')
    systemctl('enable', '--now', 'pcscd.socket')
    expect(is_active('pcscd.socket') and not is_active('slotd-pcscd.socket') and
           is_active('slotd'), 'the wrong ones run')
    systemctl('disable', '--now', 'pcscd.socket')


def test_a_pc_sc_program_starts_slotd(w):
    systemctl('stop', 'slotd.socket', 'slotd')
    systemctl('start', 'slotd-pcscd.socket')
    expect(not is_active('slotd'), 'it runs already')
    names = pcsc_readers()
    expect(names == ['Cherry GmbH SmartTerminal XX44 00 00'], str(names))
    expect(is_active('slotd'), 'who answered?')


def test_stopped_it_leaves_nothing_behind(w):
    t = time.monotonic()
    systemctl('stop', 'slotd-pcscd.socket', 'slotd.socket', 'slotd')
    print('# took %.2f s' % (time.monotonic() - t))
    expect(os.listdir(RUN) == ['status'], str(os.listdir(RUN)))
    expect(not os.path.exists(PCSCD), 'the socket of PC/SC')
    expect(systemctl('show', '-P', 'Result', 'slotd') == 'success',
           systemctl('status', 'slotd', rc=None))
    w.slotemu.terminate()


def main():
    return run_tests(World(), globals())


if __name__ == '__main__':
    sys.exit(main())
