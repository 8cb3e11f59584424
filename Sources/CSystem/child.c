#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t daxswitch_start_child(int descriptor)
{
	pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(descriptor, DAXSWITCH_CHILD_DESCRIPTOR) < 0)
		_exit(EINTR);
	syscall(SYS_close_range, DAXSWITCH_CHILD_DESCRIPTOR + 1, UINT_MAX, 0);
	return 0;
}

pid_t daxswitch_write_in_child(int descriptor, const void *bytes, size_t count)
{
	pid_t child = daxswitch_start_child(descriptor);
	ssize_t written;

	if (child != 0)
		return child;
	/* Only calls that are safe after a fork in a process with threads. */
	written = write(DAXSWITCH_CHILD_DESCRIPTOR, bytes, count);
	if (written < 0)
		_exit(errno);
	_exit((size_t)written == count ? 0 : EIO);
}

int daxswitch_open_process(pid_t process)
{
	return (int)syscall(SYS_pidfd_open, process, 0);
}
