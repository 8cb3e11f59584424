#ifndef DAXSWITCH_CKMOD_H
#define DAXSWITCH_CKMOD_H

#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>

/* Where libkmod's log goes. libkmod hands over a format and a va_list, whose C type differs from one architecture to
 * the next; the text is put together here so that Swift gets a plain string. */
struct ckmod_log_sink {
    void (*write)(void *context, int priority, const char *message);
    void *context;
};

static inline void ckmod_write_log(
    void *data, int priority, const char *file, int line, const char *function, const char *format, va_list arguments)
{
    struct ckmod_log_sink *sink = (struct ckmod_log_sink *)data;
    char message[1024];

    (void)file;
    (void)line;
    (void)function;
    if (vsnprintf(message, sizeof(message), format, arguments) >= 0)
        sink->write(sink->context, priority, message);
}

/* The sink must outlive the context. */
static inline void ckmod_set_log_sink(struct kmod_ctx *context, struct ckmod_log_sink *sink)
{
    kmod_set_log_fn(context, ckmod_write_log, sink);
}

#endif
