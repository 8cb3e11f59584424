#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int generation;

int daxswitch_generation(void)
{
	return generation;
}

pid_t daxswitch_start_child(void)
{
	pid_t parent = getpid(), child = fork();
	int nowhere;

	if (child != 0)
		return child;
	generation++;
	/* Only calls that are safe after a fork in a process with threads. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(ECANCELED);
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

/* From first to last; without close_range(2), which Linux has since 5.9, as many as a process may have by default. */
static void close_all(unsigned int first, unsigned int last)
{
	if (first > last)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	for (unsigned int descriptor = first; descriptor <= last && descriptor < 1024; descriptor++)
		close((int)descriptor);
}

void daxswitch_keep_only(int kept)
{
	if (kept > STDERR_FILENO + 1)
		close_all(STDERR_FILENO + 1, (unsigned int)kept - 1);
	close_all((unsigned int)kept + 1, ~0U);
}

void daxswitch_occupy_streams(void)
{
	/* The lowest number that is free is the one that is given. */
	for (int standard = 0; standard <= STDERR_FILENO; standard++)
		if (fcntl(standard, F_GETFD) < 0 && open("/", O_PATH | O_DIRECTORY) < 0)
			return;
}

int daxswitch_make_memory_file(void)
{
	return (int)syscall(SYS_memfd_create, "daxswitch", MFD_CLOEXEC);
}

int daxswitch_open_process(pid_t process)
{
	return (int)syscall(SYS_pidfd_open, process, 0);
}

int daxswitch_count_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : CPU_COUNT(&set);
}
