#ifndef DAXSWITCH_INTERRUPTS_H
#define DAXSWITCH_INTERRUPTS_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP are counted and end nothing, except that a second SIGINT ends with code 5. One
 * that the parent has made us ignore, as nohup does with SIGHUP, stays ignored.
 */
void daxswitch_watch_interrupts(void);

/*
 * A closed pipe and a limit on file sizes are errors of write() from now on and end nothing; how a child has ended can be
 * told, whatever the parent did with SIGCHLD.
 */
void daxswitch_prepare_signals(void);

/* How many of them have come. */
int daxswitch_interrupts(void);

/* The last one; 0 where none has come. */
int daxswitch_last_interrupt(void);

#endif
