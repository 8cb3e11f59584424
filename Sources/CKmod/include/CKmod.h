#ifndef DAXSWITCH_CKMOD_H
#define DAXSWITCH_CKMOD_H

#include <stdarg.h>
#include <libkmod.h>

/* The functions of libkmod that daxswitch calls. */
#define LIBKMOD_FUNCTIONS(each) \
    each(kmod_new) \
    each(kmod_unref) \
    each(kmod_set_log_fn) \
    each(kmod_get_dirname) \
    each(kmod_load_resources) \
    each(kmod_list_next) \
    each(kmod_module_new_from_name) \
    each(kmod_module_new_from_lookup) \
    each(kmod_module_unref) \
    each(kmod_module_unref_list) \
    each(kmod_module_get_module) \
    each(kmod_module_get_name) \
    each(kmod_module_get_path) \
    each(kmod_module_get_options) \
    each(kmod_module_get_install_commands) \
    each(kmod_module_get_initstate) \
    each(kmod_module_get_holders) \
    each(kmod_module_get_dependencies) \
    each(kmod_module_insert_module) \
    each(kmod_module_probe_insert_module) \
    each(kmod_module_remove_module)

#define LIBKMOD_POINTER(name) __typeof__(&name) _Nonnull name;
struct libkmod {
    LIBKMOD_FUNCTIONS(LIBKMOD_POINTER)
};
#undef LIBKMOD_POINTER

/* The functions of libkmod, which is opened the first time that this is called; NULL with the loader's sentence in `why` if it
 * can't be opened. Any thread may call it.
 *
 * Linked in, its symbols and those of what it needs, libcrypto above all, would be looked up at each start, and only what loads
 * or unloads a module calls one of them. systemd opens libkmod in the same way. */
const struct libkmod *_Nullable libkmod_open(const char *_Nullable *_Nonnull why);

#endif
