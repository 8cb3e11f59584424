#include "reference_parser.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The limits of IomemTree: 52 bits of address, 64 resources inside each other. */
#define LAST_ADDRESS ((UINT64_C(1) << 52) - 1)
#define DEEPEST 64

static bool hexadecimal(const uint8_t **place, const uint8_t *end, uint64_t *number)
{
    const uint8_t *at = *place;
    uint64_t value = 0;
    for (; at < end; at++) {
        unsigned digit = *at - '0';
        if (digit > 9) {
            digit = (*at | 0x20) - 'a' + 10;
            if (digit < 10 || digit > 15) break;
        }
        if (value >> 60) return false;
        value = value << 4 | digit;
    }
    if (at == *place || value > LAST_ADDRESS) return false;
    *place = at;
    *number = value;
    return true;
}

static bool line(const uint8_t *at, const uint8_t *end, struct resource *into)
{
    for (const uint8_t *byte = at; byte < end; byte++)
        if (*byte < 0x20 || *byte > 0x7e) return false;
    while (at < end && *at == ' ') at++;
    if (!hexadecimal(&at, end, &into->start) || at == end || *at++ != '-') return false;
    if (!hexadecimal(&at, end, &into->end) || end - at < 4 || memcmp(at, " : ", 3)) return false;
    at += 3;
    if (into->end < into->start) return false;
    into->name = strndup((const char *) at, end - at);
    return into->name != NULL;
}

static struct resource *append(struct resource *parent, const struct resource *child)
{
    if (parent->count == parent->room) {
        size_t room = parent->room ? parent->room * 2 : 4;
        struct resource *larger = realloc(parent->children, room * sizeof *larger);
        if (!larger) return NULL;
        parent->children = larger;
        parent->room = room;
    }
    parent->children[parent->count] = *child;
    return &parent->children[parent->count++];
}

static void release(struct resource *resource)
{
    for (size_t index = 0; index < resource->count; index++) release(&resource->children[index]);
    free(resource->children);
    free(resource->name);
}

struct resource *reference_parse(const uint8_t *text, size_t length)
{
    struct resource *root = calloc(1, sizeof *root);
    /* A resource only moves while nothing is added below it: its parent grows after the ones inside it are complete. */
    struct resource *open[DEEPEST + 1] = {root};
    size_t depth = 0;
    bool has_addresses = false;
    const uint8_t *end = text + length;
    if (!root || !length || end[-1] != '\n') goto failed;
    while (text < end) {
        const uint8_t *newline = memchr(text, '\n', end - text);
        struct resource new = {0};
        if (!line(text, newline, &new)) goto failed;
        while (depth && (new.start < open[depth]->start || new.end > open[depth]->end)) {
            if (new.start <= open[depth]->end) goto crossing;
            depth--;
        }
        if (depth == DEEPEST) goto crossing;
        struct resource *added = append(open[depth], &new);
        if (!added) goto crossing;
        open[++depth] = added;
        has_addresses |= new.end != 0;
        text = newline + 1;
        continue;
    crossing:
        free(new.name);
        goto failed;
    }
    if (has_addresses) return root;
failed:
    if (root) reference_free(root);
    return NULL;
}

void reference_free(struct resource *tree)
{
    release(tree);
    free(tree);
}

size_t reference_count(const struct resource *tree)
{
    size_t count = tree->count;
    for (size_t index = 0; index < tree->count; index++) count += reference_count(&tree->children[index]);
    return count;
}
