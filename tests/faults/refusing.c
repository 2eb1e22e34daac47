/* A disk that refuses names: what file systems that cannot be mounted here answer.

   Below the directory $REFUSES_BELOW no name is made that $REFUSES forbids: "long" is eCryptfs, and
   so most encrypted shares, with its 143 bytes; "exfat" is the kernel's exFAT, which has no hard
   links either. Loaded by LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int below(int directory, const char *path) {
    const char *root = getenv("REFUSES_BELOW");
    char link[64], found[PATH_MAX];
    if (!root) return 0;
    if (path[0] == '/' || directory == AT_FDCWD) return strncmp(path, root, strlen(root)) == 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, found, sizeof found - 1);
    return length > 0 && strncmp(found, root, strlen(root)) == 0;
}

/* The error for making a name; 0 for none. */
static int refusal(int directory, const char *path, int is_link) {
    const char *what = getenv("REFUSES"), *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (!what || !below(directory, path)) return 0;
    if (strcmp(what, "long") == 0) return strlen(name) > 143 ? ENAMETOOLONG : 0;
    if (is_link) return EPERM;
    return strpbrk(name, ":*?\"<>|\\") ? EINVAL : 0;
}

#define REAL(type, name) __typeof__(type) *real = (__typeof__(type) *)dlsym(RTLD_NEXT, name)
#define REFUSE(directory, path, is_link) \
    do { int error = refusal(directory, path, is_link); \
         if (error) { errno = error; return -1; } } while (0)

int renameat2(int from, const char *old, int to, const char *new, unsigned int flags) {
    REAL(int(int, const char *, int, const char *, unsigned int), "renameat2");
    REFUSE(to, new, 0);
    return real(from, old, to, new, flags);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
    REAL(int(int, const char *, int, const char *, int), "linkat");
    REFUSE(to, new, 1);
    return real(from, old, to, new, flags);
}

int mkdirat(int at, const char *path, mode_t mode) {
    REAL(int(int, const char *, mode_t), "mkdirat");
    REFUSE(at, path, 0);
    return real(at, path, mode);
}

static int opened(const char *symbol, int at, const char *path, int flags, mode_t mode) {
    REAL(int(int, const char *, int, ...), symbol);
    if (flags & O_CREAT) REFUSE(at, path, 0);
    return real(at, path, flags, mode);
}

#define OPEN(symbol) \
    int symbol(int at, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return opened(#symbol, at, path, flags, mode); }
OPEN(openat)
OPEN(openat64)
