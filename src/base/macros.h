/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few macros every file may use: cleanup attributes, hand-over of owned values, and assertions that
 * stay on in release builds. Nothing here allocates or calls into the kernel.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(fn)       __attribute__((cleanup(fn)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _noreturn_          __attribute__((noreturn))
#define _unused_            __attribute__((unused))
#define _warn_unused_       __attribute__((warn_unused_result))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Moves ownership out of a variable with a cleanup attribute: the variable is left empty. */
#define TAKE_PTR(p)                                                                                                    \
	({                                                                                                             \
		__typeof__(p) *_pp = &(p);                                                                             \
		__typeof__(p) _v = *_pp;                                                                               \
		*_pp = NULL;                                                                                           \
		_v;                                                                                                    \
	})
#define TAKE_FD(fd)                                                                                                    \
	({                                                                                                             \
		int *_fdp = &(fd);                                                                                     \
		int _f = *_fdp;                                                                                        \
		*_fdp = -1;                                                                                            \
		_f;                                                                                                    \
	})

/* Defines `name_p`, the cleanup function for variables of type `type *` that `fn` destroys. `fn` takes NULL. */
#define DEFINE_CLEANUP(type, fn)                                                                                       \
	static inline _unused_ void fn##_p(type **p)                                                                   \
	{                                                                                                              \
		fn(*p);                                                                                                \
	}

static inline void free_p(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(free_p)

/* A wrong assumption of our own dies here, with a name. Never used on data from outside. */
_noreturn_ void bug_abort(const char *file, int line, const char *what);

#define ASSERT(cond)     ((cond) ? (void)0 : bug_abort(__FILE__, __LINE__, #cond))
#define UNREACHABLE(why) bug_abort(__FILE__, __LINE__, why)
