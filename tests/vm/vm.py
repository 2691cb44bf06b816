#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots Debian's kernel in QEMU on top of this machine's own root file system.

    vm.py setup DIR                    kernel, initramfs and a card database in DIR
    vm.py run DIR [-t SECONDS] [-i INIT] -- CMD
                                       runs CMD as root in the guest, booted by
                                       INIT: guest-init (default), guest-systemd

The guest sees / read-only through 9p with a tmpfs over it, so programs under
test run where they were built and nothing they write survives. usbfs, udevd,
xHCI and vhci_hcd are real. CMD's standard output, standard error and exit code
come back. In the guest $VM_MONITOR is a port to QEMU's monitor, with which
devices are plugged and unplugged, and $VM_DIR is DIR/run, writable.
KVM is used with SLOTD_VM_ACCEL=kvm; emulation is the default, because it works
everywhere (a boot takes 5 to 10 seconds).
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOOLS = ('qemu-system-x86_64', 'busybox', 'depmod', 'modprobe', 'cpio',
         'dpkg-deb', 'usbip', 'certutil')
MODULES = ('virtio_pci', '9pnet_virtio', '9p', 'overlay')


def call(*cmd, **kw):
    return subprocess.run(cmd, check=True, **kw)


def fetch_kernel(kdir):
    """Unpacks the newest linux-image package of this Debian into kdir."""
    if glob.glob(kdir + '/boot/vmlinuz-*'):
        return
    text = call('apt-cache', 'depends', 'linux-image-amd64',
                capture_output=True, text=True).stdout
    package = re.search(r'Depends: (linux-image-\S+-amd64)', text).group(1)
    os.makedirs(kdir, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o755)    # apt downloads as a user of its own
        call('apt-get', '-q', 'download', package, cwd=tmp,
             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        call('dpkg-deb', '-x', glob.glob(tmp + '/*.deb')[0], kdir)


def make_initramfs(tree, kdir, version, modules, init, files=()):
    """Makes TREE.cpio of busybox, modules in the order they need, an init, and
    files, which keep their paths."""
    shutil.rmtree(tree, ignore_errors=True)
    for d in ('bin', 'mods', 'proc', 'sys', 'dev', 'host', 'ovl', 'new'):
        os.makedirs(tree + '/' + d)
    shutil.copy(shutil.which('busybox'), tree + '/bin/busybox')
    shutil.copy(HERE + '/' + init, tree + '/init')
    os.chmod(tree + '/init', 0o755)
    for path in files:
        os.makedirs(os.path.dirname(tree + path), exist_ok=True)
        shutil.copy(path, tree + path)
    seen = []
    for m in modules:
        out = call('modprobe', '-d', kdir, '-S', version, '--show-depends', m,
                   capture_output=True, text=True).stdout
        seen += [line.split()[1] for line in out.splitlines()
                 if line.startswith('insmod') and line.split()[1] not in seen]
    for i, path in enumerate(seen):
        shutil.copy(path, '%s/mods/%02d-%s' % (tree, i, os.path.basename(path)))
    names = '\n'.join(os.path.relpath(os.path.join(d, f), tree)
                      for d, ds, fs in os.walk(tree) for f in ds + fs)
    with open(tree + '.cpio', 'wb') as out:
        call('cpio', '-o', '-H', 'newc', '--quiet', cwd=tree, stdout=out,
             input=names.encode())


def make_card(nss):
    """Three self-signed certificates for QEMU's emulated CAC card."""
    if os.path.exists(nss + '/cert9.db'):
        return
    os.makedirs(nss, exist_ok=True)
    call('certutil', '-N', '-d', 'sql:' + nss, '--empty-password')
    noise = nss + '/noise'
    with open(noise, 'wb') as f:
        f.write(os.urandom(64))
    for name in ('id', 'sign', 'enc'):
        call('certutil', '-S', '-d', 'sql:' + nss, '-s', 'CN=vm-' + name, '-x',
             '-n', 'vm-' + name, '-t', 'TC,TC,TC', '-z', noise, '-v', '240',
             '-k', 'rsa', '-g', '2048', stdout=subprocess.DEVNULL,
             stderr=subprocess.DEVNULL)


def setup(vmdir):
    missing = [t for t in TOOLS if not shutil.which(t, path=os.environ['PATH'] +
                                                    ':/usr/sbin:/sbin')]
    if missing:
        sys.exit('vm.py: missing programs: ' + ' '.join(missing))
    kdir = vmdir + '/kernel'
    fetch_kernel(kdir)
    version = os.path.basename(glob.glob(kdir + '/boot/vmlinuz-*')[0])[8:]
    if not os.path.exists('%s/lib/modules/%s/modules.dep' % (kdir, version)):
        call('depmod', '-b', kdir, version)
    with open(vmdir + '/version', 'w') as f:
        f.write(version + '\n')
    make_initramfs(vmdir + '/initramfs', kdir, version, MODULES, 'initrd-init')
    make_card(vmdir + '/nss')


def machine(vmdir, version, initramfs, console):
    """What every guest has; its console goes to a file."""
    accel = os.environ.get('SLOTD_VM_ACCEL', 'tcg')
    return [
        'qemu-system-x86_64', '-nodefaults', '-no-user-config', '-no-reboot',
        '-display', 'none', '-machine', 'pc,usb=off,vmport=off,hpet=off',
        '-cpu', 'host' if accel == 'kvm' else 'Nehalem', '-smp', '2',
        '-m', '1536',
        '-accel', 'kvm' if accel == 'kvm' else 'tcg,thread=multi,tb-size=256',
        '-kernel', '%s/kernel/boot/vmlinuz-%s' % (vmdir, version),
        '-initrd', initramfs,
        '-append', 'console=ttyS0 loglevel=5 panic=-1 tsc=reliable '
        'clocksource=tsc no_timer_check mitigations=off nokaslr '
        'random.trust_cpu=on cryptomgr.notests audit=0 raid=noautodetect '
        '8250.nr_uarts=1',
        '-chardev', 'file,id=con,path=' + console,
        '-serial', 'chardev:con',
        '-device', 'qemu-xhci,id=xhci,p2=15,p3=1']


def qemu_command(vmdir, version):
    run = vmdir + '/run'
    return machine(vmdir, version, vmdir + '/initramfs.cpio',
                   run + '/console.log') + [
        '-fsdev', 'local,id=root,path=/,security_model=none,readonly=on,'
        'multidevs=remap',
        '-device', 'virtio-9p-pci,fsdev=root,mount_tag=vmroot',
        '-fsdev', 'local,id=run,path=%s,security_model=none' % run,
        '-device', 'virtio-9p-pci,fsdev=run,mount_tag=vmrun',
        # the guest's own way to the monitor: QEMU talks to itself
        '-device', 'virtio-serial-pci,id=vser',
        '-chardev', 'socket,id=mon,path=%s/mon.sock,server=on,wait=off' % run,
        '-mon', 'chardev=mon,mode=readline',
        '-chardev', 'socket,id=port,path=%s/mon.sock' % run,
        '-device', 'virtserialport,bus=vser.0,chardev=port,name=vm.monitor']


def run(vmdir, timeout, init, cmd):
    rundir = vmdir + '/run'
    shutil.rmtree(rundir, ignore_errors=True)
    os.makedirs(rundir)
    version = open(vmdir + '/version').read().strip()
    with open(rundir + '/conf', 'w') as f:
        for k, v in (('VM_KERNEL', vmdir + '/kernel'), ('VM_VERSION', version),
                     ('VM_NSS', vmdir + '/nss'), ('VM_CWD', os.getcwd())):
            f.write('export %s=%s\n' % (k, shlex.quote(v)))
    with open(rundir + '/cmd', 'w') as f:
        f.write('exec %s\n' % ' '.join(map(shlex.quote, cmd)))
    shutil.copy(HERE + '/' + init, rundir + '/guest-init')
    os.chmod(rundir + '/guest-init', 0o755)
    late = False
    with open(rundir + '/qemu.log', 'w') as log:
        try:
            subprocess.run(qemu_command(vmdir, version), timeout=timeout,
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except subprocess.TimeoutExpired:
            late = True
    for name, to in (('out', sys.stdout), ('err', sys.stderr)):
        if os.path.exists(rundir + '/' + name):
            with open(rundir + '/' + name, errors='replace') as f:
                shutil.copyfileobj(f, to)
    if os.path.exists(rundir + '/rc'):
        return int(open(rundir + '/rc').read())
    print('vm.py: the guest %s; see %s/console.log' %
          ('did not finish in %d s' % timeout if late else
           'ended without a result', rundir), file=sys.stderr)
    return 124 if late else 125


def main(argv):
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    if len(argv) == 3 and argv[1] == 'setup':
        setup(os.path.abspath(argv[2]))
        return 0
    if len(argv) > 4 and argv[1] == 'run' and '--' in argv:
        cut = argv.index('--')
        said = dict(zip(argv[3:cut:2], argv[4:cut:2]))
        return run(os.path.abspath(argv[2]), int(said.get('-t', 120)),
                   said.get('-i', 'guest-init'), argv[cut + 1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv))
