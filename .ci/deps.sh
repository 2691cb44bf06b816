# SPDX-License-Identifier: BSD-2-Clause
# For ./demo and ./check: the Debian 12 packages they need, and the build in
# build/. Sourced with the top directory as the current one.

BUILD_PACKAGES="autoconf automake gcc libc6-dev libevent-dev libjansson-dev
	libseccomp-dev libssl-dev libtool libudev-dev libusb-1.0-0-dev make
	pkg-config"
CHECK_PACKAGES="$BUILD_PACKAGES check clang git libpcsclite1 opensc pcsc-tools
	python3"
# programs for PC/SC and CT-API written by others (tests/clients), and Debian's
# pcscd for comparison
CLIENT_PACKAGES="cargo default-jdk-headless gnutls-bin gpg gpg-agent gpgconf
	hibiscus libcacard-dev libctapimkt1-dev libengine-pkcs11-openssl
	libhbci4j-core-java libjaxb-api-java libjna-java libnss3-tools
	libpam-p11 libpcsc-perl librust-pcsc-dev opensc opensc-pkcs11
	openssh-client openssh-server openssl pamtester pcsc-tools pcscd
	python3-pyscard rustc scdaemon vsmartcard-vpcd yubikey-manager"
# the client libraries for i386 (tests/multilib)
MULTILIB_PACKAGES="gcc-multilib"
# Debian's packages and a fresh system for them (tests/package)
PACKAGE_PACKAGES="debhelper dpkg-dev lintian mmdebstrap"
# the kernel in a guest (tests/vm)
VM_PACKAGES="busybox-static cpio kmod libnss3-tools qemu-system-x86 udev usbip"

# Prints those of the packages that are not installed.
missing_packages() {
	for p in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>&1) in
		installed) ;;
		*) printf '%s ' "$p" ;;
		esac
	done
}

# As root: runs the command, or through sudo where that asks nothing.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		sudo "$@"
	else
		return 1
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

# Installs what is missing of the packages; its log goes to standard output.
install_packages() {
	apt install --no-install-recommends "$@" ||
		{ apt update && apt install --no-install-recommends "$@"; }
}

# need_packages LOG PACKAGE...: has them, or says what to do and fails.
need_packages() {
	log=$1
	shift
	if ! command -v dpkg-query >/dev/null; then
		return 0	# another system: configure says what is missing
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	echo "installing packages: $missing"
	# word splitting is meant: a list of packages
	# shellcheck disable=SC2086
	install_packages $missing >"$log" 2>&1 && return 0
	echo "packages are missing; as root, run"
	echo "  apt-get install $missing"
	[ "$(id -u)" != 0 ] || tail -n 3 "$log"
	return 1
}

# Makes ./configure when it is not there or older than what it is made from.
need_configure() {
	if [ ! -e configure ] || [ configure.ac -nt configure ]; then
		./bootstrap
	fi
}

jobs=$(nproc 2>/dev/null || echo 2)
