#include "child_write.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t daxswitch_write_in_child(int descriptor, const void *bytes, size_t count)
{
	pid_t parent = getpid(), child = fork();
	ssize_t written;

	if (child != 0)
		return child;
	/* Only calls that are safe after a fork in a process with threads. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EINTR);
	written = write(descriptor, bytes, count);
	if (written < 0)
		_exit(errno);
	_exit((size_t)written == count ? 0 : EIO);
}

int daxswitch_open_process(pid_t process)
{
	return (int)syscall(SYS_pidfd_open, process, 0);
}
