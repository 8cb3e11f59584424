#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t daxswitch_start_child(void)
{
	pid_t parent = getpid(), child = fork();
	int nowhere;

	if (child != 0)
		return child;
	/* Only calls that are safe after a fork in a process with threads. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EINTR);
	nowhere = open("/dev/null", O_RDWR);
	for (int standard = 0; standard <= STDERR_FILENO; standard++)
		if (nowhere < 0 || dup2(nowhere, standard) < 0)
			close(standard);
	return 0;
}

pid_t daxswitch_write_in_child(int descriptor, const void *bytes, size_t count)
{
	pid_t child = daxswitch_start_child();
	ssize_t written;

	if (child != 0)
		return child;
	written = write(descriptor, bytes, count);
	if (written < 0)
		_exit(errno);
	_exit((size_t)written == count ? 0 : EIO);
}

int daxswitch_open_process(pid_t process)
{
	return (int)syscall(SYS_pidfd_open, process, 0);
}
