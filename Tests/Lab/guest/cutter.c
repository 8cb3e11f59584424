/*
 * cutter CALL PATH COUNT COMMAND...: runs a command, and kills it with SIGKILL as soon as its COUNTth CALL has changed
 * the file at PATH: "write" to it, "rename" of another file to this name, or "unlink". Nothing that comes after the
 * call is done, however fast the command is. Programs that it has started go on, and their calls don't count, but for
 * "any-write": a write by any of them, to a file whose path matches the pattern PATH.
 *
 * With "refuse=ERRNO" as CALL nothing is killed: such writes are not carried out and end with that errno, as if the kernel had
 * refused them. COUNT is "3" for the third one alone, "3-6" also for the three behind it, "3-" for all behind it.
 *
 * Says "killed" or how the command ended before that, and how many writes were refused.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>

#define THREADS 256
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
		 PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

static const char *call, *path;

/* Whether the calls of what the command has started count as well. */
static int is_any;

/* The errno of the calls that are not carried out; 0 if the command is killed. */
static int refusal;

/* How many calls were refused. */
static int refused;

/* Closed when it has been told how the command ended. */
static int untold;

/* The system calls that each kind of change is made by. */
static const struct {
	const char *name;
	unsigned int numbers[4];
} calls[] = {
	{ "write", { SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev } },
	{ "rename", { SYS_rename, SYS_renameat, SYS_renameat2, SYS_renameat2 } },
	{ "unlink", { SYS_unlink, SYS_unlinkat, SYS_unlinkat, SYS_unlinkat } },
};

/* Whether the kernel stops the command at these calls alone; one without seccomp does so at every call, twice. */
static int has_filters;

/* The threads that are within such a call. */
static pid_t within[THREADS];

/* Has the tracer told of these calls alone: a stop at every one makes the command thirty times slower. */
static void trace_calls(void)
{
	struct sock_filter filter[7] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
	struct sock_fprog program = { 7, filter };

	for (int i = 0; i < 4; i++) {
		unsigned int number = 0;

		for (unsigned int kind = 0; kind < sizeof calls / sizeof *calls; kind++)
			if (!strcmp(call, calls[kind].name))
				number = calls[kind].numbers[i];
		filter[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 4 - i, 0);
	}
	filter[5] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[6] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	/* The superuser needs no PR_SET_NO_NEW_PRIVS. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(126);
}

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
	return is_any ? !fnmatch(path, name, FNM_EXTMATCH) : !strcmp(name, path);
}

/* Whether a thread begins the call that is waited for. */
static int begins(pid_t thread, const struct ptrace_syscall_info *info)
{
	/* The number and the arguments are in the same places of both kinds. */
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

/* Whether a thread is stopped at the beginning of the call that is waited for. */
static int is_at_call(pid_t thread)
{
	struct ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) >= 0 &&
	       (info.op == PTRACE_SYSCALL_INFO_SECCOMP || info.op == PTRACE_SYSCALL_INFO_ENTRY) && begins(thread, &info);
}

/* Whether a thread, stopped at the beginning of a call, begins the one that is waited for; then its end is, too. */
static int enters(pid_t thread)
{
	if (!is_at_call(thread))
		return 0;
	for (int i = 0; i < THREADS; i++)
		if (!within[i]) {
			within[i] = thread;
			return 1;
		}
	return 0;
}

/* Whether a thread, stopped at the end of a call, has done the one that is waited for. */
static int has_done(pid_t thread)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0)
		return 0;
	for (int i = 0; i < THREADS; i++)
		if (within[i] == thread) {
			within[i] = 0;
			return info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error;
		}
	return 0;
}

/*
 * Has the call that a thread begins end with the errno and do nothing (seccomp(2)), if it is one from the `first` to the
 * `last` of those that are waited for; `seen` have been. Returns how many have been then.
 */
static int refuse(pid_t thread, int seen, int first, int last)
{
	struct user_regs_struct registers;

	if (!is_at_call(thread) || ++seen < first || seen > last || ptrace(PTRACE_GETREGS, thread, 0, &registers) < 0)
		return seen;
	registers.orig_rax = -1;
	registers.rax = -refusal;
	if (ptrace(PTRACE_SETREGS, thread, 0, &registers) == 0)
		refused++;
	return seen;
}

/* Whether a thread's calls count, as one of a process: programs that the command has started are not the command. */
static int is_of(pid_t thread, pid_t process)
{
	char name[64];

	if (is_any)
		return 1;
	snprintf(name, sizeof name, "/proc/%d/task/%d", process, thread);
	return !access(name, F_OK);
}

/* Tells how the command ended, and lets go of the output: whoever reads it waits for nothing that goes on. */
static void tell(int status)
{
	if (refusal)
		printf("refused %d; ", refused);
	if (WIFSIGNALED(status))
		puts("killed");
	else
		printf("ended %d\n", WEXITSTATUS(status));
	fflush(stdout);
	close(STDOUT_FILENO);
	close(untold);
}

/*
 * Runs the command, and goes on until all that it has started has ended: their calls would fail without a tracer. The
 * `first` call that is waited for kills it; those from this one to the `last` are refused.
 */
static void trace(int first, int last, char **command)
{
	int status, is_begun = 0, seen = 0;
	pid_t child, thread;

	if (!(child = fork())) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		if (has_filters)
			trace_calls();
		raise(SIGSTOP);
		execvp(*command, command);
		_exit(127);
	}
	while ((thread = waitpid(-1, &status, __WALL)) > 0) {
		int passed_on = 0, request = has_filters ? PTRACE_CONT : PTRACE_SYSCALL;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			/* The process has ended when the last of its threads is waited for. */
			if (thread == child)
				tell(status);
			continue;
		}
		if (!is_begun) {
			is_begun = 1;
			ptrace(PTRACE_SETOPTIONS, child, 0, OPTIONS);
		} else if (status >> 16 == PTRACE_EVENT_SECCOMP) {
			if (refusal)
				seen = refuse(thread, seen, first, last);
			else if (is_of(thread, child) && enters(thread))
				request = PTRACE_SYSCALL;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (has_done(thread)) {
				if (++seen == first)
					kill(child, SIGKILL);
			} else if (!has_filters && refusal) {
				seen = refuse(thread, seen, first, last);
			} else if (!has_filters && is_of(thread, child)) {
				enters(thread);
			}
		} else if (!(status >> 16) && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
			passed_on = WSTOPSIG(status);
		}
		ptrace(request, thread, 0, passed_on);
	}
}

int main(int count, char **arguments)
{
	int ends[2], first, last;
	char byte, *rest;

	if (count < 5 || pipe2(ends, O_CLOEXEC))
		return 64;
	has_filters = !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(__u32){ SECCOMP_RET_TRACE });
	refusal = strncmp(arguments[1], "refuse=", 7) ? 0 : atoi(arguments[1] + 7);
	is_any = refusal || !strcmp(arguments[1], "any-write");
	call = is_any ? "write" : arguments[1];
	path = arguments[2];
	first = last = strtol(arguments[3], &rest, 10);
	if (*rest == '-')
		last = rest[1] ? atoi(rest + 1) : INT_MAX;
	untold = ends[1];
	if (!fork()) {
		close(ends[0]);
		trace(first, last, arguments + 4);
		return 0;
	}
	close(ends[1]);
	return read(ends[0], &byte, 1) < 0;
}
