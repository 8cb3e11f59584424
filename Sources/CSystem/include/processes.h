#ifndef DAXSWITCH_PROCESSES_H
#define DAXSWITCH_PROCESSES_H

#include <sys/types.h>

/*
 * The number of the character device that path leads to, as of what is known of it: no file system is asked. 0 where it is
 * one, else -1.
 */
int daxswitch_character_device(const char *path, unsigned int *major, unsigned int *minor);

/* Whether two tasks have one table of file descriptors; 0 also where that can't be told. */
int daxswitch_share_descriptors(pid_t task, pid_t other);

#endif
