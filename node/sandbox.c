#include "node/sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Never above what the one who started us allows. */
static bool set_limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit limit;

    if (getrlimit(what, &limit) != 0)
        return false;
    if (value > limit.rlim_max)
        value = limit.rlim_max;
    limit.rlim_cur = value;
    if (setrlimit(what, &(struct rlimit){value, value}) == 0)
        return true;
    /* Under valgrind the upper limit on files is not ours to lower. */
    return setrlimit(what, &limit) == 0;
}

enum sk_status sk_sandbox_enter(const struct sk_sandbox *sandbox)
{
    (void)umask(077);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return SK_E_REFUSED;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return SK_E_REFUSED;
    if (!set_limit(RLIMIT_CORE, 0))
        return SK_E_REFUSED;
    if (!set_limit(RLIMIT_NOFILE, sandbox->files_max))
        return SK_E_REFUSED;
    /* A sanitizer maps terabytes of its own. */
    if (sandbox->memory_bytes > 0 && !SK_SANITIZED &&
        !set_limit(RLIMIT_DATA, sandbox->memory_bytes))
        return SK_E_REFUSED;
    return SK_OK;
}

/* It runs us in a process that needs calls and files of its own.  Who sets our
   environment started us, and could start something else. */
static bool is_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

enum sk_status sk_sandbox_lock(enum sk_sandbox_role role,
                               struct sk_sandbox_state *out)
{
    struct sk_sandbox_state state = {0};

    if (!is_under_valgrind()) {
        SK_TRY(sk_sandbox_files(role, &state.landlock));
        SK_TRY(sk_sandbox_calls(role, &state.seccomp));
    }
    *out = state;
    return SK_OK;
}

void sk_memory_guard(void *memory, size_t size)
{
    /* Both best effort: an operator may allow no locked memory. */
    (void)madvise(memory, size, MADV_DONTDUMP);
    (void)mlock2(memory, size, MLOCK_ONFAULT);
}
