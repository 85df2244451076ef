#ifndef ENOS_SERVER_BASE_DESCRIPTORS_H_
#define ENOS_SERVER_BASE_DESCRIPTORS_H_

#include <cstdint>

namespace enos::gateway {

// Raises the soft limit of open descriptors (RLIMIT_NOFILE) to the hard one and gives the number
// that the process may now open; UINT64_MAX means no limit. Where the system refuses, the limit
// stays as it was, and that is what is given. Why: gRPC 1.51's listener never accepts again after
// one EMFILE, and the usual soft limit is 1024. Call at start, before threads.
uint64_t RaiseDescriptorLimit();

// The soft limit as it is now; UINT64_MAX means no limit.
uint64_t DescriptorLimit();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_DESCRIPTORS_H_
