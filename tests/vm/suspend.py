#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""suspend.py BUILD DIR: slotd in a system that sleeps and wakes. Prints TAP.

A guest of its own: the root file system of vm.py's guest does not survive the
sleep, so this one has all it needs in its initramfs. QEMU's usb-ccid and card
are there from the start. The kernel suspends and resumes all devices, xHCI and
USB bus among them, and does not ask the (emulated) hardware to sleep between
(/sys/power/pm_test). DIR is as for `vm.py setup'.
"""
import os
import re
import subprocess
import sys

import vm

SECONDS = 240
MODULES = ('xhci_pci', 'usbcore')


def binary(build, path):
    """The program itself, not libtool's script."""
    folder, name = os.path.split(path)
    real = '%s/%s/.libs/%s' % (build, folder, name)
    return real if os.path.exists(real) else '%s/%s' % (build, path)


def libraries(program, build):
    out = subprocess.run(
        ['ldd', program], check=True, capture_output=True, text=True,
        env=dict(os.environ, LD_LIBRARY_PATH=build + '/lib/.libs')).stdout
    return re.findall(r'(/\S+) \(0x', out)


def main(build, vmdir):
    build, vmdir = os.path.abspath(build), os.path.abspath(vmdir)
    tree, console = vmdir + '/suspend', vmdir + '/suspend.console'
    with open(vmdir + '/version') as f:
        version = f.read().strip()
    programs = [binary(build, p) for p in (
        'daemon/slotd', 'ifd/ifdhandler', 'tools/slotctl')]
    files = set(programs).union(*(libraries(p, build) for p in programs))
    with open(vmdir + '/programs', 'w') as f:
        f.write('slotd=%s\nifdhandler=%s\nslotctl=%s\n'
                'export LD_LIBRARY_PATH=%s\n' % (*programs,
                                                 build + '/lib/.libs'))
    vm.make_initramfs(tree, vmdir + '/kernel', version, MODULES,
                      'suspend-init', [*files, vmdir + '/programs'])
    subprocess.run(
        vm.machine(vmdir, version, tree + '.cpio', console) + [
            '-device', 'usb-ccid,id=rdr,bus=xhci.0',
            '-device', 'ccid-card-emulated,bus=rdr.0,backend=certificates,'
            'db=sql:%s/nss,cert1=vm-id,cert2=vm-sign,cert3=vm-enc' % vmdir],
        timeout=SECONDS, stdin=subprocess.DEVNULL)
    with open(console, errors='replace') as f:
        tap = [line[5:].rstrip() for line in f if line.startswith('TAP: ')]
    print('\n'.join(tap) or 'Bail out! the guest said nothing: ' + console)
    return not tap or any(line.startswith('not ok') for line in tap)


if __name__ == '__main__':
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    sys.exit(main(*sys.argv[1:3]))
