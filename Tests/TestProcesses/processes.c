#define _GNU_SOURCE
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct task {
	const char *path;
	int leader_ends;
	int ready;
};

static void *use(void *argument)
{
	const struct task *task = argument;
	int ready = dup(task->ready);
	char path[64], target[64];

	/* The leader's files go when it exits; only then is there something hidden. */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), task->ready);
	while (task->leader_ends && readlink(path, target, sizeof(target)) >= 0)
		usleep(1000);
	if (ready < 0 || (!task->leader_ends && unshare(CLONE_FILES) < 0) || open(task->path, O_RDONLY) < 0)
		_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	while (1)
		pause();
	return NULL;
}

pid_t test_start_hidden_user(const char *path, int leader_ends)
{
	int ends[2];
	char byte;
	ssize_t count;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		struct task task = { .path = path, .leader_ends = leader_ends, .ready = ends[1] };
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pthread_create(&thread, NULL, use, &task) != 0)
			_exit(1);
		/* Not exit_group(): this thread alone ends. Its stack stays, so does the task on it. */
		if (leader_ends)
			syscall(SYS_exit, 0);
		while (1)
			pause();
	}
	close(ends[1]);
	do
		count = read(ends[0], &byte, 1);
	while (count < 0 && errno == EINTR);
	close(ends[0]);
	if (child > 0 && count != 1) {
		errno = ECHILD;
		return -1;
	}
	return child;
}
