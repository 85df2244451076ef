#ifndef ENOS_SERVER_BASE_DESCRIPTORS_H_
#define ENOS_SERVER_BASE_DESCRIPTORS_H_

#include <cstdint>

namespace enos::gateway {

// Raises the soft limit of open descriptors (RLIMIT_NOFILE) to the hard one and returns the number
// that the process may now open; UINT64_MAX means no limit. If the system refuses, the limit stays
// unchanged and is returned. Why: gRPC 1.51's listener never accepts again after one EMFILE, and
// the usual soft limit is 1024. Call at start, before threads.
uint64_t RaiseDescriptorLimit();

// The current soft limit; UINT64_MAX means no limit.
uint64_t DescriptorLimit();

// Polls of watched runs under way at once, each with a connection to EnOS: an EnOS that hangs does
// not get all the connections that calls need.
inline constexpr int64_t kMostPolls = 100;

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_DESCRIPTORS_H_
