#ifndef ENOS_SERVER_CHECK_PROBE_H_
#define ENOS_SERVER_CHECK_PROBE_H_

#include <cstdint>
#include <string>

#include "server/check/enos_access.h"
#include "server/check/report.h"
#include "server/enos/api_version.h"

namespace enos::gateway {

struct ProbeOptions {
  ApiVersion api_version = ApiVersion::kV20;
  ParametersAs parameters_as = ParametersAs::kArray;  // as it is set
  int32_t flow_id = 0;
  std::string user_id;
  std::string org_id;
};

// Really starts runs of a flow, which nothing undoes, and finds out what EnOS's documentation
// leaves open: which form of parameters it takes, what a second call in the same minute gets,
// whether and how soon an instance can be read, and whether it shows the parameters. Each a line,
// the first one says what is about to happen, the last one has the settings to use. False:
// something failed, or other settings are needed.
bool RunProbe(const ProbeOptions& options, EnosAccess& enos, const Report& report);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CHECK_PROBE_H_
