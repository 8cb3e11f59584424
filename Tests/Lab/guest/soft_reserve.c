/*
 * Preloaded into kexec -c: adds Soft Reserved ranges to the memory map that the next kernel is given,
 * as firmware with EFI_MEMORY_SP does, so /sys/firmware/memmap shows them. The next kernel is to take this
 * for its firmware: /proc/sys/kernel/bootloader_type shows the loader of every other guest, not kexec.
 * SOFT_RESERVED="START+SIZE START+SIZE ...", hexadecimal.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* Offsets in the boot parameters: Documentation/arch/x86/zero-page.rst. */
#define HEADER_MAGIC 0x202
#define LOADER 0x210
#define MAP_COUNT 0x1e8
#define MAP 0x2d0
#define MAP_CAPACITY 128
#define TYPE_SOFT_RESERVED 0xefffffffu
/* What QEMU writes (hw/i386/x86-common.c: x86_load_linux()). */
#define LOADER_QEMU 0xb0

struct segment { void *buffer; size_t buffer_size; void *memory; size_t memory_size; };
struct range { uint64_t start, size; uint32_t type; } __attribute__((packed));

static void add_ranges(unsigned char *parameters)
{
	struct range *map = (struct range *)(parameters + MAP);
	char *text = getenv("SOFT_RESERVED");

	while (text && *text && parameters[MAP_COUNT] < MAP_CAPACITY) {
		struct range range = { .type = TYPE_SOFT_RESERVED };

		range.start = strtoull(text, &text, 16);
		if (*text != '+')
			break;
		range.size = strtoull(text + 1, &text, 16);
		map[parameters[MAP_COUNT]++] = range;
		fprintf(stderr, "soft reserved: %#llx bytes at %#llx\n", (unsigned long long)range.size,
			(unsigned long long)range.start);
		text += strspn(text, " ");
	}
}

/* kexec loads through syscall(2): the C library has no function of its own for kexec_load. */
long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long argument[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_kexec_load) {
		struct segment *segments = (struct segment *)argument[2];

		for (long i = 0; i < argument[1]; i++) {
			unsigned char *buffer = segments[i].buffer;

			if (segments[i].buffer_size >= 0x1000 && !memcmp(buffer + HEADER_MAGIC, "HdrS", 4)) {
				add_ranges(buffer);
				buffer[LOADER] = LOADER_QEMU;
			}
		}
	}
	return real(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
