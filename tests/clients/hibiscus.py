#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hibiscus, without its windows: a plugin of ours in Debian's package chooses a
reader, opens a home-banking card and signs with it."""
import os
import subprocess
import sys
import time

from backend import RUN_LIMIT, arguments, backend, in_build, need_file, run, \
    same, test
from jdk import compile_java, jar, tool

ARGS = arguments()
HOME = "/usr/share/jameica"
HIBISCUS = HOME + "/plugins/hibiscus"
PLUGIN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<plugin xmlns="http://www.willuhn.de/schema/jameica-plugin" name="slotd"
  version="1.0" class="HibiscusPlugin">
  <requires jameica="2.8.0+"><import plugin="hibiscus" /></requires>
</plugin>
"""
SETTINGS = """jameica.system.multicastlookup=false
jameica.system.rmi.shareservices=false
"""
NO_JNI = "error: Treiber %s/lib/libhbci4java-card-linux-64.so nicht gefunden"


def workdir(b):
    """A user's folder with our plugin in it, and no call to the network."""
    jars = [jar("jameica.jar", "jameica"),
            jar("jameica-util.jar", "jameica"),
            jar("jameica-datasource.jar", "jameica"),
            jar("hbci4j-core.jar", "libhbci4j-core-java"),
            HIBISCUS + "/hibiscus.jar"]
    compile_java(b, "HibiscusPlugin", jars=jars)
    for name in "plugins/slotd", "cfg":
        os.makedirs(b.path("user/" + name))
    b.run(tool("jar"), "cf", b.path("user/plugins/slotd/plugin.jar"),
          "HibiscusPlugin.class")
    b.write("user/plugins/slotd/plugin.xml", PLUGIN)
    b.write("user/cfg/de.willuhn.jameica.system.Config.properties", SETTINGS)
    return b.path("user")


def play(b):
    """What the plugin found."""
    words = [tool("java"), "-Duser.language=de", "-Duser.country=DE", "-jar",
             jar("jameica.jar", "jameica"), "-d", "-n", "-p", "secret", "-f",
             workdir(b)]
    b.env["RESULT"] = b.write("result", "")
    with open(b.path("log"), "w") as log, subprocess.Popen(
            words, cwd=HOME, env=b.env, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log) as p:
        end = time.monotonic() + RUN_LIMIT
        while not b.read("result").endswith(b"end\n"):
            if time.monotonic() > end or p.poll() is not None:
                p.kill()
                raise AssertionError("no end\n%s\n%s" % (
                    b.read("result").decode(), b.read("log").decode()))
            time.sleep(0.1)
        p.kill()
    return b.read("result").decode().splitlines()


@test
def hibiscus_opens_a_card_and_signs():
    """Over PC/SC. Over CT-API a library is missing that Debian has not."""
    need_file(HIBISCUS + "/hibiscus.jar", "hibiscus")
    with backend(ARGS, cards=["ddv-1"]) as b:
        b.env["LIBCTAPI"] = in_build("lib", ".libs", "libctapi.so.0")
        same(play(b), [
            "reader: PC/SC-Kartenleser (Kobil, ReinerSCT und andere)",
            "bank: 12345678 127.0.0.1", "user: 1234567890", "signed: true",
            "reader: Benutzerdefinierter CTAPI-Leser", "port: COM/USB is 0",
            NO_JNI % HIBISCUS, "end"])


if __name__ == "__main__":
    sys.exit(run())
