#define _GNU_SOURCE
#include "processes.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int daxswitch_character_device(const char *path, unsigned int *major, unsigned int *minor)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) != 0)
		return -1;
	if (!(status.stx_mask & STATX_TYPE) || !S_ISCHR(status.stx_mode))
		return -1;
	*major = status.stx_rdev_major;
	*minor = status.stx_rdev_minor;
	return 0;
}

int daxswitch_share_descriptors(pid_t task, pid_t other)
{
	return syscall(SYS_kcmp, task, other, KCMP_FILES, 0, 0) == 0;
}
