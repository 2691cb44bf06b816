#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs in the guest of vm.py: slotd as a user of its own, with a real kernel,
usbfs, libusb and systemd-udevd, against QEMU's usb-ccid (and its emulated CAC
card) and against slotemu's devices, attached by the stock usbip tool through
vhci_hcd. Prints TAP. Argument: the build directory."""
import fcntl
import fcntl
import glob
import grp
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

USBDEVFS_RESET = 0x5514
BUILD = os.path.abspath(sys.argv[1])
RUN = '/run/openct'
# seconds until something counts as never
LIMIT = int(os.environ.get('VM_LIMIT', 30))
CLAIM = 0x8004550f      # USBDEVFS_CLAIMINTERFACE


class Monitor:
    """QEMU's monitor through the guest's virtio port."""

    def __init__(self):
        self.fd = os.open(os.environ['VM_MONITOR'], os.O_RDWR)

    def say(self, line):
        os.write(self.fd, line.encode() + b'\n')
        text = b''
        while text.count(b'(qemu)') < 1 or not text.endswith(b'(qemu) '):
            ready, _, _ = select.select([self.fd], [], [], LIMIT)
            if not ready:
                raise RuntimeError('the monitor does not answer: %r' % text)
            text += os.read(self.fd, 4096)
        if b'Error' in text:
            raise RuntimeError(text.decode(errors='replace'))


class Control:
    """One connection to slotd's control socket."""

    def __init__(self):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(LIMIT)
        self.s.connect(RUN + '/control')
        self.f = self.s.makefile('rw')

    def send(self, **request):
        self.f.write(json.dumps(request) + '\n')
        self.f.flush()

    def read(self):
        line = self.f.readline()
        if not line:
            raise RuntimeError('slotd closed the control connection')
        return json.loads(line)

    def ask(self, **request):
        self.send(**request)
        return self.read()

    def event(self, name):
        """The next event of that name; others are passed over."""
        while True:
            e = self.read()
            if e.get('event') == name:
                return e


def run(*cmd, rc=0, **kw):
    p = subprocess.run(cmd, capture_output=True, text=True, timeout=LIMIT, **kw)
    if rc is not None and p.returncode != rc:
        raise AssertionError('%s: exit %d\n%s%s' % (
            ' '.join(cmd), p.returncode, p.stdout, p.stderr))
    return p.stdout


def slotctl(*args, rc=0):
    return run(BUILD + '/tools/slotctl', *args, rc=rc)


