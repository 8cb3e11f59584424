#ifndef DAXSWITCH_CHILD_WRITE_H
#define DAXSWITCH_CHILD_WRITE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes from a child process, whose exit code is the errno, 0 for success; the child dies with its parent. -1 with
 * errno where it can't be started. Migrating pages can take for ever, and offline_pages() stops for nothing but a
 * deadly signal: only a process of its own can be broken off.
 */
pid_t daxswitch_write_in_child(int descriptor, const void *bytes, size_t count);

/* A descriptor that can be read once the process has ended; -1 with errno. */
int daxswitch_open_process(pid_t process);

#endif
