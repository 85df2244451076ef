// Preloaded into a gateway: its wall clock is CLOCK_SHIFT seconds off, all else as ever.
//
// libfaketime does not do for gRPC: Abseil's waits give the kernel points of the wall clock, which
// it leaves as they are. With a clock that is behind, gRPC's timer threads never sleep, and take a
// processor each; with one that is ahead, each timer is late by as much.
#include <dlfcn.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdlib>
#include <ctime>

namespace {

long Shift() {
  static const long seconds = [] {
    const char* text = std::getenv("CLOCK_SHIFT");
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  }();
  return seconds;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool IsWallClock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int status = real(clock, now);
  if (status == 0 && IsWallClock(clock)) now->tv_sec += Shift();
  return status;
}

int gettimeofday(timeval* now, void* zone) noexcept {
  static auto* const real = Real<int(timeval*, void*)>("gettimeofday");
  const int status = real(now, zone);
  if (status == 0) now->tv_sec += Shift();
  return status;
}

time_t time(time_t* now) noexcept {
  timespec shifted{};
  clock_gettime(CLOCK_REALTIME, &shifted);
  if (now != nullptr) *now = shifted.tv_sec;
  return shifted.tv_sec;
}

// Until a point of the wall clock: the kernel's own.
long syscall(long number, ...) noexcept {
  static auto* const real = Real<long(long, ...)>("syscall");
  long values[6];
  va_list list;
  va_start(list, number);
  for (long& value : values) value = va_arg(list, long);
  va_end(list);
  timespec until{};
  if (number == SYS_futex && (values[1] & FUTEX_CLOCK_REALTIME) != 0 && values[3] != 0) {
    until = *reinterpret_cast<const timespec*>(values[3]);
    until.tv_sec = std::max(until.tv_sec - Shift(), 0L);  // long ago, to Abseil, is 1970
    values[3] = reinterpret_cast<long>(&until);
  }
  return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

}  // extern "C"
