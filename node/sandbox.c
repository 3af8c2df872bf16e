#include "node/sandbox.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A sanitizer maps terabytes of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

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
    if (sandbox->memory_bytes > 0 && !SANITIZED &&
        !set_limit(RLIMIT_DATA, sandbox->memory_bytes))
        return SK_E_REFUSED;
    return SK_OK;
}

void sk_memory_guard(void *memory, size_t size)
{
    /* Both best effort: an operator may allow no locked memory. */
    (void)madvise(memory, size, MADV_DONTDUMP);
    (void)mlock2(memory, size, MLOCK_ONFAULT);
}
