#ifndef ENOS_TESTS_SOAK_KEYS_KEYED_SOAK_H_
#define ENOS_TESTS_SOAK_KEYS_KEYED_SOAK_H_

#include "tests/soak/options.h"

namespace enos::soak {

// Calls with idempotency keys, at three gateways and then at two, on one PostgreSQL behind a proxy
// that cuts connections. Gateways and database are killed and stopped, EnOS is as bad as in the
// other soak. Prints what happened, and keys.txt in the directory has it too. Status: as main().
int RunKeyedSoak(const Options& options);

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_KEYS_KEYED_SOAK_H_
