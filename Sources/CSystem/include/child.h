#ifndef DAXSWITCH_CHILD_H
#define DAXSWITCH_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* Where a child has the one descriptor of its parent that it keeps. */
#define DAXSWITCH_CHILD_DESCRIPTOR 3

/*
 * Goes on twice, as fork() does: 0 in the child, which dies with its parent and has descriptor as number
 * DAXSWITCH_CHILD_DESCRIPTOR, the standard ones and no other: a lock goes with the parent, whatever the child hangs in.
 * -1 with errno where it can't be started.
 */
pid_t daxswitch_start_child(int descriptor);

/*
 * Writes from a child process, whose exit code is the errno, 0 for success. -1 with errno where it can't be started.
 * Migrating pages can take for ever, and offline_pages() stops for nothing but a deadly signal: only a process of its
 * own can be broken off.
 */
pid_t daxswitch_write_in_child(int descriptor, const void *bytes, size_t count);

/* A descriptor that can be read once the process has ended; -1 with errno. */
int daxswitch_open_process(pid_t process);

#endif
