// Names nobody has seen before.
#ifndef ENOS_SANDBOX_RANDOM_ID_H_
#define ENOS_SANDBOX_RANDOM_ID_H_

#include <string>

namespace enos::sandbox {

// 32 hexadecimal digits. Thread-safe.
std::string RandomId();

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_RANDOM_ID_H_
