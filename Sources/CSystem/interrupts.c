#include "interrupts.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static volatile sig_atomic_t count;
static volatile sig_atomic_t last;

/* A handler may touch nothing but these: everything else is done between two steps. */
static void note(int number)
{
	last = number;
	count = count + 1;
}

void daxswitch_watch_interrupts(void)
{
	struct sigaction action;
	const int watched[] = { SIGINT, SIGTERM, SIGHUP };

	memset(&action, 0, sizeof(action));
	action.sa_handler = note;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	for (size_t index = 0; index < sizeof(watched) / sizeof(watched[0]); index++)
		sigaction(watched[index], &action, NULL);
}

void daxswitch_ignore_write_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int daxswitch_interrupts(void)
{
	return count;
}

int daxswitch_last_interrupt(void)
{
	return last;
}
