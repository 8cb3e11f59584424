#ifndef DAXSWITCH_INTERRUPTS_H
#define DAXSWITCH_INTERRUPTS_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP are counted and end nothing, except that a second SIGINT ends the process with the
 * exit code of the progress that was noted last. One that the parent has made us ignore, as nohup does with SIGHUP, stays
 * ignored; one that it has blocked is let through.
 */
void daxswitch_watch_interrupts(void);

/*
 * A closed pipe and a limit on file sizes are errors of write() from now on and end nothing; how a child has ended can be
 * told, whatever the parent did with SIGCHLD.
 */
void daxswitch_prepare_signals(void);

/* How far the process has come with what it was to do. */
enum daxswitch_progress {
	/* As it was: exit code 1. */
	DAXSWITCH_UNCHANGED,
	/* The journal is open: exit code 5. */
	DAXSWITCH_HALF_WAY,
	/* As planned: exit code 0. */
	DAXSWITCH_DONE,
};

/* What a second SIGINT goes by from now on. */
void daxswitch_note_progress(enum daxswitch_progress now);

/* How many of them have come. */
int daxswitch_interrupts(void);

/* The last one; 0 where none has come. */
int daxswitch_last_interrupt(void);

#endif
