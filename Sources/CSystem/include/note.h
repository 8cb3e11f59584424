#ifndef DAXSWITCH_NOTE_H
#define DAXSWITCH_NOTE_H

#include <stddef.h>

/*
 * What a child process is doing, in memory that it shares with its parent: no call into the kernel for each file that it
 * reads.
 */
struct daxswitch_note;

/* A note without a question; NULL with errno. */
struct daxswitch_note *daxswitch_make_note(void);

/* Takes it back. */
void daxswitch_drop_note(struct daxswitch_note *note);

/* The child asks the file at path now; what does not fit is cut off. */
void daxswitch_note_question(struct daxswitch_note *note, const char *path);

/* It has been answered. */
void daxswitch_note_answer(struct daxswitch_note *note);

/* How many questions and answers there have been: odd while the child waits for an answer. */
unsigned long daxswitch_note_count(const struct daxswitch_note *note);

/* The path that was asked last; while the child waits it does not change. */
const char *daxswitch_noted_path(const struct daxswitch_note *note);

#endif
