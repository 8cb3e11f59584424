/*
 * pin NODE: has pages of a NUMA node that can't be moved, as a device that reads them or writes to them would have:
 * they are spliced into a pipe that nobody reads. Makes /tmp/pinned and waits for its end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGES 8
#define MPOL_BIND 2

int main(int count, char **arguments)
{
	unsigned long nodes = count == 2 ? 1UL << atoi(arguments[1]) : 0;
	size_t bytes = PAGES * sysconf(_SC_PAGESIZE);
	void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec pages = { memory, bytes };
	int ends[2];

	if (!nodes)
		return 64;
	if (memory == MAP_FAILED || syscall(SYS_mbind, memory, bytes, MPOL_BIND, &nodes, 8 * sizeof nodes, 0))
		return perror("mbind"), 1;
	memset(memory, 1, bytes);
	if (pipe(ends) || vmsplice(ends[1], &pages, 1, 0) != (ssize_t)bytes)
		return perror("vmsplice"), 1;
	close(open("/tmp/pinned", O_WRONLY | O_CREAT, 0600));
	pause();
	return 0;
}
