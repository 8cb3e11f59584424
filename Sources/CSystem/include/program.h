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
 * input, or /dev/null if that is negative, and standard output to output. -1 with errno if it can't be started.
 *
 * The guard, a copy of this process, keeps what is open, the lock too. So after kill -9 of this process no other one has
 * the lock before the program and what it started have ended.
 */
int daxswitch_start_program(char *const arguments[], char *const environment[], int input, int output,
			    struct daxswitch_program *started);

/* A program that runs beside this process. */
struct daxswitch_held {
	pid_t process;
	/* Its standard input, and its standard output and error: pipes. No program that is started inherits these ends. */
	int input;
	int output;
};

/*
 * Starts a program in a process group of its own, in the directory / and with the environment given, that finds the text
 * first in its standard input. Nothing but the end of its input tells it that this process has ended. -1 with errno if it
 * can't be started.
 */
int daxswitch_start_held(char *const arguments[], char *const environment[], const char *first,
			 struct daxswitch_held *started);

/* Both ends of a pipe, which no program that is started keeps by itself. */
struct daxswitch_pipe {
	int reading;
	int writing;
};

/* Opens a pipe (pipe2(2), which needs _GNU_SOURCE); -1 with errno. */
int daxswitch_open_pipe(struct daxswitch_pipe *ends);

/* An anonymous file in memory (memfd_create(2)); -1 with errno. */
int daxswitch_open_memory(const char *name);

#endif
