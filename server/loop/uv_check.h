#ifndef ENOS_SERVER_LOOP_UV_CHECK_H_
#define ENOS_SERVER_LOOP_UV_CHECK_H_

#include <uv.h>

#include <cstdio>
#include <cstdlib>

namespace enos::gateway {

// For libuv calls that fail only when memory or descriptors run out at start-up, or the program is
// wrong.
inline void RequireUv(int status, const char* what) {
  if (status >= 0) return;
  std::fprintf(stderr, "fatal: the event loop cannot %s: %s\n", what, uv_strerror(status));
  std::abort();
}

// The form in which libuv takes any handle.
template <typename Handle>
uv_handle_t* AsHandle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOOP_UV_CHECK_H_
