#include "interrupts.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static volatile sig_atomic_t last;
static volatile sig_atomic_t stops;

static volatile sig_atomic_t progress = DAXSWITCH_UNCHANGED;

static _Noreturn void part(const char *text, size_t size, int code)
{
	if (write(STDERR_FILENO, text, size) < 0)
		_exit(code);
	_exit(code);
}

#define PART(text, code) part("daxswitch: stopped at once" text "\n", sizeof("daxswitch: stopped at once" text), code)

/* What a handler may do: note it, and, at the second SIGINT, end. The journal is whole at any time. */
static void note(int number)
{
	if (number == SIGINT && ++stops > 1) {
		switch (progress) {
		case DAXSWITCH_HALF_WAY:
			PART(", half-way; `daxswitch recover` finishes or undoes what was done", 5);
		case DAXSWITCH_DONE:
			PART("; what was to be done was done and verified before", 0);
		default:
			PART("; the machine is as it was", 1);
		}
	}
	last = number;
	count = count + 1;
}

void daxswitch_note_progress(enum daxswitch_progress now)
{
	progress = now;
}

void daxswitch_watch_interrupts(void)
{
	struct sigaction action, before;
	sigset_t blocked;
	const int watched[] = { SIGINT, SIGTERM, SIGHUP };

	memset(&action, 0, sizeof(action));
	action.sa_handler = note;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigemptyset(&blocked);
	for (size_t index = 0; index < sizeof(watched) / sizeof(watched[0]); index++) {
		sigaddset(&blocked, watched[index]);
		if (sigaction(watched[index], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(watched[index], &action, NULL);
	}
	/* A program that blocks them for a thread of its own hands that on to what it starts (execve(2)). */
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

void daxswitch_prepare_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Else the kernel forgets how a child has ended, and waitpid() fails. */
	signal(SIGCHLD, SIG_DFL);
}

int daxswitch_interrupts(void)
{
	return count;
}

int daxswitch_last_interrupt(void)
{
	return last;
}
