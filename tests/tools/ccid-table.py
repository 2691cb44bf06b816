#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ccid-table.py FOLDER > tests/protocols/ccid_readers.tsv

Makes the table of readers that test_ccid_readers plans for: one row for each
interface in a folder of dumps of the CCID project, whose published list of
reader descriptors is the source (https://ccid.apdu.fr/, readers/*.txt in its
repository). Only values that the devices themselves report are taken.
"""

import pathlib
import re
import sys

COLUMNS = {     # our name: (key in a dump, how its value is read)
    "vid": ("idVendor", "hex"),
    "pid": ("idProduct", "hex"),
    "device": ("bcdDevice", "bcd"),
    "interface": ("bInterfaceNumber", "int"),
    "class": ("bInterfaceClass", "hex"),
    "protocol": ("bInterfaceProtocol", "int"),
    "endpoints": ("bNumEndpoints", "int"),
    "bcdCCID": ("bcdCCID", "bcd"),
    "bMaxSlotIndex": ("bMaxSlotIndex", "hex"),
    "bVoltageSupport": ("bVoltageSupport", "hex"),
    "dwProtocols": ("dwProtocols", "halves"),
    "dwDefaultClock": ("dwDefaultClock", "mhz"),
    "dwMaximumClock": ("dwMaximumClock", "mhz"),
    "bNumClockSupported": ("bNumClockSupported", "int"),
    "dwDataRate": ("dwDataRate", "int"),
    "dwMaxDataRate": ("dwMaxDataRate", "int"),
    "bNumDataRatesSupported": ("bNumDataRatesSupported", "int"),
    "dwMaxIFSD": ("dwMaxIFSD", "int"),
    "dwSynchProtocols": ("dwSynchProtocols", "hex"),
    "dwMechanical": ("dwMechanical", "hex"),
    "dwFeatures": ("dwFeatures", "hex"),
    "dwMaxCCIDMessageLength": ("dwMaxCCIDMessageLength", "int"),
    "bClassGetResponse": ("bClassGetResponse", "hex"),
    "bClassEnvelope": ("bClassEnvelope", "hex"),
    "wLcdLayout": ("wLcdLayout", "hex"),
    "bPINSupport": ("bPINSupport", "hex"),
    "bMaxCCIDBusySlots": ("bMaxCCIDBusySlots", "int"),
}


def number(text, kind):
    """One value as the table writes it."""
    if kind == "bcd":
        major, minor = re.match(r"([0-9A-Fa-f]+)\.([0-9A-Fa-f]{1,2})",
                                text).groups()
        return "0x%04x" % (int(major, 16) << 8 | int(minor, 16))
    if kind == "halves":
        high, low = (int(half, 16) for half in text.split()[:2])
        return "0x%x" % (high << 16 | low)
    if kind == "mhz":
        return str(round(float(text.split()[0]) * 1000))
    if kind == "hex":
        return "0x%x" % int(re.match(r"0x[0-9A-Fa-f]+", text).group(), 16)
    return str(int(text.split()[0]))


def interfaces(path):
    """The interfaces of one dump, each a dict of its keys."""
    found = []
    for line in path.read_text(errors="replace").split("\n"):
        match = re.match(r"\s*(\w+): (.*)", line)
        if not match:
            continue
        key, value = match.groups()
        if key == "idVendor":
            found.append({})
        if found:
            found[-1].setdefault(key, value.strip())
    return found


def main(folder):
    print("# SPDX-License-Identifier: BSD-2-Clause")
    print("# Made by tests/tools/ccid-table.py from the CCID project's")
    print("# published list of reader descriptors.")
    print("\t".join(["name", *COLUMNS]))
    for path in sorted(pathlib.Path(folder).glob("*.txt")):
        for found in interfaces(path):
            if "dwFeatures" in found:
                print("\t".join([path.stem] + [number(found[key], kind)
                                for key, kind in COLUMNS.values()]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
