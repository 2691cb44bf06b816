/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main of a fuzz target where libFuzzer is not: runs the files named on the
 * command line, or every seed of the target's corpus, each of its prefixes, and
 * the seed with each byte set to 00, to ff and flipped. Prints TAP.
 */
#include "config.h"

#include <dirent.h>
#include <limits.h>

#include "tests/fuzz/fuzz.h"

enum {
	SEED_MAX = 1 << 20,
	SWEEP_MAX = 600,	/* longer seeds are not cut and flipped */
};

static void
run(struct view v)
{
	uint8_t *copy = fuzz_copy(v);

	LLVMFuzzerTestOneInput(copy, v.n);
	free(copy);
}

static void
sweep(uint8_t *p, size_t n)
{
	for (size_t cut = 0; cut < n; cut++)
		run((struct view){ p, cut });
	for (size_t i = 0; i < n; i++) {
		uint8_t was = p[i], forms[] = { 0x00, 0xff, (uint8_t)~was };

		for (size_t k = 0; k < sizeof(forms); k++) {
			p[i] = forms[k];
			run((struct view){ p, n });
		}
		p[i] = was;
	}
}

static bool
replay(const char *path)
{
	static uint8_t seed[SEED_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return false;
	n = fread(seed, 1, sizeof(seed), f);
	fclose(f);
	run((struct view){ seed, n });
	if (n <= SWEEP_MAX)
		sweep(seed, n);
	return true;
}

static int
report(int number, const char *path)
{
	bool good;

	printf("# %s\n", path);	/* said first: a broken promise aborts */
	fflush(stdout);
	good = replay(path);
	printf("%s %d - seed and its neighbours\n", good ? "ok" : "not ok",
	    number);
	return good ? 0 : 1;
}

static int
is_seed(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* The seeds of fuzz_x are in tests/fuzz/corpus/x of the source tree. */
static int
replay_corpus(const char *program)
{
	const char *top = getenv("top_srcdir"), *at = strstr(program, "fuzz_");
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent **seeds;
	int n, failed = 0;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s",
	    top != NULL ? top : ".", at != NULL ? at + 5 : program);
	n = scandir(dir, &seeds, is_seed, alphasort);
	if (n <= 0) {
		printf("Bail out! no seeds in %s\n", dir);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, seeds[i]->d_name);
		failed |= report(i + 1, path);
		free(seeds[i]);
	}
	free(seeds);
	printf("1..%d\n", n);
	return failed;
}

int
main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	int failed = 0;

	if (argc < 2)
		return replay_corpus(base != NULL ? base + 1 : argv[0]);
	for (int i = 1; i < argc; i++)
		failed |= report(i, argv[i]);
	printf("1..%d\n", argc - 1);
	return failed;
}
