/* Calls on the files below a folder that fail, as on a disk that fails. Preloaded.

   FAULT_UNDER is the folder, FAULT_CALLS lists the calls that fail ("write fsync"),
   FAULT_ERRNO is the number of the error, FAULT_AFTER calls succeed before, FAULT_TIMES
   calls fail (0: all that follow), and FAULT_MARK is a file that gets a byte with the
   first failure. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;

static int number(const char *name) {
  const char *value = getenv(name);
  return value ? atoi(value) : 0;
}

/* Return whether the call fails. It sets errno. */
static int fails(const char *call, const char *path) {
  const char *under = getenv("FAULT_UNDER"), *listed = getenv("FAULT_CALLS");
  if (!under || !listed || !path || strncmp(path, under, strlen(under))) return 0;
  if (!strstr(listed, call)) return 0;
  int nth = atomic_fetch_add(&calls, 1) - number("FAULT_AFTER");
  int times = number("FAULT_TIMES");
  if (nth < 0 || (times && nth >= times)) return 0;
  const char *mark = getenv("FAULT_MARK");
  if (!nth && mark) {
    long file = syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT, 0600);
    if (file >= 0) {
      syscall(SYS_write, file, "x", 1);
      syscall(SYS_close, file);
    }
  }
  errno = number("FAULT_ERRNO");
  return 1;
}

static int fails_at(const char *call, int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_A_FILE(result, name, call, typed, passed) \
  result name typed { return fails_at(call, file) ? -1 : REAL(name) passed; }
#define ON_A_PATH(name, typed, passed)                                       \
  int name typed {                                                           \
    mode_t mode = 0;                                                         \
    if (flags & (O_CREAT | O_TMPFILE)) {                                     \
      va_list more;                                                          \
      va_start(more, flags);                                                 \
      mode = va_arg(more, mode_t);                                           \
      va_end(more);                                                          \
    }                                                                        \
    int writes = flags & (O_WRONLY | O_RDWR | O_CREAT);                      \
    return fails(writes ? "open" : "look", path) ? -1 : REAL(name) passed;   \
  }

ON_A_FILE(ssize_t, write, "write", (int file, const void *from, size_t count),
          (file, from, count))
ON_A_FILE(ssize_t, pwrite, "write", (int file, const void *from, size_t count, off_t at),
          (file, from, count, at))
ON_A_FILE(ssize_t, pwrite64, "write",
          (int file, const void *from, size_t count, off64_t at), (file, from, count, at))
ON_A_FILE(ssize_t, writev, "write", (int file, const struct iovec *from, int count),
          (file, from, count))
ON_A_FILE(ssize_t, read, "read", (int file, void *into, size_t count),
          (file, into, count))
ON_A_FILE(ssize_t, pread, "read", (int file, void *into, size_t count, off_t at),
          (file, into, count, at))
ON_A_FILE(ssize_t, pread64, "read", (int file, void *into, size_t count, off64_t at),
          (file, into, count, at))
ON_A_FILE(int, fsync, "fsync", (int file), (file))
ON_A_FILE(int, fdatasync, "fsync", (int file), (file))
ON_A_PATH(open, (const char *path, int flags, ...), (path, flags, mode))
ON_A_PATH(open64, (const char *path, int flags, ...), (path, flags, mode))
ON_A_PATH(openat, (int folder, const char *path, int flags, ...),
          (folder, path, flags, mode))
ON_A_PATH(openat64, (int folder, const char *path, int flags, ...),
          (folder, path, flags, mode))

int rename(const char *old, const char *new) {
  return fails("rename", new) ? -1 : REAL(rename)(old, new);
}
int renameat(int from, const char *old, int to, const char *new) {
  return fails("rename", new) ? -1 : REAL(renameat)(from, old, to, new);
}
