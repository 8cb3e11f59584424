#ifndef DAXSWITCH_PROGRAM_H
#define DAXSWITCH_PROGRAM_H

#include <sys/types.h>

/* A program that runs, and the process that guards it. */
struct daxswitch_program {
	/* The guard: ends when the program has ended, with its exit code, or with 128 and more for a signal as in a shell. */
	pid_t guard_process;
	/* A socket. When it is shut down or closed, also because this process dies, the guard kills the program. */
	int control;
};

/*
 * Starts a program in a process group of its own, in the directory /, with the environment given, standard input from
 * /dev/null and standard output to output. -1 with errno if it can't be started.
 *
 * The guard, a copy of this process, keeps what is open, the lock too. So after kill -9 of this process no other one has
 * the lock before the program and what it started have ended.
 */
int daxswitch_start_program(char *const arguments[], char *const environment[], int output,
			    struct daxswitch_program *started);

/* An anonymous file in memory (memfd_create(2)); -1 with errno. */
int daxswitch_open_memory(const char *name);

#endif
