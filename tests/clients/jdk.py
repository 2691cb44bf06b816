# SPDX-License-Identifier: BSD-2-Clause
"""Debian's Java, whatever else comes first in the PATH."""
import os

from backend import HERE, need_file

BIN = "/usr/lib/jvm/default-java/bin"
SHARE = "/usr/share/java"


def tool(name):
    path = os.path.join(BIN, name)
    need_file(path, "default-jdk-headless")
    return path


def jar(name, package):
    path = os.path.join(SHARE, name)
    need_file(path, package)
    return path


def compile_java(b, *classes, jars=()):
    """The words that run the last of these classes, when others follow."""
    path = ":".join([b.dir] + list(jars))
    b.run(tool("javac"), "-Xlint:all,-path", "-Werror", "-cp", path, "-d", b.dir,
          *(os.path.join(HERE, name + ".java") for name in classes))
    return [tool("java"), "-cp", path, classes[-1]]
