/*
 * pattern write|check DEVICE BYTES: writes one known word into every page of a dax device, or counts
 * the pages that lack it. Shows whether a memory's contents outlive a change of owner.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_WORDS 512

static uint64_t word_for(size_t index)
{
	return (uint64_t)index * 0x9e3779b97f4a7c15u + 1;
}

int main(int count, char **arguments)
{
	int writing = count == 4 && !strcmp(arguments[1], "write");
	size_t bytes = count == 4 ? strtoull(arguments[3], 0, 0) : 0, bad = 0;
	volatile uint64_t *memory;
	int device;

	if (!bytes)
		return 64;
	if ((device = open(arguments[2], O_RDWR)) < 0)
		return perror(arguments[2]), 1;
	memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
	if (memory == MAP_FAILED)
		return perror("mmap"), 1;
	for (size_t i = 0; i < bytes / 8; i += PAGE_WORDS) {
		if (writing)
			memory[i] = word_for(i);
		bad += memory[i] != word_for(i);
	}
	printf("%s: %zu pages, %zu bad\n", arguments[1], bytes / 8 / PAGE_WORDS, bad);
	return bad != 0;
}
