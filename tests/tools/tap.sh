# SPDX-License-Identifier: BSD-2-Clause
# Tests in shell: results as TAP on standard output, all else on standard error.
# To be sourced; `plan' comes last.
n=0

# step NAME COMMAND...: one test, which passes when the command succeeds.
step() {
	local name=$1 no=
	shift
	n=$((n + 1))
	echo "=== $name: $*" >&2
	"$@" >&2 || no="not "
	echo "${no}ok $n - $name"
	[ -z "$no" ]
}

# skip_all REASON: no test can run here.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

plan() {
	echo "1..$n"
}
