#ifndef DAXSWITCH_CHILD_H
#define DAXSWITCH_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Goes on twice, as fork() does: 0 in the child, which dies with its parent; -1 with errno where it can't be started. A child
 * that can't know whether its parent is there, as in another PID namespace, ends at once: its exit code is ECANCELED.
 * The child keeps what is open, the lock too: while it is at work nobody else may be. Its standard streams lead nowhere:
 * whoever reads those of the parent would wait for a child that hangs.
 */
pid_t daxswitch_start_child(void);

/*
 * How often this process was started by daxswitch_start_child(), counted from the tool's own process, which has 0: what a
 * parent kept open may be closed in its child.
 */
int daxswitch_generation(void);

/*
 * Writes from a child process, whose exit code is the errno, 0 for success. -1 with errno where it can't be started.
 * Migrating pages can take for ever, and offline_pages() stops for nothing but a deadly signal: only a process of its
 * own can be broken off.
 */
pid_t daxswitch_write_in_child(int descriptor, const void *bytes, size_t count);

/* Closes what is open but the standard streams and one more: for a child that is to keep no lock. */
void daxswitch_keep_only(int kept);

/*
 * Opens something in place of each standard stream that is closed, so no file which is opened later becomes one and
 * what is meant for people is written into it. Reading and writing there fail as for a closed one (EBADF).
 */
void daxswitch_occupy_streams(void);

/* An open file without a place in any file system; -1 with errno. */
int daxswitch_make_memory_file(void);

/* A descriptor that can be read once the process has ended; -1 with errno. */
int daxswitch_open_process(pid_t process);

/* The processors that this process may run on; 1 where that is not known. */
int daxswitch_count_processors(void);

#endif
