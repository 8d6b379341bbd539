/* A real-time clock that is wrong. Preloaded. The clocks of the kernel are unchanged.

   CLOCK_AHEAD is added to each time, in seconds. CLOCK_STEP is added too as soon as the
   process is CLOCK_STEP_AFTER seconds old. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double born = -1;

static double number(const char *name) {
  const char *value = getenv(name);
  return value ? atof(value) : 0;
}

static double seconds(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

__attribute__((constructor)) static void begin(void) { born = seconds(); }

static time_t wrong_by(void) {
  double by = number("CLOCK_AHEAD"), step = number("CLOCK_STEP");
  if (step && born >= 0 && seconds() > born + number("CLOCK_STEP_AFTER")) by += step;
  return (time_t)by;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int code = syscall(SYS_clock_gettime, clock, now);
  if (!code && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += wrong_by();
  return code;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec found;
  int code = clock_gettime(CLOCK_REALTIME, &found);
  if (now) {
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
  }
  return code;
}

time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
