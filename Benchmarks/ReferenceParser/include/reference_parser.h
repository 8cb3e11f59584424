/* The peer of IomemTree: a plain C parser of /proc/iomem that builds the same tree and makes the same checks. */
#ifndef REFERENCE_PARSER_H
#define REFERENCE_PARSER_H

#include <stddef.h>
#include <stdint.h>

/* One resource with those inside it, in address order. */
struct resource {
    uint64_t start, end;
    char *name;
    struct resource *children;
    size_t count, room;
};

/* The resources at the top as the children of a nameless one; NULL if the text is not a usable /proc/iomem. */
struct resource *reference_parse(const uint8_t *text, size_t length);

/* Frees a tree. */
void reference_free(struct resource *tree);

/* The number of resources below `tree`. */
size_t reference_count(const struct resource *tree);

#endif
