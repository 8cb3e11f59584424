#include "CKmod.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Since kmod 1 (2011). */
#define LIBKMOD_SONAME "libkmod.so.2"

static bool resolve(void *library, struct libkmod *functions)
{
#define LIBKMOD_RESOLVE(name) \
    functions->name = (__typeof__(functions->name))dlsym(library, #name); \
    if (functions->name == NULL) \
        return false;
    LIBKMOD_FUNCTIONS(LIBKMOD_RESOLVE)
#undef LIBKMOD_RESOLVE
    return true;
}

const struct libkmod *libkmod_open(const char **why)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static struct libkmod functions;
    static bool is_open;

    pthread_mutex_lock(&mutex);
    if (!is_open) {
        void *library = dlopen(LIBKMOD_SONAME, RTLD_NOW | RTLD_LOCAL);
        is_open = library != NULL && resolve(library, &functions);
        if (!is_open)
            *why = dlerror();
    }
    const struct libkmod *result = is_open ? &functions : NULL;
    pthread_mutex_unlock(&mutex);
    return result;
}
