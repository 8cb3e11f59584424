#define _GNU_SOURCE
#include "note.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>

struct daxswitch_note {
	unsigned long count;
	/* The last byte is never written, so there is an end. */
	char path[PATH_MAX + 1];
};

struct daxswitch_note *daxswitch_make_note(void)
{
	void *memory = mmap(NULL, sizeof(struct daxswitch_note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void daxswitch_drop_note(struct daxswitch_note *note)
{
	munmap(note, sizeof(*note));
}

void daxswitch_note_question(struct daxswitch_note *note, const char *path)
{
	size_t length = strnlen(path, PATH_MAX - 1);

	memcpy(note->path, path, length);
	note->path[length] = '\0';
	__atomic_fetch_or(&note->count, 1UL, __ATOMIC_RELEASE);
}

void daxswitch_note_answer(struct daxswitch_note *note)
{
	/* From odd to the next even number; one question within another ends with the first answer. */
	unsigned long count = __atomic_load_n(&note->count, __ATOMIC_RELAXED);

	__atomic_store_n(&note->count, (count | 1UL) + 1, __ATOMIC_RELEASE);
}

unsigned long daxswitch_note_count(const struct daxswitch_note *note)
{
	return __atomic_load_n(&note->count, __ATOMIC_ACQUIRE);
}

const char *daxswitch_noted_path(const struct daxswitch_note *note)
{
	return note->path;
}
