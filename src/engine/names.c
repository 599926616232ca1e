/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers: the check, and adjective_surname for those who give none. */
#include "engine/names.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/strutil.h"

static const char *const adjectives[] = {
	"agile",    "amber",   "ample",   "brave",    "breezy",   "bright",  "brisk",    "calm",    "candid", "careful",
	"cheerful", "clear",   "clever",  "cosy",     "crisp",    "curious", "dapper",   "daring",  "deft",   "eager",
	"earnest",  "elegant", "exact",   "fair",     "fearless", "fleet",   "fluent",   "fond",    "frank",  "gentle",
	"gifted",   "glad",    "golden",  "graceful", "handy",    "happy",   "hardy",    "helpful", "honest", "humble",
	"jolly",    "keen",    "kind",    "lively",   "loyal",    "lucid",   "lucky",    "mellow",  "merry",  "mighty",
	"modest",   "neat",    "nimble",  "noble",    "patient",  "placid",  "playful",  "polite",  "proud",  "prudent",
	"quick",    "quiet",   "radiant", "ready",    "robust",   "rosy",    "sage",     "serene",  "sharp",  "silent",
	"sincere",  "smart",   "snug",    "sober",    "solid",    "sound",   "spry",     "stable",  "steady", "stoic",
	"sturdy",   "subtle",  "sunny",   "swift",    "tender",   "tidy",    "tranquil", "trusty",  "upbeat", "valiant",
	"vivid",    "warm",    "wise",    "witty",    "worthy",   "zesty",
};

static const char *const surnames[] = {
	"abel",        "adams",        "ampere",       "archimedes", "avogadro",    "babbage",    "banach",
	"bell",        "bernoulli",    "bessel",       "bohr",       "boltzmann",   "boole",      "bose",
	"boyle",       "brahe",        "cantor",       "carnot",     "carson",      "cauchy",     "cavendish",
	"cayley",      "celsius",      "chandra",      "church",     "clausius",    "coulomb",    "curie",
	"dalton",      "darwin",       "descartes",    "dijkstra",   "dirac",       "doppler",    "einstein",
	"engelbart",   "eratosthenes", "erdos",        "euclid",     "euler",       "faraday",    "fermat",
	"fermi",       "feynman",      "fibonacci",    "fourier",    "franklin",    "fresnel",    "galileo",
	"galois",      "gauss",        "germain",      "gibbs",      "goedel",      "goodall",    "hamilton",
	"hamming",     "heisenberg",   "helmholtz",    "herschel",   "hertz",       "hilbert",    "hodgkin",
	"hopper",      "hubble",       "huygens",      "hypatia",    "joliot",      "joule",      "kelvin",
	"kepler",      "knuth",        "kovalevskaya", "lagrange",   "lamarr",      "laplace",    "lavoisier",
	"leavitt",     "leibniz",      "linnaeus",     "lorentz",    "lovelace",    "mandelbrot", "markov",
	"maxwell",     "mayer",        "mcclintock",   "meitner",    "mendel",      "mendeleev",  "minkowski",
	"moore",       "napier",       "neumann",      "newton",     "nightingale", "noether",    "ohm",
	"oersted",     "pascal",       "pasteur",      "pauli",      "payne",       "planck",     "poincare",
	"ptolemy",     "ramanujan",    "ride",         "riemann",    "ritchie",     "rutherford", "sagan",
	"schrodinger", "shannon",      "snell",        "somerville", "stokes",      "tesla",      "thompson",
	"torvalds",    "turing",       "volta",        "watt",       "wiener",      "wilson",     "wu",
	"yalow",       "young",
};

static bool name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return !first && (c == '_' || c == '.' || c == '-');
}

int name_check(const char *name, const char **ret, struct err *e)
{
	const char *s = name[0] == '/' ? name + 1 : name;
	size_t n = strlen(s);
	bool good = n >= 2 && n <= CONTAINER_NAME_MAX;

	for (size_t i = 0; good && i < n; i++)
		good = name_char(s[i], i == 0);
	if (!good)
		return err_set(e, ERR_INVALID,
			       "Invalid container name (%.300s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", s);
	*ret = s;
	return 0;
}

char *name_make(unsigned try)
{
	uint32_t r[3];
	const char *adjective, *surname;

	random_bytes(r, sizeof(r));
	adjective = adjectives[r[0] % ARRAY_SIZE(adjectives)];
	surname = surnames[r[1] % ARRAY_SIZE(surnames)];
	if (try == 0)
		return xasprintf("%s_%s", adjective, surname);
	return xasprintf("%s_%s%u", adjective, surname, r[2] % 10);
}