def until(what, check):
    """Waits for a state of the world that nothing announces to us."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.02)
    raise AssertionError('never happened: ' + what)


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


# -- the world ---------------------------------------------------------------

def install_rule_and_user():
    run('groupadd', '--system', 'slotd', rc=None)
    run('useradd', '--system', '-g', 'slotd', '-d', '/nonexistent', 'slotd',
        rc=None)
    install_rule()
    os.makedirs(RUN, exist_ok=True)
    shutil.chown(RUN, 'slotd', 'slotd')


def install_rule():
    for old in glob.glob('/etc/udev/rules.d/*') + glob.glob(
            '/lib/udev/rules.d/*ccid*') + glob.glob('/lib/udev/rules.d/*pcsc*'):
        os.unlink(old)
    for rule in glob.glob(BUILD + '/udev/*.rules'):
        shutil.copy(rule, '/etc/udev/rules.d/')
    run('udevadm', 'control', '--reload')


def start_slotd(*options):
    log = open(os.environ['VM_DIR'] + '/slotd.log', 'a')
    p = subprocess.Popen(
        ['setpriv', '--reuid=slotd', '--regid=slotd', '--init-groups',
         BUILD + '/daemon/slotd', '--foreground', '--debug', '--debug',
         '--config', '/dev/null', '--socket-dir', RUN,
         '--ifdhandler', BUILD + '/ifd/ifdhandler', *options],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until('the control socket', lambda: os.path.exists(RUN + '/control') or
          p.poll() is not None)
    expect(p.poll() is None, 'slotd ended with %s' % p.returncode)
    return p


# model, bus id, name or part of it, how its ATR begins
TOKENS = [
    ('egate', '1-4', 'Schlumberger E-Gate', '3b 02 54 30'),
    ('rutoken-s', '1-5', 'Rutoken S driver', '3b 6f 00 ff 00 56'),
    ('ikey2k', '1-6', 'Rainbow iKey 2032', '3b 9d 13 81'),
    ('ikey3k', '1-7', 'Rainbow iKey 3000', '3b 9d 13 81'),
    ('eutron', '1-8', 'Eutron CryptoIdendity', '3b 9d 13 81'),
    ('etoken-050c', '1-9', 'eToken PRO', '3b f2 18 00'),
    ('etoken64-0600', '1-10', 'eToken PRO 64k', '3b f2 18 00'),
    ('etoken64-0700', '1-11', 'eToken PRO 64k', '3b f2 18 00'),
    ('starkey', '1-12', 'Starkey', '3b'),
    ('epass3000', '1-13', '', '3b'),
    ('pertosmart1030', '1-14', '', '3b'),
    ('pertosmart1038', '1-15', '', '3b'),
    ('cyberjack', '1-16', '', '3b'),
    ('tpdu-reader', '1-17', '', '3b'),
    ('char-reader', '1-18', '', '3b'),
    ('extended-apdu-reader', '1-19', '', '3b'),
    ('eight-slots', '1-20', '', '3b'),
    ('two-endpoints', '1-21', '', '3b'),
    ('iccd-b', '1-22', '', '3b'),
    ('au9540', '1-23', '', '3b'),
    ('cardman', '1-24', 'CardMan', '3b'),
]


def start_slotemu():
    r, w = os.pipe()
    p = subprocess.Popen(
        [BUILD + '/emulator/slotemu', '--listen', '127.0.0.1:3240',
         '--control', '/run/emu', '--device', 'cherry-st1044u',
         '--device', 'cherry-st1044u,delay=3000',
         '--device', 'etoken-0514'] +
        [arg for model, *_ in TOKENS for arg in ('--device', model)],
        stdin=subprocess.DEVNULL, stdout=w)
    os.close(w)
    os.read(r, 1)               # its first line: it listens
    return p


def attach(busid):
    """usbip attach; the tool can lose a race against udev, so again."""
    until('usbip attach ' + busid, lambda: subprocess.run(
        ['usbip', 'attach', '-r', '127.0.0.1', '-b', busid],
        capture_output=True).returncode == 0)


def emu(*args):
    return run(BUILD + '/emulator/slotemu', 'ctl', '--control', '/run/emu',
               *args)


def bulk_transfers(busid):
    """Completed transfers by endpoint address."""
    stats = json.loads(emu('stats', busid))
    return {e['endpoint']: e['transfers'] for e in stats['endpoints']}


CARD = ('device_add ccid-card-emulated,id=card,bus=rdr.0,backend=certificates,'
        'db=sql:%s,cert1=vm-id,cert2=vm-sign,cert3=vm-enc')


def log_lines():
    with open(os.environ['VM_DIR'] + '/slotd.log') as f:
        return f.read().splitlines()


def reset_device(reader):
    """What another program does with USBDEVFS_RESET."""
    e = next(r for r in Control().ask(cmd='list')['readers']
             if r['reader'] == reader)
    fd = os.open(e['device'].removeprefix('usb:'), os.O_WRONLY)
    try:
        fcntl.ioctl(fd, USBDEVFS_RESET)
    finally:
        os.close(fd)


# -- tests: each goes on where the one before ended ---------------------------

def test_slotd_runs_as_its_own_user(w):
    w.slotd = start_slotd()
    status = open('/proc/%d/status' % w.slotd.pid).read()
    expect('Uid:\t0' not in status, 'slotd runs as root')
    expect(slotctl('list', '--json').strip(), 'no list')
    w.watch = Control()
    expect(w.watch.ask(cmd='watch')['ok'], 'watch refused')


def test_cherry_through_vhci(w):
    w.slotemu = start_slotemu()
    attach('1-1')
    w.watch.event('reader-added')       # with its card
    out = slotctl('list')
    expect('Cherry GmbH SmartTerminal XX44' in out, out)
    expect('90 00  success' in slotctl('mf'), 'mf')


def test_cherry_two_transfers_per_apdu_and_none_idle(w):
    slotctl('send', '00a4000c023f00')
    emu('stats-reset', '1-1')
    slotctl('send', *(['00a4000c023f00'] * 10))
    bulk = bulk_transfers('1-1')
    print('# ' + json.dumps(bulk))
    expect(bulk['02'] == 10 and bulk['82'] == 10, 'bulk transfers: %s' % bulk)


def test_udev_rules_serve_the_cherry(w):
    """Beside rules of others that come later and want the reader, too."""
    with open('/etc/udev/rules.d/92_pcscd_ccid.rules', 'w') as f:
        f.write('SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", '
                'ENV{ID_USB_INTERFACES}==":0b0000:", GROUP="games"\n')
    run('udevadm', 'control', '--reload')
    node = w.node_of('Cherry')
    sys_path = run('udevadm', 'info', '-q', 'path', node).strip()
    run('udevadm', 'trigger', '--settle', '--action=change', '/sys' + sys_path)
    said = run('udevadm', 'info', '-q', 'property', node)
    for word in 'ID_SMARTCARD_READER=1', 'ID_MM_DEVICE_IGNORE=1', ':slotd:':
        expect(word in said, word + ' is not in\n' + said)
    for name, want in ('control', 'auto'), ('persist', '0'):
        got = open('/sys%s/power/%s' % (sys_path, name)).read().strip()
        expect(got == want, 'power/%s is %s' % (name, got))
    expect(grp.getgrgid(os.stat(node).st_gid).gr_name == 'slotd', 'the group')
    p = subprocess.run(['udevadm', 'test', sys_path], capture_output=True,
                       text=True, timeout=LIMIT)
    for line in (p.stdout + p.stderr).splitlines():
        expect('69-slotd' not in line or not any(
            word in line for word in ('nvalid', 'nknown', 'ailed', 'gnor')),
            line)
    os.unlink('/etc/udev/rules.d/92_pcscd_ccid.rules')
    run('udevadm', 'control', '--reload')


def test_held_by_another_program_it_is_named(w):
    """usbfs shows that an interface is claimed; root also sees by whom."""
    node = w.node_of('Cherry')
    emu('unplug', '1-1')
    w.watch.event('reader-removed')
    w.slotd.send_signal(signal.SIGSTOP)
    emu('plug', '1-1')
    attach('1-1')
    until('the device', lambda: w.sysfs_nodes('046a'))
    node, = w.sysfs_nodes('046a')
    fd = os.open(node, os.O_RDWR)
    fcntl.ioctl(fd, CLAIM, struct.pack('I', 0))
    w.slotd.send_signal(signal.SIGCONT)
    try:
        e = w.watch.event('reader-failed')
        expect(e['text'].startswith('in use by a program that only root can '
                                    'see'), str(e))
        mine = 'in use by python3 (process %d)' % os.getpid()
        for command in 'list', 'info':  # not while it is tried again
            until('slotctl ' + command, lambda: mine in slotctl(command))
    finally:
        os.close(fd)
    w.watch.event('reader-added')       # tried again by itself


def test_cherry_unplugged_during_an_apdu(w):
    attach('1-2')
    e = w.watch.event('reader-added')
    c = Control()
    before = bulk_transfers('1-2')['02']
    c.send(cmd='transmit', reader=e['reader'], apdu='00a4000c023f00')
    until('the card works', lambda: bulk_transfers('1-2')['02'] > before)
    emu('unplug', '1-2')
    answer = c.read()
    expect(not answer['ok'] and answer['error'] in ('GONE', 'IO'), str(answer))
    w.watch.event('reader-removed')
    # the other reader does not notice
    slotctl('--reader', '0', 'send', '00a4000c023f00')


def test_cherry_reset_by_another_program(w):
    reset_device(0)
    w.watch.event('reader-removed')
    w.watch.event('reader-added')
    slotctl('--reader', '0', 'send', '00a4000c023f00')
    emu('remove', '1-1')                # it goes on telling of cards
    w.watch.event('card-removed')
    emu('insert', '1-1')
    w.watch.event('card-inserted')
    news = [line for line in log_lines() if line.startswith('notice')][-2:]
    expect('was reset, or its bus slept' in news[0] and 'is ready' in news[1],
           str(news))


def test_cherry_reset_during_an_apdu(w):
    emu('plug', '1-2')
    attach('1-2')
    e = w.watch.event('reader-added')
    emu('stats-reset', '1-2')
    c = Control()
    c.send(cmd='transmit', reader=e['reader'], apdu='00a4000c023f00')
    until('the card works', lambda: bulk_transfers('1-2')['02'] > 0)
    reset_device(e['reader'])
    answer = c.read()
    print('# %s' % answer)
    expect(answer['ok'] or answer['error'] in ('GONE', 'IO'), str(answer))
    w.watch.event('reader-removed')
    w.watch.event('reader-added')
    ran = json.loads(emu('stats', '1-2'))['slots'][0]['commands']
    expect(ran <= 1, 'the card ran it %d times' % ran)
    slotctl('--reader', str(e['reader']), 'send', '00a4000c023f00')


def test_cherry_gives_way_to_another_device(w):
    """At the same port, before anybody could look."""
    number = max(w.reader_numbers())
    emu('unplug', '1-2')
    attach('1-17')
    w.watch.event('reader-removed')
    e = w.watch.event('reader-added')
    expect(e['reader'] == number, str(e))
    expect('Cherry' not in e['name'], str(e))
    slotctl('--reader', str(number), 'send', '00a4000c023f00')
    emu('unplug', '1-17')
    w.watch.event('reader-removed')
    emu('plug', '1-17')


def test_other_devices_through_vhci(w):
    for model, busid, name, atr in TOKENS:
        attach(busid)
        e = w.watch.event('reader-added')
        expect(name in e['name'], str(e))
        token = str(e['reader'])
        out = slotctl('--reader', token, 'atr')
        expect(atr in out, out)
        if model != 'cardman':      # which tells its ATR only
            out = slotctl('--reader', token, 'send', '00a4000c023f00',
                          '00a40000023f0000', '00840000fa')
            expect(out.count('90 00  success') == 3, out)
        emu('unplug', busid)
        w.watch.event('reader-removed')


def test_etoken_through_vhci(w):
    attach('1-3')
    e = w.watch.event('reader-added')
    expect(e['name'] == 'Aladdin eToken PRO', str(e))
    w.token = str(e['reader'])
    out = slotctl('--reader', w.token, 'atr')
    expect('3b f2 18 00 02 c1 0a 31 fe 58 c8 09 75' in out, out)
    out = slotctl('--reader', w.token, 'send', '00a40000023f0000',
                  '00840000fa')
    expect(out.count('90 00  success') == 2, out)


def test_etoken_faults_are_made_good(w):
    for fault in 'stall', 'short', 'empty':
        for at in 1, 2:
            emu('fault', '1-3', '%s@c%d' % (fault, at))
            out = slotctl('--reader', w.token, 'send', '00a4000c023f00')
            expect('90 00  success' in out, fault + ': ' + out)
    emu('fault', '1-3', 'none')


def test_etoken_two_transfers_per_block_and_none_idle(w):
    emu('stats-reset', '1-3')
    slotctl('--reader', w.token, 'send', *(['00a4000c023f00'] * 10))
    got = bulk_transfers('1-3')
    expect(got == {'00': 20}, 'transfers: %s' % got)


def test_etoken_unplugged_during_an_apdu_and_back(w):
    emu('fault', '1-3', 'unplug@c2')
    slotctl('--reader', w.token, 'send', '00a4000c023f00', rc=None)
    w.watch.event('reader-removed')
    emu('fault', '1-3', 'none')
    emu('plug', '1-3')
    attach('1-3')
    e = w.watch.event('reader-added')
    expect(str(e['reader']) == w.token, 'another number: %s' % e)
    slotctl('--reader', w.token, 'send', '00a4000c023f00')
    emu('unplug', '1-3')
    w.watch.event('reader-removed')


def test_qemu_reader_plugged_while_a_client_waits(w):
    waiter = subprocess.Popen([BUILD + '/tools/slotctl', 'wait', '--timeout',
                               str(LIMIT)], stdout=subprocess.PIPE, text=True)
    w.monitor.say('device_add usb-ccid,id=rdr,bus=xhci.0')
    w.watch.event('reader-added')
    w.monitor.say(CARD % os.environ['VM_NSS'])
    e = w.watch.event('card-inserted')
    expect(e['atr'].startswith('3b'), 'odd ATR %r' % e)
    out, _ = waiter.communicate(timeout=LIMIT)
    expect(waiter.returncode == 0, 'slotctl wait: %d %s' % (waiter.returncode, out))


def test_qemu_device_node_belongs_to_group_slotd(w):
    readers = Control().ask(cmd='list')['readers']
    nodes = {r['device'].removeprefix('usb:') for r in readers}
    ours = {n for n in glob.glob('/dev/bus/usb/*/*') if os.stat(n).st_gid != 0}
    expect(ours == nodes, 'of another group: %s, readers: %s' % (ours, nodes))
    for n in nodes:
        expect(os.stat(n).st_mode & 0o777 == 0o660, 'mode of ' + n)


def test_qemu_card_answers(w):
    print('# ' + slotctl('list').replace('\n', '\n# '))
    # the CAC applet of libcacard
    out = slotctl('--reader', 'QEMU', 'send', '00a4040007a000000116db0000')
    expect('90 00  success' in out, 'SELECT CAC: ' + out)
    out = slotctl('--reader', 'QEMU', 'atr', '--decode')
    expect('TS' in out, 'ATR not decoded: ' + out)


def test_qemu_card_out_and_in_again(w):
    w.monitor.say('device_del card')
    w.watch.event('card-removed')
    slotctl('--reader', 'QEMU', 'send', '00a4040007a000000116db0000', rc=5)
    w.monitor.say(CARD % os.environ['VM_NSS'])
    w.watch.event('card-inserted')
    slotctl('--reader', 'QEMU', 'send', '00a4040007a000000116db0000')


def test_qemu_reader_unplugged_and_back_with_its_number(w):
    before = w.reader_numbers()
    w.monitor.say('device_del rdr')
    w.watch.event('reader-removed')
    w.monitor.say('device_add usb-ccid,id=rdr,bus=xhci.0')
    w.watch.event('reader-added')
    expect(w.reader_numbers() == before, 'the number changed')
    w.monitor.say('device_del rdr')
    w.watch.event('reader-removed')


def test_sigterm_leaves_within_a_second(w):
    t = time.monotonic()
    w.slotd.terminate()
    w.slotd.wait(LIMIT)
    took = time.monotonic() - t
    left = [f for f in os.listdir(RUN) if f == 'control' or f.isdigit()]
    expect(w.slotd.returncode == 0, 'exit %d' % w.slotd.returncode)
    expect(not left, 'left behind: %s' % left)
    # one second is the promise; the guest is emulated and several times slower
    expect(took < 5, 'took %.1f s' % took)
    print('# took %.2f s' % took)


def test_blocks_of_openct_conf_choose_readers(w):
    """hotplug = no means what it says; a block names its device."""
    conf = '/run/openct.conf'
    cherry = ('Cherry GmbH SmartTerminal XX44', 'ccid', 'ready')
    if w.slotd.poll() is None:
        w.slotd.terminate()
        w.slotd.wait(LIMIT)

    def say(text):
        with open(conf, 'w') as f:
            f.write(text)

    def readers():
        return [(r['name'], r['driver'], r['state'])
                for r in Control().ask(cmd='list')['readers']]

    say('hotplug = no; reader c { device = usb:046a/002d; name = till; };')
    w.slotd = start_slotd('--config', conf)
    until('till alone', lambda: readers() == [('till', 'ccid', 'ready')])
    slotctl('--reader', 'till', 'send', '00a4000c023f00')
    say('reader c { device = usb:046a/002d; port = 9-9; name = till; };')
    slotctl('reload')
    until('the Cherry, by its own name', lambda: cherry in readers())
    say('driver odd { ids = { usb:046a/002d, }; };')
    slotctl('reload')
    until('another driver', lambda: ('', 'odd', 'failed') in readers())
    say('')
    slotctl('reload')
    until('the Cherry again', lambda: cherry in readers())
    slotctl('--reader', 'Cherry', 'send', '00a4000c023f00')
    say('hotplug = no;')
    slotctl('reload')
    until('no reader', lambda: readers() == [])
    w.slotd.terminate()
    expect(w.slotd.wait(LIMIT) == 0, 'slotd failed')


def test_readers_plugged_before_the_start_are_found(w):
    w.slotd = start_slotd()
    until('the reader', lambda: 'Cherry' in slotctl('list', rc=None))
    slotctl('--reader', 'Cherry', 'send', '00a4000c023f00')
    w.slotd.terminate()
    w.slotd.wait(LIMIT)
    w.slotemu.terminate()


def test_mdev_attaches_what_is_plugged_in(w):
    """No udevd any more: busybox, with the sample line for mdev.conf."""
    run('udevadm', 'control', '--exit')
    until('the end of udevd', lambda: 'udevd' not in run('ps', '-eo', 'comm'))
    shutil.rmtree('/run/udev')
    with open(BUILD + '/etc/examples/mdev.conf') as f:
        sample = f.read()
    tools = BUILD + '/tools/'
    if os.path.exists(tools + '.libs/openct-control'):
        tools += '.libs/'       # without libtool's slow script around it
    with open('/etc/mdev.conf', 'w') as f:
        f.write('(null|zero|full|u?random|tty|ptmx) root:root 0666\n' +
                re.sub(r'@\S+/openct-control', '@%sopenct-control' % tools,
                       sample))
    mdev = subprocess.Popen(
        ['busybox', 'mdev', '-df'], stderr=subprocess.DEVNULL,
        env=dict(os.environ, LD_LIBRARY_PATH=BUILD + '/lib/.libs'))
    w.slotd = start_slotd('--no-udev')
    w.watch = Control()
    expect(w.watch.ask(cmd='watch')['readers'] == [], 'readers are there')
    w.slotemu = start_slotemu()
    for _ in range(2):
        attach('1-1')
        e = w.watch.event('reader-added')
        expect('Cherry' in e['name'], str(e))
        slotctl('send', '00a4000c023f00')
        node = w.node_of('Cherry')
        expect(grp.getgrgid(os.stat(node).st_gid).gr_name == 'slotd', node)
        emu('unplug', '1-1')
        w.watch.event('reader-removed')
        emu('plug', '1-1')
    print('# ' + run(BUILD + '/tools/openct-control', 'shutdown').strip())
    w.slotd.wait(LIMIT)
    for p in w.slotemu, mdev:
        p.terminate()
        p.wait(LIMIT)


class World:
    def node_of(self, name):
        """The device node of the reader with this in its name."""
        nodes = [r['device'] for r in Control().ask(cmd='list')['readers']
                 if name in r['name']]
        return nodes[0].removeprefix('usb:')

    def sysfs_nodes(self, vendor):
        """The device nodes of all devices of a vendor."""
        found = []
        for path in glob.glob('/sys/bus/usb/devices/*/idVendor'):
            if open(path).read().strip() == vendor:
                where = os.path.dirname(path)
                found.append('/dev/bus/usb/%03d/%03d' % tuple(
                    int(open(where + name).read())
                    for name in ('/busnum', '/devnum')))
        return found

    def reader_numbers(self):
        readers = Control().ask(cmd='list')['readers']
        return sorted(r['reader'] for r in readers)


def run_tests(w, names):
    """All functions of names called test_; the exit status. The arguments
    after the build directory choose some, by the first word of their name."""
    tests = [(n[5:].replace('_', ' '), f) for n, f in names.items()
             if n.startswith('test_') and
             (not sys.argv[2:] or n.split('_')[1] in sys.argv[2:])]
    print('1..%d' % len(tests), flush=True)
    bad = {}
    for i, (name, f) in enumerate(tests, 1):
        kind = name.split()[0]          # "qemu", "cherry", ...
        if kind in bad:
            print('not ok %d - %s' % (i, name))
            print('# not run: it builds on "%s"' % bad[kind], flush=True)
            continue
        try:
            f(w)
            print('ok %d - %s' % (i, name), flush=True)
        except Exception:
            bad[kind] = name
            print('not ok %d - %s' % (i, name), flush=True)
            for line in traceback.format_exc().splitlines():
                print('# ' + line, flush=True)
    return bool(bad)


def main():
    w = World()
    install_rule_and_user()
    w.monitor = Monitor()
    return run_tests(w, globals())


if __name__ == '__main__':
    sys.exit(main())
