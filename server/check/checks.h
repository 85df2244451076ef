#ifndef ENOS_SERVER_CHECK_CHECKS_H_
#define ENOS_SERVER_CHECK_CHECKS_H_

#include <optional>
#include <string>

#include "server/check/enos_access.h"
#include "server/check/report.h"
#include "server/config/settings.h"

namespace enos::gateway {

// What is checked, and what is set.
struct CheckOptions {
  BaseUrl enos_url;
  bool through_proxy = false;  // which looks EnOS's name up
  ApiVersion api_version = ApiVersion::kV20;
  ParametersAs parameters_as = ParametersAs::kArray;
  // With a flow: it is probed (probe.h).
  int32_t probe_flow = 0;
  std::string probe_user;
  std::string probe_org;
};

std::string_view ApiVersionName(ApiVersion version);

// EnOS as the settings name it: name, connection and certificate, token, clock, the paths of both
// generations, time zone; each a line. False: something failed. What cannot be checked after a
// failure is left out.
bool RunChecks(const CheckOptions& options, EnosAccess& enos, const Report& report);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CHECK_CHECKS_H_
