/*
 * cutter CALL PATH COUNT COMMAND...: runs a command, and kills it with SIGKILL as soon as its COUNTth CALL has changed
 * the file at PATH: "write" to it, "rename" of another file to this name, or "unlink". Nothing that comes after the
 * call is done, however fast the command is. Programs that it has started go on.
 *
 * Says "killed" or how the command ended before that.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

#define THREADS 256
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

static const char *call, *path;

/* The threads that are within such a call. */
static pid_t within[THREADS];

static int names_path(pid_t thread, uint64_t address)
{
	char name[4096] = "";
	struct iovec local = { name, sizeof name - 1 }, remote = { (void *)address, sizeof name - 1 };

	/* Up to the end of a page: what lies behind need not be there. */
	remote.iov_len = local.iov_len = 4096 - address % 4096 < sizeof name - 1 ? 4096 - address % 4096 : sizeof name - 1;
	if (process_vm_readv(thread, &local, 1, &remote, 1, 0) < 0)
		return 0;
	if (!memchr(name, 0, local.iov_len)) {
		local.iov_base = name + local.iov_len;
		remote.iov_base = (void *)(address + local.iov_len);
		remote.iov_len = local.iov_len = sizeof name - 1 - local.iov_len;
		process_vm_readv(thread, &local, 1, &remote, 1, 0);
	}
	return !strcmp(name, path);
}

static int is_open_as(pid_t thread, uint64_t descriptor)
{
	char link[64], name[4096];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, (int)descriptor);
	length = readlink(link, name, sizeof name - 1);
	if (length < 0)
		return 0;
	name[length] = 0;
	return !strcmp(name, path);
}

/* Whether a thread begins the call that is waited for. */
static int begins(pid_t thread, const struct ptrace_syscall_info *info)
{
	const __u64 *arguments = info->entry.args;

	switch (info->entry.nr) {
	case SYS_write: case SYS_pwrite64: case SYS_writev: case SYS_pwritev:
		return !strcmp(call, "write") && is_open_as(thread, arguments[0]);
	case SYS_rename:
		return !strcmp(call, "rename") && names_path(thread, arguments[1]);
	case SYS_renameat: case SYS_renameat2:
		return !strcmp(call, "rename") && names_path(thread, arguments[3]);
	case SYS_unlink:
		return !strcmp(call, "unlink") && names_path(thread, arguments[0]);
	case SYS_unlinkat:
		return !strcmp(call, "unlink") && names_path(thread, arguments[1]);
	}
	return 0;
}

/* Whether a thread, stopped at the beginning or the end of a call, has done the one that is waited for. */
static int has_done(pid_t thread)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0)
		return 0;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		for (int i = 0; i < THREADS && begins(thread, &info); i++)
			if (!within[i]) {
				within[i] = thread;
				break;
			}
		return 0;
	}
	for (int i = 0; i < THREADS; i++)
		if (within[i] == thread) {
			within[i] = 0;
			return info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error;
		}
	return 0;
}

int main(int count, char **arguments)
{
	int status, left, is_begun = 0;
	pid_t child, thread;

	if (count < 5)
		return 64;
	call = arguments[1];
	path = arguments[2];
	left = atoi(arguments[3]);
	if (!(child = fork())) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(arguments[4], arguments + 4);
		_exit(127);
	}
	while ((thread = waitpid(-1, &status, __WALL)) > 0) {
		int passed_on = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (thread == child)
				break;
			continue;
		}
		if (!is_begun) {
			is_begun = 1;
			ptrace(PTRACE_SETOPTIONS, child, 0, OPTIONS);
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (has_done(thread) && --left == 0) {
				kill(child, SIGKILL);
				/* The process has ended when the last of its threads is waited for. */
				while ((thread = waitpid(-1, &status, __WALL)) > 0)
					if (thread == child && (WIFSIGNALED(status) || WIFEXITED(status)))
						break;
				break;
			}
		} else if (!(status >> 16) && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
			passed_on = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, thread, 0, passed_on);
	}
	if (WIFSIGNALED(status))
		puts("killed");
	else
		printf("ended %d\n", WEXITSTATUS(status));
	return 0;
}
