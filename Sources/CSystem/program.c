#define _GNU_SOURCE
#include "program.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Only calls that are safe after a fork in a process with threads, here and below. */
static _Noreturn void become(char *const arguments[], char *const environment[], const int streams[3], int failure,
			     const sigset_t *mask)
{
	int is_ready = chdir("/") == 0;

	setpgid(0, 0);
	/* What daxswitch ignores for its own writes, a program of the system does not expect. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	/* It is not in the foreground of the terminal, and its messages must not stop it. */
	signal(SIGTTOU, SIG_IGN);
	umask(022);
	for (int standard = 0; standard <= STDERR_FILENO; standard++)
		is_ready = is_ready && dup2(streams[standard], standard) >= 0;
	if (is_ready) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		execve(arguments[0], arguments, environment);
	}
	if (write(failure, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

static void go_nowhere(void)
{
	int nowhere = open("/dev/null", O_RDWR);

	/* Whoever reads the streams of the tool must not wait for the guard. */
	for (int standard = 0; standard <= STDERR_FILENO; standard++)
		if (nowhere < 0 || dup2(nowhere, standard) < 0)
			close(standard);
}

/* Waits for the program; kills its group when nobody holds the other end of control. */
static _Noreturn void guard(pid_t program, int control)
{
	struct pollfd watched[] = {
		{ .fd = daxswitch_open_process(program), .events = POLLIN },
		{ .fd = control, .events = POLLIN },
	};
	int status = 0;

	go_nowhere();
	while (watched[0].fd >= 0 && watched[0].revents == 0 && watched[1].revents == 0)
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			break;
	if (watched[0].revents == 0)
		kill(-program, SIGKILL);
	while (waitpid(program, &status, 0) < 0 && errno == EINTR)
		;
	/* What it left behind would work beside the next one. Orphans of the group are children of a subreaper. */
	kill(-program, SIGKILL);
	while (waitpid(-program, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

int daxswitch_start_program(char *const arguments[], char *const environment[], int input, int output,
			    struct daxswitch_program *started)
{
	int control[2], failure[2], error = 0;
	sigset_t all, before;
	pid_t program;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0)
		return -1;
	if (pipe2(failure, O_CLOEXEC) < 0) {
		error = errno;
		goto no_pipe;
	}
	/* The guard is ended by nothing but the program's end, or a SIGKILL of its own. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	started->guard_process = fork();
	if (started->guard_process == 0) {
		/* Its own group: who kills the tool's must not kill the guard before the program. */
		setpgid(0, 0);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		close(control[1]);
		close(failure[0]);
		sigdelset(&before, SIGPIPE);
		sigdelset(&before, SIGXFSZ);
		program = fork();
		if (program == 0) {
			/* A filter speaks of data from strangers. How it ends tells enough. */
			const int streams[] = {
				input >= 0 ? input : open("/dev/null", O_RDONLY), output,
				input >= 0 ? open("/dev/null", O_WRONLY) : STDERR_FILENO,
			};

			/* If the guard is killed, the program ends at least by itself. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			become(arguments, environment, streams, failure[1], &before);
		}
		if (program < 0) {
			if (write(failure[1], &errno, sizeof(errno)) < 0)
				_exit(126);
			_exit(127);
		}
		setpgid(program, program);
		close(failure[1]);
		guard(program, control[0]);
	}
	if (started->guard_process < 0)
		error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(failure[1]);
	if (started->guard_process > 0 && read(failure[0], &error, sizeof(error)) == sizeof(error))
		while (waitpid(started->guard_process, NULL, 0) < 0 && errno == EINTR)
			;
	close(failure[0]);
no_pipe:
	close(control[0]);
	if (error == 0) {
		started->control = control[1];
		return 0;
	}
	close(control[1]);
	errno = error;
	return -1;
}

/* Closes what is open of a pair of descriptors. */
static void close_pair(const int pair[2])
{
	for (int end = 0; end < 2; end++)
		if (pair[end] >= 0)
			close(pair[end]);
}

int daxswitch_start_held(char *const arguments[], char *const environment[], const char *first,
			 struct daxswitch_held *started)
{
	int input[2] = { -1, -1 }, output[2] = { -1, -1 }, failure[2] = { -1, -1 }, error = 0;
	const size_t size = strlen(first);
	sigset_t mask;

	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0) {
		error = errno;
		goto end;
	}
	/* Before it is started: nobody may be left to read it afterwards. */
	if (write(input[1], first, size) != (ssize_t)size) {
		error = EIO;
		goto end;
	}
	sigprocmask(SIG_SETMASK, NULL, &mask);
	started->process = fork();
	if (started->process == 0) {
		const int streams[] = { input[0], output[1], output[1] };

		become(arguments, environment, streams, failure[1], &mask);
	}
	if (started->process < 0) {
		error = errno;
		goto end;
	}
	setpgid(started->process, started->process);
	close(failure[1]);
	failure[1] = -1;
	if (read(failure[0], &error, sizeof(error)) == sizeof(error)) {
		while (waitpid(started->process, NULL, 0) < 0 && errno == EINTR)
			;
	} else {
		error = 0;
		started->input = input[1];
		started->output = output[0];
		input[1] = -1;
		output[0] = -1;
	}
end:
	close_pair(input);
	close_pair(output);
	close_pair(failure);
	errno = error;
	return error == 0 ? 0 : -1;
}

int daxswitch_open_pipe(struct daxswitch_pipe *ends)
{
	int both[2];

	if (pipe2(both, O_CLOEXEC) < 0)
		return -1;
	ends->reading = both[0];
	ends->writing = both[1];
	return 0;
}

int daxswitch_open_memory(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC);
}
