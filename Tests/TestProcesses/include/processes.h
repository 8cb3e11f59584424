#ifndef TEST_PROCESSES_H
#define TEST_PROCESSES_H

#include <sys/types.h>

/*
 * Starts a process of which a second thread opens path and keeps it open. If leader_ends, its main thread has ended; else the
 * second thread has a table of file descriptors of its own. Returns once the file is open; -1 with errno.
 */
pid_t test_start_hidden_user(const char *path, int leader_ends);

#endif
