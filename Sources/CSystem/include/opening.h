#ifndef DAXSWITCH_OPENING_H
#define DAXSWITCH_OPENING_H

#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_PATH of <fcntl.h>, which only _GNU_SOURCE shows: what is opened with it is found and not opened for reading. */
enum { DAXSWITCH_PATH_ONLY = 010000000 };

/*
 * Opens path with directory as its root, as after chroot(2): no link leads out, and none of /proc/PID/fd is followed.
 * Where is_strict, a link that is absolute or leads above the directory is an error (EXDEV). -1 with errno, ENOSYS before
 * Linux 5.6.
 */
static inline int daxswitch_open_inside(int directory, const char *path, int flags, int is_strict)
{
	struct open_how how;

	memset(&how, 0, sizeof(how));
	how.flags = (unsigned int)flags;
	how.resolve = RESOLVE_NO_MAGICLINKS | (is_strict ? RESOLVE_BENEATH : RESOLVE_IN_ROOT);
	return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

#endif
