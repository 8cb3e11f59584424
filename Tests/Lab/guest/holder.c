/*
 * holder open|map DEVICE: uses a dax device until it is killed, by an open file or by reading through a
 * mapping of its first page, ten times a second.
 * holder memory BYTES NODE...: keeps a known word in every page of so much memory of each NUMA node; at SIGUSR1 it
 * counts the pages that lack it and writes the count to /run/holder.
 * holder work BYTES NODE...: writes and checks so much memory once, and ends.
 *
 * Shows what a change of owner does to those who use memory meanwhile. Memory is asked for by node: the emulator dies
 * where page tables or code lie in CXL memory, so nothing but data may go there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define BIND 2
#define MOST 8

struct part {
	volatile unsigned char *memory;
	size_t bytes;
};

static volatile sig_atomic_t asked;

static void ask(int signal)
{
	asked = signal;
}

static uint64_t word_for(size_t page)
{
	return (uint64_t)page * 0x9e3779b97f4a7c15u + 1;
}

static size_t bad_pages(const struct part *part)
{
	size_t bad = 0;

	for (size_t i = 0; i < part->bytes / PAGE; i++)
		bad += *(volatile uint64_t *)(part->memory + i * PAGE) != word_for(i);
	return bad;
}

static int fill(struct part *part, size_t bytes, int node)
{
	unsigned long nodes = 1ul << node;

	part->bytes = bytes;
	part->memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (part->memory == MAP_FAILED || syscall(SYS_mbind, part->memory, bytes, BIND, &nodes, 64, 0))
		return perror("memory"), 1;
	for (size_t i = 0; i < bytes / PAGE; i++)
		*(volatile uint64_t *)(part->memory + i * PAGE) = word_for(i);
	return 0;
}

static void tell(FILE *result, const struct part *parts, int count)
{
	size_t pages = 0, bad = 0;

	for (int i = 0; i < count; i++) {
		pages += parts[i].bytes / PAGE;
		bad += bad_pages(parts + i);
	}
	fprintf(result, "%zu pages, %zu bad\n", pages, bad);
}

static void keep(const struct part *parts, int count)
{
	signal(SIGUSR1, ask);
	close(creat("/run/holder.ready", 0644));
	for (;;) {
		pause();
		if (asked) {
			FILE *result = fopen("/run/holder.new", "w");

			asked = 0;
			tell(result, parts, count);
			fclose(result);
			rename("/run/holder.new", "/run/holder");
		}
	}
}

static int use(const char *device, int mapped)
{
	int file = open(device, O_RDWR);
	volatile unsigned char *memory;

	if (file < 0)
		return perror(device), 1;
	if (!mapped) {
		close(creat("/run/holder.ready", 0644));
		for (;;)
			pause();
	}
	memory = mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		return perror("mmap"), 1;
	close(creat("/run/holder.ready", 0644));
	for (;; usleep(100000))
		(void)memory[0];
}

int main(int count, char **arguments)
{
	struct part parts[MOST];
	const char *what = count > 1 ? arguments[1] : "";
	int used = 0;

	if (count == 3 && (!strcmp(what, "open") || !strcmp(what, "map")))
		return use(arguments[2], !strcmp(what, "map"));
	if (count < 4 || count % 2 || count > 2 + 2 * MOST)
		return 64;
	for (int i = 2; i < count; i += 2)
		if (fill(parts + used++, strtoull(arguments[i], 0, 0) & ~(size_t)0xffff, atoi(arguments[i + 1])))
			return 1;
	if (!strcmp(what, "work"))
		return tell(stdout, parts, used), 0;
	keep(parts, used);
	return 0;
}
